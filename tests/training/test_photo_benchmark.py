"""The photo benchmark: what is held out stays unseen, and the numbers are those of the verdicts."""

import json
import xml.etree.ElementTree as xml
from dataclasses import replace

import numpy as np
import pytest

from ensemble import vote
from ensemble.vocabulary import AI, CONFIDENT, REAL
from tests import made
from tests.tiny import bounds, build_tiny_pack
from training.__main__ import main
from training.measure.calibration import PROMISES
from training.photos import benchmark as photo_benchmark
from training.photos import collections as photos
from training.photos.members import Member


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return made.write_photos(tmp_path_factory.mktemp("photos") / "a.parquet")


@pytest.fixture(scope="module")
def read(table):
    return photos.load(table)


def roughness(images):
    """Mean step between neighbouring pixels: the fakes made here are rough."""
    return np.abs(np.diff(images.astype(float), axis=2)).mean(axis=(1, 2, 3))


def fit_roughness(values, labels, sources, rng):
    """A logistic curve between the means of the two labels."""
    real, ai = (np.mean(values[labels == label]) for label in (0, 1))
    return lambda asked: 1 / (1 + np.exp(-8 * (asked - (real + ai) / 2) / (ai - real)))


ROUGH = Member("roughness", roughness, fit_roughness)


def test_a_pack_is_measured_as_it_is(table, tmp_path, capsys):
    pack, out = build_tiny_pack(tmp_path / "tiny"), tmp_path / "reports" / "photos.json"
    assert main(["photos", "--pack", str(pack), "--data", str(table), "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert (report["pack"], report["n"], report["input_size"]) == ("tiny", 52, 32)
    assert sum(fold["real"] for fold in report["folds"]) == 24
    assert sum(fold["ai"] for fold in report["folds"]) == 28
    assert set(report["sources"]) == {*made.GENERATORS, *made.REAL_SOURCES}
    assert report["generators"][photos.SD1]["ai"] == 8
    aucs = [fold["roc_auc"] for fold in report["folds"]]
    assert report["mean"]["roc_auc"] == pytest.approx(np.mean(aucs))
    for row in (*report["folds"], *report["sources"].values(), *report["generators"].values()):
        assert 0 <= row["roc_auc"] <= 1 and 0 <= row["confident"]["coverage"] <= 1
        assert set(row["flips"]) == {"resaved", "halved"}
    assert report["sources"]["zoo"]["ai_caught"] is None
    assert report["sources"]["gpt"]["real_called_ai"] is None
    assert "fold 0" in capsys.readouterr().out
    for theme in ("light", "dark"):
        path = out.parent / "figures" / f"photos-{theme}.svg"
        words = "".join(xml.parse(path).getroot().itertext())
        assert "zoo (4)" in words and f"{photos.SD1} (8)" in words


def test_a_recipe_is_measured_without_what_it_was_fitted_on(read, table, tmp_path):
    seen = []

    def fit(values, labels, sources, rng):
        seen.append(set(sources))
        return fit_roughness(values, labels, sources, rng)

    out = tmp_path / "recipe.json"
    report = photo_benchmark.measure_recipe({"rough": Member("spied", roughness, fit)}, table, out,
                                            size=32)
    everything = set(read.sources)
    for known, fold in zip(seen, report["folds"]):
        assert known == everything - set(fold["sources"])
    assert seen[len(report["folds"]):] == [everything]  # what would be served
    assert report == json.loads(out.read_text()) | {"variants": photo_benchmark.VARIANTS}
    assert report["mean"]["roc_auc"] > 0.9
    assert report["recipe"] == {"rough": "spied"}


def test_the_same_seed_gives_the_same_report(table, tmp_path):
    first, again, other = (
        photo_benchmark.measure_recipe({"rough": ROUGH}, table, tmp_path / f"{i}.json", 32, seed)
        for i, seed in enumerate((0, 0, 1)))
    assert first == again
    assert first["folds"] != other["folds"]


def test_a_fold_is_not_calibrated_on_itself(read):
    folds, rng = photos.fold(read), np.random.default_rng(0)
    p_ai = np.clip(0.3 + 0.4 * read.labels[:, None] + rng.normal(0, 0.1, (len(read), 3)), 0, 1)
    turned = replace(read, labels=np.where(folds == 2, 1 - read.labels, read.labels))
    before, after = (photo_benchmark.fitted_without(p_ai, given, folds) for given in (read, turned))
    assert before[2] == after[2]
    assert all(before[fold] != after[fold] for fold in (0, 1, 3, 4))


def test_every_number_is_that_of_the_verdicts(read):
    """One real picture of the zoo is called AI-generated with confidence, one flips."""
    folds = photos.fold(read)
    p_ai = np.where(read.labels == 1, 0.9, 0.1)[:, None].repeat(3, axis=1)
    zoo, gpt = (np.flatnonzero(read.sources == name) for name in ("zoo", "gpt"))
    as_found, resaved = p_ai.copy(), p_ai.copy()
    as_found[zoo[0]] = 0.99
    as_found[gpt[:3]] = 0.6
    resaved[zoo[1]] = 0.9
    terms = {"calibration": {"weights": [1, 0, 0], "bias": 0.0}, "bounds": bounds(0.85, 0.7)}
    judged = photo_benchmark.Judged({"found": as_found, "stored": p_ai, "resaved": resaved,
                                     "halved": p_ai}, folds, [terms] * 5)
    report = photo_benchmark.report(read, judged)
    zoo, gpt = report["sources"]["zoo"], report["sources"]["gpt"]
    assert zoo["real_called_ai"] == zoo["confident"]["real_called_ai"] == 0.25
    assert zoo["confident"] == {"coverage": 1.0, "accuracy": 0.75, "real_called_ai": 0.25,
                                "ai_caught": None}
    assert zoo["flips"] == {"resaved": {"all": 0.25, "confident": 0.25},
                            "halved": {"all": 0.0, "confident": 0.0}}
    assert gpt["ai_caught"] == 1 and gpt["confident"]["ai_caught"] == 0.25
    assert report["sources"]["city"]["real_called_ai"] == 0


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


def test_data_that_cant_be_used_is_named(tmp_path, capsys):
    command = ["photos", "--data", str(tmp_path / "lost.parquet"), "--out", str(tmp_path / "a")]
    assert main(command) == 2
    assert "lost.parquet: there is no such file" in capsys.readouterr().err
