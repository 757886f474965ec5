"""A pack of any recipes: made of runs on tiny data, and serving in the app unchanged."""

import json
import shutil

import joblib
import keras
import numpy as np
import onnxruntime
import pytest
from gradio_client import Client, handle_file

from ensemble import Ensemble, PackModels
from tests import made
from tests.servers import serving_app
from training.__main__ import main
from training.images import data, files
from training.students import runs, system2
from training.students.export import export_classifier
from training.students.parts import split_files
from training.students.recipes import RECIPES

SIZE = 24
NAMES = ("svm-flat", "cnn-two-ai", "cnn-baseline")  # scikit-learn, a sigmoid, a softmax


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    # Fakes are half as bright, so that flattened pixels tell them apart with certainty.
    rows = [(f"{i}.jpg", made.jpeg(made.image(label, i, size=30) // (2 - label)), label)
            for label in (made.FAKE, made.REAL) for i in range(60)]
    return made.write_folder(tmp_path_factory.mktemp("own") / "mine", rows)


@pytest.fixture(scope="module")
def fitted(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system2, "SVM_GRID", {"svc__kernel": ["rbf", "poly"], "svc__C": [1]})
        for name in NAMES:
            network = ["--epochs", "1", "--batch", "16"] if name != "svm-flat" else []
            assert main(["fit", name, "--data", str(own), "--size", str(SIZE), *network,
                         "--out", str(folder / name)]) == 0
    return folder


def members(fitted, *names):
    return [f"{name}-here={fitted / name}" for name in names]


@pytest.fixture(scope="module")
def trained(own, fitted, tmp_path_factory):
    out = tmp_path_factory.mktemp("weights") / "mine"
    assert main(["export", "--members", *members(fitted, *NAMES), "--data", str(own),
                 "--out", str(out)]) == 0
    return out


def test_the_app_judges_with_it(trained, tmp_path):
    image = tmp_path / "new.jpg"
    image.write_bytes(made.jpeg(made.image(made.FAKE, 999, size=30)))
    ensemble = Ensemble.load(trained)
    with serving_app(ensemble) as url:
        client = Client(url, verbose=False, analytics_enabled=False)
        answer = client.predict(handle_file(image), api_name="/detect")
    assert answer == ensemble.judge(image).as_dict()
    assert answer["pack"] == "mine"
    assert [vote["member"] for vote in answer["votes"]] == [f"{name}-here" for name in NAMES]


def test_each_member_says_what_its_run_says(trained, fitted, own):
    _, unseen, _ = split_files(own, SIZE)
    images = files.in_memory(unseen, SIZE).images
    p_ai, _ = PackModels.load(trained).predict(images)
    for column, name in zip(p_ai.T, NAMES):
        np.testing.assert_allclose(column, runs.open_run(fitted / name).predict(images)[:, 1],
                                   atol=1e-4)  # the SVM's kernel is computed in float32
    native = joblib.load(fitted / "svm-flat" / "svm-flat.joblib")
    assert np.mean((native.predict_proba(images)[:, 1] > 0.5) == unseen.labels) > 0.9


def test_the_manifest_knows_what_the_members_were_trained_on(trained, own):
    manifest = json.loads((trained / "manifest.json").read_text())
    assert manifest["input_size"] == SIZE and manifest["domain"]["max_side"] == 2 * SIZE
    assert [member["description"] for member in manifest["members"]] == [
        RECIPES[name].description for name in NAMES]
    training = manifest["training"]
    assert (training["images"], training["validation_images"]) == (96, 24)
    assert training["fingerprint"] == data.fingerprint(files.load_files(own, SIZE)[0])
    grid = json.loads((trained / "reports" / "training.json").read_text())["svm-flat-here"]["grid"]
    assert [(row["svc__kernel"], row["svc__C"]) for row in grid] == [("rbf", 1), ("poly", 1)]
    ensemble = Ensemble.load(trained)
    assert len(ensemble.packs[0].pack.training_digests) == 120
    assert ensemble.judge(next((own / "FAKE").iterdir())).reasons[-1].key == "trained_on"


def test_packs_that_would_not_vote_are_refused(fitted, own, tmp_path, capsys):
    def export(given, *options):
        assert main(["export", "--members", *given, "--data", str(own), *options,
                     "--out", str(tmp_path)]) == 2
        return capsys.readouterr().err

    assert "an odd number of members" in export(members(fitted, *NAMES[:2]))
    assert "no finished run there" in export([f"x={tmp_path}"])
    assert "given a/b" in export([f"a/b={fitted / 'svm-flat'}"])
    assert "was trained on some of the validation images" in export(
        members(fitted, "cnn-two-ai"), "--validation", str(own))
    other = tmp_path / "other"
    shutil.copytree(fitted / "cnn-two-ai", other)
    facts = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps({**facts, "size": 40}))
    assert "x sees 40" in export([*members(fitted, *NAMES[:2]), f"x={other}"])


@pytest.mark.parametrize("units", [1, 2, 3])
def test_a_network_of_average_and_one_unit_has_an_exact_map(units, tmp_path):
    keras.utils.set_random_seed(1)
    pixels = keras.layers.Input((16, 16, 3), dtype="uint8")
    x = keras.layers.Conv2D(8, 3, 2)(keras.layers.Rescaling(1 / 50)(pixels))
    x = keras.layers.Dropout(0.5)(keras.layers.GlobalAveragePooling2D()(x))
    x = keras.layers.Dense(units, activation="softmax" if units > 1 else "sigmoid",
                           bias_initializer="random_normal")(x)
    network = keras.Model(pixels, x)
    export_classifier(network, 16, tmp_path / "x.onnx")
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
    p_ai, *maps = onnxruntime.InferenceSession(tmp_path / "x.onnx").run(None, {"images": images})
    given = np.asarray(network(images))
    np.testing.assert_allclose(p_ai, given[:, 0] if units == 1 else 1 - given[:, 0], atol=1e-5)
    assert np.ptp(p_ai) > 0.01
    assert len(maps) == (units < 3)
    for cells in maps:
        assert cells.shape == (5, 7, 7)
        np.testing.assert_allclose(1 / (1 + np.exp(-cells.mean(axis=(1, 2)))), p_ai, atol=1e-5)
