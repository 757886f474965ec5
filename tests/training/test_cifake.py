"""Fit, go on, export, evaluate: the whole way of the shipped members on small data."""

import csv
import importlib
import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import keras
import numpy as np
import pytest
from dask.distributed import LocalCluster

from ensemble import PackModels, pack
from tests import made
from tests.training.killed import kill_after
from training import records
from training.__main__ import main
from training.cifake import models
from training.cifake.fit import fit_network
from training.cifake.recipes import RECIPES, SVM_GRID
from training.errors import DataError
from training.fitting import svm
from training.fitting.batch_norm import BatchNormalization
from training.images import data
from training.images.spectra import pixels_and_spectrum
from training.measure import evaluate

pytestmark = pytest.mark.usefixtures("eagerly")


def tiny(size, weights):
    """A network with the parts of the recipes."""
    images = x = keras.layers.Input((32, 32, 3), dtype="uint8")
    x = keras.layers.Conv2D(4, 4, 4, use_bias=False)(keras.layers.Rescaling(1 / 127.5, -1)(x))
    x = keras.layers.ReLU()(BatchNormalization(momentum=0.9)(x))
    return keras.Model(images, keras.layers.Conv2D(1, 1, dtype="float32")(x), name="tiny")


TINY = replace(RECIPES["cnn"], name="tiny", build=tiny)


@pytest.fixture(scope="module")
def cifake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    made.write_parquet(folder / "train.parquet", made.files(160))
    made.write_parquet(folder / "test.parquet",
                       made.files(30, first=1000) + made.files(1))  # one pair leaked from train
    return folder


@pytest.fixture(scope="module")
def parts(cifake):
    return data.load_parts(cifake / "train.parquet")


@pytest.fixture(scope="module")
def few(parts):
    """As much as shows that a network is trained at all."""
    return tuple(part.take(data.balanced(part.labels, 40, np.random.default_rng(0)))
                 for part in parts)


@pytest.fixture(scope="module")
def runs(parts, few, tmp_path_factory):
    """Three members, fitted in seconds."""
    folder = tmp_path_factory.mktemp("runs")
    svm.fit("svm", lambda: RECIPES["svm"].build(32, None),
            {"pca__n_components": [10, 20], "svc__C": [1.0]}, *parts, folder / "svm", images=160,
            search=60, jobs=1, facts={"added_fakes": 0})
    for name in ("cnn", "resnet"):
        fit_network(RECIPES[name], *few, folder / name, epochs=1, average=0, batch=20, mixed=False)
    return folder


def test_a_grid_is_searched_on_a_cluster(runs, parts, tmp_path):
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        svm.fit("svm", lambda: RECIPES["svm"].build(32, None),
                {"pca__n_components": [10, 20], "svc__C": [1.0]}, *parts, tmp_path, images=160,
                search=60, facts={"added_fakes": 0}, dask=cluster.scheduler_address)
    assert (tmp_path / "grid.csv").read_text() == (runs / "svm" / "grid.csv").read_text()


@pytest.fixture(scope="module")
def trained(runs, cifake, tmp_path_factory):
    """Exported as in a process of its own, which knows the members' layers but has built none."""
    folder = tmp_path_factory.mktemp("weights") / "small"
    with nothing_of_training_imported():
        assert importlib.import_module("training.__main__").main(
            ["export", "--data", str(cifake / "train.parquet"), "--runs", str(runs),
             "--out", str(folder)]) == 0
    return folder


@contextmanager
def nothing_of_training_imported():
    """As a new process would find things, without the seconds that TensorFlow takes to load."""
    def imported():
        return {name: module for name, module in sys.modules.items()
                if name.partition(".")[0] == "training"}

    layers = keras.saving.get_custom_objects()
    before, known = imported(), dict(layers)
    for name in before:
        del sys.modules[name]
    layers.clear()
    try:
        yield
    finally:
        for name in imported():
            del sys.modules[name]
        sys.modules.update(before)
        layers.clear()
        layers.update(known)


def curve(run):
    return list(csv.DictReader((run / "curve.csv").read_text().splitlines()))


def weights(path):
    return keras.models.load_model(path).get_weights()


def test_a_killed_run_ends_as_if_it_had_not_been(few, tmp_path, monkeypatch):
    """Though it was killed between an epoch's row in the curve and its checkpoint."""
    monkeypatch.setattr("training.fitting.checkpoints.commit", lambda: "first")
    given = {"epochs": 2, "average": 2, "batch": 20, "mixed": False, "seed": 3}
    whole = fit_network(TINY, *few, tmp_path / "whole", **given)
    for epochs in (0, 1, 3):
        kill_after(epochs, lambda: fit_network(TINY, *few, tmp_path / "killed", **given))
        assert len(curve(tmp_path / "killed")) == epochs + 1
        code = "first" if epochs == 0 else "later"
        monkeypatch.setattr("training.fitting.checkpoints.commit", lambda code=code: code)
    again = fit_network(TINY, *few, tmp_path / "killed", **given)
    for expected, resumed in zip(weights(whole), weights(again), strict=True):
        np.testing.assert_allclose(expected, resumed, atol=1e-5)
    first, second = curve(tmp_path / "whole"), curve(tmp_path / "killed")
    assert [row["epoch"] for row in second] == ["0", "1", "2", "3"]
    assert [float(row["loss"]) for row in second] == pytest.approx(
        [float(row["loss"]) for row in first], abs=1e-5)
    assert {"accuracy", "loss", "val_accuracy", "val_loss", "seconds"} <= set(second[0])
    record = json.loads((tmp_path / "killed" / "run.json").read_text())
    assert (record["epochs"], record["average"], record["seed"]) == (2, 2, 3)
    assert record["images"] == 40 and record["parameters"] == keras.models.load_model(
        again).count_params()
    assert record["commit"] == "first"  # not that of the last restart
    assert [path.name for path in (tmp_path / "killed").glob("checkpoint*")] == ["checkpoint-0004"]


@pytest.mark.parametrize("changed, message", [
    ({"epochs": 3}, "epochs was 2, now 3"), ({"seed": 1}, "seed was 0, now 1"),
    ({"corrupt": 0.5}, "corrupt was 0.25, now 0.5"), ({"average": 0}, "3 epochs already")])
def test_a_run_goes_on_with_its_own_settings_only(few, tmp_path_factory, changed, message):
    """More epochs would be trained at a rate that the cosine has brought down to nothing."""
    out = tmp_path_factory.getbasetemp() / "own-settings"
    given = {"epochs": 2, "average": 1, "batch": 20, "mixed": False}
    if not out.exists():
        fit_network(TINY, *few, out, **given)
    with pytest.raises(DataError, match=message):
        fit_network(TINY, *few, out, **{**given, **changed})


def test_other_data_and_older_checkpoints_are_refused(few, tmp_path):
    given = {"epochs": 1, "average": 0, "batch": 20, "mixed": False}
    fit_network(TINY, *few, tmp_path / "a", **given)
    with pytest.raises(DataError, match="data was"):
        fit_network(TINY, few[1], few[0], tmp_path / "a", **given)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "checkpoint.keras").write_text("of an earlier version")
    with pytest.raises(DataError, match="earlier version"):
        fit_network(TINY, *few, tmp_path / "b", **given)


def test_weights_of_further_epochs_are_averaged(few, tmp_path):
    """More of them can be asked for later."""
    ends = []
    for average in (0, 1, 2):
        path = fit_network(TINY, *few, tmp_path, epochs=1, average=average, batch=20, mixed=False)
        ends.append(weights(tmp_path / f"checkpoint-{average + 1:04}" / "model.keras"))
    _, first, second = ends
    for weight, earlier, later in zip(keras.models.load_model(path).weights, first, second):
        assert not np.allclose(earlier, later, atol=1e-6), weight.path
        # The statistics of batch normalisation are not averaged, but those of the mean.
        averaged = np.allclose(weight, (earlier + later) / 2, atol=1e-6)
        assert averaged == ("moving" not in weight.path), weight.path
    assert json.loads((tmp_path / "run.json").read_text())["average"] == 2
    assert len(curve(tmp_path)) == 3


def test_the_shipped_members_are_trained_as_they_were():
    """What the manifest says of their runs is what their recipes would do again."""
    shipped = pack.read(pack.SHIPPED).manifest["training"]["runs"]
    for name, recipe in RECIPES.items():
        record = shipped[name]
        if recipe.epochs:
            assert (recipe.epochs, recipe.batch) == (record["epochs"], record["batch"])
            assert recipe.average == record.get("average", 0)
            optimizer = recipe.optimizer(1000)
            assert float(optimizer._learning_rate(100)) == pytest.approx(record["rate"])
            assert float(optimizer._learning_rate(1000)) == pytest.approx(0)
            assert recipe.build(32, None).count_params() == record["parameters"]
            assert f": {record['parameters']:,} parameters" in getattr(models, name).__doc__
        else:
            assert all(record[key] in tried for key, tried in SVM_GRID.items())


def test_without_git_there_is_no_commit(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("git")

    assert len(records.commit().removesuffix("-dirty")) == 40
    monkeypatch.setattr(subprocess, "run", missing)
    assert records.commit() is None


def test_other_backends_are_refused(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert main(["fit", "cnn", "--data", "nowhere"]) == 2
    assert "KERAS_BACKEND is jax; unset it" in capsys.readouterr().err


def test_old_files_of_scikit_learn_still_open(tmp_path):
    """They name functions by the modules that those have left."""
    (tmp_path / "old.joblib").write_bytes(
        b"\x80\x04]\x94(\x8c\x10training.spectra\x94\x8c\x13pixels_and_spectrum\x94\x93\x94"
        b"\x8c\x18training.recipes.system2\x94\x8c\x04flat\x94\x93\x94e.")
    spectrum, flat = svm.load(tmp_path / "old.joblib")
    image = made.image(made.FAKE, 1)[None]
    np.testing.assert_array_equal(spectrum(image), pixels_and_spectrum(image))
    assert flat(image).shape == (1, 3072)


def test_spectrum_of_a_flat_image_is_one_number():
    flat = pixels_and_spectrum(np.full((1, 32, 32, 3), 128, np.uint8))
    assert flat.shape == (1, 9 * 32 * 32)
    luma = flat[0, 3072:4096]
    assert luma[0] == pytest.approx(np.log1p(128 * 32), rel=1e-4)
    assert np.abs(luma[1:]).max() < 1e-2


def test_native_model_and_onnx_agree(runs, trained, parts):
    images = parts[1].images[:80]
    p_ai, maps = PackModels.load(trained).predict(images)
    native = svm.load(runs / "svm" / "svm.joblib").predict_proba(images)[:, 1]
    np.testing.assert_allclose(p_ai[:, 0], native, atol=1e-5)
    lowered = np.pad(images, ((0, 0), (1, 0), (0, 0), (0, 0)), mode="edge")[:, :-1]
    for column, name, looks in ((1, "cnn", [images, lowered]), (2, "resnet", [images])):
        network = keras.models.load_model(runs / name / f"{name}.keras")
        outputs = [np.asarray(network(look))[..., 0] for look in looks]
        outputs += [np.asarray(network(look[:, :, ::-1].copy()))[:, :, ::-1, 0] for look in looks]
        mean = np.mean(outputs, axis=0)
        np.testing.assert_allclose(maps[name], mean, atol=1e-4, rtol=1e-5)
        # The map explains the probability exactly.
        np.testing.assert_allclose(p_ai[:, column], 1 / (1 + np.exp(-mean.mean(axis=(1, 2)))),
                                   atol=1e-5)


def test_manifest_records_how_to_make_it_again(runs, trained, parts, cifake):
    read = pack.read(trained)
    training = read.manifest["training"]
    assert training["fingerprint"] == data.fingerprint(data.load(cifake / "train.parquet"))
    assert training["images"] == 160 and training["validation_images"] == 160
    assert [m["name"] for m in read.manifest["members"]] == ["svm", "cnn", "resnet"]
    assert [m["description"] for m in read.manifest["members"]] == [
        recipe.description for recipe in RECIPES.values()]
    counts = [m["parameters"] for m in read.manifest["members"]]
    # A network's own, without the constants of its file.
    assert counts[0] > 1000 and counts[1:] == [
        keras.models.load_model(runs / name / f"{name}.keras").count_params()
        for name in ("cnn", "resnet")]
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
    machine = report["members"]["svm"]
    assert machine["accuracy"] > 0.9 and machine["roc_auc"] > 0.95  # the pattern is easy to see
    (real, false_alarms), (missed, caught) = machine["confusion_matrix"]
    assert machine["accuracy"] == pytest.approx((real + caught) / 62)
    assert machine["recall"] == pytest.approx(caught / (missed + caught))
    assert "majority" in capsys.readouterr().out


def test_a_wrong_path_is_said_not_raised(trained, capsys):
    assert main(["evaluate", "--pack", str(trained), "--data", "nowhere", "--out", "x"]) == 2
    assert "nowhere: there is no such file" in capsys.readouterr().err
    assert main(["evaluate", "--pack", "nowhere", "--data", "x", "--out", "x"]) == 2
    assert "PackError" in capsys.readouterr().err


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
