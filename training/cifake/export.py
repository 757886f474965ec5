"""Native models of the shipped pack → ONNX members, `uint8 [N, H, W, 3] → p_ai [N]`."""

import keras
import onnx
from keras import layers, ops

from training.export.keras_onnx import write_network
from training.export.onnx_graph import Graph
from training.export.svm_onnx import write_svm
from training.images.spectra import RGB_TO_YCC, dct_matrices

# Networks small enough to look again from a pixel higher: their first layer halves the image, so
# they see other things then. A mirror image differs like that along the rows already.
TWICE = {"cnn"}


def serve(native):
    """What is served of a network, ONNX or LiteRT.

    It looks at the image and at its mirror image, a network of `TWICE` at both again moved down
    by a pixel, and averages the maps of logits; so mirroring an image never changes its verdict.

    Parameters
    ----------
    native : keras.Model
        `uint8 [N, H, W, 3] → logits [N, h, w, 1]`.

    Returns
    -------
    keras.Model
        `uint8 [N, H, W, 3] → p_ai [N], map [N, h, w]`.
    """
    images = layers.Input(native.input_shape[1:], dtype="uint8", name="images")
    looks = [images, ops.flip(images, axis=2)]
    if native.name in TWICE:
        looks += [ops.concatenate([look[:, :1], look[:, :-1]], axis=1) for look in looks]
    # As one batch: waking the threads for a layer costs about as much as a small image does.
    maps = ops.squeeze(native(ops.concatenate(looks, axis=0)), axis=-1)
    straight, mirrored = (sum(ops.split(maps, len(looks), axis=0)[first::2]) for first in (0, 1))
    logits = (straight + ops.flip(mirrored, axis=2)) / len(looks)
    return keras.Model(images, [ops.sigmoid(ops.mean(logits, axis=(1, 2))), logits])


def export_network(native, size, path):
    """A Keras network → ONNX `images → p_ai, map`, see `serve`.

    Parameters
    ----------
    native : keras.Model
        `uint8 [N, H, W, 3] → logits [N, h, w, 1]`.
    size : int
        Side of the images in pixels.
    path : path
        Of the ONNX file to write.
    """
    write_network(serve(native), path, ["p_ai", "map"])


def export_svm(native, size, path):
    """A support vector machine on pixels and their spectrum → ONNX `images → p_ai`.

    Parameters
    ----------
    native : sklearn.calibration.CalibratedClassifierCV
        Of a frozen pipeline of `models.svm`.
    size : int
        Side of the images in pixels.
    path : path
        Of the ONNX file to write.
    """
    graph = Graph(size)
    values = graph.add("Cast", "images", to=onnx.TensorProto.FLOAT)
    pixels = graph.add("Div", graph.add("Transpose", values, perm=[0, 3, 1, 2]), 255.0)
    ycc = graph.add("Transpose", graph.add("MatMul", values, RGB_TO_YCC.T), perm=[0, 3, 1, 2])
    spectra = []
    for matrix in dct_matrices(size):
        waves = graph.add("MatMul", graph.add("MatMul", matrix, ycc), matrix.T)
        spectra.append(graph.add("Log", graph.add("Add", graph.add("Abs", waves), 1.0)))
    features = graph.add("Flatten", graph.add("Concat", pixels, *spectra, axis=1))
    write_svm(graph, features, 9 * size * size, native, path)
