"""What a pack promises, on simulated members and collections: kept by construction, or not made."""


import numpy as np
import pytest

from ensemble import vote
from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL
from training.measure.calibration import PROMISES, bounds, correction, regression

SURE = {CONFIDENT: {"right": 0.9, "accused": 1}}


def simulated(seed, parts=6, pictures=300):
    """Votes of three members that are surer than they are right: `p_ai` [N, 3], labels and parts.

    Each has a leaning of its own, another one in each part; some pictures are hard for all.
    """
    rng = np.random.default_rng(seed)
    part = np.repeat(np.arange(parts), pictures)
    labels = rng.integers(0, 2, len(part))
    seen = (2 * labels - 1) * rng.uniform(-0.5, 3, len(part))
    signal = seen[:, None] + rng.normal(0, [0.8, 1, 1.2], (len(part), 3))
    leaning = np.array([2.0, -1.5, 0.5]) + rng.normal(0, 0.2, (parts, 3))
    return vote.sigmoid([3, 2, 2.5] * (signal + leaning[part])), labels, part


def fitted(p_ai, labels):
    """Corrected members, and their common probability."""
    calibration = correction(p_ai, labels)
    p_ai = vote.correct(p_ai, calibration)
    return p_ai, vote.calibrate(p_ai, calibration)


def tell(p_ai, overall):
    """Whether AI-generated is the label, and the probability of the label."""
    called_ai = vote.majority(p_ai)
    return called_ai, np.where(called_ai, overall, 1 - overall)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_each_step_keeps_its_promise_in_each_part(seed, together):
    p_ai, labels, parts = simulated(seed)
    p_ai, overall = fitted(p_ai, labels)
    steps = bounds(p_ai, overall, labels, parts=parts, together=together)
    called_ai, p_label = tell(p_ai, overall)
    assert CONFIDENT in steps[AI] and CONFIDENT in steps[REAL]
    assert (steps[AI] == steps[REAL]) == together
    surer = dict.fromkeys(steps, np.inf)
    for step, promise in PROMISES.items():
        judged = np.zeros(len(labels), bool)
        for label, side in ((AI, called_ai), (REAL, ~called_ai)):
            if not (row := steps[label].get(step)):
                continue
            rows = (p_label >= row["from"]) & (p_label < surer[label]) & (side | together)
            assert row["pictures"] == rows.sum() > 20 and 0.5 <= row["from"] < surer[label]
            assert row["right"] == pytest.approx((called_ai == labels)[rows].mean())
            assert row["right"] >= promise["right"]
            surer[label] = row["from"]
            judged |= (p_label >= row["from"]) & side
        for part in range(6):
            real = (parts == part) & (labels == 0)
            assert (judged & called_ai)[real].mean() <= promise["accused"]
    assert 0.1 < judged.mean() < 1


def test_promises_are_nearly_kept_on_parts_that_nobody_saw():
    """A bound fitted on five parts, on the sixth: right as often, with a margin for luck."""
    right = {step: [] for step in PROMISES}
    for seed in range(5):
        raw, labels, parts = simulated(seed)
        seen, held = parts < 5, parts == 5
        calibration = correction(raw[seen], labels[seen])
        p_ai = vote.correct(raw, calibration)
        overall = vote.calibrate(p_ai, calibration)
        steps = bounds(p_ai[seen], overall[seen], labels[seen], parts=parts[seen],
                       allowance={CONFIDENT: 2 / 3, LIKELY: 2 / 3})
        called_ai, p_label = tell(p_ai, overall)
        for step in PROMISES:
            rows = held & (p_label >= vote.starts(steps, step, called_ai))
            right[step] += (called_ai == labels)[rows].tolist()
    for step, promise in PROMISES.items():
        assert len(right[step]) > 200 and np.mean(right[step]) > promise["right"] - 0.01


def test_a_step_that_cannot_be_promised_is_left_out():
    rng = np.random.default_rng(0)
    labels, parts = rng.integers(0, 2, 2000), np.repeat(np.arange(4), 500)
    p_ai = rng.random((2000, 3))
    assert bounds(p_ai, p_ai.mean(axis=1), labels, parts=parts) == {AI: {}, REAL: {}}
    single = bounds(np.full((1, 3), 0.9), np.array([0.9]), np.array([1]))
    assert single == {AI: {}, REAL: {}}  # one picture proves nothing


def test_one_part_whose_real_pictures_are_accused_is_enough_to_leave_a_step_out():
    """Though on average over all parts few are; the other label is not concerned."""
    raw, labels, parts = simulated(0)
    p_ai, overall = fitted(raw, labels)
    odd = np.flatnonzero((parts == 2) & (labels == 0))[:10]  # about a twentieth of its real ones
    p_ai[odd], overall[odd] = 1, 1
    steps = bounds(p_ai, overall, labels, parts=parts)
    assert steps[AI] == {} and CONFIDENT in steps[REAL]
    assert LIKELY in bounds(p_ai, overall, labels)[AI]


def test_a_bound_lets_in_all_that_are_as_sure_or_none():
    p = np.repeat([0.99, 0.9], [100, 60])
    labels = np.repeat([1, 0], [130, 30])  # of the sixty, those that are right come first
    steps = bounds(np.tile(p[:, None], (1, 3)), p, labels, promises=SURE)
    assert steps == {AI: {CONFIDENT: {"from": 0.99, "right": 1.0, "pictures": 100}}, REAL: {}}


def test_labels_that_the_probability_contradicts_are_no_ground_for_a_promise():
    p_ai = np.full((400, 3), 0.9)
    assert bounds(p_ai, np.full(400, 0.2), np.ones(400), promises=SURE) == {AI: {}, REAL: {}}


def test_doubt_and_allowance_leave_a_margin():
    raw, labels, _ = simulated(1)
    p_ai, overall = fitted(raw, labels)
    starts = [bounds(p_ai, overall, labels, promises=SURE, **margin)[REAL][CONFIDENT]["from"]
              for margin in ({}, {"doubt": 0.1}, {"allowance": {CONFIDENT: 0.5, LIKELY: 0.5}})]
    assert starts[0] < starts[1] and starts[0] < starts[2]


def test_a_promise_holds_with_the_pictures_weights_and_without():
    p = np.linspace(0.99, 0.9, 300)
    wrong = np.arange(300) % 50 == 49
    heavy = np.where(wrong, 20.0, 1.0)
    for weights, first in ((None, 0.9), (heavy, 0.97), (1 / heavy, 0.9)):
        steps = bounds(np.tile(p[:, None], (1, 3)), p, ~wrong, weights=weights, promises=SURE)
        assert steps[AI][CONFIDENT]["from"] == pytest.approx(first, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_corrected_members_and_their_common_probability_tell_one_story(seed):
    raw, labels, _ = simulated(seed)
    regressed = vote.calibrate(raw, regression(raw, labels))
    before = np.mean(vote.majority(raw) != (regressed >= 0.5))
    p_ai, overall = fitted(raw, labels)
    after = np.mean(vote.majority(p_ai) != (overall >= 0.5))
    assert before > 0.1 and after <= 0.02
    right = [np.mean((p >= 0.5).T == labels) for p in (raw, p_ai)]
    assert right[1] > right[0] + 0.05  # each member's own label is better, too
    assert np.mean((overall >= 0.5) == labels) > np.mean((regressed >= 0.5) == labels) - 0.02
