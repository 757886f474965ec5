"""The last whole epoch of a training, from which it goes on after it was stopped.

A checkpoint is a folder in the run's folder, `checkpoint-0007` after seven epochs. All that belongs
to an epoch lies in it: the model with its optimizer, the curve so far, and whatever else the
training needs. It is written under another name and renamed when it is whole, so a training that
is killed at any moment goes on from one epoch, never from parts of two.
"""

import json
import re
import shutil

from training.errors import DataError
from training.records import commit, write_json

NAME = re.compile(r"checkpoint-(\d+)")


def latest(run):
    """The last whole checkpoint of a run.

    Parameters
    ----------
    run : Path

    Returns
    -------
    folder : Path or None
    epochs : int
        After how many it was written; 0 if there is none.
    """
    checkpoints = {int(match[1]): path for path in run.iterdir()
                   if (match := NAME.fullmatch(path.name))}
    epochs = max(checkpoints, default=0)
    return checkpoints.get(epochs), epochs


def save(run, epochs, write):
    """Write the checkpoint of an epoch, and remove those before it.

    Parameters
    ----------
    run : Path
    epochs : int
        How many there were so far.
    write : callable
        `write(folder)` writes the files.
    """
    whole = run / f"checkpoint-{epochs:04}"
    part = whole.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    write(part)
    part.replace(whole)
    for path in run.glob("checkpoint-*"):
        if path != whole:
            shutil.rmtree(path)


def begin(run, settings, may_change=()):
    """Write down what a run is begun with, or go on with one that was begun in the same way.

    Parameters
    ----------
    run : Path
        Its folder; made if it isn't there.
    settings : dict
        All that the model depends on; kept in `begun.json`.
    may_change : collection of str
        Names of settings that may differ when a run goes on.

    Returns
    -------
    checkpoint : Path or None
        Where to go on; `curve.csv` is as it was then.
    epochs : int
        How many are done.
    commit : str or None
        Of the code that the run was begun with.

    Raises
    ------
    DataError
        If the folder holds a checkpoint of other settings, or of an earlier version.
    """
    run.mkdir(parents=True, exist_ok=True)
    record, curve = run / "begun.json", run / "curve.csv"
    checkpoint, epochs = latest(run)
    begun = {"commit": commit()}
    if checkpoint:
        begun = json.loads(record.read_text())
        changed = [f"{key} was {begun.get(key)}, now {value}" for key, value in settings.items()
                   if key not in may_change and begun.get(key) != value]
        if changed:
            raise DataError(f"{run} holds a run of other settings ({'; '.join(changed)}); give "
                            f"another --out, or remove it.")
        shutil.copy(checkpoint / "curve.csv", curve)
    elif any(run.glob("checkpoint*.keras")) or any(run.glob("checkpoint*.npz")):
        raise DataError(f"{run} holds a checkpoint of an earlier version, which can't be gone on "
                        f"with; give another --out, or remove it.")
    else:
        curve.unlink(missing_ok=True)
    write_json(record, {**settings, "commit": begun["commit"]})
    return checkpoint, epochs, begun["commit"]


def commit_of(run):
    """The commit of the code that a run was begun with, see `begin`."""
    return json.loads((run / "begun.json").read_text())["commit"]
