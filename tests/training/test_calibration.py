"""The bounds of certainty: promises kept on images that they were not chosen on."""

import numpy as np

from ensemble import vote
from ensemble.vocabulary import AI, CONFIDENT, REAL
from training.measure.calibration import bounds, regression
from training.measure.evaluate import calibration_error

PROMISES = {CONFIDENT: {"right": 0.97, "accused": 1.0}}


def votes(rng, n):
    """`p_ai` of three members that err now and then, [n, 3], and the labels."""
    labels = rng.integers(0, 2, n)
    logit = (labels * 2 - 1) * 2 + rng.normal(0, 2, (3, n))
    return (1 / (1 + np.exp(-logit))).T, labels


def fitted(p_ai, labels):
    """Calibration, and the bound of `confident` that both labels share."""
    calibration = regression(p_ai, labels)
    steps = bounds(p_ai, vote.calibrate(p_ai, calibration), labels, promises=PROMISES, doubt=0.1,
                   together=True)
    assert steps[AI] == steps[REAL]
    return calibration, steps[AI][CONFIDENT]["from"]


def judged(p_ai, calibration):
    """Probability, label, and probability of the label."""
    overall, label = vote.calibrate(p_ai, calibration), vote.majority(p_ai)
    return overall, label, np.where(label, overall, 1 - overall)


def test_the_bound_keeps_its_word_nine_times_in_ten():
    kept = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        calibration, bound = fitted(*votes(rng, 4000))
        p_ai, labels = votes(rng, 20_000)
        overall, label, sureness = judged(p_ai, calibration)
        sure = sureness >= bound
        assert 0.3 < sure.mean() < 1
        kept.append((label == labels)[sure].mean() >= 0.97)
        assert calibration_error(labels, overall) < 0.03
    assert np.mean(kept) > 0.8


def test_a_bound_lets_in_all_verdicts_that_are_as_sure_or_none():
    """As many votes of equal certainty as you like, half of them wrong."""
    p_ai, labels = votes(np.random.default_rng(0), 4000)
    p_ai = np.concatenate([p_ai, np.full((600, 3), 0.97)])
    labels = np.concatenate([labels, np.repeat([1, 0], 300)])
    calibration, bound = fitted(p_ai, labels)
    _, label, sureness = judged(p_ai, calibration)
    sure = sureness >= bound
    assert sure.any() and (label == labels)[sure].mean() >= 0.97
