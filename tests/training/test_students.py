"""Recipes fitted on folders and parquet, read while they train."""

import csv
import json
import tracemalloc
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from tests import made
from tests.training.killed import kill_after
from training.__main__ import main
from training.errors import DataError
from training.images import data, files
from training.students import runs, system4, system5
from training.students.parts import split_files
from training.students.recipes import RECIPES
from training.students.scores import Scores
from training.students.stream import Stream, class_weights

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data set as people have it: other words, other sizes, rubbish between; fakes first."""
    path = tmp_path_factory.mktemp("own") / "art"
    for word, label, count in (("AiArtData", made.FAKE, 60), ("RealArt", made.REAL, 40)):
        (path / word / word).mkdir(parents=True)
        for i in range(count):
            (path / word / word / f"{i}.jpg").write_bytes(
                made.jpeg(made.image(label, i, size=40 + i % 3)))
    (path / "RealArt" / "notes.txt").write_text("no picture")
    (path / "RealArt" / "cut.jpg").write_bytes(made.jpeg(made.image(made.REAL, 1))[:300])
    (path / "RealArt" / "again.jpg").write_bytes((path / "RealArt/RealArt/0.jpg").read_bytes())
    return path


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "cnn"
    arguments = ["fit", "cnn-two-ai", "--data", str(folder), "--size", "24", "--batch", "40",
                 "--out", str(out), "--epochs"]
    kill_after(1, lambda: main([*arguments, "2"]))
    assert main([*arguments, "2"]) == 0
    assert main([*arguments, "3"]) == 0
    return out


def rows(run):
    return list(csv.DictReader((run / "curve.csv").read_text().splitlines()))


def test_a_run_tells_what_it_was_made_of(run, folder):
    facts = json.loads((run / "run.json").read_text())
    assert (facts["name"], facts["system"], facts["size"], facts["batch"]) == (
        "cnn-two-ai", "2", 24, 40)
    assert facts["images"] == 80 and facts["validation_images"] == 20
    assert facts["class_counts"] == [30, 50]
    assert (facts["unreadable"], facts["duplicates"], facts["max_side"]) == (2, 1, 42)
    named = (run / "unreadable.txt").read_text().splitlines()
    assert [line.split(": ")[0] for line in named] == ["RealArt/cut.jpg", "RealArt/notes.txt"]
    assert len(np.load(run / "digests.npy")) == 80


def test_it_goes_on_after_the_last_epoch_with_every_score(run):
    assert [row["epoch"] for row in rows(run)] == ["0", "1", "2"]
    scores = {"loss", "accuracy", "precision", "recall", "auc", "f1"}
    assert scores | {f"val_{name}" for name in scores} <= set(rows(run)[0])
    facts = json.loads((run / "run.json").read_text())
    assert facts["epochs_run"] == 3
    assert facts["validation"]["accuracy"] == pytest.approx(float(rows(run)[-1]["val_accuracy"]))


def test_the_curve_is_what_the_network_does(run, folder):
    _, unseen, _ = split_files(folder, 24)
    p_ai = runs.predict(runs.open_run(run), unseen)[:, 1]
    right = np.mean((p_ai >= 0.5) == unseen.labels)
    assert right == pytest.approx(float(rows(run)[-1]["val_accuracy"]), abs=1e-6)


def test_a_part_of_the_data_has_as_many_of_each_class(folder, tmp_path):
    recipe = RECIPES["cnn-two-ai"]
    recipe.fit(recipe, folder, tmp_path, size=24, images=24, epochs=1)
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["class_counts"] == [12, 12] and facts["validation_images"] == 6


def test_other_settings_do_not_go_on(run, folder, capsys):
    arguments = ["fit", "cnn-two-ai", "--data", str(folder), "--batch", "40", "--out", str(run)]
    assert main([*arguments, "--size", "32", "--seed", "1"]) == 2
    assert "size was 24, now 32; seed was 0, now 1" in capsys.readouterr().err


def test_skipped_files_are_named(folder, capsys):
    images, _ = files.load_files(folder, 24)
    printed = capsys.readouterr().out
    assert len(images) == 100 and images.labels.sum() == 60
    assert "skipped RealArt/cut.jpg: The JPEG is damaged" in printed
    assert "skipped RealArt/notes.txt: The file is text" in printed
    assert "40 real and 60 AI-generated images; skipped 2 unreadable and 1 duplicate" in printed


def test_a_folder_and_parquet_are_the_same_data(tmp_path):
    from_folder = made.write_folder(tmp_path / "folder", made.files(6))
    from_parquet = made.write_parquet(tmp_path / "x.parquet", made.files(6))
    first, second = (files.check(files.find(path), 32)[0] for path in (from_folder, from_parquet))
    assert data.fingerprint(first) == data.fingerprint(second)
    assert data.fingerprint(first) == data.fingerprint(data.load(from_folder))
    i, j = (int(np.flatnonzero(part.digests == first.digests[3])[0]) for part in (first, second))
    np.testing.assert_array_equal(first.image(i, 20), second.image(j, 20))


@pytest.mark.parametrize("names, given, expected", [
    (("FAKE", "REAL"), {}, [1, 0]), (("fake", "real"), {}, [1, 0]),
    (("AiArtData", "RealArt"), {}, [1, 0]), (("ai", "real"), {}, [1, 0]),
    (("0", "1"), {}, [1, 0]), (("training_fake", "training_real"), {}, [1, 0]),
    (("FAKE", "GAN", "REAL"), {}, [1, 2, 0]),
    (("camera", "sdxl"), {"real": "camera"}, [0, 1]),
    (("camera", "sdxl"), {"real": "camera", "ai": "sdxl"}, [0, 1]),
    (("fake", "real"), {"real": "fake", "ai": "real"}, [0, 1]),  # what is said counts
])
def test_spellings_of_the_classes(names, given, expected):
    assert list(data.class_labels(names, **given).values()) == expected


@pytest.mark.parametrize("names, given", [
    (("cats", "dogs"), {}), (("real",), {}), ((), {}), (("real", "photo"), {}),
    (("a", "b", "c"), {"real": "a"}), (("real", "fake"), {"real": "nowhere"})])
def test_classes_that_cannot_be_told(names, given):
    with pytest.raises(DataError, match="--real NAME --ai NAME"):
        data.class_labels(names, **given)


def test_streaming_a_large_folder_takes_constant_memory(tmp_path):
    def peak(count):
        """Bytes that reading all of a folder's images takes at most."""
        images = files.find(folder).take(np.r_[0:count // 2, -count // 2:0])
        tracemalloc.start()
        images, _ = files.check(images, 64)
        stream = Stream(images, 64, batch=32, seed=0)
        total = sum(len(labels) for _, labels in (stream[step] for step in range(len(stream))))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert total == count
        return most

    folder = tmp_path / "large"
    for word in ("fake", "real"):
        (folder / word).mkdir(parents=True)
    for i in range(1200):
        rgb = np.full((6, 6, 3), (i % 256, i // 256, 7), np.uint8)
        Image.fromarray(rgb).save(folder / ("real", "fake")[i % 2] / f"{i}.bmp")
    few, all_of_them = peak(120), peak(1200)
    in_memory = 1200 * 64 * 64 * 3
    assert all_of_them - few < in_memory / 20
    assert all_of_them < in_memory / 5


def test_a_stream_shows_each_image_once_an_epoch_in_another_order(folder):
    images, _ = files.load_files(folder, 8)
    stream = Stream(images, 8, batch=30, seed=2)
    first = np.concatenate([stream[i][1] for i in range(len(stream))])
    stream.start(1)
    second = np.concatenate([stream[i][1] for i in range(len(stream))])
    assert len(stream) == 4 and (first != second).any()
    assert first.sum() == second.sum() == 60
    stream.start(0)
    np.testing.assert_array_equal(stream[0][1], first[:30])


def test_classes_weigh_the_same():
    weights = class_weights(np.array([0] * 30 + [1] * 10))
    assert weights[0] * 30 == weights[1] * 10 == 20


def test_scores_by_hand():
    scores = Scores()
    scores.update_state([0, 0, 1], np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]], "float32"))
    scores.update_state([1, 1], np.array([[0.4, 0.6], [0.8, 0.2]], "float32"))
    values = {name: float(value) for name, value in scores.result().items()}
    assert values["accuracy"] == pytest.approx(3 / 5)
    assert values["precision"] == values["recall"] == values["f1"] == pytest.approx(2 / 3)
    assert values["auc"] == pytest.approx(4 / 6, abs=0.01)
    three = Scores()
    three.update_state([[0], [1], [2]], np.array([[.6, .2, .2], [.1, .2, .7], [.1, .2, .7]]))
    values = {name: float(value) for name, value in three.result().items()}
    assert values["accuracy"] == pytest.approx(2 / 3)  # of three classes
    assert values["recall"] == values["precision"] == pytest.approx(1)  # of real and AI


def _tiny(size, weights):
    images = keras.layers.Input((size, size, 3), dtype="uint8")
    inside = keras.Sequential([keras.layers.Input((size, size, 3)), keras.layers.Conv2D(4, 3)])
    inside.trainable = False
    x = keras.layers.GlobalAveragePooling2D()(inside(keras.layers.Rescaling(1 / 255)(images)))
    return keras.Model(images, keras.layers.Dense(2, activation="softmax")(x))


def test_stopping_keeping_the_best_and_fine_tuning_survive_a_restart(folder, tmp_path, monkeypatch):
    recipe = replace(RECIPES["mobilenet-faces"], build=_tiny, callbacks=lambda: [
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=100),
        keras.callbacks.EarlyStopping(patience=2, min_delta=100)])
    monkeypatch.setitem(RECIPES, "mobilenet-faces", recipe)

    def fit(epochs, **options):
        recipe.fit(recipe, folder, tmp_path, size=8, weights=None, batch=40, epochs=epochs,
                   **options)
        return rows(tmp_path), json.loads((tmp_path / "run.json").read_text())

    assert len(fit(2)[0]) == 2
    stopped, _ = fit(9)  # nothing is better by 100, so it ends two epochs after the first
    rates = [float(row["learning_rate"]) for row in stopped]
    assert len(stopped) == 3 and rates == pytest.approx([1e-3, 1e-3, 5e-4])
    again, facts = fit(9)
    assert again == stopped and facts["epochs_run"] == 3
    kill_after(4, lambda: fit(9, fine_tune=True))
    tuned, facts = fit(9, fine_tune=True)
    assert [row["stage"] for row in tuned] == ["1"] * 3 + ["2"] * 3
    losses = [float(row["val_loss"]) for row in tuned]
    assert facts["epoch_kept"] == int(np.argmin(losses))
    network = runs.open_run(tmp_path).model
    assert len(network.trainable_variables) == (4 if np.argmin(losses) > 2 else 2)


def test_stop_when_the_validation_loss_passes():
    rule = system5.StopWhenPassed()
    rule.set_model(model := keras.Sequential())
    model.stop_training = False
    rule.on_epoch_end(0, {"loss": 1.0, "val_loss": 0.9})
    assert not model.stop_training
    rule.on_epoch_end(1, {"loss": 0.8, "val_loss": 0.9})
    assert model.stop_training


def test_rates_are_the_reports():
    optimizer = system5.polynomial_adam(10)
    assert [float(optimizer._learning_rate(step)) for step in (0, 7125)] == pytest.approx(
        [1e-4, 1e-5])
    assert float(optimizer._learning_rate(7125 / 2)) == pytest.approx(1e-5 + 9e-5 / 4)
    assert float(system4.sgd(10).learning_rate) == pytest.approx(1e-3)


@pytest.mark.parametrize("arguments, message", [
    (["fit", "vgg7"], "There is no recipe vgg7; there are svm, cnn"),
    (["fit", "cnn-two-ai", "--weights", "imagenet"], "no ImageNet weights in its report"),
    (["fit", "cnn-two-ai", "--fine-tune"], "resnet50-two-ai, mobilenet-faces"),
    (["fit", "three-class"], "needs images of a GAN"),
    (["fit", "basic-cnn", "--generator", "x.keras"], "A generator's images have 32 × 32"),
    (["fit", "cnn", "--size", "64", "--real", "a"], "cnn takes no --size, --real; it takes"),
    (["fit", "svm-flat", "--epochs", "3", "--fine-tune"], "takes no --epochs, --fine-tune"),
    (["fit", "dcgan", "--weights", "none"], "dcgan takes no --weights"),
])
def test_what_a_recipe_cannot_do_is_said(arguments, message, folder, tmp_path, capsys):
    assert main([*arguments, "--data", str(folder), "--out", str(tmp_path / "x")]) == 2
    assert message in capsys.readouterr().err
