"""One probability of several members, and from where on it may be called `confident`.

On new sources the members are far less sure of themselves than they should be, and each source
moves them another way. So both are fitted on folds of sources that the members never saw, and the
bound must hold in each of these folds, not on average.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

from ensemble import vote
from training.photos.collections import source_weights

ACCURACY = 0.97  # of the confident verdicts, weighted by source; a new source will take some off
FALSE_ALARMS = 0.01  # of the real pictures of any fold, called AI-generated with confidence
STRENGTH = 0.1  # of the regression's prior that no member knows anything


def calibration(p_ai, labels, sources, folds):
    """Weights, bias and the bound of `confident`.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
        Of pictures whose fold was held out.
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]
    folds : ndarray of int, shape [N]

    Returns
    -------
    dict
        `weights`, `bias` and `confident_from`, as `ensemble.vote.calibrate` takes it. The bound
        is 1, so no verdict is confident, if none keeps both promises.
    """
    labels = np.asarray(labels).astype(int)
    weights = source_weights(labels, sources)
    fitted = LogisticRegression(C=STRENGTH).fit(vote.logits(p_ai), labels, sample_weight=weights)
    found = {"weights": fitted.coef_[0].tolist(), "bias": float(fitted.intercept_[0])}
    return {**found, "confident_from": bound(vote.majority(p_ai), vote.calibrate(p_ai, found),
                                             labels, weights, folds)}


def bound(said, overall, labels, weights, folds):
    """The lowest probability of a label from which on both promises are kept.

    Parameters
    ----------
    said : ndarray of bool, shape [N]
        Whether the verdict is AI-generated.
    overall : ndarray, shape [N]
        Calibrated probability that it is.
    labels, weights, folds : ndarray, shape [N]

    Returns
    -------
    float
    """
    sure = np.where(said, overall, 1 - overall)
    order = np.argsort(-sure, kind="stable")
    right, weights = (said == labels)[order], weights[order]
    kept = np.cumsum(right * weights) >= ACCURACY * np.cumsum(weights)
    for fold in np.unique(folds):
        real = (folds == fold) & (labels == 0)
        alarms = np.cumsum((real & said)[order])
        kept &= alarms <= FALSE_ALARMS * real.sum()
    kept[:-1] &= np.diff(sure[order]) < 0  # a bound lets in all that are as sure, or none
    enough = np.flatnonzero(kept)
    return float(sure[order[enough[-1]]]) if len(enough) else 1.0
