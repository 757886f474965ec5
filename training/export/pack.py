"""Runs → ONNX members → a pack."""

import csv
import json
from pathlib import Path

import joblib
import keras
import numpy as np

from ensemble import PackModels, pack, vote
from ensemble.vocabulary import AI, CONFIDENT, REAL
from training.export.keras_onnx import export_network, export_svm, parameters
from training.images import data as cifake
from training.measure.calibration import PROMISES, bounds, regression
from training.measure.evaluate import write_json

MEMBERS = {
    "svm": "RBF support vector machine on flattened pixels and their spectrum",
    "cnn": "plain convolutional network",
    "resnet": "residual network",
}
# What the page and its translations call them.
KINDS = {"svm": "svm-rbf", "cnn": "cnn", "resnet": "resnet"}
# Thumbnails of the kind that the members know are easy: `confident` promises more of them. A bound
# is fitted to the few errors of the validation split; the margin against that luck is such that
# only one time in ten a pack that keeps less than it promises would pass.
PROMISED = {**PROMISES, CONFIDENT: {"right": 0.997, "accused": 0.005}}
DOUBT = 0.1
# Defaults; `python -m training resize` measures the filter and writes its choice.
RESIZE = "bilinear"
MAX_SIDE = 64


def export_pack(runs, out, train, validation, version="1.4.0"):
    """Make a pack of the fitted members: ONNX files, digests, manifest and training curves.

    The calibration and the bound of `confident` come from the validation split.

    Parameters
    ----------
    runs : path
        Folder with the runs `svm`, `cnn` and `resnet`.
    out : path
        Folder of the pack.
    train, validation : Data
        The two parts of the de-duplicated train split.
    version : str

    Returns
    -------
    dict
        The manifest.
    """
    runs, out = Path(runs), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    size = train.images.shape[1]
    for name in MEMBERS:
        if not (runs / name / "run.json").is_file():
            raise cifake.DataError(f"{runs / name}: no finished run there; "
                                   f"fit it with `python -m training fit {name}`.")
    notes = {name: json.loads((runs / name / "run.json").read_text()) for name in MEMBERS}
    export_svm(joblib.load(runs / "svm" / "svm.joblib"), size, out / "svm.onnx")
    for name in ("cnn", "resnet"):
        export_network(keras.models.load_model(runs / name / f"{name}.keras"),
                       out / f"{name}.onnx")
    everything = train.join(validation)
    added = notes["resnet"]["added_fakes"]
    manifest = {
        "format": pack.FORMAT, "name": out.name, "version": version,
        "input_size": size, "resize": RESIZE, "domain": {"max_side": MAX_SIDE},
        "members": described(out, MEMBERS, KINDS),
        "calibration": {},
        "training": {"data": "CIFAKE train split, de-duplicated",
                     "images": len(train) + added,
                     "validation_images": len(validation),
                     "added_fakes": added,
                     "fingerprint": cifake.fingerprint(everything),
                     "seed": notes["resnet"]["seed"], "commit": notes["resnet"]["commit"],
                     "digests": keep_digests(out, everything.digests), "runs": notes},
    }
    complete(manifest, out, batches(validation.images), validation.labels)
    write_json(out / "reports" / "training.json",
               {name: history(runs / name) for name in ("cnn", "resnet", "svm")})
    return manifest


def batches(images, size=500):
    """Images in batches, as `complete` takes them."""
    return (images[start:start + size] for start in range(0, len(images), size))


def complete(manifest, out, batches, labels):
    """Calibrate a pack whose ONNX files are there, and write its manifest.

    Parameters
    ----------
    manifest : dict
        Gets `calibration`, `bounds` and `promises`, and the accuracies on the validation split.
    out : Path
        Folder of the pack.
    batches : iterable of ndarray of uint8, shape [N, H, W, 3]
        Validation images.
    labels : ndarray of {0, 1}
    """
    members = len(manifest["members"])
    manifest |= {"calibration": {"weights": [0.0] * members, "bias": 0.0},
                 "bounds": {AI: {}, REAL: {}}}
    write_json(out / "manifest.json", manifest)
    models = PackModels.load(out)
    p_ai = np.concatenate([models.predict(images)[0] for images in batches])
    manifest |= calibrated(p_ai, labels)
    overall = vote.calibrate(p_ai, manifest["calibration"])
    for member, p in zip(manifest["members"], p_ai.T):
        member["validation_accuracy"] = float(np.mean((p >= 0.5) == labels))
    manifest["training"]["validation_accuracy"] = {
        "majority": float(np.mean(vote.majority(p_ai) == labels)),
        "calibrated": float(np.mean((overall >= 0.5) == labels))}
    write_json(out / "manifest.json", manifest)


def calibrated(p_ai, labels):
    """Fit a pack's probability and bounds on its validation split.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
    labels : ndarray of {0, 1}, shape [N]

    Returns
    -------
    dict
        `calibration`, `bounds` and `promises` of a manifest.
    """
    fitted = regression(p_ai, labels)
    return {"calibration": fitted, "promises": PROMISED,
            "bounds": bounds(p_ai, vote.calibrate(p_ai, fitted), labels, promises=PROMISED,
                             doubt=DOUBT, together=True)}


def described(out, descriptions, kinds=None):
    """What a manifest says of the members whose ONNX files lie in a folder.

    Parameters
    ----------
    out : Path
    descriptions : dict of str to str
        By the member's name.
    kinds : dict of str to str, optional
        By the member's name: what it is called in `page/words/members.json`.
    """
    kinds = kinds or {}
    return [{"name": name, **({"kind": kinds[name]} if name in kinds else {}),
             "description": description,
             "parameters": parameters(out / f"{name}.onnx"), **_entry(out / f"{name}.onnx")}
            for name, description in descriptions.items()]


def keep_digests(out, digests):
    """Write which files were trained on, uint64 [N]; what a manifest says of that file."""
    np.unique(digests).astype(">u8").tofile(out / "training.digests")
    return _entry(out / "training.digests")


def history(run):
    """Curve of a network's run, by column; of an SVM's the grid, by row."""
    rows = [{key: _value(cell) for key, cell in row.items()}
            for row in csv.DictReader(
                next(path for path in (run / "curve.csv", run / "grid.csv") if path.exists())
                .read_text().splitlines())]
    if (run / "curve.csv").exists():
        return {key: [row[key] for row in rows] for key in rows[0]}
    return {"grid": rows}


def _entry(path):
    return {"file": path.name, "sha256": pack.sha256(path), "bytes": path.stat().st_size}


def _value(cell):
    try:
        return float(cell)
    except ValueError:
        return cell  # the name of a kernel
