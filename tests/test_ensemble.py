"""Judging through public functions: votes, calibration, certainty, batches, threads."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from ensemble import Ensemble, ImageError, Picture, Verdict, explain, vote
from ensemble.images import file_digest
from tests import made
from tests.tiny import build_tiny_pack

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
    rng = np.random.default_rng(0)
    return [np.broadcast_to(rng.integers(0, 256, 3, dtype=np.uint8), (32, 32, 3)).copy()
            for _ in range(150)]


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
        assert tiny.judge(source).as_dict() == from_path.as_dict()


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
    large = np.full((65, 40, 3), 250, np.uint8)
    verdict = tiny.judge(large)
    assert verdict.certainty == "uncertain"
    assert "32 × 32" in verdict.reasons[0] and "40 × 65" in verdict.reasons[0]
    assert tiny.judge(large[:64]).certainty == "confident"
    assert (verdict.width, verdict.height) == (40, 65)


def test_near_even_and_contradiction_are_uncertain(tiny):
    picture = Picture(GREY, 32, 32)
    near = vote.decide(tiny.manifest, picture, [0.6, 0.55, 0.45], {})
    assert near.certainty == "uncertain" and "below the 80.0%" in near.reasons[0]
    against = vote.decide(tiny.manifest, picture, [0.51, 0.52, 0.001], {})
    assert against.label == "AI-generated" and against.p_ai < 0.5
    assert against.certainty == "uncertain" and "lean the other way" in against.reasons[0]
    sure = vote.decide(tiny.manifest, picture, [0.99, 0.98, 0.97], {})
    assert (sure.certainty, sure.reasons, sure.agreement) == ("confident", (), "3-0")


def test_a_training_file_is_recognised_by_its_bytes(tiny, known_file):
    assert any("training data" in reason for reason in tiny.judge(known_file).reasons)
    again = made.jpeg(np.asarray(Image.open(io.BytesIO(known_file))))
    assert not any("training data" in reason for reason in tiny.judge(again + b"\0").reasons)


def test_certain_members_stay_finite(tiny):
    verdict = vote.decide(tiny.manifest, Picture(GREY, 32, 32), [1.0, 1.0, 1.0], {})
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
