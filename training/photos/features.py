"""Statistics of a picture that survive a re-save, for the SVM of the pack for photographs.

They are written as operators of ONNX at once, so that what is trained is what is served. LEDGER.md
says what each part is worth.
"""

import numpy as np
from onnx import TensorProto
from scipy.fft import dct

from training.images.spectra import RGB_TO_YCC

BLOCK = 8
LEVELS = 2  # a difference of neighbouring pixels is rounded to -2, -1, 0, 1 or 2 steps
# Size of a step, in the picture and in its reduction to half the side. Differences of whole
# numbers, and of means of four, never lie halfway between two of these steps, where a rounding
# error would decide which of them is taken.
STEPS = (3.0, 5.1)
BINS = 8  # of a chroma channel's histogram
CELLS = 4  # of the layout, along each side


def statistics(graph, images):
    """Add statistics of block spectra, neighbouring differences, chroma and layout.

    Parameters
    ----------
    graph : Graph
        Of images whose side is a multiple of 32.
    images : str
        Float [N, H, W, 3] of 0 to 255.

    Returns
    -------
    str
        Float [N, 1184].
    """
    size = graph.size
    ycc = graph.add("Transpose", graph.add("MatMul", images, RGB_TO_YCC.T), perm=[0, 3, 1, 2])
    half = _pooled(graph, ycc, 2)
    parts = [*block_spectrum(graph, ycc, size), *block_spectrum(graph, half, size // 2)]
    for planes, step in zip((ycc, half), STEPS):
        parts.append(co_occurrence(graph, graph.add("Gather", planes, 0, axis=1), step))
    squares = _pooled(graph, graph.add("Mul", half, half), 4)
    local = _deviation(graph, squares, _pooled(graph, half, 4), 0.01)
    flat = graph.add("Reshape", half, np.array([0, 3, -1]))
    parts += [_chroma(graph, half), *_moments(graph, flat, axis=2),
              _pooled(graph, ycc, size // CELLS),
              graph.add("Log", graph.add("Add", _pooled(graph, local, size // 8 // CELLS), 0.3))]
    return graph.add("Concat", *(graph.add("Flatten", part) for part in parts), axis=1)


def block_spectrum(graph, planes, size):
    """Mean and deviation of the log-magnitude of the 8×8 blocks' DCT, each [N, 3, 64]."""
    wave, count = dct(np.eye(BLOCK), axis=0, norm="ortho"), size // BLOCK
    blocks = graph.add("Transpose", graph.add("Reshape", planes, np.array(
        [0, 3, count, BLOCK, count, BLOCK])), perm=[0, 1, 2, 4, 3, 5])
    waves = graph.add("MatMul", graph.add("MatMul", wave, blocks), wave.T)
    sizes = graph.add("Log", graph.add("Add", graph.add("Abs", waves), 1.0))
    return _moments(graph, graph.add("Reshape", sizes, np.array([0, 3, -1, BLOCK**2])), axis=2)


def co_occurrence(graph, plane, step):
    """How often each triple of neighbouring differences occurs, along rows and columns.

    Parameters
    ----------
    graph : Graph
    plane : str
        Float [N, H, W].
    step : float
        A difference is rounded to so many of these, at most `LEVELS`.

    Returns
    -------
    str
        Roots of the shares, which are less skewed, [N, 25, 5].

    Notes
    -----
    Fridrich and Kodovsky 2012, "Rich models for steganalysis of digital images".
    """
    levels, counts = 2 * LEVELS + 1, []
    for along in (plane, graph.add("Transpose", plane, perm=[0, 2, 1])):
        difference = graph.add("Sub", _part(graph, along, 1, None), _part(graph, along, 0, -1))
        steps = graph.add("Add", graph.add("Clip", graph.add("Round", graph.add(
            "Div", difference, step)), -float(LEVELS), float(LEVELS)), float(LEVELS))
        pairs = graph.add("Add", graph.add("Mul", _part(graph, steps, 0, -2), float(levels)),
                          _part(graph, steps, 1, -1))
        counts.append(_together(graph, pairs, levels**2, _part(graph, steps, 2, None), levels))
    return graph.add("Sqrt", graph.add("Mul", graph.add("Add", *counts), 0.5))


def _chroma(graph, planes):
    """Roots of the histogram of both chroma channels together, [N, 8, 8]."""
    scaled = graph.add("Floor", graph.add("Mul", graph.add("Add", planes, 64.0), BINS / 128))
    bins = graph.add("Clip", scaled, 0.0, BINS - 1.0)
    blue, red = (graph.add("Gather", bins, channel, axis=1) for channel in (1, 2))
    return graph.add("Sqrt", _together(graph, blue, BINS, red, BINS))


def _together(graph, one, values_of_one, other, values_of_other):
    """Shares of the places where the planes have two values, [N, values, values].

    Planes of whole numbers from 0 on.
    """
    pairs = graph.add("Flatten", graph.add("Add", graph.add(
        "Mul", one, float(values_of_other)), other))
    ones = graph.add("Add", graph.add("Mul", pairs, 0.0), 1.0)
    none = graph.add("Mul", graph.add("Slice", ones, np.array([0]), np.array([1]), np.array([1])),
                     np.zeros((1, values_of_one * values_of_other)))
    counts = graph.add("ScatterElements", none, graph.add("Cast", pairs, to=TensorProto.INT32),
                       ones, axis=1, reduction="add")
    counts = graph.add("Reshape", counts, np.array([0, values_of_one, values_of_other]))
    return graph.add("Div", counts, graph.add("ReduceSum", counts, np.array([1, 2]), keepdims=1))


def _moments(graph, values, axis):
    """Mean and deviation along an axis."""
    mean = graph.add("ReduceMean", values, axes=[axis], keepdims=1)
    away = graph.add("Sub", values, mean)
    spread = graph.add("ReduceMean", graph.add("Mul", away, away), axes=[axis], keepdims=1)
    return mean, graph.add("Sqrt", spread)


def _deviation(graph, mean_of_squares, mean, least):
    """From two means; rounding may bring the variance below 0."""
    variance = graph.add("Sub", mean_of_squares, graph.add("Mul", mean, mean))
    return graph.add("Sqrt", graph.add("Add", graph.add("Max", variance, 0.0), least))


def _pooled(graph, planes, side):
    """Means of squares of so many pixels."""
    return graph.add("AveragePool", planes, kernel_shape=[side, side], strides=[side, side])


def _part(graph, values, start, end):
    """Columns of planes [N, H, W], from one to before another."""
    end = np.iinfo(np.int64).max if end is None else end
    return graph.add("Slice", values, np.array([start]), np.array([end]), np.array([2]))
