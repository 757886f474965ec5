"""The members of the pack for photographs: what each sees in a tile, and what judges the whole.

What they see is fixed, so it is computed once for all folds. Only what judges it is fitted: on the
values of the reduced picture beside the means of its tiles' values. A vote of tiles that are judged
one by one is worth less: see LEDGER.md.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime

from ensemble.member import session_options
from training.export.onnx_graph import Graph
from training.photos import efficientnet
from training.photos.features import statistics
from training.photos.heads import fit_kernel, fit_linear

LITE0 = (2, 4, 7, 10, 12, 14)  # the blocks whose channels' means a member sees
LITE2 = (1, 3, 4, 6, 7, 10, 11, 14, 15)
TEXTURES = 4  # how many of LITE0's blocks the SVM sees; deeper ones see objects, not textures
CELL = 16  # pixels of a tile's cell in a map


class Member(NamedTuple):
    """How one member is trained and served.

    Attributes
    ----------
    description : str
    see : callable
        uint8 [N, H, W, 3] → float32 [N, F]: what it sees in each tile, run as it is served.
    fit : callable
        `fit(values, labels, sources) → head`, and `head(values) → p_ai [N]`, of values
        [N, tiles, F], the first tile the whole. Labels are 1 for AI-generated; `sources` names
        the collection of each picture.
    write : callable or None
        `write(head, size, grid, path)` writes the ONNX file that serves it.
    """

    description: str
    see: Callable
    fit: Callable
    write: Callable | None = None


def svm_front(graph, images):
    """What the SVM sees: statistics of the pixels, and the textures of a network."""
    means = [_mean(graph, x) for x, *_ in efficientnet.blocks(
        graph, _planes(graph, images), "lite0", LITE0[:TEXTURES])]
    return graph.add("Concat", statistics(graph, images), *means, axis=1), []


def network_front(variant, blocks):
    """What a network sees: the means of its blocks' channels."""
    def front(graph, images):
        outputs = efficientnet.blocks(graph, _planes(graph, images), variant, blocks)
        return graph.add("Concat", *(_mean(graph, x) for x, *_ in outputs), axis=1), outputs
    return front


def seen(front):
    """`Member.see` of a front."""
    sessions = {}

    def see(images):
        size = images.shape[1]
        if size not in sessions:
            graph = Graph(size)
            values, _ = front(graph, graph.add("Cast", "images", to=onnx.TensorProto.FLOAT))
            sessions[size] = onnxruntime.InferenceSession(
                graph.model({"values": (values, 2)}).SerializeToString(), session_options(),
                providers=["CPUExecutionProvider"])
        return sessions[size].run(None, {"images": images})[0]
    return see


def written(front):
    """`Member.write` of a front and a head, with a map where the front has one.

    A linear head takes the means over a tile of a block's channels, so its logit is the mean over
    the tiles' places of what the same head makes of each place: that is the map (Zhou et al. 2016,
    arXiv 1512.04150).
    """
    def write(head, size, grid, path):
        graph = Graph(size, tiled=True)
        tiles = graph.add("Reshape", "images", np.array([-1, size, size, 3]))
        values, blocks = front(graph, graph.add("Cast", tiles, to=onnx.TensorProto.FLOAT))
        # [N × tiles, F] → [N, tiles, F], of as many tiles as there are.
        counts = graph.add("Slice", graph.add("Shape", "images"), np.array([0]), np.array([2]))
        shape = graph.add("Concat", counts, np.array([-1]), axis=0)
        values = graph.add("Reshape", values, shape)
        means = graph.add("ReduceMean", graph.add("Slice", values, np.array([1]), np.array(
            [np.iinfo(np.int64).max]), np.array([1])), axes=[1], keepdims=0)
        whole = graph.add("Gather", values, np.array(0), axis=1)
        logit = head.add(graph, graph.add("Concat", whole, means, axis=1))
        outputs = {"p_ai": (graph.add("Sigmoid", logit), 1)}
        if blocks:
            outputs["map"] = (_map(graph, blocks, head, size, grid), 3)
        onnx.save(graph.model(outputs), path)
    return write


def _map(graph, blocks, head, size, grid):
    """Where the logit comes from, [N, grid × h, grid × w].

    Each place of the centre square has what the network saw there in the reduced picture, and the
    mean of the tile that was cut from that part of it.
    """
    slopes, rest = head.slopes()
    of_whole, of_tiles = np.split(slopes, 2)
    cells, start, side = [], 0, size // CELL
    for x, channels, apart in blocks:
        part = slice(start, start + channels)
        kernel = np.stack([of_whole[part], of_tiles[part]])[:, :, None, None]
        cell, larger, start = graph.add("Conv", x, kernel), CELL // apart, start + channels
        # Both ways keep the mean.
        if larger > 1:
            cell = graph.add("AveragePool", cell, kernel_shape=[larger] * 2, strides=[larger] * 2)
        elif larger < 1:
            cell = _repeated(graph, cell, apart // CELL)
        cells.append(cell)
    both = graph.add("Reshape", graph.add("Sum", *cells),
                     np.array([-1, 1 + grid**2, 2, side, side]))
    first, end = np.array([0]), np.array([1])
    whole = graph.add("Slice", graph.add("Gather", both, np.array(0), axis=2), first, end,
                      np.array([1]))
    tiles = graph.add("ReduceMean", graph.add("Slice", graph.add(
        "Gather", both, np.array(1), axis=2), end, np.array([1 + grid**2]), np.array([1])),
        axes=[2, 3], keepdims=0)
    tiles = graph.add("Reshape", tiles, np.array([-1, 1, grid, grid]))
    total = graph.add("Add", _repeated(graph, whole, grid), _repeated(graph, tiles, side))
    return graph.add("Squeeze", graph.add("Add", total, rest), np.array([1]))


def _repeated(graph, planes, times):
    """Each cell as a square of cells."""
    return graph.add("Resize", planes, "", np.array([1.0, 1.0, times, times]), mode="nearest",
                     nearest_mode="floor", coordinate_transformation_mode="asymmetric")


def _planes(graph, values):
    return graph.add("Transpose", values, perm=[0, 3, 1, 2])


def _mean(graph, x):
    return graph.add("ReduceMean", x, axes=[2, 3], keepdims=0)


def _member(description, front, fit):
    return Member(description, seen(front), fit, written(front))


MEMBERS = {
    "svm": _member("least-squares support vector machine (RBF kernel) on statistics and textures",
                   svm_front, fit_kernel),
    "cnn": _member("pretrained EfficientNet-Lite0, its blocks' means judged by ridge regression",
                   network_front("lite0", LITE0), fit_linear),
    "resnet": _member("pretrained EfficientNet-Lite2, its blocks' means judged by ridge regression",
                      network_front("lite2", LITE2), fit_linear),
}
# What the page and its translations call them.
KINDS = {"svm": "svm-statistics", "cnn": "efficientnet-lite0", "resnet": "efficientnet-lite2"}
