"""What a visitor takes away from the tab Many: a table for spreadsheets, and JSON."""

import csv
import io
import json
import re

from ensemble import ImageError

# A spreadsheet would take a cell that starts so for a formula, also in its full-width forms.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def columns(ensemble):
    """Names of the table's columns.

    Parameters
    ----------
    ensemble : Ensemble

    Returns
    -------
    list of str
        What the API gives of an image, the evidence as sentences, a column a member for its
        `p_ai`, and `error` and `message` of a file that can't be judged; `pack` only where there
        are several.
    """
    return ["file", "answer", "because", "evidence", *["pack"] * (len(ensemble.packs) > 1),
            "label", "p_ai", "certainty", "agreement", *members(ensemble), "width", "height",
            "reasons", "error", "message"]


def members(ensemble):
    """Names of the members of all packs, each once: packs may share some."""
    return list(dict.fromkeys(member.name for models in ensemble.packs
                              for member in models.members))


def header(ensemble):
    """The first line of the table, as CSV."""
    return _csv(columns(ensemble))


def line(ensemble, name, outcome):
    """One file's line of the table, as CSV.

    Parameters
    ----------
    ensemble : Ensemble
    name : str
        Of the file.
    outcome : Verdict or ImageError

    Returns
    -------
    str
        No cell of it is a formula: one that would be begins with an apostrophe.
    """
    cells = {"file": name, **outcome.as_dict()}
    if not isinstance(outcome, ImageError):
        cells |= {vote["member"]: vote["p_ai"] for vote in cells["votes"]}
        cells["evidence"] = " ".join(note["sentence"] for note in cells["evidence"])
        cells["reasons"] = " ".join(cells["reasons"])
    return _csv(_harmless(cells.get(column, "")) for column in columns(ensemble))


def record(name, outcome):
    """One file as the command line gives it, as JSON."""
    return json.dumps({"file": name, **outcome.as_dict()}, ensure_ascii=False, indent=1)


def _harmless(cell):
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def _csv(cells):
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
