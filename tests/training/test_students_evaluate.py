"""System 3 as a whole: a DCGAN, three classes, and what a run is worth."""

import json
import xml.etree.ElementTree as xml

import keras
import numpy as np
import pytest
from sklearn import metrics

from tests import made
from training.__main__ import main
from training.generators.fakes import generate
from training.images import files
from training.students import runs

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def cifake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    made.write_parquet(folder / "train.parquet", made.files(48))
    made.write_parquet(folder / "validation.parquet", made.files(12, first=500))
    again = made.files(1, first=1000)
    made.write_parquet(folder / "test.parquet", made.files(20, first=1000) + again + made.files(1))
    return folder


@pytest.fixture(scope="module")
def fitted(cifake, tmp_path_factory):
    """A DCGAN and, with its images, a network of three classes and one of two."""
    folder = tmp_path_factory.mktemp("runs")

    def fit(name, *options):
        assert main(["fit", name, "--data", str(cifake / "train.parquet"), "--validation",
                     str(cifake / "validation.parquet"), "--batch", "24", "--epochs", "1",
                     "--out", str(folder / name), *options]) == 0

    fit("dcgan")
    fit("three-class", "--generator", str(folder / "dcgan" / "generator.keras"))
    fit("cnn-two-ai", "--generator", str(folder / "dcgan" / "generator.keras"))
    return folder


@pytest.fixture(scope="module")
def report(fitted, cifake):
    out = fitted / "report"
    assert main(["evaluate", "--run", str(fitted / "three-class"), "--out", str(out),
                 "--data", str(cifake / "test.parquet"), "--images", "12",
                 "--generators", f"dcgan={fitted / 'dcgan' / 'generator.keras'}"]) == 0
    return json.loads((out / "report.json").read_text())


def test_the_reported_dcgan_draws(fitted):
    network = keras.models.load_model(fitted / "dcgan" / "generator.keras")
    assert [layer.output.shape[1:] for layer in network.layers
            if layer.output.shape[1:] == (8, 8, 256)]
    images = generate(fitted / "dcgan" / "generator.keras", [3, 4, 3])
    assert images.shape == (3, 32, 32, 3) and np.ptp(images) > 0
    np.testing.assert_array_equal(images[0], images[2])
    assert (images[0] != images[1]).any()


def test_fakes_are_a_class_of_their_own_or_join_the_others(fitted):
    facts = {name: json.loads((fitted / name / "run.json").read_text())
             for name in ("three-class", "cnn-two-ai")}
    assert facts["three-class"]["class_counts"] == [48, 48, 48]
    assert facts["three-class"]["validation_images"] == 36
    assert facts["cnn-two-ai"]["class_counts"] == [48, 52]
    assert facts["cnn-two-ai"]["added_fakes"] == 4


def test_a_report_by_hand(report, fitted, cifake):
    run = runs.open_run(fitted / "three-class")
    images = files.find(cifake / "test.parquet")
    probabilities = runs.predict(run, images)
    labels, p_ai = images.labels, 1 - probabilities[:, 0]
    assert report["n"] == 44 and report["class_counts"] == [22, 22, 0]
    assert report["accuracy"] == pytest.approx(np.mean((p_ai >= 0.5) == labels))
    assert report["roc_auc"] == pytest.approx(metrics.roc_auc_score(labels, p_ai))
    expected = [metrics.average_precision_score(labels == i, probabilities[:, i]) for i in (0, 1)]
    assert report["mean_average_precision"] == pytest.approx(np.mean(expected))
    assert np.array(report["class_confusion"]).shape == (3, 3)
    assert np.sum(report["class_confusion"]) == 44
    assert report["classification_report"]["Real"]["support"] == 22
    assert report["deduplicated"]["n"] == 40  # without one pair of train's, one of its own
    assert report["run"]["name"] == "three-class"
    assert {"loss", "val_f1", "val_auc"} <= set(report["history"])


def test_a_generators_images_stand_beside(report, fitted):
    row = report["generators"]["dcgan"]
    assert row["n"] == sum(row["called"]) == 12
    assert 0 <= row["caught"] <= 1 and 0 <= row["roc_auc"] <= 1


def test_figures_hold_the_reports_numbers(report, fitted):
    words = {}
    for name in ("confusion", "roc", "balance", "curves"):
        root = xml.parse(fitted / "report" / f"{name}.svg").getroot()
        words[name] = " ".join(text for node in root.iter("{http://www.w3.org/2000/svg}text")
                               for text in node.itertext())
    for row in report["class_confusion"]:
        assert all(f"{count:,}" in words["confusion"] for count in row)
    assert f"{report['roc_auc']:.4f}" in words["roc"]
    assert "22, " in words["balance"] and "GAN" in words["balance"]
    assert all(name in words["curves"] for name in ("loss", "accuracy", "F1", "ROC-AUC"))


def test_a_generator_judges_nothing(fitted, cifake, tmp_path, capsys):
    assert json.loads((fitted / "dcgan" / "run.json").read_text())["images"] == 48
    assert main(["evaluate", "--run", str(fitted / "dcgan"), "--out", str(tmp_path),
                 "--data", str(cifake / "test.parquet")]) == 2
    assert "made a generator" in capsys.readouterr().err


def test_a_run_of_two_classes_has_its_reported_accuracy_beside(fitted, cifake, tmp_path, capsys):
    assert main(["evaluate", "--run", str(fitted / "cnn-two-ai"), "--out", str(tmp_path),
                 "--data", str(cifake / "test.parquet")]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["classes"] == ["Real", "AI-generated"]
    assert report["reported"] == {"accuracy": 0.9289, "parameters": 224_833}
    assert report["class_confusion"] == report["confusion_matrix"]
    assert "its report says: accuracy 0.9289" in capsys.readouterr().out
