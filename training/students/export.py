"""A student system's model → an ONNX member, `uint8 [N, H, W, 3] → p_ai [N]`."""

import keras
import onnx
from keras import layers, ops

from training.export.keras_onnx import write_network
from training.export.onnx_graph import Graph
from training.export.svm_onnx import write_svm
from training.students.scores import probability


def export_classifier(native, size, path):
    """A network → ONNX `images → p_ai`, with `map` where it has one.

    Parameters
    ----------
    native : keras.Model
        `uint8 [N, H, W, 3] → probabilities`, [N, 1] or, real first, [N, classes].
    size : int
        Side of the images in pixels.
    path : path
        Of the ONNX file to write.
    """
    images = layers.Input((size, size, 3), dtype="uint8", name="images")
    logits_of_cells = _map_of_logits(native)
    if logits_of_cells is None:
        p_ai = probability(native(images, training=False))
        write_network(keras.Model(images, [p_ai]), path, ["p_ai"])
    else:
        cells = logits_of_cells(images, training=False)
        p_ai = ops.sigmoid(ops.mean(cells, axis=(1, 2)))
        write_network(keras.Model(images, [p_ai, cells]), path, ["p_ai", "map"])


def export_flat_svm(native, size, path):
    """A support vector machine on flattened pixels → ONNX `images → p_ai`.

    Parameters
    ----------
    native : sklearn.calibration.CalibratedClassifierCV
        Of a frozen pipeline of `system2.svm_flat`.
    size : int
        Side of the images in pixels.
    path : path
        Of the ONNX file to write.
    """
    graph = Graph(size)
    values = graph.add("Cast", "images", to=onnx.TensorProto.FLOAT)
    pixels = graph.add("Flatten", graph.add("Div", values, 255.0))
    write_svm(graph, pixels, 3 * size * size, native, path)


def _map_of_logits(network):
    """The class-activation map before a head of one dense unit, or two; None for another head.

    Zhou et al. 2016 (arXiv 1512.04150): pooling and the unit change places, so the mean of the map
    is the logit. Two units of a softmax are one, the difference of the two.
    """
    *_, pool, last = [layer for layer in network.layers if not isinstance(layer, layers.Dropout)]
    if not (isinstance(pool, layers.GlobalAveragePooling2D) and isinstance(last, layers.Dense)
            and last.units <= 2):
        return None
    kernel, bias = last.get_weights()
    if last.units == 2:
        kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
    unit = layers.Conv2D(1, 1)
    cells = unit(pool.input)
    unit.set_weights([kernel[None, None], bias])
    return keras.Model(network.inputs, ops.squeeze(cells, axis=-1))
