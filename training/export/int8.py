"""The networks of a pack → 8-bit integers, where that costs nothing."""

import json
import tempfile
from pathlib import Path

import numpy as np
import onnx

from ensemble import PackModels, vote
from ensemble.member import Member, cores
from training.errors import DataError
from training.export.pack import batches, complete, file_of
from training.export.quantise import quantise
from training.measure.evaluate import predict, score
from training.measure.side_by_side import BATCH, PER, agreement, machine, side_by_side
from training.records import write_json

REPRESENTATIVE = 1000  # training images that show which values occur
SAME_LABELS, MEAN = 0.999, 0.005  # share of labels that must stay; mean difference of p_ai at most


def quantise_pack(pack, images, validation, version=None):
    """Serve a pack's networks in 8-bit integers, and calibrate it again.

    A network whose labels would change, or whose probabilities would move, stays as it is.

    Parameters
    ----------
    pack : path
        Folder of the pack; its files are replaced.
    images : ndarray of uint8, shape [M, H, W, 3]
        A few hundred training images: the ranges of the activations are taken from them.
    validation : Data
        The part of the train split that every choice is made on.
    version : str, optional
        The pack's new one; by default it stays.

    Returns
    -------
    dict
        What `reports/int8.json` of the pack has: `n`, `threads`, `batch`, `per`, `representative`,
        `machine`, and in `members.<name>.{float32, int8}` the metrics of
        `training.measure.evaluate.score`, `bytes`, the median `seconds` and `cpu_seconds` for
        `per` images; of `int8` the `agreement` with the first, and whether it was `kept`. In
        `vote`, how many `same_labels` the majority of the pack has before and after, and the
        `mean` difference of the calibrated probability.

    Raises
    ------
    DataError
        If the pack has no network, or one that is in integers already.
    """
    models, folder = PackModels.load(pack), Path(pack)
    networks = {member.name: member for member in models.members if member.has_map}
    if not networks:
        raise DataError(f"{pack}: the pack has no network, and only those become integers.")
    entries = {entry["name"]: entry for entry in models.manifest["members"]}
    report = {"pack": models.name, "version": version or models.manifest["version"],
              "n": len(validation), "threads": cores(), "batch": BATCH, "per": PER,
              "representative": len(images), "machine": machine(), "members": {}}
    smaller = {}
    for name, network in networks.items():
        path = folder / entries[name]["file"]
        smaller[path] = quantise(path, images)
        rows = _measure(network, smaller[path], validation)
        rows["float32"]["bytes"] = path.stat().st_size
        report["members"][name] = rows
        if not rows["int8"]["kept"]:
            del smaller[path]
    for path, model in smaller.items():
        onnx.save(model, path)
    manifest = {**models.manifest, "version": report["version"]}
    for entry in manifest["members"]:
        entry.update(file_of(folder / entry["file"]))
    complete(manifest, folder, batches(validation.images), validation.labels)
    report["vote"] = _votes(models, PackModels.load(folder), validation.images)
    write_json(folder / "reports" / "int8.json", report)
    print(json.dumps({name: rows["int8"] for name, rows in report["members"].items()}
                     | {"vote": report["vote"]}, indent=2))
    return report


def _votes(before, after, images):
    old, new = predict(before, images), predict(after, images)
    change = (vote.calibrate(new, after.manifest["calibration"])
              - vote.calibrate(old, before.manifest["calibration"]))
    return {"same_labels": float(np.mean(vote.majority(old) == vote.majority(new))),
            "mean": float(np.mean(np.abs(change)))}


def _measure(network, model, validation):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        onnx.save(model, path)
        integers = Member(network.name, path)
        size = path.stat().st_size
    p_ai, took = side_by_side({"float32": lambda images: network(images)[0],
                               "int8": lambda images: integers(images)[0]},
                              validation.images, network.name)
    rows = {engine: {**took[engine],
                     **score(validation.labels.astype(int), p_ai[engine].astype(np.float64))}
            for engine in ("float32", "int8")}
    near = agreement(p_ai["float32"], p_ai["int8"])
    rows["int8"] |= {"bytes": size, "agreement": near,
                     "kept": near["same_labels"] >= SAME_LABELS and near["mean"] <= MEAN}
    return rows
