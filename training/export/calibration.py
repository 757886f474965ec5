"""One probability of several members, and from where on a verdict is `confident`."""

import numpy as np
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from ensemble import vote

ACCURACY = 0.997  # of the `confident` verdicts on CIFAKE's images, at least
# How often a bound that doesn't deserve it may be taken for one that keeps this promise.
RISK = 0.1


def calibration(p_ai, labels, target=ACCURACY):
    """Weights, bias and the bound of `confident`, fitted on validation images.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
    labels : ndarray of {0, 1}, shape [N]
    target : float
        From `confident_from` on at least this share of labels is right, by the lower limit of a
        one-sided interval (Clopper and Pearson 1934) of what the images show. The share that they
        show is higher: the bound was chosen for having few errors among them.

    Returns
    -------
    dict
        `weights`, `bias` and `confident_from`, as `ensemble.vote.calibrate` takes it.

    Notes
    -----
    Geifman and El-Yaniv 2017, "Selective classification for deep neural networks".
    """
    fitted = fit_vote(p_ai, labels)
    label, overall = vote.majority(p_ai), vote.calibrate(p_ai, fitted)
    sureness = np.where(label, overall, 1 - overall)

    def keeps_promise(order):
        right = np.cumsum((label == labels)[order])
        given = np.arange(1, len(labels) + 1)
        return beta.ppf(RISK, right, given - right + 1) >= target

    return {**fitted, "confident_from": lowest_bound(sureness, keeps_promise)}


def fit_vote(p_ai, labels, strength=1.0, weights=None):
    """Logistic regression on the members' logits.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
    labels : ndarray of {0, 1}, shape [N]
    strength : float
        The smaller, the stronger the prior that no member knows anything.
    weights : ndarray, shape [N], optional
        Of the images.

    Returns
    -------
    dict
        `weights` of the members and `bias`.
    """
    regression = LogisticRegression(C=strength)
    regression.fit(vote.logits(p_ai), labels, sample_weight=weights)
    return {"weights": regression.coef_[0].tolist(), "bias": float(regression.intercept_[0])}


def lowest_bound(sureness, keeps_promise):
    """The lowest probability of a label from which on a promise is kept.

    Parameters
    ----------
    sureness : ndarray, shape [N]
        Probability of the label that each verdict gives.
    keeps_promise : callable
        Of verdicts in an order, the surest first: for each whether it and all before it together
        keep the promise, bool [N].

    Returns
    -------
    float
        1, so that no verdict is that sure, if none keeps it.
    """
    order = np.argsort(-sureness, kind="stable")
    kept = np.array(keeps_promise(order))
    kept[:-1] &= np.diff(sureness[order]) < 0  # a bound lets in all verdicts as sure, or none
    places = np.flatnonzero(kept)
    return float(sureness[order[places[-1]]]) if len(places) else 1.0
