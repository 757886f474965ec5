"""The members' probabilities → one verdict."""

import math

import numpy as np

from ensemble.verdict import Reason, Verdict, Vote
from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL, UNCERTAIN

# A member's probability is kept this far from 0 and 1 before its logit is taken.
EPSILON = 1e-6


def label_of(p_ai):
    """The label of a probability: AI-generated from 0.5 on."""
    return AI if p_ai >= 0.5 else REAL


def majority(p_ai):
    """Whether most members say AI-generated.

    Parameters
    ----------
    p_ai : ndarray, shape [..., members]
        An odd number of members.

    Returns
    -------
    ndarray of bool, shape [...]
    """
    p_ai = np.asarray(p_ai)
    return (p_ai >= 0.5).sum(axis=-1) * 2 > p_ai.shape[-1]


def correct(p_ai, calibration):
    """The members' probabilities, each corrected by what was learned of it on held-out pictures.

    Parameters
    ----------
    p_ai : ndarray, shape [..., members]
        As the members give them.
    calibration : dict
        With `scales` and `shifts` of each member's logit; without, nothing is corrected.

    Returns
    -------
    ndarray, shape [..., members]
    """
    if "scales" not in calibration:
        return p_ai
    return sigmoid(logits(p_ai) * calibration["scales"] + calibration["shifts"])


def calibrate(p_ai, calibration):
    """One calibrated probability from the members'.

    Parameters
    ----------
    p_ai : ndarray, shape [..., members]
        Corrected.
    calibration : dict
        `weights` (one a member) and `bias` of a logistic regression on the members' logits, and
        `median`, the weight of their median (0 if absent); fitted on held-out pictures.

    Returns
    -------
    ndarray of float64, shape [...]

    Notes
    -----
    Platt 1999, "Probabilistic outputs for support vector machines", with several inputs.
    """
    score = logits(p_ai) @ np.asarray(calibration["weights"]) + calibration["bias"]
    if median := calibration.get("median", 0):
        score = score + median * np.median(logits(p_ai), axis=-1)
    return sigmoid(score)


def sigmoid(score):
    """The probability of a logit."""
    return 1 / (1 + np.exp(-np.asarray(score)))


def logits(p_ai):
    """Logits of probabilities, which are kept `EPSILON` from 0 and 1 so that none is infinite."""
    p_ai = np.clip(np.asarray(p_ai, np.float64), EPSILON, 1 - EPSILON)
    return np.log(p_ai / (1 - p_ai))


def beyond(domain, picture):
    """How far a picture is outside the sizes that a pack knows.

    Parameters
    ----------
    domain : dict
        Of the manifest: `min_side`, `max_side` or both, the shortest and the longest that the
        longer side of a picture may be, in pixels.
    picture : Picture

    Returns
    -------
    int or float
        Pixels above `max_side`; minus the pixels that are missing to `min_side`; 0 inside.
    """
    side = max(picture.width, picture.height)
    above, below = side - domain.get("max_side", side), side - domain.get("min_side", side)
    return max(above, 0) + min(below, 0)


def starts(bounds, step, called_ai):
    """Where a step of certainty starts, for many verdicts at once.

    Parameters
    ----------
    bounds : dict
        Of the manifest: label → step → `from`.
    step : {"confident", "likely"}
    called_ai : ndarray of bool, shape [N]
        Whether each label is AI-generated.

    Returns
    -------
    ndarray of float64, shape [N]
        Infinite where the step is not given for the label.
    """
    ai, real = (bounds[label].get(step, {}).get("from", np.inf) for label in (AI, REAL))
    return np.where(called_ai, ai, real)


def certainty_of(bounds, p_label):
    """The surest step whose bound the probability of a label reaches.

    Parameters
    ----------
    bounds : dict
        Of this label, in the manifest: step → `from`, the probability that it starts at; a step
        that could not be promised is left out.
    p_label : float
        Calibrated.

    Returns
    -------
    {"confident", "likely", "uncertain"}
    """
    return next((step for step in (CONFIDENT, LIKELY)
                 if step in bounds and p_label >= bounds[step]["from"]), UNCERTAIN)


def decide(manifest, picture, p_ai, maps, known=False):
    """Votes, majority, calibrated probability and certainty of one image.

    Parameters
    ----------
    manifest : dict
        Of the pack that judged.
    picture : Picture
    p_ai : sequence of float
        One a member, in the manifest's order.
    maps : dict
        Class-activation maps by member.
    known : bool
        Whether this very file was in the training data.

    Returns
    -------
    Verdict
    """
    votes = tuple(Vote(member["name"], float(p), label_of(p))
                  for member, p in zip(manifest["members"], p_ai, strict=True))
    label = AI if majority(p_ai) else REAL
    ayes = sum(vote.label == label for vote in votes)
    overall = float(calibrate(p_ai, manifest["calibration"]))
    p_label = overall if label == AI else 1 - overall
    bounds = manifest["bounds"][label]
    doubts = [*_size_doubts(manifest, picture), *_vote_doubts(label, p_label, bounds)]
    notes = [Reason("trained_on")] if known else []
    return Verdict(manifest["name"], label, overall,
                   UNCERTAIN if doubts else certainty_of(bounds, p_label),
                   f"{ayes}-{len(votes) - ayes}", votes, picture.width, picture.height,
                   (*doubts, *notes), picture.evidence, maps)


def _size_doubts(manifest, picture):
    outside = beyond(manifest["domain"], picture)
    size = {"width": picture.width, "height": picture.height}
    if outside > 0:
        yield Reason("reduced", {"size": manifest["input_size"], **size})
    elif outside < 0:
        yield Reason("too_small", {"min_side": manifest["domain"]["min_side"], **size})


def _vote_doubts(label, p_label, bounds):
    fields = {"label": label, "p_label": percent(p_label)}
    if p_label < 0.5:
        yield Reason("contradiction", fields)
    elif not bounds:
        yield Reason("silent", fields)
    elif certainty_of(bounds, p_label) == UNCERTAIN:
        lowest = min(bound["from"] for bound in bounds.values())
        yield Reason("unsure", {**fields, "bound": f"{math.ceil(lowest * 1000) / 10:.1f}%"})


def percent(p):
    """A probability for people, never rounded up to certainty: 99.98% stays below 100%."""
    return f"{math.floor(p * 1000) / 10 if p > 0.5 else math.ceil(p * 1000) / 10:.1f}%"
