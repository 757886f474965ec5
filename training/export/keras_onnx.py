"""A Keras network → an ONNX file."""

import numpy as np
import onnx

from training.export.onnx_graph import OPSET


def write_network(network, path, outputs):
    """Write a network as ONNX.

    Parameters
    ----------
    network : keras.Model
        Of uint8 images [N, H, W, 3].
    path : path
        Of the file; its input will be called `images`.
    outputs : list of str
        What its outputs will be called.
    """
    # Keras exports only what was called once.
    network(np.zeros((1, *network.input_shape[1:]), np.uint8), training=False)
    network.export(path, format="onnx", opset_version=OPSET, verbose=False)
    model = onnx.load(path)
    _rename(model, ["images"], outputs)
    onnx.save(model, path)


def _rename(model, inputs, outputs):
    """Give a graph's inputs and outputs these names, and their batch dimension the name N."""
    new = {}
    for values, names in ((model.graph.input, inputs), (model.graph.output, outputs)):
        for value, name in zip(values, names, strict=True):
            new[value.name] = name
            value.name = name
            value.type.tensor_type.shape.dim[0].dim_param = "N"
    for node in model.graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
