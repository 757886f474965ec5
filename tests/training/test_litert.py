"""A network as LiteRT files: the same function, smaller in int8, measured beside ONNX Runtime."""

import json
import re
import runpy
import shutil

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from ensemble.images import fit_square, open_picture
from tests import made
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, read_manifest, write_manifest
from training.__main__ import main
from training.cifake import litert
from training.cifake.export import export_network, serve
from training.cifake.models import BlockSpectrum
from training.fitting.batch_norm import BatchNormalization
from training.images import data

GUIDE = ROOT / "docs" / "use.md"

# TensorFlow's quantiser looks at its result with TensorFlow's own interpreter.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:\s+Warning. tf.lite.Interpreter is deprecated:UserWarning")


@pytest.fixture(scope="module")
def images():
    return np.stack([made.image(label, i) for i in range(20) for label in (data.FAKE, data.REAL)])


@pytest.fixture(scope="module")
def runs(images, tmp_path_factory):
    """The run of a small network with the parts of the recipes, untrained."""
    folder = tmp_path_factory.mktemp("runs")
    network = _network(images)
    (folder / "cnn").mkdir()
    network.save(folder / "cnn" / "cnn.keras")
    (folder / "cnn" / "run.json").write_text(json.dumps({"name": "cnn", "seed": 3}))
    return folder


@pytest.fixture(scope="module")
def pack(runs, tmp_path_factory):
    """A pack with that network in it, and two SVMs, which have no LiteRT files."""
    folder = build_tiny_pack(tmp_path_factory.mktemp("pack") / "tiny")
    export_network(keras.models.load_model(runs / "cnn" / "cnn.keras"), 32, folder / "cnn.onnx")
    manifest = read_manifest(folder)
    svm, cnn, _ = manifest["members"]
    manifest["members"] = [svm, cnn, {**svm, "name": "flat"}]
    manifest["training"]["runs"] = {"cnn": json.loads((runs / "cnn" / "run.json").read_text())}
    write_manifest(folder, manifest)
    return folder


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    made.write_parquet(folder / "train.parquet", made.files(15))
    made.write_parquet(folder / "test.parquet", made.files(60, first=1000))
    return folder


@pytest.fixture(scope="module")
def written(pack, runs, splits, tmp_path_factory):
    out = tmp_path_factory.mktemp("litert")
    assert main(_arguments(pack, runs, splits, out)) == 0
    return out


def test_float32_is_the_served_function(written, runs, images):
    served = serve(keras.models.load_model(runs / "cnn" / "cnn.keras"))
    expected = np.asarray(served(images)[0])
    assert np.ptp(expected) > 0.2
    judge = litert.runtime(written / "cnn.tflite", threads=1)
    p_ai = judge(images)
    assert p_ai.dtype == np.float32 and p_ai.shape == (40,)
    np.testing.assert_allclose(p_ai, expected, atol=1e-4)
    np.testing.assert_allclose(judge(images[:1]), expected[:1], atol=1e-4)  # as many as you like
    np.testing.assert_allclose(judge(images[:, :, ::-1]), p_ai, atol=1e-4)


def test_int8_is_smaller_and_near(written, images):
    plain, small = (written / f"cnn{ending}.tflite" for ending in ("", "-int8"))
    assert small.stat().st_size < 0.7 * plain.stat().st_size
    expected, p_ai = (litert.runtime(path, threads=2)(images) for path in (plain, small))
    assert 0 < np.abs(p_ai - expected).mean() < 0.05
    assert np.abs(p_ai - expected).max() < 0.2


def test_int8_keeps_the_spectrum_and_takes_bytes(written):
    model = Interpreter(written / "cnn-int8.tflite")
    assert [i["dtype"] for i in model.get_input_details()] == [np.uint8]
    types = {tensor["name"]: tensor["dtype"] for tensor in model.get_tensor_details()}
    spectrum = [dtype for name, dtype in types.items() if litert.UNQUANTISED in name]
    others = [dtype for name, dtype in types.items() if re.search(r"re_?lu", name)]
    assert spectrum and set(spectrum) == {np.float32}
    assert others and set(others) == {np.int8}


def test_the_report_has_what_a_table_needs(written):
    report = json.loads((written / "litert.json").read_text())
    assert (report["n"], report["pack"], report["representative"]) == (120, "tiny", 30)
    assert report["threads"] >= 1 and report["machine"]
    assert set(report["versions"]) == {"onnxruntime", "ai-edge-litert"}
    assert list(report["members"]) == ["cnn"]
    rows = report["members"]["cnn"]
    assert list(rows) == ["onnx", "float32", "int8"]
    assert "agreement" not in rows["onnx"]
    assert [row["file"] for row in rows.values()] == ["cnn.onnx", "cnn.tflite", "cnn-int8.tflite"]
    for row in rows.values():
        assert row["bytes"] > 1000 and 0 <= row["accuracy"] <= 1
        assert row["seconds"] > 0 and row["cpu_seconds"] > 0
    near, rough = rows["float32"]["agreement"], rows["int8"]["agreement"]
    assert near["mean"] <= near["largest"] < 1e-4 < rough["largest"] < 0.2
    assert rows["float32"]["accuracy"] == rows["onnx"]["accuracy"]
    assert near["same_labels"] == 1


def test_agreement_by_hand():
    near = litert.agreement(np.float32([0.2, 0.4, 0.9]), np.float32([0.2, 0.5, 0.7]))
    assert near == pytest.approx({"largest": 0.2, "mean": 0.1, "same_labels": 2 / 3})


def test_every_runtime_judges_every_image_and_takes_turns():
    calls = []

    def runtime(name, factor):
        def judge(images):
            calls.append((name, len(images)))
            return images[:, 0, 0, 0] * factor
        return judge

    images = np.zeros((250, 1, 1, 3), np.uint8)
    images[:, 0, 0, 0] = np.arange(250)
    p_ai, took = litert.side_by_side({"a": runtime("a", 1.0), "b": runtime("b", 2.0)}, images)
    np.testing.assert_array_equal(p_ai["b"], 2.0 * np.arange(250))
    np.testing.assert_array_equal(p_ai["a"], np.arange(250))
    first = [name for name, _ in calls[2::2]]  # two calls have warmed up
    assert first == ["a", "b", "a"] and calls[-1][1] == 50
    assert set(took["a"]) == {"seconds", "cpu_seconds"}


def test_a_missing_or_another_run_is_named(pack, runs, splits, tmp_path, capsys):
    arguments = _arguments(pack, tmp_path, splits, tmp_path / "out")
    assert main(arguments) == 2
    assert f"{tmp_path / 'cnn'}: no finished run there" in capsys.readouterr().err
    shutil.copytree(runs / "cnn", tmp_path / "cnn")
    (tmp_path / "cnn" / "run.json").write_text(json.dumps({"name": "cnn", "seed": 4}))
    assert main(arguments) == 2
    assert "not the run that cnn of" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_pack_of_svms_is_refused(pack, runs, splits, tmp_path, capsys):
    shutil.copytree(pack, tmp_path / "pack")
    manifest = read_manifest(tmp_path / "pack")
    manifest["members"] = manifest["members"][:1]
    manifest["calibration"]["weights"] = [0.5]
    write_manifest(tmp_path / "pack", manifest)
    assert main(_arguments(tmp_path / "pack", runs, splits, tmp_path)) == 2
    assert "no network" in capsys.readouterr().err


def test_the_guide_judges_a_photo_as_the_ensemble_would_prepare_it(written, tmp_path, monkeypatch,
                                                                capsys):
    code = re.search(r"## On a Raspberry Pi.*?```python\n(.*?)```", GUIDE.read_text(),
                     re.DOTALL)[1]
    (tmp_path / "pi.py").write_text(code)
    shutil.copy(written / "cnn-int8.tflite", tmp_path)
    (tmp_path / "photo.jpg").write_bytes(made.jpeg(made.image(data.FAKE, 5, 90)[:70]))
    monkeypatch.chdir(tmp_path)
    values = runpy.run_path("pi.py")
    expected = fit_square(open_picture(tmp_path / "photo.jpg").rgb, 32)
    p_ai = litert.runtime("cnn-int8.tflite", threads=1)(expected[None])[0]
    assert values["p_ai"] == pytest.approx(p_ai, abs=0.02)
    label = "AI-generated" if values["p_ai"] >= 0.5 else "Real"
    assert capsys.readouterr().out == f"{label}, p_ai {values['p_ai']:.3f}\n"


def _network(images):
    """A convolution beside the spectrum, as in the recipes; logits that differ between images."""
    keras.utils.set_random_seed(3)
    inputs = x = keras.layers.Input((32, 32, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 127.5, -1)(x)
    for filters in (64, 96):
        x = keras.layers.Conv2D(filters, 3, 2, padding="same", use_bias=False)(x)
        x = BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
    y = BlockSpectrum()(inputs)
    y = keras.layers.BatchNormalization()(y)
    y = keras.layers.SpatialDropout2D(0.2)(y)
    y = keras.layers.UpSampling2D(2)(keras.layers.Conv2D(16, 1, activation="relu")(y))
    x = keras.layers.Concatenate()([x, y])
    network = keras.Model(inputs, keras.layers.Conv2D(1, 1)(x))
    logits = np.asarray(network(images)).mean(axis=(1, 2, 3))
    kernel, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([kernel / logits.std(), bias - logits.mean() / logits.std()])
    return network


def _arguments(pack, runs, splits, out):
    return ["litert", "--pack", str(pack), "--runs", str(runs), "--out", str(out),
            "--train", str(splits / "train.parquet"), "--data", str(splits / "test.parquet")]
