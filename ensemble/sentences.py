"""Sentences with fields: what notes, reasons and errors say, in English or translated."""

import re

FIELD = re.compile(r"\{(\w+)\}")


def fill(sentence, fields):
    """Put values in the place of the `{names}` in a sentence.

    A value is taken as it is: braces in it, which a file or a visitor may have put there, mean
    nothing.

    Parameters
    ----------
    sentence : str
    fields : dict of str to object

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If the sentence has a field that is not given.
    """
    return FIELD.sub(lambda field: str(fields[field[1]]), sentence)
