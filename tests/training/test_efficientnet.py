"""The networks' weights are read without PyTorch, and the blocks see what PyTorch's saw."""

import pickle
import sys
from collections import OrderedDict
from types import ModuleType

import numpy as np
import onnxruntime
import pytest

from tests import made
from training.errors import WeightsError
from training.export.onnx_graph import Graph
from training.photos import efficientnet, torch_file

# Means of four channels of two blocks for `made.image(0, 1, size)`, as the package
# efficientnet_lite_pytorch 0.1.0 computes them with PyTorch.
KNOWN = {("lite0", 128): {4: [4.53517, 4.04436, 4.95252, -1.93370],
                          14: [-4.41345, -4.59671, -2.87448, -1.56996]},
         ("lite2", 260): {6: [1.87801, -9.19715, 2.43424, 4.53209],
                          15: [0.01660, 2.29636, -2.27547, 1.44643]}}


@pytest.mark.parametrize("variant, size", KNOWN)
def test_blocks_see_what_the_original_sees(variant, size):
    known, graph = KNOWN[variant, size], Graph(size)
    values = graph.add("Cast", "images", to=1)
    planes = graph.add("Transpose", values, perm=[0, 3, 1, 2])
    blocks = efficientnet.blocks(graph, planes, variant, tuple(known))
    model = graph.model({f"block{number}": (x, 4) for number, (x, *_) in zip(known, blocks)})
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    outputs = session.run(None, {"images": made.image(0, 1, size)[None]})
    for output, (_, channels, cell), means in zip(outputs, blocks, known.values()):
        assert output.shape == (1, channels, *[-(-size // cell)] * 2)
        np.testing.assert_allclose(output.mean(axis=(2, 3))[0, :4], means, atol=1e-4)


def test_weights_that_are_not_there_are_named(monkeypatch):
    monkeypatch.setitem(efficientnet.VARIANTS, "lost", ("no_such_package", "a-0.pth", 1.0))
    with pytest.raises(WeightsError, match="no_such_package isn't installed"):
        efficientnet.blocks(Graph(32), "images", "lost", (0,))
    package, _, depth = efficientnet.VARIANTS["lite0"]
    monkeypatch.setitem(efficientnet.VARIANTS, "other", (package, "../__init__.py", depth))
    with pytest.raises(WeightsError, match="SHA-256"):
        efficientnet.blocks(Graph(32), "images", "other", (0,))


class Tensor:
    """What PyTorch's file has of a tensor: a part of a storage."""

    def __init__(self, key, storage, shape, strides, offset=0):
        self.key, self.storage = key, storage
        self.saved = (offset, shape, strides, False, OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (Storage(self), *self.saved)


class Storage:
    def __init__(self, tensor):
        self.key, self.content = tensor.key, tensor.storage


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            storage = "FloatStorage" if value.content.dtype == np.float32 else "LongStorage"
            return ("storage", getattr(sys.modules["torch"], storage), value.key, "cpu",
                    len(value.content), None)


@pytest.fixture
def save(monkeypatch, tmp_path):
    """Writes a dict of `Tensor` as PyTorch did before version 1.6."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    for module, names in ((torch, torch_file.TYPES), (utils, ["_rebuild_tensor_v2"])):
        for name in names:
            made_up = type(name, (), {"__module__": module.__name__})
            setattr(module, name, made_up)
        monkeypatch.setitem(sys.modules, module.__name__, module)

    def write(tensors, magic=torch_file.MAGIC):
        path = tmp_path / "weights.pth"
        with open(path, "wb") as file:
            for header in (magic, 1001, {"little_endian": True}):
                pickle.dump(header, file, protocol=2)
            Pickler(file, protocol=2).dump(OrderedDict(tensors))
            stored = {tensor.key: tensor.storage for tensor in tensors.values()
                      if isinstance(tensor, Tensor)}
            pickle.dump(list(stored), file, protocol=2)
            for values in stored.values():
                file.write(len(values).to_bytes(8, "little") + values.tobytes())
        return path
    return write


def test_tensors_are_parts_of_what_is_stored(save):
    shared, count = np.arange(12, dtype=np.float32), np.array([7], np.int64)
    tensors = torch_file.read(save({
        "rows": Tensor("a", shared, (3, 4), (4, 1)), "turned": Tensor("a", shared, (4, 3), (1, 4)),
        "end": Tensor("a", shared, (2,), (1,), offset=10), "count": Tensor("b", count, (), ())}))
    rows = shared.reshape(3, 4)
    np.testing.assert_array_equal(tensors["rows"], rows)
    np.testing.assert_array_equal(tensors["turned"], rows.T)
    np.testing.assert_array_equal(tensors["end"], [10, 11])
    assert tensors["count"] == 7 and tensors["count"].dtype == np.int64


def test_what_is_no_file_of_weights_is_refused(save, tmp_path):
    values = np.ones(4, np.float32)
    path = save({"a": Tensor("a", values, (4,), (1,))}, magic=1)
    with pytest.raises(WeightsError, match="another format"):
        torch_file.read(path)
    path = save({"a": Tensor("a", values, (5,), (1,))})
    with pytest.raises(WeightsError, match="beyond"):
        torch_file.read(path)
    path = save({"a": Tensor("a", values, (4,), (1,))})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="cut short"):
        torch_file.read(path)
    (tmp_path / "zip.pth").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(WeightsError, match="weights as PyTorch saved them before 1.6"):
        torch_file.read(tmp_path / "zip.pth")


def test_nothing_that_a_file_names_is_run(save, tmp_path):
    class Bad:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'run')!r}, 'w')",)

    with pytest.raises(WeightsError, match="it names __builtin__.exec"):
        torch_file.read(save({"a": Bad()}))
    assert not (tmp_path / "run").exists()
