"""The answer: what the file proves comes first, then the vote of the models, else "Can't tell".

Evidence and vote meet only here. They are never mixed into one number: the first row of the table
that applies decides alone.
"""

from ensemble.vocabulary import (
    AI,
    CAMERA,
    CANT_TELL,
    CREDENTIALS,
    MARK,
    MODELS,
    NOTES,
    PARTLY,
    REAL,
    UNCERTAIN,
)

# What a note counts as and what it says → the answer. The first row that applies decides.
TABLE = (
    ((CREDENTIALS, AI), AI),
    ((CREDENTIALS, PARTLY), PARTLY),
    ((CREDENTIALS, CAMERA), REAL),
    ((MARK, AI), AI),
    ((NOTES, AI), AI),
    ((NOTES, PARTLY), PARTLY),
)


def answer(evidence, label, certainty):
    """Decide what a visitor is told.

    Parameters
    ----------
    evidence : sequence of ensemble.evidence.provenance.Note
    label : {"AI-generated", "Real"}
        The majority of the models' votes.
    certainty : {"confident", "likely", "uncertain"}
        Of that majority.

    Returns
    -------
    answer : {"AI-generated", "Partly AI-generated", "Real", "Can't tell"}
    because : {"credentials", "mark", "notes", "models"}
    """
    note = deciding(evidence)
    if note is None:
        return (CANT_TELL if certainty == UNCERTAIN else label), MODELS
    because = weight(note, evidence)
    return dict(TABLE)[because, note.says], because


def deciding(evidence):
    """The note that decides the answer; None if the models do."""
    claims = {(weight(note, evidence), note.says): note for note in reversed(evidence)}
    return next((claims[claim] for claim, _ in TABLE if claim in claims), None)


def weight(note, evidence):
    """What a note counts as: signed credentials, a mark in the pixels, or a mere note.

    Credentials of a signer who is not on the trust list are notes: anybody can sign for himself.
    Whoever holds the file can also write that a camera took it, so notes never prove `Real`.
    """
    if note.source == "Content Credentials":
        trusted = any(other.key == "credentials_trusted" for other in evidence)
        return CREDENTIALS if trusted else NOTES
    return MARK if note.is_mark else NOTES
