"""Runs of any recipes → a pack of one's own, which serves as the shipped one does."""

import re
from pathlib import Path

import numpy as np

from ensemble import pack
from training.errors import DataError
from training.export.pack import MAX_SIDE, RESIZE, complete, described, keep_digests
from training.images.data import fingerprint
from training.records import history, write_json
from training.students.parts import split_files
from training.students.runs import open_run


def export_members(members, data, out, validation=None, real=None, ai=None, version="1.0.0"):
    """Make a pack of runs.

    Parameters
    ----------
    members : dict of str to path
        Folder of each member's run by the member's name; an odd number, so that there is a
        majority, all of one input size.
    data, validation, real, ai
        What the runs were fitted on, as `fit` was given it; the vote is calibrated on the
        validation part.
    out : path
        Folder of the pack, whose name is the pack's.
    version : str

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    DataError
        An even number of members, a run that isn't there, different sizes, or validation images
        that a run was trained on.
    """
    _check_names(members)
    runs = {name: open_run(folder) for name, folder in members.items()}
    sizes = {name: run.size for name, run in runs.items()}
    if len(set(sizes.values())) > 1:
        raise DataError("All members of a pack see images of one size; "
                        + ", ".join(f"{name} sees {size}" for name, size in sizes.items()) + ".")
    size = next(iter(sizes.values()))
    train, unseen, _ = split_files(data, size, validation, real, ai)
    digests = {name: run.digests for name, run in runs.items() if run.digests is not None}
    _check_unseen(digests, unseen)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        run.recipe.export(run.model, size, out / f"{name}.onnx")
    known = np.concatenate([train.digests, unseen.digests, *digests.values()])
    first = next(iter(runs.values())).facts
    manifest = {
        "format": pack.FORMAT, "name": out.name, "version": version,
        "input_size": size, "resize": RESIZE,
        # The sizes that were seen, or what the shipped pack allows at 32 pixels.
        "domain": {"max_side": max(size * MAX_SIDE // 32, *(
            run.facts.get("max_side", 0) for run in runs.values()))},
        "members": described(
            out, {name: run.recipe.description for name, run in runs.items()},
            {name: run.recipe.kind for name, run in runs.items()},
            {name: run.facts.get("parameters") for name, run in runs.items()}),
        "calibration": {},
        "training": {"data": Path(data).name, "images": len(train),
                     "validation_images": len(unseen),
                     "added_fakes": max(run.facts.get("added_fakes", 0) for run in runs.values()),
                     "fingerprint": fingerprint(train.join(unseen)),
                     "seed": first["seed"], "commit": first["commit"],
                     "digests": keep_digests(out, known),
                     "runs": {name: run.facts for name, run in runs.items()}},
    }
    complete(manifest, out, unseen.batches(size), (unseen.labels > 0).astype(np.uint8))
    write_json(out / "reports" / "training.json",
               {name: history(run.folder) for name, run in runs.items()})
    return manifest


def _check_names(members):
    if len(members) % 2 == 0:
        raise DataError(f"A pack has an odd number of members, so that there is a majority; "
                        f"given {len(members)}.")
    for name in members:
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise DataError(f"A member's name is letters, digits, '.', '-' and '_'; given {name}.")


def _check_unseen(digests, unseen):
    """Calibration on images that a member knows by heart would promise too much."""
    for name, trained in digests.items():
        if np.isin(unseen.digests, trained).any():
            raise DataError(f"{name} was trained on some of the validation images; give --data and "
                            f"--validation as its `fit` was given them.")
