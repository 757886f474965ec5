"""What a pack is worth on images that were changed on their way, at its one fixed threshold."""

import numpy as np
from sklearn import metrics
from tqdm import tqdm

from ensemble import PackModels, vote
from training.images.corruptions import CORRUPTIONS, STRONGEST, corrupted
from training.images.data import balanced, load
from training.measure.evaluate import calibration_error, confident, predict
from training.records import write_json


def robustness(pack, data, out, images=2000, seed=0):
    """Measure a pack under every corruption of the matrix and write the report.

    Nothing is fitted or moved for a corruption: the shipped calibration and the threshold of
    one half hold for all.

    Parameters
    ----------
    pack : path
        Folder of the pack.
    data : path
        A labelled split, as `training.images.data.load` reads it.
    out : path
        JSON file to write.
    images : int
        How many to measure on, half of each class, drawn at random.
    seed : int
        Of the draw and of the noise.

    Returns
    -------
    dict
        `clean`, `corruptions.<name>` (each with `members.<name>`, `ensemble`, `calibrated` and
        `confident`), and `worst`: the corruption with the lowest accuracy of the majority, the
        three strongest left out.
    """
    ensemble = PackModels.load(pack)
    split = load(data, ensemble.manifest["input_size"])
    images = split.take(balanced(split.labels, images, np.random.default_rng(seed)))
    rows = {name: _row(ensemble, images.labels, corrupted(images.images, name, seed))
            for name in tqdm(CORRUPTIONS, desc="corruptions")}
    counted = {name: row for name, row in rows.items() if name not in STRONGEST}
    worst = min(counted, key=lambda name: counted[name]["ensemble"]["accuracy"])
    report = {"pack": ensemble.manifest["name"], "version": ensemble.manifest["version"],
              "n": len(images), "threshold": 0.5, "seed": seed, "strongest": STRONGEST,
              "clean": _row(ensemble, images.labels, images.images), "corruptions": rows,
              "worst": {"corruption": worst,
                        "accuracy": counted[worst]["ensemble"]["accuracy"]}}
    write_json(out, report)
    print(_table(report))
    return report


def _row(ensemble, labels, images):
    labels = labels.astype(int)
    p_ai, manifest = predict(ensemble, images), ensemble.manifest
    return {
        "members": {member["name"]: _score(labels, p_ai[:, i].astype(np.float64))
                    for i, member in enumerate(manifest["members"])},
        "ensemble": _score(labels, (p_ai >= 0.5).mean(axis=1)),
        "calibrated": _score(labels, vote.calibrate(p_ai, manifest["calibration"])),
        "confident": confident(labels, p_ai, manifest),
    }


def _score(labels, p_ai):
    return {"accuracy": float(np.mean((p_ai >= 0.5) == labels)),
            "ece": calibration_error(labels, p_ai),
            "roc_auc": float(metrics.roc_auc_score(labels, p_ai))}


def _table(report):
    rows = {"as it is": report["clean"], **report["corruptions"]}
    members = list(report["clean"]["members"])
    lines = ["".join(f"{head:>15}" for head in ("", *members, "majority", "calibrated", "ECE"))]
    for name, row in rows.items():
        values = [*(row["members"][m]["accuracy"] for m in members), row["ensemble"]["accuracy"],
                  row["calibrated"]["accuracy"], row["calibrated"]["ece"]]
        lines.append(f"{name:>15}" + "".join(f"{value:>15.2%}" for value in values))
    worst = report["worst"]
    lines.append(f"worst but {', '.join(report['strongest'])}: {worst['corruption']}, "
                 f"{worst['accuracy']:.2%}")
    return "\n".join(lines)
