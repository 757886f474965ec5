"""Native models → ONNX members → a pack."""

import csv
import json
from pathlib import Path

import joblib
import keras
import numpy as np
import onnx
from keras import layers, ops
from onnx import compose, numpy_helper, parser
from sklearn.linear_model import LogisticRegression

from ensemble import Ensemble, pack, vote
from training import data as cifake
from training.evaluate import write_json
from training.recipes import RGB_TO_YCC, dct_matrices

MEMBERS = {
    "svm": "RBF support vector machine on flattened pixels and their spectrum",
    "cnn": "plain convolutional network",
    "resnet": "residual network",
}
OPSET = 15
CONFIDENT_ACCURACY = 0.997  # what a `confident` verdict is worth on the validation split
# Defaults; `python -m training resize` measures the filter and writes its choice.
RESIZE = "bilinear"
MAX_SIDE = 64


def export_network(native, path):
    """A Keras network → ONNX `images → p_ai, map`.

    The graph looks at the image and at its mirror image and averages the two maps of logits,
    so mirroring an image never changes its verdict.

    Parameters
    ----------
    native : keras.Model
        `uint8 [N, H, W, 3] → logits [N, h, w, 1]`.
    path : path
        Of the ONNX file to write.

    Returns
    -------
    keras.Model
        What was exported, `uint8 [N, H, W, 3] → p_ai [N], map [N, h, w]`.
    """
    images = layers.Input(native.input_shape[1:], dtype="uint8", name="images")
    mirrored = ops.flip(native(ops.flip(images, axis=2)), axis=2)
    logits = ops.squeeze((native(images) + mirrored) / 2, axis=-1)
    served = keras.Model(images, [ops.sigmoid(ops.mean(logits, axis=(1, 2))), logits])
    served(np.zeros((1, *images.shape[1:]), np.uint8))  # Keras exports only what was called once
    served.export(path, format="onnx", opset_version=OPSET, verbose=False)
    model = onnx.load(path)
    _rename(model, ["images"], ["p_ai", "map"])
    onnx.save(model, path)
    return served


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
    from skl2onnx import to_onnx

    calibrated = native.calibrated_classifiers_[0]
    pipeline, platt = calibrated.estimator.estimator, calibrated.calibrators[0]
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
    kernel = to_onnx(pipeline[1:], np.zeros((1, 9 * size * size), np.float32),
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
    whole_model = compose.merge_models(spectrum, kernel, [("features", name_in)])
    whole_model = compose.merge_models(whole_model, sigmoid, [(name_out, "scores")],
                                       outputs=["p_ai"])
    onnx.save(whole_model, path)


def export_pack(runs, out, train, validation, version="1.2.0"):
    """Make a pack of the fitted members: ONNX files, digests, manifest and training curves.

    The calibration and the bound of `confident` come from the validation split.

    Parameters
    ----------
    runs : path
        Folder with the runs `svm`, `cnn` and `resnet`.
    out : path
        Folder of the pack.
    train, validation : Data
        The two parts of the de-duplicated train split.
    version : str

    Returns
    -------
    dict
        The manifest.
    """
    runs, out = Path(runs), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    size = train.images.shape[1]
    for name in MEMBERS:
        if not (runs / name / "run.json").is_file():
            raise cifake.DataError(f"{runs / name}: no finished run there; "
                                   f"fit it with `python -m training fit {name}`.")
    notes = {name: json.loads((runs / name / "run.json").read_text()) for name in MEMBERS}
    export_svm(joblib.load(runs / "svm" / "svm.joblib"), size, out / "svm.onnx")
    for name in ("cnn", "resnet"):
        export_network(keras.models.load_model(runs / name / f"{name}.keras"),
                       out / f"{name}.onnx")
    digests = np.sort(np.concatenate([train.digests, validation.digests]))
    digests.astype(">u8").tofile(out / "training.digests")
    everything = train.join(validation)
    added = notes["resnet"]["added_fakes"]
    manifest = {
        "format": pack.FORMAT, "name": out.name, "version": version,
        "input_size": size, "resize": RESIZE, "domain": {"max_side": MAX_SIDE},
        "members": [{"name": name, "description": description,
                     "parameters": parameters(out / f"{name}.onnx"),
                     **_entry(out / f"{name}.onnx")} for name, description in MEMBERS.items()],
        "calibration": {"weights": [0.0] * len(MEMBERS), "bias": 0.0, "confident_from": 1.0},
        "training": {"data": "CIFAKE train split, de-duplicated",
                     "images": len(train) + added,
                     "validation_images": len(validation),
                     "added_fakes": added,
                     "fingerprint": cifake.fingerprint(everything),
                     "seed": notes["resnet"]["seed"], "commit": notes["resnet"]["commit"],
                     "digests": _entry(out / "training.digests"), "runs": notes},
    }
    _write(manifest, out)
    p_ai = np.concatenate([Ensemble.load(out).predict(validation.images[i:i + 500])[0]
                           for i in range(0, len(validation), 500)])
    manifest["calibration"] = calibration(p_ai, validation.labels)
    overall = vote.calibrate(p_ai, manifest["calibration"])
    for member, p in zip(manifest["members"], p_ai.T):
        member["validation_accuracy"] = float(np.mean((p >= 0.5) == validation.labels))
    manifest["training"]["validation_accuracy"] = {
        "majority": float(np.mean(vote.majority(p_ai) == validation.labels)),
        "calibrated": float(np.mean((overall >= 0.5) == validation.labels))}
    _write(manifest, out)
    write_json(out / "reports" / "training.json",
               {name: _curve(runs / name) for name in ("cnn", "resnet")}
               | {"svm": {"grid": _rows(runs / "svm" / "grid.csv")}})
    return manifest


def calibration(p_ai, labels, target=CONFIDENT_ACCURACY):
    """Weights, bias and the bound of `confident`, fitted on validation.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
    labels : ndarray of {0, 1}, shape [N]
    target : float
        `confident_from` is the lowest probability from which on at least this share of the
        labels given is right.

    Returns
    -------
    dict
        As `ensemble.vote.calibrate` takes it.
    """
    clipped = np.clip(p_ai.astype(np.float64), vote.EPSILON, 1 - vote.EPSILON)
    fitted = LogisticRegression(C=1.0).fit(np.log(clipped / (1 - clipped)), labels)
    found = {"weights": fitted.coef_[0].tolist(), "bias": float(fitted.intercept_[0])}
    overall = vote.calibrate(p_ai, found)
    label = vote.majority(p_ai)
    sure = np.where(label, overall, 1 - overall)
    order = np.argsort(-sure)
    right = np.cumsum((label == labels)[order]) / np.arange(1, len(labels) + 1)
    enough = np.flatnonzero(right >= target)
    found["confident_from"] = float(sure[order[enough[-1]]]) if len(enough) else 1.0
    return found


def parameters(path):
    """Numbers stored in an ONNX model, in initialisers and attributes."""
    model = onnx.load(path)
    stored = sum(int(np.prod(t.dims)) for t in model.graph.initializer)
    return stored + sum(len(a.floats) for node in model.graph.node for a in node.attribute)


def _curve(run):
    rows = _rows(run / "curve.csv")
    return {key: [row[key] for row in rows] for key in rows[0]}


def _rows(path):
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def _entry(path):
    return {"file": path.name, "sha256": pack.sha256(path), "bytes": path.stat().st_size}


def _write(manifest, out):
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


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
