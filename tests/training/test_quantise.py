"""A pack's networks in 8-bit integers: what is brought to them, what stays, and what is refused."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from ensemble import PackModels
from tests import made
from tests.tiny import build_tiny_pack, read_manifest, write_manifest
from training.__main__ import main
from training.export.onnx_graph import Graph
from training.export.quantise import quantisable, quantise
from training.images import data


@pytest.fixture(scope="module")
def images():
    return np.stack([made.image(label, i) for i in range(30) for label in (data.FAKE, data.REAL)])


@pytest.fixture(scope="module")
def network(images):
    """A stem on colours, a residual block with a depthwise filter in it, a spectrum and a head."""
    return _network(images)


def test_what_reads_colours_and_the_head_stay(network, images):
    types = {node.output[0]: node.op_type for node in network.graph.node}
    assert [types[name] for name in quantisable(network.graph)] == [
        "Conv", "Clip", "Conv", "Clip", "Conv", "Conv"]  # the last adds no two integers
    served = quantise(network, images)
    floats = {tensor.name: tensor for tensor in served.graph.initializer
              if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) == 4}
    assert sorted(list(tensor.dims)[:2] for tensor in floats.values()) == [
        [1, 24], [16, 3], [16, 3]]


def test_the_same_judgement_in_fewer_bytes(network, images):
    served = quantise(network, images[:40])
    assert served.ByteSize() < 0.6 * network.ByteSize()
    (expected, cells), (p_ai, integers) = (_run(model, images) for model in (network, served))
    assert np.ptp(expected) > 0.3
    assert 0 < np.abs(p_ai - expected).mean() < 0.02
    assert p_ai.shape == expected.shape and integers.shape == cells.shape
    # Seven bits of weight: no sum of two products leaves 16 bits, on any processor.
    weights = [onnx.numpy_helper.to_array(tensor) for tensor in served.graph.initializer
               if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4]
    assert weights and max(np.abs(weight.astype(int)).max() for weight in weights) <= 64


def test_twice_or_nothing_to_quantise_is_refused(network, images, tmp_path):
    for model in (quantise(network, images), onnx.load(build_tiny_pack(tmp_path) / "cnn.onnx")):
        with pytest.raises(data.DataError, match="no float32 convolution"):
            quantise(model, images)


def test_a_pack_is_quantised_calibrated_and_reported(network, tmp_path, capsys):
    folder = build_tiny_pack(tmp_path / "pack")
    onnx.save(network, folder / "cnn.onnx")
    manifest = read_manifest(folder)
    svm, cnn, _ = manifest["members"]
    manifest["members"] = [svm, cnn, {**svm, "name": "flat"}]
    write_manifest(folder, manifest)
    before = read_manifest(folder)
    made.write_parquet(tmp_path / "train.parquet", made.files(150))
    command = ["quantise", "--pack", str(folder), "--data", str(tmp_path / "train.parquet")]
    assert main([*command, "--version", "1.1.0"]) == 0
    report = json.loads((folder / "reports" / "int8.json").read_text())
    assert list(report["members"]) == ["cnn"]
    rows = report["members"]["cnn"]
    assert rows["int8"]["kept"] and rows["int8"]["agreement"]["mean"] <= 0.005
    assert rows["int8"]["bytes"] < 0.6 * rows["float32"]["bytes"]
    assert report["vote"]["same_labels"] >= 0.99 and 0 < report["vote"]["mean"] < 1
    after = PackModels.load(folder).manifest
    assert (before["version"], after["version"]) == ("1.0.0", "1.1.0")
    assert [new["name"] for new, old in zip(after["members"], before["members"], strict=True)
            if new["sha256"] != old["sha256"]] == ["cnn"]
    assert after["calibration"] != before["calibration"]
    assert main(command) == 2
    assert "no float32 convolution" in capsys.readouterr().err


def _network(images):
    rng = np.random.default_rng(1)

    def weights(*shape):
        return (rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    graph = Graph(32)
    planes = graph.add("Transpose", graph.add("Cast", "images", to=onnx.TensorProto.FLOAT),
                       perm=[0, 3, 1, 2])
    waves = graph.add("Conv", planes, weights(16, 3, 8, 8), strides=[8, 8])
    spectrum = graph.add("Log", graph.add("Add", graph.add("Abs", waves), 1.0))
    pixels = graph.add("Mul", graph.add("Sub", planes, 127.0), 1 / 128)
    stem = graph.add("Relu", graph.add("Conv", pixels, weights(16, 3, 3, 3), strides=[2, 2],
                                       pads=[0, 0, 1, 1]))
    wide = graph.add("Clip", graph.add("Conv", stem, weights(256, 16, 1, 1)), 0.0, 6.0)
    deep = graph.add("Clip", graph.add("Conv", wide, weights(256, 1, 3, 3), pads=[1] * 4,
                                       group=256), 0.0, 6.0)
    narrow = graph.add("Conv", deep, weights(16, 256, 1, 1))
    both = graph.add("Add", stem, narrow)
    last = graph.add("Conv", both, weights(8, 16, 4, 4), strides=[4, 4])
    cells = graph.add("Conv", graph.add("Concat", last, spectrum, axis=1), weights(1, 24, 1, 1))
    return _standardised(graph, cells, images)


def _standardised(graph, cells, images):
    """The graph with a head whose probabilities differ between images."""
    logits = graph.model({"map": (graph.add("Squeeze", cells, np.array([1])), 3)})
    means = _run(logits, images)[0].mean(axis=(1, 2))
    graph.add("Squeeze", cells, np.array([1]))
    cells = graph.add("Div", graph.add("Sub", cells, float(means.mean())), float(means.std()))
    cells = graph.add("Squeeze", cells, np.array([1]))
    logit = graph.add("ReduceMean", cells, axes=[1, 2], keepdims=0)
    return graph.model({"p_ai": (graph.add("Sigmoid", logit), 1), "map": (cells, 3)})


def _run(model, images):
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    return session.run(None, {"images": images})
