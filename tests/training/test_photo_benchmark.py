"""The photo benchmark: what is held out stays unseen, and the numbers are those of the verdicts."""

import json
import xml.etree.ElementTree as xml
from types import SimpleNamespace

import numpy as np
import pytest

from ensemble import vote
from ensemble.vocabulary import AI, CONFIDENT, REAL
from tests import made
from tests.tiny import bounds, build_tiny_pack
from training.__main__ import main
from training.images import collections as photos
from training.measure.calibration import PROMISES
from training.photos import benchmark as photo_benchmark
from training.photos import originals, values
from training.photos.members import Member

SIZE, GRID = 32, 2


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    return made.write_originals(tmp_path_factory.mktemp("photos") / "files")


@pytest.fixture(scope="module")
def read(listed):
    return originals.read(listed.parent, listed)


def see_roughness(images):
    """Mean step between neighbouring pixels, as a value: the fakes made here are rough."""
    return np.abs(np.diff(images.astype(float), axis=2)).mean(axis=(1, 2, 3))[:, None]


def fit_roughness(seen, labels, sources):
    """A logistic curve between the means of the two labels."""
    def rough(seen):
        return seen.astype(float).mean(axis=(1, 2))

    real, ai = (np.mean(rough(seen)[labels == label]) for label in (0, 1))
    return lambda seen: 1 / (1 + np.exp(-8 * (rough(seen) - (real + ai) / 2) / (ai - real)))


ROUGH = {"rough": Member("roughness", None, fit_roughness)}
FRONTS = {"rough": SimpleNamespace(see=see_roughness)}


def test_what_members_see_is_computed_once_and_an_interrupted_run_goes_on(read, tmp_path):
    first = values.of_originals(FRONTS, read, SIZE, GRID, 0, tmp_path)
    assert set(first) == {"met", "resaved", "halved", "screenshot"}
    rows, seen = first["met"]
    assert rows.tolist() == list(range(52)) and seen["rough"].shape == (52, 5, 1)
    rows, seen = first["halved"]
    assert rows.tolist() == list(range(0, 52, values.EVERY))
    assert seen["rough"].shape == (len(rows), 5, 1)
    lost = sorted(tmp_path.glob("met/*.npz"))[1]
    lost.unlink()
    broken = {"rough": SimpleNamespace(see=lambda images: np.zeros((len(images), 1)))}
    again = values.of_originals(broken, read, SIZE, GRID, 0, tmp_path)["met"][1]["rough"]
    np.testing.assert_array_equal(again[:values.CHUNK], first["met"][1]["rough"][:values.CHUNK])
    assert lost.is_file() and not again[values.CHUNK:].any()


def test_a_seed_meets_the_same_pictures_again(read, tmp_path):
    first, again, other = (values.of_originals(FRONTS, read, SIZE, GRID, seed, tmp_path / name)
                           for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    np.testing.assert_array_equal(first["met"][1]["rough"], again["met"][1]["rough"])
    assert (first["met"][1]["rough"] != other["met"][1]["rough"]).any()


def test_a_file_that_cannot_be_opened_is_left_out(tmp_path):
    listed = made.write_originals(tmp_path / "files")
    read = originals.read(listed.parent, listed)
    for row in (0, 5):
        read.paths[row].write_bytes(b"no picture")
    seen = values.of_originals(FRONTS, read, SIZE, GRID, 0, tmp_path / "values")
    assert seen["met"][0].tolist() == [row for row in range(52) if row not in (0, 5)]
    assert 0 not in seen["halved"][0]


def test_a_recipe_is_measured_without_what_it_was_fitted_on(read, tmp_path):
    known = []

    def fit(seen, labels, sources):
        known.append(set(sources))
        return fit_roughness(seen, labels, sources)

    spied = {"rough": Member("spied", None, fit)}
    folds, seen = photos.fold(read), values.of_originals(FRONTS, read, SIZE, GRID, 0, tmp_path)
    p_ai, heads = photo_benchmark.held_out(spied, read, folds, seen)
    everything = set(read.sources)
    for number in range(folds.max() + 1):
        assert known[number] == everything - set(read.sources[folds == number])
    assert known[folds.max() + 1:] == [everything]  # what would be served
    assert not np.isnan(p_ai["met"]).any()
    assert np.isnan(p_ai["halved"][:, 0]).sum() == 52 - len(range(0, 52, values.EVERY))
    held = folds == 0
    assert (p_ai["met"][held, 0] != heads["rough"](seen["met"][1]["rough"][held])).all()
    judged = photo_benchmark.judged(p_ai, read, folds)
    report = photo_benchmark.report(read, judged)
    assert report["mean"]["roc_auc"] > 0.9 and report["ranking"]["caught"]["5%"] > 0.8
    assert report["n"] == 52 and report["pairs"] == {} and report["pairs_mean"] is None
    assert sum(fold["real"] for fold in report["folds"]) == 24
    scores = photo_benchmark.baseline(
        lambda seen, labels, sources: lambda asked: asked["rough"].astype(float).mean(axis=(1, 2)),
        read, folds, seen)
    assert scores["roc_auc"] > 0.9


def test_numbers_are_those_of_the_verdicts(read, monkeypatch):
    folds = photos.fold(read)
    p_ai = np.repeat(np.where(read.labels == 1, 0.9, 0.1)[:, None], 3, axis=1)
    zoo, gpt = (np.flatnonzero(read.sources == name) for name in ("zoo", "gpt"))
    met, resaved = p_ai.copy(), p_ai.copy()
    met[zoo[0]] = 0.99
    met[gpt[:3]] = 0.6
    resaved[zoo[1]] = 0.9
    resaved[zoo[2:]] = np.nan
    terms = {"calibration": {"weights": [1, 0, 0], "bias": 0.0}, "bounds": bounds(0.85, 0.7)}
    judged = photo_benchmark.Judged({"met": met, "resaved": resaved, "halved": p_ai}, folds,
                                    [terms] * 5)
    monkeypatch.setattr(photo_benchmark, "PAIR", 4)
    report = photo_benchmark.report(read, judged)
    zoo, gpt = report["sources"]["zoo"], report["sources"]["gpt"]
    assert zoo["real_called_ai"] == zoo["confident"]["real_called_ai"] == 0.25
    assert zoo["confident"] == {"coverage": 1.0, "accuracy": 0.75, "real_called_ai": 0.25,
                                "ai_caught": None}
    assert zoo["flips"] == {"resaved": {"all": 1.0, "confident": 1.0, "likely": 1.0},
                            "halved": {"all": 0.25, "confident": 0.25, "likely": 0.25}}
    assert gpt["ai_caught"] == 1 and gpt["confident"]["ai_caught"] == 0.25
    assert gpt["likely"]["coverage"] == 0.25
    assert report["sources"]["city"]["real_called_ai"] == 0
    # A group is a pair where it has enough of both labels.
    assert set(report["pairs"]) == {"faces", "zoo"} and report["label_against_number"] == 0
    assert 0.5 < report["pairs"]["zoo"]["roc_auc"] < report["pairs"]["faces"]["roc_auc"] == 1


def test_what_is_caught_is_counted_where_so_many_real_ones_are_accused():
    scores = np.concatenate([np.arange(100), np.full(30, 98.5), np.full(70, 96.5)])
    ranking = photo_benchmark.ranking(scores, np.repeat([0, 1], 100))
    assert ranking["caught"] == {"1%": 0.3, "5%": 1.0}


def test_a_pack_is_measured_on_groups_that_are_new_to_it(listed, tmp_path, capsys):
    pack = build_tiny_pack(tmp_path / "tiny", domain={"min_side": 33})
    (pack / "reports").mkdir()
    out = tmp_path / "measured" / "photos.json"
    command = ["photos", "--pack", str(pack), "--originals", str(listed.parent),
               "--list", str(listed), "--out", str(out)]
    (pack / "reports" / "photos.json").write_text(json.dumps({"sources": {"both": 1}}))
    assert main(command) == 0
    report = json.loads(out.read_text())
    assert set(report["sources"]) == {*made.GENERATORS, *made.REAL_SOURCES} - {"both"}
    assert (report["pack"], report["n"]) == ("tiny", 52 - 4)
    assert report["generators"][photos.SD1]["ai"] == 8
    aucs = [fold["roc_auc"] for fold in report["folds"]]
    assert report["mean"]["roc_auc"] == pytest.approx(np.mean(aucs))
    for row in (*report["folds"], *report["sources"].values(), *report["generators"].values()):
        assert 0 <= row["roc_auc"] <= 1 and 0 <= row["confident"]["coverage"] <= 1
        assert set(row["flips"]) == {"resaved", "halved", "screenshot"}
    assert report["sources"]["woods"]["ai_caught"] is None
    assert report["sources"]["gpt"]["real_called_ai"] is None
    assert "fold 0" in capsys.readouterr().out
    for theme in ("light", "dark"):
        path = out.parent / "figures" / f"photos-{theme}.svg"
        words = "".join(xml.parse(path).getroot().itertext())
        assert "woods (4)" in words and f"{photos.SD1} (8)" in words
    everything = {"sources": dict.fromkeys([*made.GENERATORS, *made.REAL_SOURCES])}
    (pack / "reports" / "photos.json").write_text(json.dumps(everything))
    assert main(command) == 2
    assert "were in the training of pack tiny" in capsys.readouterr().err


def test_confidence_keeps_its_promises_in_every_fold():
    rng = np.random.default_rng(0)
    labels, folds = rng.integers(0, 2, 4000), np.repeat(np.arange(4), 1000)
    sources = np.char.add("s", folds.astype(str))
    logits = 2.5 * (2 * labels - 1) + rng.normal(0, 2, 4000)
    # Real pictures of the last fold look AI-generated now and then.
    odd = (folds == 3) & (labels == 0) & (rng.random(4000) < 0.08)
    p_ai = (1 / (1 + np.exp(-np.where(odd, 4, logits))))[:, None]
    fitted = photo_benchmark.calibrated(p_ai, labels, sources, folds)
    corrected = vote.correct(p_ai, fitted["calibration"])
    overall, called_ai = vote.calibrate(corrected, fitted["calibration"]), corrected[:, 0] >= 0.5
    sureness = np.where(called_ai, overall, 1 - overall)
    sure = sureness >= vote.starts(fitted["bounds"], CONFIDENT, called_ai)
    promise = PROMISES[CONFIDENT]
    assert 0.1 < sure.mean() < 1
    assert (called_ai == labels)[sure].mean() >= promise["right"]
    for fold in range(4):
        real = (folds == fold) & (labels == 0)
        assert (sure & called_ai)[real].mean() <= promise["accused"]


def test_members_that_know_nothing_are_never_confident():
    rng = np.random.default_rng(0)
    labels, folds = rng.integers(0, 2, 2000), np.repeat(np.arange(4), 500)
    sources = np.char.add("s", folds.astype(str))
    fitted = photo_benchmark.calibrated(rng.random((2000, 3)), labels, sources, folds)
    assert fitted["bounds"] == {AI: {}, REAL: {}}


def test_originals_that_cant_be_used_are_named(tmp_path, capsys):
    command = ["photos", "--originals", str(tmp_path / "lost"), "--out", str(tmp_path / "a")]
    assert main(command) == 2
    assert "lost holds none of the listed pictures" in capsys.readouterr().err
