"""The members of the photo pack: what each sees in a picture, and a linear unit on top.

What they see is fixed, so it is computed once for all folds; only the unit is fitted, with a strong
prior. Whatever was more flexible learned the sources of the pictures: see LEDGER.md.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
from sklearn.svm import LinearSVC
from tqdm import trange

from training.export.onnx_graph import Graph
from training.photos import efficientnet
from training.photos.collections import source_weights
from training.photos.features import statistics

LITE0 = (2, 4, 7, 10, 12, 14)  # the blocks whose channels' means a member sees
LITE2 = (1, 3, 4, 6, 7, 10, 11, 14, 15)
TEXTURES = 4  # how many of LITE0's blocks the SVM sees; deeper ones see objects, not textures
CELL = 16  # pixels of a map's cell
# A unit is fitted to give 1 for AI-generated and -1 for real. Times this factor it is a logit whose
# probability is about as often right on new sources as it says (LEDGER.md).
STEEPNESS = 1.6


class Unit(NamedTuple):
    """A linear unit on standardised values.

    Attributes
    ----------
    mean, scale, weights : ndarray of float32, shape [F]
    bias : float
    most : float
        Standardised values are kept within ± this.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: float
    most: float

    def __call__(self, values):
        """p_ai [N] of values [N, F]."""
        standard = np.clip((values - self.mean) / self.scale, -self.most, self.most)
        return 1 / (1 + np.exp(-STEEPNESS * (standard @ self.weights + self.bias)))


class Member(NamedTuple):
    """How one member is trained and served.

    Attributes
    ----------
    description : str
    prepare : callable
        uint8 [N, H, W, 3] → [N, ...], what `fit` and the model take: all that is the same for
        every fold, so that it is computed once.
    fit : callable
        `fit(prepared, labels, sources, rng) → model`, and `model(prepared) → p_ai [N]`. Labels
        are 1 for AI-generated; `sources` names the collection of each picture.
    write : callable or None
        `write(model, size, path)` writes the ONNX file that serves it.
    """

    description: str
    prepare: Callable
    fit: Callable
    write: Callable | None = None


def fit_svm(values, labels, sources, rng, C=3e-4, most=4.0):
    """A linear support vector machine; an RBF kernel learns the sources.

    Parameters
    ----------
    values : ndarray of float32, shape [N, F]
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]
    rng : numpy.random.Generator
    C : float
    most : float
        Standardised values are kept within ± this, so that an odd one doesn't outweigh all others.

    Returns
    -------
    Unit
    """
    mean, scale = _moments(values)
    standard = np.clip((values - mean) / scale, -most, most)
    machine = LinearSVC(C=C, dual=False, tol=1e-3, random_state=int(rng.integers(2**31)))
    machine.fit(standard, labels, sample_weight=source_weights(labels, sources))
    return Unit(mean, scale, machine.coef_[0].astype(np.float32), float(machine.intercept_[0]),
                most)


def fit_ridge(values, labels, sources, rng, prior=0.1):
    """Ridge regression on ±1; parameters and result as for `fit_svm`.

    `prior` weighs the squares of the weights against the mean squared error. Nothing is clipped, so
    that the map is exact.
    """
    mean, scale = _moments(values)
    weights = source_weights(labels, sources)
    weights /= weights.sum()
    standard, targets = (values - mean) / scale, 2.0 * labels - 1
    # Centred by the same weights, so that the bias is free.
    centre, middle = weights @ standard, weights @ targets
    standard = (standard - centre).astype(np.float32)
    weighed = standard * weights[:, None].astype(np.float32)
    squares = (weighed.T @ standard).astype(np.float64) + prior * np.eye(len(mean))
    fitted = np.linalg.solve(squares, weighed.T.astype(np.float64) @ (targets - middle))
    return Unit(mean, scale, fitted.astype(np.float32), float(middle - centre @ fitted), np.inf)


def svm_front():
    """Graph of what the SVM sees: statistics of the pixels, and the textures of a network."""
    def front(graph):
        values = graph.add("Cast", "images", to=onnx.TensorProto.FLOAT)
        means = [_mean(graph, x) for x, *_ in efficientnet.blocks(
            graph, _planes(graph, values), "lite0", LITE0[:TEXTURES])]
        return graph.add("Concat", statistics(graph, values), *means, axis=1), []
    return front


def network_front(variant, blocks):
    """Graph of what a network sees: the means of its blocks' channels."""
    def front(graph):
        planes = _planes(graph, graph.add("Cast", "images", to=onnx.TensorProto.FLOAT))
        outputs = efficientnet.blocks(graph, planes, variant, blocks)
        return graph.add("Concat", *(_mean(graph, x) for x, *_ in outputs), axis=1), outputs
    return front


def seen(front):
    """`Member.prepare` of a front, run as it is served."""
    def prepare(images, batch=64):
        graph = Graph(images.shape[1])
        model = graph.model({"values": (front(graph)[0], 2)})
        session = onnxruntime.InferenceSession(model.SerializeToString(),
                                               providers=["CPUExecutionProvider"])
        return np.concatenate([session.run(None, {"images": images[i:i + batch]})[0]
                               for i in trange(0, len(images), batch, mininterval=1)])
    return prepare


def written(front):
    """`Member.write` of a front and a `Unit`, with a map where the front has one.

    The unit takes the means over the picture of a block's channels, so its logit is the mean over
    the picture of what the same unit makes of each place: that is the map (Zhou et al. 2016,
    arXiv 1512.04150).
    """
    def write(unit, size, path):
        graph = Graph(size)
        values, blocks = front(graph)
        slopes = STEEPNESS * unit.weights / unit.scale
        standard = graph.add("Div", graph.add("Sub", values, unit.mean), unit.scale)
        if np.isfinite(unit.most):
            standard = graph.add("Clip", standard, -unit.most, unit.most)
        score = graph.add("Add", graph.add("MatMul", standard, unit.weights), unit.bias)
        outputs = {"p_ai": (graph.add("Sigmoid", graph.add("Mul", score, STEEPNESS)), 1)}
        if blocks:
            rest = STEEPNESS * unit.bias - float(slopes @ unit.mean)
            outputs["map"] = (_map(graph, blocks, slopes, rest), 3)
        onnx.save(graph.model(outputs), path)
    return write


def _map(graph, blocks, slopes, rest):
    """Sum of each block's own map, all brought to cells of `CELL` pixels, [N, h, w]."""
    cells, at = [], 0
    for x, channels, apart in blocks:
        cell = graph.add("Conv", x, slopes[at:at + channels].reshape(1, -1, 1, 1))
        at, larger = at + channels, CELL // apart
        # Both ways keep the mean.
        if larger > 1:
            cell = graph.add("AveragePool", cell, kernel_shape=[larger] * 2, strides=[larger] * 2)
        elif larger < 1:
            cell = graph.add("Resize", cell, "", np.array([1.0, 1.0, *[apart / CELL] * 2]),
                             mode="nearest", nearest_mode="floor",
                             coordinate_transformation_mode="asymmetric")
        cells.append(cell)
    return graph.add("Squeeze", graph.add("Add", graph.add("Sum", *cells), rest), np.array([1]))


def _planes(graph, values):
    return graph.add("Transpose", values, perm=[0, 3, 1, 2])


def _mean(graph, x):
    return graph.add("ReduceMean", x, axes=[2, 3], keepdims=0)


def _moments(values):
    mean, scale = values.mean(axis=0), values.std(axis=0)
    return mean, np.maximum(scale, 1e-4)  # what never varies says nothing


def _member(description, front, fit):
    return Member(description, seen(front), fit, written(front))


MEMBERS = {
    "svm": _member("linear support vector machine on statistics and textures", svm_front(),
                   fit_svm),
    "cnn": _member("pretrained EfficientNet-Lite0", network_front("lite0", LITE0), fit_ridge),
    "resnet": _member("pretrained EfficientNet-Lite2", network_front("lite2", LITE2), fit_ridge),
}
# What the page and its translations call them.
KINDS = {"svm": "svm-linear", "cnn": "efficientnet-lite0", "resnet": "efficientnet-lite2"}
