"""The reproduction table: made from trainings, and the committed one from committed results."""

import json

import pytest

from tests import made
from training.__main__ import main
from training.recipe import OURS
from training.students import reproduce
from training.students.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("eagerly")


def test_the_committed_page_says_what_the_committed_results_say():
    assert reproduce.PAGE.read_text("utf-8") == reproduce.page(reproduce.RESULTS)


def test_every_recipe_of_the_student_systems_has_a_result():
    trainings = {path.stem: json.loads(path.read_text())
                 for path in reproduce.RESULTS.glob("*.json")}
    assert {content["run"]["name"] for content in trainings.values()} == {
        name for name, recipe in RECIPES.items() if recipe.system != OURS}
    for name, (recipe, _) in reproduce.FULL.items():
        assert trainings[name]["run"]["name"] == recipe
        assert recipe == "dcgan" or trainings[name]["test"]["n"] == 20_000


def test_a_table_is_made_of_trainings_and_made_again_without_them(tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "RECIPES", {
        name: RECIPES[name] for name in ("basic-cnn", "dcgan", "three-class")})
    monkeypatch.setattr(reproduce, "FULL", {
        "dcgan": ("dcgan", {"epochs": 1, "batch": 24}),
        "three-class": ("three-class", {"epochs": 1, "generator": "dcgan"})})
    monkeypatch.setattr(reproduce, "MET_DCGAN", ("three-class",))
    monkeypatch.setattr(reproduce, "FAKES", 12)
    monkeypatch.setattr(reproduce, "FEW", 20)
    monkeypatch.setattr(reproduce, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(reproduce, "PAGE", tmp_path / "PAGE.md")
    made.write_parquet(tmp_path / "train.parquet", made.files(60))
    made.write_parquet(tmp_path / "test.parquet", made.files(20, first=1000))
    arguments = ["reproduce", "--train", str(tmp_path / "train.parquet"),
                 "--data", str(tmp_path / "test.parquet"), "--runs", str(tmp_path / "runs")]
    assert main(arguments) == 0
    text = reproduce.PAGE.read_text("utf-8")
    run = tmp_path / "runs" / "three-class"
    report = json.loads((run / "report" / "report.json").read_text())
    accuracy = f"**{report['accuracy']:.2%}**"
    assert f"| three-class | 3 | 144 | 1 of 20 | random weights | 0 | {accuracy}" in text
    caught = report["generators"]["dcgan"]["caught"]
    assert f"| three-class | 48 | {caught:.1%} |" in text and "drew 12 images" in text
    facts = json.loads((tmp_path / "runs" / "basic-cnn" / "run.json").read_text())
    assert f"| basic-cnn | 1 | 1,149,762 | 20 | 1 of 10 | random weights | " \
           f"{facts['validation']['accuracy']:.1%} of 4 | not known |" in text

    for step in ("fit_network", "evaluate_run"):
        monkeypatch.setattr(reproduce, step, None)
    reproduce.PAGE.unlink()
    assert main(arguments) == 0
    assert reproduce.PAGE.read_text("utf-8") == text
