"""Verdicts and errors as rows of a table: the fields of `python -m ensemble --json`, and more."""

import json
import os

import pyarrow

from ensemble.errors import ImageError, NotAFile

TEXT = pyarrow.string()
NOTE = pyarrow.struct({"source": TEXT, "says": TEXT, "key": TEXT, "sentence": TEXT,
                       "fields": TEXT})  # JSON: each sentence has fields of its own
VOTE = pyarrow.struct({"member": TEXT, "p_ai": pyarrow.float64(), "label": TEXT})
SCHEMA = pyarrow.schema({
    "file": TEXT, "answer": TEXT, "because": TEXT, "evidence": pyarrow.list_(NOTE),
    "pack": TEXT, "label": TEXT, "p_ai": pyarrow.float64(), "certainty": TEXT,
    "agreement": TEXT, "votes": pyarrow.list_(VOTE),
    "width": pyarrow.int32(), "height": pyarrow.int32(), "reasons": pyarrow.list_(TEXT),
    "error": TEXT, "message": TEXT,
    # Which file it was. A name that is not UTF-8 has its wrong bytes escaped in `file`, and stands
    # as it is in `file_bytes`.
    "size": pyarrow.int64(), "version": TEXT, "file_bytes": pyarrow.binary()})


def table(files, outcomes, packs):
    """Rows of a table.

    Parameters
    ----------
    files : sequence of ensemble.score.listing.File
    outcomes : sequence of Verdict or Exception
        Of each file.
    packs : str
        What names the models that judged; all parts of a table have the same.

    Returns
    -------
    pyarrow.Table
    """
    rows = [_valid(_row(file, outcome)) for file, outcome in zip(files, outcomes, strict=True)]
    return pyarrow.Table.from_pylist(rows, SCHEMA.with_metadata({"packs": packs}))


def names(part):
    """The names in a part as they are on the disk, a list of bytes."""
    return [raw or text.encode() for text, raw in
            zip(part["file"].to_pylist(), part["file_bytes"].to_pylist())]


def _row(file, outcome):
    raw = os.fsencode(file.name)
    row = {"file": file.name, "size": file.size, "version": file.version,
           "file_bytes": None if _is_text(raw) else raw}
    if isinstance(outcome, Exception):
        if isinstance(outcome, NotAFile) or not isinstance(outcome, ImageError):
            row["version"] = None  # nothing is known of its content: it will be tried again
        return row | _error(outcome)
    row |= outcome.as_dict()
    for note in row["evidence"]:
        note["fields"] = json.dumps(note["fields"], ensure_ascii=False)
    return row


def _error(error):
    """An image's error as the command line gives it; of any other, its name and what it says."""
    if isinstance(error, ImageError):
        return error.as_dict()
    return {"error": type(error).__name__, "message": str(error)}


def _is_text(raw):
    try:
        return bool(raw.decode())
    except UnicodeDecodeError:
        return False


def _valid(value):
    """The same with text that is valid UTF-8, which the table asks for."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _valid(inner) for key, inner in value.items()}
    return [_valid(inner) for inner in value] if isinstance(value, list) else value
