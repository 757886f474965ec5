"""Fit, resume, export, evaluate: the whole way of a model on small data."""

import csv
import json
import subprocess
import sys

import joblib
import keras
import numpy as np
import pytest

from ensemble import Ensemble, pack
from tests import made
from tests.servers import ROOT
from training.__main__ import main
from training.cifake import fit
from training.export import pack as export
from training.images import data
from training.images.spectra import pixels_and_spectrum
from training.measure import evaluate

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def cifake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    made.write_parquet(folder / "train.parquet", made.files(160))
    made.write_parquet(folder / "test.parquet",
                       made.files(30, first=1000) + made.files(1))  # one pair leaked from train
    return folder


@pytest.fixture(scope="module")
def parts(cifake):
    return data.split(data.load(cifake / "train.parquet"), validation=80)


@pytest.fixture(scope="module")
def runs(parts, tmp_path_factory):
    """Three members, fitted in seconds; the CNN is stopped and started again."""
    folder = tmp_path_factory.mktemp("runs")
    fit.fit_svm(*parts, folder / "svm", images=200, search=60, jobs=1,
                grid={"pca__n_components": [10, 20], "svc__C": [1.0]})
    for name, epochs in (("cnn", 1), ("cnn", 2), ("resnet", 1)):
        fit.fit_network(name, *parts, folder / name, epochs=epochs, batch=40, mixed=False)
    return folder


@pytest.fixture(scope="module")
def trained(runs, parts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "small"
    export.export_pack(runs, folder, *parts)
    return folder


def test_a_run_goes_on_where_it_stopped(runs):
    rows = list(csv.DictReader((runs / "cnn" / "curve.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert {"accuracy", "loss", "val_accuracy", "val_loss"} <= set(rows[0])
    note = json.loads((runs / "cnn" / "run.json").read_text())
    assert note["epochs"] == 2 and note["seed"] == 0 and note["images"] == 240


def test_weights_of_further_epochs_are_averaged(parts, tmp_path):
    """Stopped and started again after each epoch."""
    ends = []
    for average in (0, 1, 2):
        path = fit.fit_network("cnn", *parts, tmp_path, epochs=1, average=average, batch=40,
                               mixed=False)
        ends.append(keras.models.load_model(tmp_path / "checkpoint.keras").get_weights())
    _, first, second = ends
    for weight, one, other in zip(keras.models.load_model(path).weights, first, second):
        assert not np.allclose(one, other, atol=1e-6), weight.path
        # The statistics of batch normalisation are not averaged, but those of the mean.
        averaged = np.allclose(weight, (one + other) / 2, atol=1e-6)
        assert averaged == ("moving" not in weight.path), weight.path
    assert json.loads((tmp_path / "run.json").read_text())["average"] == 2
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 1 + 3


@pytest.mark.parametrize("name, most", [("cnn", 500_000), ("resnet", 3_000_000)])
def test_size_of_the_networks(name, most):
    network = fit.NETWORKS[name]()
    assert network.count_params() <= most
    assert network.output_shape == (None, 8, 8, 1)


def test_spectrum_of_a_flat_image_is_one_number():
    flat = pixels_and_spectrum(np.full((1, 32, 32, 3), 128, np.uint8))
    assert flat.shape == (1, 9 * 32 * 32)
    luma = flat[0, 3072:4096]
    assert luma[0] == pytest.approx(np.log1p(128 * 32), rel=1e-4)
    assert np.abs(luma[1:]).max() < 1e-2


def test_native_model_and_onnx_agree(runs, trained, parts):
    images = parts[1].images
    p_ai, maps = Ensemble.load(trained).predict(images)
    native = joblib.load(runs / "svm" / "svm.joblib").predict_proba(images)[:, 1]
    np.testing.assert_allclose(p_ai[:, 0], native, atol=1e-5)
    lowered = np.pad(images, ((0, 0), (1, 0), (0, 0), (0, 0)), mode="edge")[:, :-1]
    for column, name, looks in ((1, "cnn", [images, lowered]), (2, "resnet", [images])):
        network = keras.models.load_model(runs / name / f"{name}.keras")
        seen = [np.asarray(network(look))[..., 0] for look in looks]
        seen += [np.asarray(network(look[:, :, ::-1].copy()))[:, :, ::-1, 0] for look in looks]
        mean = np.mean(seen, axis=0)
        np.testing.assert_allclose(maps[name], mean, atol=1e-4, rtol=1e-5)
        np.testing.assert_allclose(p_ai[:, column], 1 / (1 + np.exp(-mean.mean(axis=(1, 2)))),
                                   atol=1e-5)


def test_the_map_explains_the_probability_exactly(trained, parts):
    p_ai, maps = Ensemble.load(trained).predict(parts[1].images)
    for column, name in ((1, "cnn"), (2, "resnet")):
        np.testing.assert_allclose(1 / (1 + np.exp(-maps[name].mean(axis=(1, 2)))),
                                   p_ai[:, column], atol=1e-5)


def test_manifest_records_how_to_make_it_again(trained, parts, cifake):
    read = pack.read(trained)
    training = read.manifest["training"]
    assert training["fingerprint"] == data.fingerprint(data.load(cifake / "train.parquet"))
    assert training["images"] == 240 and training["validation_images"] == 80
    assert [m["name"] for m in read.manifest["members"]] == ["svm", "cnn", "resnet"]
    assert all(m["parameters"] > 1000 for m in read.manifest["members"])
    known = int(parts[0].digests[0]).to_bytes(8, "big")
    assert read.knows(known) and not read.knows(b"\0" * 8)


def test_evaluate_on_the_command_line(trained, cifake, tmp_path, capsys):
    out = tmp_path / "new" / "report.json"
    assert main(["evaluate", "--pack", str(trained), "--data", str(cifake / "test.parquet"),
                 "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert (report["n"], report["deduplicated"]["n"]) == (62, 60)
    for part in (report, report["deduplicated"]):
        for row in (*part["members"].values(), part["ensemble"], part["calibrated"]):
            assert set(row) == {"accuracy", "accuracy_interval", "precision", "recall", "f1",
                                "roc_auc", "average_precision", "ece", "confusion_matrix"}
            low, high = row["accuracy_interval"]
            assert 0 <= low <= row["accuracy"] <= high <= 1
            assert np.sum(row["confusion_matrix"]) == part["n"]
    svm = report["members"]["svm"]
    assert svm["accuracy"] > 0.9 and svm["roc_auc"] > 0.95  # the pattern is easy to see
    (real, false_alarms), (missed, caught) = svm["confusion_matrix"]
    assert svm["accuracy"] == pytest.approx((real + caught) / 62)
    assert svm["recall"] == pytest.approx(caught / (missed + caught))
    assert "majority" in capsys.readouterr().out


def test_a_wrong_path_is_said_not_raised(trained, capsys):
    assert main(["evaluate", "--pack", str(trained), "--data", "nowhere", "--out", "x"]) == 2
    assert "nowhere: there is no such file" in capsys.readouterr().err
    assert main(["evaluate", "--pack", "nowhere", "--data", "x", "--out", "x"]) == 2
    assert "PackError" in capsys.readouterr().err


def test_a_process_of_its_own_exports_what_another_fitted(runs, cifake, tmp_path):
    """It knows the members' own layers without having built one."""
    done = subprocess.run(
        [sys.executable, "-m", "training", "export", "--data", cifake / "train.parquet",
         "--runs", runs, "--out", tmp_path / "small"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "small" / "manifest.json").is_file()


def test_what_was_not_fitted_is_named(cifake, tmp_path, capsys):
    table = str(cifake / "train.parquet")
    assert main(["export", "--data", table, "--runs", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "training fit svm" in capsys.readouterr().err
    assert main(["fit", "cnn", "--data", table, "--generator", "nowhere.keras"]) == 2
    assert "nowhere.keras: there is no such generator" in capsys.readouterr().err


def test_calibration_error_by_hand():
    labels = np.repeat([0, 1], 50)
    assert evaluate.calibration_error(labels, labels.astype(float)) == 0
    assert evaluate.calibration_error(labels, np.full(100, 0.5), bins=1) == pytest.approx(0)
    assert evaluate.calibration_error(labels, 1 - labels.astype(float), bins=2) == pytest.approx(1)
    # Two bins of 50: 0.2 against 0 and 0.9 against 1.
    p_ai = np.where(labels == 1, 0.9, 0.2)
    assert evaluate.calibration_error(labels, p_ai, bins=2) == pytest.approx(0.15)


def members_votes(rng, n):
    """`p_ai` of three members that err now and then, [n, 3], and the labels."""
    labels = rng.integers(0, 2, n)
    logit = (labels * 2 - 1) * 2 + rng.normal(0, 2, (3, n))
    return (1 / (1 + np.exp(-logit))).T, labels


def test_confident_bound_keeps_its_word():
    """On images that it was not chosen on, nine times in ten."""
    from ensemble import vote

    kept = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        found = export.calibration(*members_votes(rng, 4000), target=0.97)
        p_ai, labels = members_votes(rng, 20_000)
        overall, label = vote.calibrate(p_ai, found), vote.majority(p_ai)
        sure = np.where(label, overall, 1 - overall) >= found["confident_from"]
        assert 0.3 < sure.mean() < 1
        kept.append((label == labels)[sure].mean() >= 0.97)
        assert evaluate.calibration_error(labels, overall) < 0.03
    assert np.mean(kept) > 0.8
