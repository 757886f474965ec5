"""Fit a pack's probability and promises again, on collections that it was not trained on."""

import json
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from ensemble import PackModels, vote
from ensemble import pack as packs
from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL
from training.errors import DataError
from training.measure.calibration import PROMISES
from training.measure.evaluate import predict
from training.photos import benchmark
from training.photos import collections as pictures_of
from training.records import write_json

UNCORRECTED = {"calibration": {}}  # the members' probabilities as they give them


def calibrate(folder, data, seed=0):
    """Fit `calibration` and `bounds` of a pack for photographs, and report what they are worth.

    The models stay as they are. Of the data's collections those are left out that the pack was
    trained on, with all of their group. For the report each fifth of the groups is judged by what
    was fitted on the others; the manifest gets what is fitted on all.

    Parameters
    ----------
    folder : path
        Of the pack; its `reports/photos.json` names the collections that it was trained on.
    data : path
        Parquet with `whole`, `label`, `source`, `generator` and `group`.
    seed : int
        Of the folds.

    Returns
    -------
    dict
        The report, which is also written to `reports/promises.json` of the pack: see `measure`.

    Raises
    ------
    DataError
        If the data has too few groups of collections that are new to the pack.
    """
    folder = Path(folder)
    trained_on = json.loads((folder / "reports" / "photos.json").read_text("utf-8"))["sources"]
    photos = pictures_of.load(data, "whole")
    known = np.unique(photos.groups[np.isin(photos.sources, list(trained_on))])
    photos = photos.take(~np.isin(photos.groups, known))
    real, ai = (len(np.unique(photos.groups[photos.labels == label])) for label in (0, 1))
    if min(real, ai) < pictures_of.FOLDS:
        raise DataError(f"{data}: of the groups of collections that are new to the pack, {real} "
                        f"have real pictures and {ai} AI-generated ones; {pictures_of.FOLDS} are "
                        f"needed of each.")
    pack = packs.read(folder)
    raw = PackModels(packs.Pack(folder, pack.manifest | UNCORRECTED))
    p_ai = predict(raw, pictures_of.squares(photos.pictures, pack.manifest["input_size"],
                                            pack.manifest["resize"]))
    parts = np.zeros(len(photos), int)
    folds = StratifiedGroupKFold(pictures_of.FOLDS, shuffle=True, random_state=seed)
    for number, (_, held) in enumerate(folds.split(p_ai, photos.labels, photos.groups)):
        parts[held] = number
    fitted = benchmark.calibrated(p_ai, photos.labels, photos.sources, parts)
    report = {"pack": pack.manifest["name"], "version": pack.manifest["version"], "seed": seed,
              "collections": len(np.unique(photos.sources)),
              "groups": len(np.unique(photos.groups)), **measure(p_ai, photos, parts, fitted)}
    write_json(folder / "reports" / "promises.json", report)
    write_json(folder / "manifest.json", pack.manifest | fitted)
    return report


def measure(p_ai, photos, parts, fitted):
    """What probability and bounds are worth on groups that they were not fitted on.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
        As the members give it.
    photos : Photos
    parts : ndarray of int, shape [N]
        What is held out together.
    fitted : dict
        What `benchmark.calibrated` gives on all of them, for the bounds' own figures.

    Returns
    -------
    dict
        `n`, `real`, `ai`, `roc_auc`; `label_against_number`, the share of pictures of which
        majority and probability take two sides; `steps.<step>`, for `confident` and `likely`:
        `coverage`, `right`, `accused` (of the real pictures, from this step on), `accused_worst`
        (the same in the worst part) and `caught`; `labels.<label>.<step>`: `verdicts`, `right`;
        `promises` and `bounds`.
    """
    labels = photos.labels.astype(bool)
    called_ai, overall = np.zeros(len(labels), bool), np.zeros(len(labels))
    start = {step: np.zeros(len(labels)) for step in (CONFIDENT, LIKELY)}
    for part, terms in enumerate(benchmark.fitted_without(p_ai, photos, parts)):
        held = parts == part
        corrected = vote.correct(p_ai[held], terms["calibration"])
        called_ai[held] = vote.majority(corrected)
        overall[held] = vote.calibrate(corrected, terms["calibration"])
        for step, values in start.items():
            values[held] = vote.starts(terms["bounds"], step, called_ai[held])
    p_label = np.where(called_ai, overall, 1 - overall)
    confident, likely = p_label >= start[CONFIDENT], p_label >= start[LIKELY]
    # Where one label can't be called likely it may still be called confident.
    reached = {CONFIDENT: confident, LIKELY: (likely | confident) & (p_label >= 0.5)}
    own = {CONFIDENT: confident, LIKELY: reached[LIKELY] & ~confident}
    right = called_ai == labels
    return {
        "n": len(labels), "real": int((~labels).sum()), "ai": int(labels.sum()),
        "roc_auc": float(roc_auc_score(labels, overall)),
        "label_against_number": float(np.mean(called_ai != (overall >= 0.5))),
        "steps": {step: {
            "coverage": float(own[step].mean()), "right": _share(right, own[step]),
            "accused": _share(called_ai & reached[step], ~labels),
            "accused_worst": max(_share(called_ai & reached[step], ~labels & (parts == part))
                                 for part in np.unique(parts[~labels])),
            "caught": _share(called_ai & reached[step], labels)} for step in (CONFIDENT, LIKELY)},
        "labels": {label: {step: {"verdicts": int((own[step] & side).sum()),
                                  "right": _share(right, own[step] & side)}
                           for step in (CONFIDENT, LIKELY)}
                   for label, side in ((AI, called_ai), (REAL, ~called_ai))},
        "promises": PROMISES, "bounds": fitted["bounds"],
    }


def _share(mask, rows):
    return float(mask[rows].mean()) if rows.any() else None
