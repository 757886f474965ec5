"""The bound of `confident`: a promise kept on images that it was not chosen on."""

import numpy as np

from ensemble import vote
from training.export.calibration import calibration, lowest_bound
from training.measure.evaluate import calibration_error


def votes(rng, n):
    """`p_ai` of three members that err now and then, [n, 3], and the labels."""
    labels = rng.integers(0, 2, n)
    logit = (labels * 2 - 1) * 2 + rng.normal(0, 2, (3, n))
    return (1 / (1 + np.exp(-logit))).T, labels


def test_the_bound_keeps_its_word_nine_times_in_ten():
    kept = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        fitted = calibration(*votes(rng, 4000), target=0.97)
        p_ai, labels = votes(rng, 20_000)
        overall, label = vote.calibrate(p_ai, fitted), vote.majority(p_ai)
        sure = np.where(label, overall, 1 - overall) >= fitted["confident_from"]
        assert 0.3 < sure.mean() < 1
        kept.append((label == labels)[sure].mean() >= 0.97)
        assert calibration_error(labels, overall) < 0.03
    assert np.mean(kept) > 0.8


def test_a_bound_lets_in_all_verdicts_that_are_as_sure_or_none():
    sureness = np.array([0.8, 0.9, 0.9, 0.95])
    right = np.array([False, False, True, True])

    def all_right(order):
        return np.cumsum(~right[order]) == 0

    assert lowest_bound(sureness, all_right) == 0.95  # of the two at 0.9 one is wrong
    assert lowest_bound(sureness, lambda order: np.zeros(4, bool)) == 1
    assert lowest_bound(sureness, lambda order: np.ones(4, bool)) == 0.8


def test_ties_at_the_bound_do_not_break_the_promise():
    """As many votes of equal certainty as you like, half of them wrong."""
    rng = np.random.default_rng(0)
    p_ai, labels = votes(rng, 4000)
    tied, tied_labels = np.full((600, 3), 0.97), np.repeat([1, 0], 300)
    p_ai, labels = np.concatenate([p_ai, tied]), np.concatenate([labels, tied_labels])
    fitted = calibration(p_ai, labels, target=0.97)
    overall, label = vote.calibrate(p_ai, fitted), vote.majority(p_ai)
    sure = np.where(label, overall, 1 - overall) >= fitted["confident_from"]
    assert sure.any() and (label == labels)[sure].mean() >= 0.97
