"""The photo pack's members: what is served is what was fitted, and the maps leave nothing out."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto
from scipy.fft import dctn

from ensemble.member import Member
from ensemble.tiles import cut
from tests import made
from training.export.onnx_graph import Graph
from training.photos.features import statistics
from training.photos.heads import fit_kernel, fit_linear
from training.photos.members import CELL, MEMBERS, Front, write
from training.photos.values import of_images

SIZE, GRID = 64, 2
LABELS = np.repeat([1, 0], 12)  # in files, FAKE comes first
SOURCES = np.tile(["a", "b", "c"], 8)


@pytest.fixture(scope="module")
def images():
    """The tiles of pictures, uint8 [24, 5, 64, 64, 3]."""
    return np.stack([cut(made.image(label, seed, 2 * SIZE), SIZE, "lanczos", GRID)
                     for label in (0, 1) for seed in range(12)])


@pytest.fixture(scope="module", params=MEMBERS)
def served(request, images, tmp_path_factory):
    """Name, values, head and ONNX file of each member, fitted on every second picture."""
    name = request.param
    member, path = MEMBERS[name], tmp_path_factory.mktemp("members") / f"{name}.onnx"
    front = Front(member, np.concatenate(images[::6]))
    values = of_images({name: front}, images)[name].astype(np.float32)
    head = member.fit(values[::2], LABELS[::2], SOURCES[::2])
    write(front, head, GRID, path)
    return name, values, head, path


def test_what_is_served_is_what_was_fitted(served, images):
    name, values, head, path = served
    p_ai, _ = Member(name, path)(images)
    # What was seen is kept in half precision.
    np.testing.assert_allclose(p_ai, head(values), atol=2e-3)
    alone = np.concatenate([Member(name, path)(images[i:i + 1])[0] for i in range(4)])
    np.testing.assert_allclose(alone, p_ai[:4], atol=1e-5)
    unseen = p_ai[1::2]
    assert unseen[LABELS[1::2] == 1].min() > unseen[LABELS[1::2] == 0].max()


def test_the_mean_of_a_networks_map_is_its_logit(served, images):
    name, _, _, path = served
    p_ai, cells = Member(name, path)(images)
    if name == "svm":
        assert cells is None
        return
    side = GRID * SIZE // CELL
    assert cells.shape == (len(images), side, side)
    np.testing.assert_allclose(1 / (1 + np.exp(-cells.mean(axis=(1, 2)))), p_ai, atol=1e-4)


@pytest.mark.parametrize("part", ["whole", "tiles"])
def test_a_map_shows_where(served, part):
    """The left half is rough as the fakes are, the right smooth as the real ones."""
    name, _, _, path = served
    if name == "svm":
        return
    rough, smooth = (cut(made.image(label, 3, 2 * SIZE), SIZE, "lanczos", GRID)
                     for label in (0, 1))
    mixed = smooth.copy()
    if part == "whole":
        mixed[0, :, :SIZE // 2] = rough[0, :, :SIZE // 2]
    else:
        mixed[[1, 3]] = rough[[1, 3]]  # the tiles of the left column
    member = Member(name, path)
    _, (cells, plain) = member(np.stack([mixed, smooth]))
    left, right = np.split(cells - plain, 2, axis=1)
    assert left.mean() > 3 * np.abs(right).mean()


def test_any_number_of_tiles_is_judged_where_there_is_no_map(served, images):
    name, values, head, path = served
    if name == "svm":
        p_ai, _ = Member(name, path)(images[:4, :3])
        np.testing.assert_allclose(p_ai, head(values[:4, :3]), atol=2e-3)


def test_files_are_small_and_in_single_precision(served):
    path = served[-1]
    assert path.stat().st_size < 10_000_000
    graph = onnx.load(path).graph
    kinds = {t.data_type for t in graph.initializer}
    assert TensorProto.DOUBLE not in kinds and TensorProto.INT8 in kinds
    assert all(node.domain == "" for node in graph.node)


def test_statistics_are_those_that_they_say(images):
    """The first 64 are the mean log-magnitudes of the 8×8 blocks' waves of brightness."""
    images, graph = images[:3, 0], Graph(SIZE)
    values = statistics(graph, graph.add("Cast", "images", to=TensorProto.FLOAT))
    model = graph.model({"values": (values, 2)}).SerializeToString()
    values, = onnxruntime.InferenceSession(model).run(None, {"images": images})
    assert values.shape == (3, 1184) and np.isfinite(values).all()
    bright = images[:3].astype(float) @ [0.299, 0.587, 0.114]
    blocks = bright.reshape(3, SIZE // 8, 8, SIZE // 8, 8).swapaxes(2, 3)
    sizes = np.log1p(np.abs(dctn(blocks, axes=(3, 4), norm="ortho")))
    np.testing.assert_allclose(values[:, :64], sizes.mean(axis=(1, 2)).reshape(3, 64), atol=1e-3)
    shares = values[:, 768:768 + 125] ** 2
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-4)


def test_a_flat_picture_is_judged_too(served):
    name, _, _, path = served
    p_ai, _ = Member(name, path)(np.stack([np.full((1 + GRID**2, SIZE, SIZE, 3), level, np.uint8)
                                           for level in (0, 128, 255)]))
    assert ((p_ai >= 0) & (p_ai <= 1)).all()


@pytest.mark.parametrize("fit", [fit_kernel, fit_linear])
def test_a_small_source_counts_more_than_its_size(fit):
    """One value tells the labels of a large source, another those of a small one."""
    rng = np.random.default_rng(0)
    labels, small = rng.integers(0, 2, 1000), np.arange(1000) < 100
    values = rng.normal(0, 1, (1000, 2, 2)).astype(np.float32)
    values[np.arange(1000), :, small.astype(int)] += 0.6 * (2 * labels - 1)[:, None]
    weighed, plain = (fit(values, labels, sources) for sources in (
        np.where(small, "small", "large"), np.full(1000, "one")))

    def right(head):
        return np.mean((head(values[small]) >= 0.5) == labels[small])

    assert right(weighed) > right(plain) + 0.02


def test_a_graph_that_does_not_hold_together_is_refused():
    graph = Graph(8)
    with pytest.raises(onnx.checker.ValidationError):
        graph.model({"p_ai": (graph.add("Sigmoid", "nothing"), 1)})
