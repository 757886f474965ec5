"""What is written down of a run or a measurement: JSON, the commit, the curve of a training."""

import csv
import json
import subprocess
from pathlib import Path


def write_json(path, content):
    """Write a report or a record, making its folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")


def commit():
    """The commit of the code that runs.

    Returns
    -------
    str or None
        With `-dirty` if files were changed since; None outside a repository or without git.
    """
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"], check=False,
            capture_output=True, text=True, cwd=Path(__file__).parent)
    except FileNotFoundError:
        return None
    return described.stdout.strip() or None


def read_curve(path):
    """Rows of a `curve.csv`, a dict of numbers for each epoch; empty if there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def minutes(curve):
    """How long the epochs of a `curve.csv` took."""
    return round(sum(row["seconds"] for row in read_curve(curve)) / 60, 1)


def history(run):
    """How a run got to its model, for a report.

    Parameters
    ----------
    run : Path
        Folder with `curve.csv` or `grid.csv`.

    Returns
    -------
    dict
        A network's curve as lists by column; of an SVM `grid`, a list of rows.
    """
    if rows := read_curve(run / "curve.csv"):
        return {key: [row[key] for row in rows] for key in rows[0]}
    with (run / "grid.csv").open(newline="") as file:
        return {"grid": [{key: _number(value) for key, value in row.items()}
                         for row in csv.DictReader(file)]}


def added_fakes(manifest):
    """How many fakes of other generators each member was trained on.

    Returns
    -------
    dict of str to int
        By the member's name; without those that were trained on none.
    """
    runs = manifest["training"].get("runs", {})
    return {name: run["added_fakes"] for name, run in runs.items() if run.get("added_fakes")}


def _number(text):
    try:
        return float(text)
    except ValueError:
        return text  # the name of a kernel
