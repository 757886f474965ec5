"""Native models → ONNX members, `uint8 [N, H, W, 3] → p_ai [N]`."""

import keras
import numpy as np
import onnx
from keras import layers, ops
from onnx import compose, numpy_helper, parser

from training.images.spectra import RGB_TO_YCC, dct_matrices
from training.students import recipes  # noqa: F401 (whoever opens a native model has to know its layers)
from training.students.scores import probability

OPSET = 15
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


def export_network(native, path):
    """A Keras network → ONNX `images → p_ai, map`.

    Parameters
    ----------
    native : keras.Model
        `uint8 [N, H, W, 3] → logits [N, h, w, 1]`.
    path : path
        Of the ONNX file to write.

    Returns
    -------
    keras.Model
        What was exported, see `serve`.
    """
    served = serve(native)
    write_graph(served, path, ["p_ai", "map"])
    return served


def export_classifier(native, path):
    """A student system's network → ONNX `images → p_ai`, with `map` where it has one.

    Parameters
    ----------
    native : keras.Model
        `uint8 [N, H, W, 3] → probabilities`, [N, 1] or, real first, [N, classes].
    path : path
        Of the ONNX file to write.

    Returns
    -------
    keras.Model
        What was exported, `uint8 [N, H, W, 3] → p_ai [N]`, or that and `map [N, h, w]`.
    """
    images = layers.Input(native.input_shape[1:], dtype="uint8", name="images")
    cells = _map_of_logits(native)
    if cells is None:
        served = keras.Model(images, [probability(native(images, training=False))])
        write_graph(served, path, ["p_ai"])
    else:
        logits = cells(images, training=False)
        served = keras.Model(images, [ops.sigmoid(ops.mean(logits, axis=(1, 2))), logits])
        write_graph(served, path, ["p_ai", "map"])
    return served


def write_graph(served, path, outputs):
    """Write a Keras network of uint8 `images` as ONNX, its outputs under these names."""
    # Keras exports only what was called once.
    served(np.zeros((1, *served.input_shape[1:]), np.uint8), training=False)
    served.export(path, format="onnx", opset_version=OPSET, verbose=False)
    model = onnx.load(path)
    _rename(model, ["images"], outputs)
    onnx.save(model, path)


def export_svm(native, size, path):
    """A calibrated scikit-learn SVM → ONNX `images → p_ai`.

    Parameters
    ----------
    native : sklearn.calibration.CalibratedClassifierCV
        Of a frozen pipeline of `recipes.svm`.
    size : int
        Side of the images in pixels.
    path : path
        Of the ONNX file to write.
    """
    spectrum = parser.parse_model(f"""
        <ir_version: 8, opset_import: ["": {OPSET}]>
        spectrum (uint8[N, {size}, {size}, 3] images) => (float[N, F] features) {{
            values = Cast<to: int = 1>(images)
            planes = Transpose<perm = [0, 3, 1, 2]>(values)
            pixels = Div(planes, full)
            ycc_last = MatMul(values, to_ycc)
            ycc = Transpose<perm = [0, 3, 1, 2]>(ycc_last)
            rows = MatMul(whole, ycc)
            all_waves = MatMul(rows, whole_t)
            all_sizes = Abs(all_waves)
            all_one = Add(all_sizes, one)
            all_log = Log(all_one)
            block_rows = MatMul(blocks, ycc)
            block_waves = MatMul(block_rows, blocks_t)
            block_sizes = Abs(block_waves)
            block_one = Add(block_sizes, one)
            block_log = Log(block_one)
            side_by_side = Concat<axis = 1>(pixels, all_log, block_log)
            features = Flatten(side_by_side)
        }}""")
    whole, blocks = dct_matrices(size)
    _constants(spectrum, full=255.0, one=1.0, to_ycc=RGB_TO_YCC.T,
               whole=whole, whole_t=whole.T, blocks=blocks, blocks_t=blocks.T)
    write_svm(spectrum, 9 * size * size, native, path)


def export_flat_svm(native, size, path):
    """The same of a pipeline of `recipes.system2.svm_flat`."""
    pixels = parser.parse_model(f"""
        <ir_version: 8, opset_import: ["": {OPSET}]>
        pixels (uint8[N, {size}, {size}, 3] images) => (float[N, F] features) {{
            values = Cast<to: int = 1>(images)
            shares = Div(values, full)
            features = Flatten(shares)
        }}""")
    _constants(pixels, full=255.0)
    write_svm(pixels, 3 * size * size, native, path)


def write_svm(front, width, native, path):
    """Write what follows the features of a calibrated SVM behind the graph that computes them.

    Parameters
    ----------
    front : onnx.ModelProto
        `images → features`, float32 [N, width].
    width : int
    native : sklearn.calibration.CalibratedClassifierCV
        Of a frozen pipeline whose first step is that graph.
    path : path
    """
    from skl2onnx import to_onnx

    calibrated = native.calibrated_classifiers_[0]
    pipeline, platt = calibrated.estimator.estimator, calibrated.calibrators[0]
    kernel = to_onnx(pipeline[1:], np.zeros((1, width), np.float32),
                     target_opset={"": OPSET, "ai.onnx.ml": 3},
                     options={"zipmap": False, "raw_scores": True})
    # The runtime's scores are [N, 2]: the decision function, and minus the decision function.
    sigmoid = parser.parse_model(f"""
        <ir_version: 8, opset_import: ["": {OPSET}]>
        platt (float[N, 2] scores) => (float[N] p_ai) {{
            column = Gather<axis = 1>(scores, first)
            scaled = Mul(column, slope)
            logit = Add(scaled, intercept)
            p_ai = Sigmoid(logit)
        }}""")
    _constants(sigmoid, slope=-platt.a_, intercept=-platt.b_)
    sigmoid.graph.initializer.append(numpy_helper.from_array(np.array(0, np.int64), "first"))
    kernel.ir_version = 8
    name_in, name_out = kernel.graph.input[0].name, kernel.graph.output[1].name
    whole_model = compose.merge_models(front, kernel, [("features", name_in)])
    whole_model = compose.merge_models(whole_model, sigmoid, [(name_out, "scores")],
                                       outputs=["p_ai"])
    onnx.save(whole_model, path)


def parameters(path):
    """Numbers stored in an ONNX model, in initialisers and attributes."""
    model = onnx.load(path)
    stored = sum(int(np.prod(t.dims)) for t in model.graph.initializer)
    return stored + sum(len(a.floats) for node in model.graph.node for a in node.attribute)


def _map_of_logits(network):
    """The class-activation map before a head of one dense unit, or two, else None.

    Zhou et al. 2016 (arXiv 1512.04150): pooling and the unit change places, so the mean of the map
    is the logit. Two units of a softmax are one, the difference of the two.
    """
    *_, pool, last = [one for one in network.layers if not isinstance(one, layers.Dropout)]
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


def _constants(model, **values):
    for name, value in values.items():
        model.graph.initializer.append(
            numpy_helper.from_array(np.asarray(value, np.float32), name))


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
