"""Writing an ONNX graph node by node, for what is no Keras model."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 15
IR_VERSION = 8


class Graph:
    """A graph of the one input `images`, uint8 [N, size, size, 3].

    Parameters
    ----------
    size : int
        Side of the images in pixels.
    """

    def __init__(self, size):
        self.size, self._nodes, self._constants = size, [], []

    def add(self, kind, *inputs, **attributes):
        """Add an operator; returns the name of its output.

        Parameters
        ----------
        kind : str
            As ONNX names it.
        inputs : str or array
            Names of what other operators give, and constants.
        attributes
            As ONNX has them.
        """
        names = [name if isinstance(name, str) else self._constant(name) for name in inputs]
        output = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, names, [output], output, **attributes))
        return output

    def model(self, outputs):
        """The model with these outputs.

        Parameters
        ----------
        outputs : dict of str to (str, int)
            What the model calls an output: the name of what gives it, and how many dimensions
            it has; the first is N.

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
        images = helper.make_tensor_value_info("images", TensorProto.UINT8,
                                               ["N", self.size, self.size, 3])
        graph = helper.make_graph([*self._nodes, *names], "member", [images], values,
                                  self._constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                                 ir_version=IR_VERSION)
        onnx.checker.check_model(made, full_check=True)
        return made

    def _constant(self, value):
        value = np.array(value, order="C")
        # Python's numbers and double precision become what the models compute in.
        value = value.astype(np.float32) if value.dtype.kind == "f" else value
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(value, name))
        return name
