"""A float32 ONNX member → the same member with its convolutions in 8-bit integers."""

import logging
import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from training.errors import DataError

COLOURS = 3
JOINS = ("Relu", "Clip", "Add")  # stay in integers where all that they join is in integers
BATCH = 50


class _Images(CalibrationDataReader):
    """Representative images, batch by batch, as ONNX Runtime asks for them."""

    def __init__(self, images):
        self._batches = (images[at:at + BATCH] for at in range(0, len(images), BATCH))

    def get_next(self):
        """The next batch by the name of the input, or None."""
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch}


def quantise(source, images):
    """Bring a member's convolutions to 8 bits; what it takes and gives stays the same.

    A scale of its own for each filter, one for each activation, from the smallest to the largest
    value that occurs with `images`. Weights have 7 of the 8 bits: processors with AVX2 but without
    VNNI add two products in 16 bits, and with 8 bits that sum overflows. So the integers are the
    same on every processor.

    Parameters
    ----------
    source : path or onnx.ModelProto
        Of the input `images`, uint8 [N, ...].
    images : ndarray of uint8, shape [M, ...]
        A few hundred training images.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    DataError
        If nothing in the member can be brought to 8 bits, or it has been already.

    Notes
    -----
    Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference" (arXiv 1712.05877). What else was tried: LEDGER.md.
    """
    model = source if isinstance(source, onnx.ModelProto) else onnx.load(source)
    done = any(node.op_type == "QuantizeLinear" for node in model.graph.node)
    nodes = [] if done else quantisable(model.graph)
    if not nodes:
        raise DataError("The model has no float32 convolution of many channels to bring to 8 bits.")
    root = logging.getLogger()
    level = root.level
    with tempfile.TemporaryDirectory() as folder:
        given, path = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, given)  # a model in memory it would empty
        try:
            root.setLevel(logging.ERROR)  # else it recommends a step that changes nothing here
            quantize_static(given, path, _Images(images), quant_format=QuantFormat.QDQ,
                            nodes_to_quantize=nodes, per_channel=True, reduce_range=True,
                            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
        finally:
            root.setLevel(level)
        return onnx.load(path)


def quantisable(graph):
    """The operators that 8 bits are enough for.

    These are the convolutions of many channels and what only joins them. A convolution that reads
    colours stays: the first one of a network, where nothing is gained and the lowest bits of the
    pixels are lost, and a spectrum, whose fine waves are 1 beside a mean of 2,040. So does one with
    a single filter, whose mean is the logit.

    Parameters
    ----------
    graph : onnx.GraphProto

    Returns
    -------
    list of str
        Names of nodes.
    """
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    made_by, chosen = {}, []
    for node in graph.node:  # in the order in which they are computed
        if node.op_type == "Conv":
            filters, channels = shapes[node.input[1]][:2]
            groups = next((a.i for a in node.attribute if a.name == "group"), 1)
            enough = filters > 1 and channels * groups > COLOURS
        else:
            values = [name for name in node.input if name and name not in shapes]
            enough = node.op_type in JOINS and all(made_by.get(name) in chosen for name in values)
        if enough:
            chosen.append(node.name)
        made_by |= dict.fromkeys(node.output, node.name)
    return chosen
