"""What a pack may promise: its probability, and from where on a verdict is `confident` or `likely`.

Everything is fitted on pictures that the members were not trained on, and a promise must hold in
each part of them, not on average: a new collection moves the members another way.
"""

import numpy as np
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from ensemble import vote
from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL

# Of the verdicts of a step, how many are right; of the real pictures of any part, how many are
# called AI-generated from that step on.
PROMISES = {CONFIDENT: {"right": 0.97, "accused": 0.005}, LIKELY: {"right": 0.85, "accused": 0.03}}
# How much the mean of the members' logits counts beside their median, whose side is always the
# majority's: on 4,452 photographs of 158 collections, label and probability differed in 0.7%, 1.3%
# and 2.1% of cases with 0.25, 0.5 and 1; the ROC-AUC was 0.838, 0.839 and 0.841.
MEAN_BESIDE_MEDIAN = 0.25


def regression(p_ai, labels, strength=1.0, weights=None):
    """One probability from all members: logistic regression on their logits.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
    labels : ndarray of {0, 1}, shape [N]
        1 for AI-generated.
    strength : float
        Inverse of the penalty on the weights.
    weights : ndarray, shape [N], optional
        Of the pictures.

    Returns
    -------
    dict
        `weights` and `bias`, as `ensemble.vote.calibrate` takes them.
    """
    fitted = LogisticRegression(C=strength).fit(vote.logits(p_ai), labels, sample_weight=weights)
    return {"weights": fitted.coef_[0].tolist(), "bias": float(fitted.intercept_[0])}


def correction(p_ai, labels, weights=None):
    """Correct each member's own probability, then take the one in the middle.

    Members trained on few collections are surer of new ones than they are right, each in its own
    direction. Corrected one by one, their votes and their common probability tell one story.

    Parameters
    ----------
    p_ai, labels, weights
        As `regression` takes them; `p_ai` as the members give it.

    Returns
    -------
    dict
        `scales` and `shifts` (of each member's logit), `weights`, `median` and `bias`, as
        `ensemble.vote.correct` and `calibrate` take them.

    Notes
    -----
    Platt 1999, "Probabilistic outputs for support vector machines".
    """
    members = [regression(column[:, None], labels, weights=weights)
               for column in np.asarray(p_ai).T]
    fitted = {"scales": [member["weights"][0] for member in members],
              "shifts": [member["bias"] for member in members]}
    logits = vote.logits(vote.correct(p_ai, fitted))
    share = MEAN_BESIDE_MEDIAN
    middle = np.median(logits, axis=1) + share * logits.mean(axis=1)
    # Without an intercept: the middle's side is the majority's, and stays it.
    slope = LogisticRegression(fit_intercept=False).fit(middle[:, None], labels,
                                                        sample_weight=weights).coef_[0, 0]
    return fitted | {"weights": [slope * share / len(members)] * len(members),
                     "median": float(slope), "bias": 0.0}


def bounds(p_ai, overall, labels, *, parts=None, weights=None, promises=PROMISES, doubt=0.5,
           allowance=None, together=False):
    """From which probability on each step of certainty keeps its promise.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
        Corrected; of pictures that were held out.
    overall : ndarray, shape [N]
        Calibrated probability of AI.
    labels : ndarray of {0, 1}, shape [N]
    parts : ndarray, shape [N], optional
        What was held out together; in each part at most the promised share of the real pictures
        may be accused.
    weights : ndarray, shape [N], optional
        Of the pictures; the share that is right must be large enough with them and without.
    promises : dict
        Step → `right` and `accused`, the surest step first.
    doubt : float
        The share that is right counts by this quantile of what it may truly be (Clopper and
        Pearson 1934): 0.1 leaves a margin for bounds that were chosen for their few errors.
    allowance : dict of str to float, optional
        Which share of the errors that a step's promise allows may be found here: below 1 where
        what comes later is harder than what the bound is fitted on, as new collections are.
    together : bool
        One bound for both labels.

    Returns
    -------
    dict
        Label → step → `from`, `right` (the share found between this bound and the surer one) and
        `pictures`. A step that can't be promised is left out.

    Notes
    -----
    Geifman and El-Yaniv 2017, "Selective classification for deep neural networks".
    """
    labels = np.asarray(labels).astype(bool)
    parts = np.zeros(len(labels)) if parts is None else np.asarray(parts)
    weights = np.ones(len(labels)) if weights is None else weights
    called_ai = vote.majority(p_ai)
    p_label = np.where(called_ai, overall, 1 - overall)
    real = {part: np.sum((parts == part) & ~labels) for part in np.unique(parts)}

    def steps(rows):
        rows = rows[np.argsort(-p_label[rows], kind="stable")]
        probability, right = p_label[rows], (called_ai == labels)[rows]
        # A bound lets in all equals, or none.
        last_of_equals = probability > np.append(probability[1:], -np.inf)
        promised, start = {}, 0
        for step, promise in promises.items():
            share_of_errors = (allowance or {}).get(step, 1)
            allowed = last_of_equals[start:]
            for part, count in real.items():
                accused = called_ai[rows] & ~labels[rows] & (parts[rows] == part)
                allowed = allowed & (np.cumsum(accused)[start:] <= promise["accused"] * count)
            count = np.arange(1, len(rows) - start + 1)
            share = np.minimum(np.cumsum(right[start:]) / count,
                               np.cumsum((right * weights[rows])[start:])
                               / np.cumsum(weights[rows][start:]))
            lower = beta.ppf(doubt, share * count, (1 - share) * count + 1)
            last = np.flatnonzero(allowed & (1 - lower <= share_of_errors * (1 - promise["right"])))
            if len(last):
                end = last[-1]
                promised[step] = {"from": float(probability[start + end]),
                                  "right": float(share[end]), "pictures": int(end + 1)}
                start += end + 1
        return promised

    sided = p_label >= 0.5
    if together:
        both = steps(np.flatnonzero(sided))
        return {AI: both, REAL: both}
    return {AI: steps(np.flatnonzero(sided & called_ai)),
            REAL: steps(np.flatnonzero(sided & ~called_ai))}
