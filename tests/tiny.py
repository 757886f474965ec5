"""A pack that is made in a moment: three small formulas of an image instead of trained models."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, parser

SIZE = 32

# Each weighs the pixels differently, so that the members agree on some images only.
BRIGHTNESS = [1 / 3, 1 / 3, 1 / 3]
REDNESS = [1.0, -0.5, -0.5]


def build_tiny_pack(folder, known=(), name="tiny", domain=None):
    """Make a whole, valid pack: `svm` judges brightness, `cnn` contrast, `resnet` redness.

    Parameters
    ----------
    folder : path
        Made if it isn't there.
    known : iterable of bytes
        8-byte digests of the files that it claims to have been trained on.
    name : str
    domain : dict, optional
        The sizes that it knows; by default up to 64 pixels.

    Returns
    -------
    Path
        The folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(_without_map(BRIGHTNESS, middle=110, slope=0.05), folder / "svm.onnx")
    onnx.save(_with_map(BRIGHTNESS, middle=55, slope=0.1, absolute=True), folder / "cnn.onnx")
    onnx.save(_with_map(REDNESS, middle=10, slope=0.08), folder / "resnet.onnx")
    digests = np.sort(np.array([int.from_bytes(d, "big") for d in known], np.uint64))
    digests.astype(">u8").tofile(folder / "training.digests")
    write_manifest(folder, {
        "format": 2, "name": name, "version": "1.0.0",
        "input_size": SIZE, "resize": "bilinear", "domain": domain or {"max_side": 64},
        "members": [
            {"name": "svm", "description": "brightness", "parameters": 5, **entry("svm.onnx")},
            {"name": "cnn", "description": "contrast", "parameters": 6, **entry("cnn.onnx")},
            {"name": "resnet", "description": "redness", "parameters": 6,
             **entry("resnet.onnx")}],
        "calibration": {"weights": [0.5, 0.6, 0.7], "bias": 0.1},
        "bounds": bounds(0.8, 0.65),
        "promises": {"confident": {"right": 0.97, "accused": 0.005},
                     "likely": {"right": 0.85, "accused": 0.03}},
        "training": {"data": "formulas", "images": 1234, "added_fakes": 56,
                     "fingerprint": "f00d5eed", "seed": 7, "commit": "c0ffee",
                     "digests": entry("training.digests")},
    })
    return folder


def bounds(confident, likely):
    """Where the steps of certainty start, the same for both labels."""
    return {label: {"confident": {"from": confident, "right": 0.98},
                    "likely": {"from": likely, "right": 0.9}}
            for label in ("AI-generated", "Real")}


def entry(name):
    """A file of a manifest; `write_manifest` fills in what it measures."""
    return {"file": name, "sha256": None, "bytes": None}


def read_manifest(folder):
    """The manifest of a pack, unchecked."""
    return json.loads((Path(folder) / "manifest.json").read_text())


def write_manifest(folder, manifest):
    """Write a manifest that is true of the files beside it."""
    folder = Path(folder)
    for file in [*manifest["members"], manifest["training"]["digests"]]:
        data = (folder / file["file"]).read_bytes()
        file.update(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))


def spoil(folder):
    """No model in a member's file, and a manifest that is true of it."""
    (folder / "cnn.onnx").write_bytes(b"\x08\x08garbage\0")
    write_manifest(folder, read_manifest(folder))


def misfit(folder):
    """Whole models, but of images of another size than the manifest's."""
    write_manifest(folder, {**read_manifest(folder), "input_size": SIZE * 2})


def noise(number):
    """Images on which the members differ, a list of uint8 [32, 32, 3]."""
    rng = np.random.default_rng(0)
    tints = rng.integers(0, 256, (number, 1, 1, 3))
    noise = rng.random((number, SIZE, SIZE, 3)) * 99
    return list((noise + tints).clip(0, 255).astype(np.uint8))


def _without_map(weights, middle, slope):
    return _model(f"""
        <ir_version: 8, opset_import: ["": 15]>
        tiny (uint8[N, {SIZE}, {SIZE}, 3] images) => (float[N] p_ai) {{
            values = Cast<to = 1>(images)
            weighed = MatMul(values, weights)
            mean = ReduceMean<axes = [1, 2, 3], keepdims = 0>(weighed)
            above = Sub(mean, middle)
            logit = Mul(above, slope)
            p_ai = Sigmoid(logit)
        }}""", weights, middle, slope)


def _with_map(weights, middle, slope, absolute=False):
    return _model(f"""
        <ir_version: 8, opset_import: ["": 15]>
        tiny (uint8[N, {SIZE}, {SIZE}, 3] images) => (float[N] p_ai, float[N, h, w] map) {{
            values = Cast<to = 1>(images)
            centred = Sub(values, centre)
            taken = {"Abs" if absolute else "Identity"}(centred)
            last = MatMul(taken, weights)
            weighed = Transpose<perm = [0, 3, 1, 2]>(last)
            pooled = AveragePool<kernel_shape = [4, 4], strides = [4, 4]>(weighed)
            cells = Squeeze(pooled, channels)
            above = Sub(cells, middle)
            map = Mul(above, slope)
            logit = ReduceMean<axes = [1, 2], keepdims = 0>(map)
            p_ai = Sigmoid(logit)
        }}""", weights, middle, slope, centre=np.float32(128), channels=np.array([1]))


def _model(text, weights, middle, slope, **constants):
    model = parser.parse_model(text)
    constants = {"weights": np.array(weights, np.float32)[:, None],
                 "middle": np.float32(middle), "slope": np.float32(slope), **constants}
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    onnx.checker.check_model(model)
    return model
