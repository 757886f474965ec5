"""Reports of a tiny pack: measured where that takes no training, else made up in their shape."""

import json

from tests import made
from tests.tiny import build_tiny_pack, read_manifest
from training.__main__ import main


def build_measured_pack(folder):
    """A tiny pack with all of its reports but `resize`, and one on photographs besides.

    Returns
    -------
    Path
        The folder.
    """
    folder = build_tiny_pack(folder)
    table = made.write_parquet(folder.parent / "test.parquet", made.files(20))
    for command in ("evaluate", "robustness"):
        assert main([command, "--pack", str(folder), "--data", str(table),
                     "--out", str(folder / "reports" / f"{command}.json")]) == 0
    write(folder, "training", training())
    write(folder, "generators", generators(read_manifest(folder)))
    write(folder, "litert", litert(read_manifest(folder)))
    write(folder, "photos", photos())
    return folder


def read(folder):
    """All reports of a pack, by name."""
    return {path.stem: json.loads(path.read_text("utf-8"))
            for path in sorted((folder / "reports").glob("*.json"))}


def write(folder, name, report):
    """Write one report of a pack."""
    (folder / "reports" / f"{name}.json").write_text(json.dumps(report), "utf-8")


def evaluation():
    """All images and those not in training, as `evaluate` measures them."""
    return {**_scores_of_all(20000, 0.9812), "deduplicated": _scores_of_all(19622, 0.9787)}


def training():
    """Curves of both networks and the grid of the SVM, as `export` writes them."""
    return {"cnn": _curve(0.9), "resnet": _curve(0.95),
            "svm": {"grid": [{"pca__n_components": 80.0, "svc__C": 2.0, "accuracy": 0.9}]}}


def generators(manifest):
    """Two generators, measured by the pack of the manifest and by one that was shown fakes."""
    packs = [{"pack": manifest["name"], "version": manifest["version"], "added": added,
              "real_called_ai": alarms,
              "generators": {name: _row(caught) for name, caught in rows.items()}}
             for added, alarms, rows in (
                 ({}, 0.0312, {"cifake": 0.9712, "dcgan": 0.0021}),
                 ({"cnn": 4321}, 0.0475, {"cifake": 0.9613, "dcgan": 0.9434}))]
    return {"real": 1000, "n": {"cifake": 1000, "dcgan": 500}, "packs": packs}


def litert(manifest):
    """Both networks in three runtimes, as `training.export.litert` measures them."""
    rows = {runtime: {"file": f"x.{runtime}", "bytes": size, "accuracy": 0.9125, "seconds": 6.25,
                   "cpu_seconds": 11.75, "agreement": near} for runtime, size, near in (
        ("onnx", 1_630_000, None),
        ("float32", 1_590_000, {"largest": 2e-6, "mean": 3e-7, "same_labels": 1.0}),
        ("int8", 440_000, {"largest": 0.4, "mean": 0.0021, "same_labels": 0.9915}))}
    return {"pack": manifest["name"], "version": manifest["version"], "n": 1000, "threads": 2,
            "batch": 100, "per": 10_000, "machine": "a processor, 2 cores",
            "members": {"cnn": rows, "resnet": rows}}


def photos():
    """Two sources in two folds, as `make_photos` measures them."""
    changes = {"all": 0.0321, "confident": 0.0, "likely": 0.01}
    told = {"coverage": 0.2109, "accuracy": 0.9412, "real_called_ai": 0.0123, "ai_caught": 0.1}
    row = {"roc_auc": 0.7654, "confident": told, "likely": told,
           "flips": dict.fromkeys(("resaved", "halved", "screenshot"), changes)}
    ranking = {"roc_auc": 0.7, "caught": {"1%": 0.1, "5%": 0.2}}
    both = {**row, "real": 40, "ai": 60, "real_called_ai": 0.2987, "ai_caught": 0.6789}
    return {"n": 200, "baselines": {"simpler": ranking}, "ranking": ranking, "pairs": {},
            "pairs_mean": None, "folds": [both] * 2, "mean": {k: v for k, v in both.items()
                                                    if k not in ("real", "ai")},
            "sources": dict.fromkeys(("zoo", "city"), both),
            "generators": {"DALL-E 9": {**both, "real": 0, "real_called_ai": None}}}


def _scores_of_all(n, accuracy):
    majority = {**_scores(accuracy), "roc_auc": None, "average_precision": None, "ece": None}
    return {"n": n, "members": {"svm": _scores(0.9051), "cnn": _scores(0.9652),
                                "resnet": _scores(0.9753)},
            "ensemble": majority, "calibrated": _scores(0.9864)}


def _scores(accuracy):
    return {"accuracy": accuracy, "precision": 0.91, "recall": 0.92, "f1": 0.93,
            "roc_auc": 0.94, "average_precision": 0.95, "ece": 0.0123,
            "confusion_matrix": [[9, 1], [1, 9]]}


def _curve(last):
    return {"epoch": [0.0, 1.0, 2.0], "accuracy": [0.6, 0.7, last - 0.1],
            "val_accuracy": [0.65, 0.8, last], "loss": [0.7, 0.5, 0.4],
            "val_loss": [0.6, 0.4, 0.2], "seconds": [9.0, 8.0, 8.0]}


def _row(caught):
    score = {"roc_auc": 0.5 + caught / 2, "caught": caught}
    return {"members": dict.fromkeys(("svm", "cnn", "resnet"), score),
            "ensemble": {"caught": caught}, "calibrated": score,
            "confident": {"coverage": 0.5, "accuracy": None}}
