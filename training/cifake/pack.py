"""Runs of the shipped members → the pack for CIFAKE's images."""

import json
from pathlib import Path

import keras

from ensemble import pack
from training.cifake.recipes import RECIPES
from training.errors import DataError
from training.export.pack import MAX_SIDE, RESIZE, batches, complete, described, keep_digests
from training.fitting import svm
from training.images.data import fingerprint
from training.records import history, write_json


def export_pack(runs, out, train, validation, version="1.5.0"):
    """Make a pack of the fitted members: ONNX files, digests, manifest and training curves.

    The calibration and the bound of `confident` come from the validation split.

    Parameters
    ----------
    runs : path
        Folder with a run's folder for each of `RECIPES`.
    out : path
        Folder of the pack.
    train, validation : Data
        The two parts of the de-duplicated train split.
    version : str

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    DataError
        If a member has no finished run.
    """
    runs, out = Path(runs), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    size = train.images.shape[1]
    records = {name: _record(runs / name) for name in RECIPES}
    for name, recipe in RECIPES.items():
        assert recipe.export  # only generators have none
        recipe.export(_model(runs / name), size, out / f"{name}.onnx")
    both = train.join(validation)
    longest = records["resnet"]
    manifest = {
        "format": pack.FORMAT, "name": out.name, "version": version,
        "input_size": size, "resize": RESIZE, "domain": {"max_side": MAX_SIDE},
        "members": described(
            out, {name: recipe.description for name, recipe in RECIPES.items()},
            {name: recipe.kind for name, recipe in RECIPES.items()},
            {name: record.get("parameters") for name, record in records.items()}),
        "calibration": {},
        "training": {"data": "CIFAKE train split, de-duplicated",
                     "images": len(train) + longest["added_fakes"],
                     "validation_images": len(validation),
                     "added_fakes": longest["added_fakes"], "fingerprint": fingerprint(both),
                     "seed": longest["seed"], "commit": longest["commit"],
                     "digests": keep_digests(out, both.digests), "runs": records},
    }
    complete(manifest, out, batches(validation.images), validation.labels)
    write_json(out / "reports" / "training.json",
               {name: history(runs / name) for name in ("cnn", "resnet", "svm")})
    return manifest


def _record(run):
    path = run / "run.json"
    if not path.is_file():
        raise DataError(f"{run}: no finished run there; fit it with "
                        f"`python -m training fit {run.name}`.")
    return json.loads(path.read_text())


def _model(run):
    fitted = run / f"{run.name}.joblib"
    return svm.load(fitted) if fitted.exists() else keras.models.load_model(
        run / f"{run.name}.keras")
