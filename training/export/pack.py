"""ONNX members → a pack: what the manifest says of its files, and the calibration of the vote."""

import numpy as np
import onnx

from ensemble import PackModels, pack, vote
from ensemble.vocabulary import AI, CONFIDENT, REAL
from training.measure.calibration import PROMISES, bounds, regression
from training.records import write_json

# Thumbnails of the kind that the members know are easy: `confident` promises more of them. A bound
# is fitted to the few errors of the validation split; the margin against that luck is such that
# only one time in ten a pack that keeps less than it promises would pass.
PROMISED = {**PROMISES, CONFIDENT: {"right": 0.997, "accused": 0.005}}
DOUBT = 0.1
# Defaults; `python -m training resize` measures the filter and writes its choice.
RESIZE = "bilinear"
MAX_SIDE = 64  # pixels: the domain of a pack whose members see 32


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


def described(out, descriptions, kinds=None, parameters=None):
    """What a manifest says of the members whose ONNX files lie in a folder.

    Parameters
    ----------
    out : Path
    descriptions : dict of str to str
        By the member's name.
    kinds : dict of str to str, optional
        By the member's name: what it is called in `page/words/members.json`.
    parameters : dict of str to int, optional
        How many a member has, by its name; by default as many numbers as its file stores, which
        for a support vector machine are its vectors, but for a network constants too.

    Returns
    -------
    list of dict
    """
    kinds, counts = kinds or {}, parameters or {}
    return [{"name": name, **({"kind": kinds[name]} if kinds.get(name) else {}),
             "description": description,
             "parameters": counts.get(name) or stored_numbers(out / f"{name}.onnx"),
             **file_of(out / f"{name}.onnx")}
            for name, description in descriptions.items()]


def keep_digests(out, digests):
    """Write which files were trained on, uint64 [N]; what a manifest says of that file."""
    np.unique(digests).astype(">u8").tofile(out / "training.digests")
    return file_of(out / "training.digests")


def stored_numbers(path):
    """How many numbers an ONNX model stores, in initialisers and attributes."""
    model = onnx.load(path)
    stored = sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer)
    return stored + sum(len(attribute.floats)
                        for node in model.graph.node for attribute in node.attribute)


def file_of(path):
    """What a manifest says of a file: its name, SHA-256 and size."""
    return {"file": path.name, "sha256": pack.sha256(path), "bytes": path.stat().st_size}
