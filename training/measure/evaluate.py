"""What a pack is worth on a labelled split: every member, the majority, the calibrated vote."""

import numpy as np
from sklearn import metrics
from tqdm import trange

from ensemble import PackModels, vote
from ensemble.vocabulary import CONFIDENT
from training.images.data import load
from training.records import write_json

BINS = 15
RESAMPLES = 1000  # of the bootstrap
POINTS = 150  # of a curve in the report


def evaluate(pack, data, out):
    """Measure a pack and write the report.

    Parameters
    ----------
    pack : path
        Folder of the pack.
    data : path
        A labelled split, as `training.images.data.load` reads it.
    out : path
        JSON file to write.

    Returns
    -------
    dict
        `n`, `members.<name>`, `ensemble` (the majority), `calibrated` (the probability) and
        `confident`, all of it again under `deduplicated`, without the images that are
        byte-identical to one of the training data, and `curves` for the figures.
    """
    ensemble = PackModels.load(pack)
    images = load(data, ensemble.manifest["input_size"])
    p_ai = predict(ensemble, images.images)
    new = ~np.isin(images.digests, ensemble.pack.training_digests)
    report = {"pack": ensemble.manifest["name"], "version": ensemble.manifest["version"],
              "bins": BINS, **_measure(ensemble.manifest, images.labels, p_ai),
              "deduplicated": _measure(ensemble.manifest, images.labels[new], p_ai[new]),
              "curves": _curves(ensemble.manifest, images.labels.astype(int), p_ai)}
    write_json(out, report)
    print(_table(report))
    return report


def predict(ensemble, images, batch=250):
    """The members' probabilities for many images, float32 [N, members]; a progress bar."""
    return np.concatenate([ensemble.predict(images[i:i + batch])[0]
                           for i in trange(0, len(images), batch, desc="judge", mininterval=1)])


def score(labels, p_ai):
    """Metrics of one probability against the truth, AI-generated being the positive class.

    Parameters
    ----------
    labels : ndarray of {0, 1}, shape [N]
    p_ai : ndarray, shape [N]

    Returns
    -------
    dict
        `accuracy` and its `accuracy_interval` (95%, bootstrap over the images), `precision`,
        `recall`, `f1`, `roc_auc`, `average_precision`, `ece` and `confusion_matrix`
        ([[real called real, real called AI], [AI called real, AI called AI]]).
    """
    called_ai = p_ai >= 0.5
    # Resampling images and counting the right ones is drawing from a binomial distribution.
    right = np.random.default_rng(0).binomial(len(labels), np.mean(called_ai == labels), RESAMPLES)
    return {
        "accuracy": float(metrics.accuracy_score(labels, called_ai)),
        "accuracy_interval": np.quantile(right / len(labels), [0.025, 0.975]).tolist(),
        "precision": float(metrics.precision_score(labels, called_ai, zero_division=0)),
        "recall": float(metrics.recall_score(labels, called_ai)),
        "f1": float(metrics.f1_score(labels, called_ai)),
        "roc_auc": float(metrics.roc_auc_score(labels, p_ai)),
        "average_precision": float(metrics.average_precision_score(labels, p_ai)),
        "ece": calibration_error(labels, p_ai),
        "confusion_matrix": metrics.confusion_matrix(labels, called_ai, labels=[0, 1]).tolist(),
    }


def calibration_error(labels, p_ai, bins=BINS):
    """Expected calibration error over bins of equal mass.

    The mean distance between the mean probability and the share of AI-generated images, over
    `bins` groups of (nearly) equal size in the order of the probability.

    Notes
    -----
    Nguyen and O'Connor 2015, "Posterior calibration and exploratory analysis for natural
    language processing models" (arXiv 1508.05154), on adaptive binning.
    """
    means, shares, sizes = np.array(_bins(labels, p_ai, bins)).T
    return float(np.average(np.abs(means - shares), weights=sizes))


def roc(labels, p_ai):
    """The ROC curve at `POINTS` false-alarm rates, as lists `fpr` and `tpr`."""
    false, true, _ = metrics.roc_curve(labels, p_ai)
    # Evenly spread in the logarithm: all that matters lies at few false alarms.
    rates = np.unique(np.concatenate([[0, 1], np.geomspace(1e-4, 1, POINTS)]))
    return {"fpr": rates.tolist(), "tpr": np.interp(rates, false, true).tolist()}


def confident(labels, p_ai, manifest):
    """How many verdicts are `confident`, and how many of those are right.

    Parameters
    ----------
    labels : ndarray of {0, 1}, shape [N]
    p_ai : ndarray, shape [N, members]
    manifest : dict
        Of the pack.

    Returns
    -------
    dict
        `coverage`, and `accuracy`, which is None if there are none.
    """
    overall, label = vote.calibrate(p_ai, manifest["calibration"]), vote.majority(p_ai)
    sure = (np.where(label, overall, 1 - overall)
            >= vote.starts(manifest["bounds"], CONFIDENT, label))
    return {"coverage": float(sure.mean()),
            "accuracy": float((label == labels)[sure].mean()) if sure.any() else None}


def _measure(manifest, labels, p_ai):
    labels = labels.astype(int)
    overall = vote.calibrate(p_ai, manifest["calibration"])
    return {
        "n": len(labels),
        "members": {member["name"]: score(labels, p_ai[:, i].astype(np.float64))
                    for i, member in enumerate(manifest["members"])},
        "ensemble": score(labels, (p_ai >= 0.5).mean(axis=1)),
        "calibrated": score(labels, overall),
        "confident": confident(labels, p_ai, manifest),
    }


def _curves(manifest, labels, p_ai):
    """ROC and reliability of the members and the calibrated probability; risk of the vote."""
    overall, label = vote.calibrate(p_ai, manifest["calibration"]), vote.majority(p_ai)
    scores = {member["name"]: p_ai[:, i] for i, member in enumerate(manifest["members"])}
    curves = {"roc": {}, "reliability": {}}
    for name, p in {**scores, "calibrated": overall}.items():
        curves["roc"][name] = roc(labels, p)
        means, shares, _ = np.array(_bins(labels, p, BINS)).T
        curves["reliability"][name] = {"p_ai": means.tolist(), "share_ai": shares.tolist()}
    surest_first = np.argsort(-np.where(label, overall, 1 - overall), kind="stable")
    counts = np.unique(np.linspace(len(labels) * 0.05, len(labels), POINTS).astype(int))
    right = np.cumsum((label == labels)[surest_first])[counts - 1] / counts
    curves["risk"] = {"coverage": (counts / len(labels)).tolist(), "accuracy": right.tolist()}
    return curves


def _bins(labels, p_ai, bins):
    """Mean probability, share of AI-generated and size of each bin of equal mass."""
    order = np.argsort(p_ai, kind="stable")
    return [(p_ai[part].mean(), labels[part].mean(), len(part))
            for part in np.array_split(order, bins) if len(part)]


def _table(report):
    rows = {**report["members"], "majority": report["ensemble"], "calibrated": report["calibrated"]}
    lines = [f"{report['n']} images; in brackets {report['deduplicated']['n']} without duplicates "
             f"of training images"]
    again = {**report["deduplicated"]["members"], "majority": report["deduplicated"]["ensemble"],
             "calibrated": report["deduplicated"]["calibrated"]}
    for name, row in rows.items():
        lines.append(f"{name:>10}  accuracy {row['accuracy']:.4f} ({again[name]['accuracy']:.4f})"
                     f"  ROC-AUC {row['roc_auc']:.4f} ({again[name]['roc_auc']:.4f})"
                     f"  ECE {row['ece']:.4f} ({again[name]['ece']:.4f})")
    sure = report["confident"]
    right = "never given" if sure["accuracy"] is None else f"right {sure['accuracy']:.2%}"
    lines.append(f" confident  {sure['coverage']:.1%} of the verdicts, {right}")
    return "\n".join(lines)
