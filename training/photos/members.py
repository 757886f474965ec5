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
from training.export.onnx_graph import Graph, halve
from training.export.quantise import quantise
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
    front : callable
        `front(graph, images)` adds what it sees in each tile to a graph whose `images` are
        float32 [M, H, W, 3]; it gives the name of the values, [M, F], and for a network
        (name, channels, pixels of a cell) of each block whose channels' means these are.
    fit : callable
        `fit(values, labels, sources) → head`, and `head(values) → p_ai [N]`, of values
        [N, tiles, F], the first tile the whole. Labels are 1 for AI-generated; `sources` names
        the collection of each picture.
    """

    description: str
    front: Callable
    fit: Callable


class Front:
    """What a member sees, in 8-bit integers: the very numbers that are trained on are served.

    Parameters
    ----------
    member : Member
    tiles : ndarray of uint8, shape [M, H, W, 3]
        A few hundred, by whose values the integers' scales are set.
    """

    def __init__(self, member, tiles):
        self.size, graph = tiles.shape[1], Graph(tiles.shape[1])
        values, blocks = member.front(graph, graph.add("Cast", "images", to=onnx.TensorProto.FLOAT))
        self._blocks = [(channels, apart) for _, channels, apart in blocks]
        self.model = quantise(graph.model({"values": (values, 2)} | {
            f"block_{number}": (name, 4) for number, (name, *_) in enumerate(blocks)}), tiles)
        self._session = onnxruntime.InferenceSession(
            self.model.SerializeToString(), session_options(), providers=["CPUExecutionProvider"])

    def see(self, images):
        """uint8 [N, H, W, 3] → float32 [N, F]."""
        return self._session.run(["values"], {"images": images})[0]

    def add(self, graph, tiles):
        """Add it to a graph: values and blocks of uint8 [M, H, W, 3], as `Member.front` gives."""
        values, *blocks = graph.include(self.model, tiles)
        return values, [(name, *block) for name, block in zip(blocks, self._blocks)]


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


def write(front, head, grid, path):
    """Write the ONNX file that serves a member, with a map where its front has blocks.

    A linear head takes the means over a tile of a block's channels, so its logit is the mean over
    the tiles' places of what the same head makes of each place: that is the map (Zhou et al. 2016,
    arXiv 1512.04150).

    Parameters
    ----------
    front : Front
    head : training.photos.heads.Linear or Kernel
    grid : int
        Tiles along each side of a picture.
    path : path
    """
    size = front.size
    graph = Graph(size, tiled=True)
    tiles = graph.add("Reshape", "images", np.array([-1, size, size, 3]))
    values, blocks = front.add(graph, tiles)
    # [N × tiles, F] → [N, tiles, F], of as many tiles as there are.
    counts = graph.add("Slice", graph.add("Shape", "images"), np.array([0]), np.array([2]))
    values = graph.add("Reshape", values, graph.add("Concat", counts, np.array([-1]), axis=0))
    means = graph.add("ReduceMean", graph.add("Slice", values, np.array([1]), np.array(
        [np.iinfo(np.int64).max]), np.array([1])), axes=[1], keepdims=0)
    whole = graph.add("Gather", values, np.array(0), axis=1)
    logit = head.add(graph, graph.add("Concat", whole, means, axis=1))
    outputs = {"p_ai": (graph.add("Sigmoid", logit), 1)}
    if blocks:
        outputs["map"] = (_map(graph, blocks, head, size, grid), 3)
    onnx.save(halve(graph.model(outputs)), path)


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


MEMBERS = {
    "svm": Member("least-squares support vector machine (RBF kernel) on statistics and textures",
                  svm_front, fit_kernel),
    "cnn": Member("pretrained EfficientNet-Lite0, its blocks' means judged by ridge regression",
                  network_front("lite0", LITE0), fit_linear),
    "resnet": Member("pretrained EfficientNet-Lite2, its blocks' means judged by ridge regression",
                     network_front("lite2", LITE2), fit_linear),
}
# What the page and its translations call them.
KINDS = {"svm": "svm-statistics", "cnn": "efficientnet-lite0", "resnet": "efficientnet-lite2"}
