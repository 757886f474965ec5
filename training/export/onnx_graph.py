"""Write an ONNX graph operator by operator, for what is no Keras model."""

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

LARGE = 100_000  # numbers of a matrix that is worth storing in 16 bits
OPSET = 16  # the first whose `ScatterElements` adds
IR_VERSION = 8


class Graph:
    """A graph of the one input `images`, uint8 [N, size, size, 3] or [N, tiles, size, size, 3].

    Parameters
    ----------
    size : int
        Side of the images in pixels.
    tiled : bool
        Whether an image is several tiles, as many as the caller brings.
    """

    def __init__(self, size, tiled=False):
        self.size, self._nodes, self._constants = size, [], []
        self._shape = ["N", *(["tiles"] if tiled else []), size, size, 3]
        self._opsets = {"": OPSET}

    def add(self, operator, *inputs, **attributes):
        """Add an operator.

        Parameters
        ----------
        operator : str
            As ONNX names it.
        *inputs : str or array
            Names of other operators' outputs, and constants.
        **attributes
            As ONNX has them.

        Returns
        -------
        str
            Name of its output.
        """
        names = [name if isinstance(name, str) else self._constant(name) for name in inputs]
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, names, [output], output, **attributes))
        return output

    def include(self, model, given):
        """Add all operators of a model with one input.

        Parameters
        ----------
        model : onnx.ModelProto
        given : str
            Name of the output that becomes its input.

        Returns
        -------
        list of str
            Names of its outputs.
        """
        model = compose.add_prefix(model, f"included_{len(self._nodes)}_")
        (inside,) = (value.name for value in model.graph.input)
        for node in model.graph.node:
            node.input[:] = [given if name == inside else name for name in node.input]
        self._nodes += model.graph.node
        self._constants += model.graph.initializer
        for opset in model.opset_import:
            self._opsets.setdefault(opset.domain, opset.version)
        return [value.name for value in model.graph.output]

    def model(self, outputs):
        """The model with these outputs.

        Parameters
        ----------
        outputs : dict of str to (str, int)
            By the output's name in the model: its name in the graph, and how many dimensions it
            has, the first of them N.

        Returns
        -------
        onnx.ModelProto

        Raises
        ------
        onnx.checker.ValidationError
        """
        names = [helper.make_node("Identity", [given], [name])
                 for name, (given, _) in outputs.items()]
        values = [helper.make_tensor_value_info(
                      name, TensorProto.FLOAT, ["N", *(f"{name}_{i}" for i in range(1, count))])
                  for name, (_, count) in outputs.items()]
        images = helper.make_tensor_value_info("images", TensorProto.UINT8, self._shape)
        graph = helper.make_graph([*self._nodes, *names], "member", [images], values,
                                  self._constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in self._opsets.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _constant(self, value):
        value = np.array(value, order="C")
        # Python's numbers and double precision become what the models compute in.
        value = value.astype(np.float32) if value.dtype.kind == "f" else value
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(value, name))
        return name


def halve(model):
    """Store large float32 matrices as 16-bit integers, a scale for each row.

    Half a file to download, and no slower, as a runtime makes the matrices when it loads the file.
    Floats of 16 bits are too coarse for a kernel machine whose large weights cancel.

    Parameters
    ----------
    model : onnx.ModelProto
        Is changed.

    Returns
    -------
    onnx.ModelProto
        The same.
    """
    made = []
    for constant in [*model.graph.initializer]:
        if constant.data_type != TensorProto.FLOAT or np.prod(constant.dims) < LARGE:
            continue
        name, values = constant.name, numpy_helper.to_array(constant)
        scales = np.abs(values).max(axis=1, keepdims=True) / np.float32(np.iinfo(np.int16).max)
        scales[scales == 0] = 1
        constant.CopyFrom(numpy_helper.from_array(
            np.rint(values / scales).astype(np.int16), f"{name}_integers"))
        model.graph.initializer.append(numpy_helper.from_array(scales, f"{name}_scales"))
        made += [helper.make_node("Cast", [f"{name}_integers"], [f"{name}_steps"],
                                  to=TensorProto.FLOAT),
                 helper.make_node("Mul", [f"{name}_steps", f"{name}_scales"], [name])]
    nodes = [*made, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model
