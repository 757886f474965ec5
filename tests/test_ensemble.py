"""Judging through public functions: votes, calibration, certainty, batches, threads."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from ensemble import Ensemble, ImageError, Picture, Verdict, explain, vote
from ensemble.images import file_digest
from tests import made
from tests.tiny import build_tiny_pack, noise, read_manifest, write_manifest

GREY = np.full((32, 32, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def known_file():
    return made.jpeg(made.image(0, 1))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, known_file):
    return Ensemble.load(build_tiny_pack(tmp_path_factory.mktemp("pack") / "tiny",
                                         known=[file_digest(known_file)]))


@pytest.fixture(scope="module")
def pictures():
    return noise(150)


@pytest.fixture(scope="module")
def manifest(tiny):
    return tiny.packs[0].manifest


def decide(manifest, *p_ai):
    """The verdict on a picture of a size that the pack knows, by its members' probabilities."""
    return vote.decide(manifest, Picture(GREY, 32, 32), p_ai, {})


def test_a_verdict_adds_up(tiny, pictures):
    for rgb in pictures[:40]:
        verdict = tiny.judge(rgb)
        labels = [v.label for v in verdict.votes]
        assert [v.member for v in verdict.votes] == ["svm", "cnn", "resnet"]
        assert all(v.label == ("AI-generated" if v.p_ai >= 0.5 else "Real") for v in verdict.votes)
        ayes = labels.count(verdict.label)
        assert ayes >= 2 and verdict.agreement == f"{ayes}-{3 - ayes}"
        p_ai = np.clip([v.p_ai for v in verdict.votes], 1e-6, 1 - 1e-6)
        logits = np.log(p_ai / (1 - p_ai))
        expected = 1 / (1 + np.exp(-(0.1 + np.dot(logits, [0.5, 0.6, 0.7]))))
        assert verdict.p_ai == pytest.approx(expected, abs=1e-6)
    agreements = {tiny.judge(rgb).agreement for rgb in pictures}
    assert agreements == {"3-0", "2-1"}


def test_the_same_from_path_bytes_pil_and_array(tiny, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(made.image(1, 3)).save(path)
    from_path = tiny.judge(path)
    for source in (str(path), path.read_bytes(), Image.open(path), made.image(1, 3),
                   tiny.open(path)):
        assert tiny.judge(source) == from_path


def test_many_give_what_one_gives_across_batches(tiny, pictures):
    many = list(tiny.judge_many(pictures))
    assert len(many) == 150
    for one, verdict in zip((tiny.judge(p) for p in pictures), many):
        assert verdict.label == one.label
        assert verdict.p_ai == pytest.approx(one.p_ai, abs=1e-6)


def test_a_bad_image_is_an_error_in_its_place(tiny, pictures):
    outcomes = list(tiny.judge_many([pictures[0], b"not an image", pictures[1]]))
    assert [type(o).__mro__[1] if isinstance(o, ImageError) else type(o) for o in outcomes] == [
        Verdict, ImageError, Verdict]
    assert outcomes[2].as_dict() == tiny.judge(pictures[1]).as_dict()
    assert list(tiny.judge_many([])) == []
    assert isinstance(next(tiny.judge_many([b""])), ImageError)


def test_threads_agree(tiny, pictures):
    expected = [tiny.judge(p).as_dict() for p in pictures[:60]]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda p: tiny.judge(p).as_dict(), pictures[:60]))
    assert found == expected


def test_a_large_image_is_uncertain_and_says_why(tiny):
    large = np.random.default_rng(0).integers(235, 256, (65, 40, 3), dtype=np.uint8)
    verdict = tiny.judge(large)
    assert (verdict.certainty, verdict.answer) == ("uncertain", "Can't tell")
    assert [reason.key for reason in verdict.reasons] == ["reduced"]
    assert "32 × 32 pixels; this one has 40 × 65" in str(verdict.reasons[0])
    assert (verdict.width, verdict.height) == (40, 65)
    near = tiny.judge(large[:64])
    assert (near.certainty, near.answer, near.reasons) == ("confident", "AI-generated", ())


def test_each_step_of_certainty_starts_at_its_bound(manifest):
    """`likely` at 0.65 and `confident` at 0.8, for either label."""
    for p_label, certainty in ((0.51, "uncertain"), (0.64, "uncertain"), (0.66, "likely"),
                               (0.79, "likely"), (0.81, "confident"), (0.99, "confident")):
        even = manifest | {"calibration": {"weights": [1 / 3] * 3, "bias": 0}}
        for label, p_ai in (("AI-generated", p_label), ("Real", 1 - p_label)):
            verdict = decide(even, p_ai, p_ai, p_ai)
            assert (verdict.label, verdict.certainty) == (label, certainty)
            sure = certainty != "uncertain"
            assert (verdict.answer, verdict.because) == (label if sure else "Can't tell", "models")
            assert [reason.key for reason in verdict.reasons] == ["unsure"] * (not sure)


def test_each_label_has_bounds_of_its_own(manifest):
    own = {"AI-generated": {"likely": {"from": 0.9}}, "Real": {}}
    found = manifest | {"bounds": own, "calibration": {"weights": [1 / 3] * 3, "bias": 0}}
    assert decide(found, 0.95, 0.95, 0.95).certainty == "likely"  # whatever is still surer
    unsure, silent = decide(found, 0.8, 0.8, 0.8), decide(found, 0.001, 0.001, 0.001)
    assert "only at 90.0% or more" in str(unsure.reasons[0])
    assert silent.certainty == "uncertain" and silent.label == "Real"
    assert "Real a probability of 99.9%" in str(silent.reasons[0])
    assert "no probability was right often enough" in str(silent.reasons[0])


def test_a_vote_that_the_probability_contradicts_is_uncertain(manifest):
    verdict = decide(manifest, 0.51, 0.52, 0.001)
    assert verdict.label == "AI-generated" and verdict.p_ai < 0.5
    assert (verdict.certainty, verdict.answer) == ("uncertain", "Can't tell")
    reason, = verdict.reasons
    assert reason.key == "contradiction" and "lean the other way" in str(reason)
    assert f"AI-generated is {vote.percent(verdict.p_ai)}" in str(reason)


def test_members_are_corrected_before_they_vote(tmp_path, pictures):
    """Logits are scaled and shifted, the maps whose mean they are alike."""
    folder = build_tiny_pack(tmp_path / "tiny")
    before = Ensemble.load(folder)
    scales, shifts = np.array([0.5, 2, 1]), np.array([-1, 0.25, 3])
    found = read_manifest(folder)
    found["calibration"] = {"scales": [*scales], "shifts": [*shifts], "weights": [0.1] * 3,
                            "median": 0.8, "bias": 0}
    write_manifest(folder, found)
    after = Ensemble.load(folder)
    for rgb in pictures[:20]:
        raw, verdict = before.judge(rgb), after.judge(rgb)
        logits = vote.logits([v.p_ai for v in verdict.votes])
        expected = vote.logits([v.p_ai for v in raw.votes]) * scales + shifts
        np.testing.assert_allclose([v.p_ai for v in verdict.votes], vote.sigmoid(expected),
                                   atol=1e-6)
        assert [v.label == "AI-generated" for v in verdict.votes] == (logits >= 0).tolist()
        for scale, shift, name in zip(scales[1:], shifts[1:], ("cnn", "resnet")):
            np.testing.assert_allclose(verdict.maps[name], raw.maps[name] * scale + shift, 1e-5)
        score = 0.1 * logits.sum() + 0.8 * np.median(logits)
        assert verdict.p_ai == pytest.approx(vote.sigmoid(score), abs=1e-4)


def test_a_training_file_is_recognised_by_its_bytes(tiny, known_file):
    assert tiny.judge(known_file).reasons[-1].key == "trained_on"
    for other in (known_file + b"\0", Image.open(io.BytesIO(known_file))):
        assert "trained_on" not in [reason.key for reason in tiny.judge(other).reasons]


def test_certain_members_stay_finite(manifest):
    verdict = decide(manifest, 1.0, 1.0, 1.0)
    assert 0.99 < verdict.p_ai <= 1 and np.isfinite(verdict.p_ai)


def test_percent_never_rounds_up_to_certainty():
    assert [vote.percent(p) for p in (0.99996, 0.00004, 0.5, 1.0, 0.0)] == [
        "99.9%", "0.1%", "50.0%", "100.0%", "0.0%"]


def test_overlay_colours_what_the_map_says():
    half = np.zeros((8, 8), np.float32)
    half[:, :4], half[:, 4:] = 9, -9
    shown = explain.overlay(GREY, half, side=64).astype(int)
    assert shown.shape == (64, 64, 3)
    left, right = shown[32, 4], shown[32, 60]
    assert left[0] > left[2] + 50 and right[2] > right[0] + 50  # orange for AI, blue for real
    np.testing.assert_array_equal(explain.overlay(GREY, np.zeros((8, 8)), side=64), 128)
    assert explain.overlay(np.zeros((500, 900, 3), np.uint8), half, side=100).shape == (100, 100, 3)


def test_wrong_arrays_are_a_programming_error(tiny):
    with pytest.raises(TypeError, match="float64"):
        tiny.judge(np.zeros((32, 32, 3)))
    with pytest.raises(TypeError, match="NoneType"):
        tiny.judge(None)


def test_a_large_picture_is_resized_once(tiny, monkeypatch):
    sides = []
    resize = Image.Image.resize
    monkeypatch.setattr(Image.Image, "resize", lambda self, *arguments, **options: (
        sides.append(self.size) or resize(self, *arguments, **options)))
    large = np.tile(noise(1)[0], (12, 20, 1))
    one, [many] = tiny.judge(large), tiny.judge_many([large])
    assert sides == [(640, 384)] * 2 and one == many
