"""What probability and bounds of the pack for photographs are worth where they were not fitted."""

import numpy as np
from sklearn.metrics import roc_auc_score

from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL
from training.measure.calibration import PROMISES
from training.photos.values import MET


def measure(originals, judged, bounds):
    """What probability and bounds are worth on groups that they were not fitted on.

    Parameters
    ----------
    originals : Originals
    judged : benchmark.Judged
        Each fold by what was fitted on the others.
    bounds : dict
        What was fitted on all of them, for the bounds' own figures.

    Returns
    -------
    dict
        `collections`, `groups`, `n`, `real`, `ai`, `roc_auc`; `label_against_number`, the share
        of pictures of which majority and probability take two sides; `steps.<step>`, for
        `confident` and `likely`: `coverage`, `right`, `accused` (of the real pictures, from this
        step on), `accused_worst` (the same in the worst part) and `caught`;
        `labels.<label>.<step>`: `verdicts`, `right`; `promises` and `bounds`.
    """
    labels, parts = originals.labels.astype(bool), judged.folds
    called_ai, overall, reached = judged.verdicts(MET)
    own = {CONFIDENT: reached[CONFIDENT], LIKELY: reached[LIKELY] & ~reached[CONFIDENT]}
    right = called_ai == labels
    return {
        "collections": len(np.unique(originals.sources)),
        "groups": len(np.unique(originals.groups)),
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
        "promises": PROMISES, "bounds": bounds,
    }


def _share(mask, rows):
    return float(mask[rows].mean()) if rows.any() else None
