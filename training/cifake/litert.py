"""Networks → LiteRT files for small machines, run beside ONNX Runtime on the same images."""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from ensemble import PackModels
from ensemble.member import cores
from training.cifake import models  # noqa: F401 (Keras has to know the layers of a saved network)
from training.cifake.export import serve
from training.errors import DataError
from training.images.data import balanced, load
from training.measure.evaluate import score
from training.measure.side_by_side import BATCH, PER, agreement, machine, side_by_side
from training.records import write_json

REPRESENTATIVE = 400  # training images that show the converter which values occur
# 8 bits can't hold a DCT: beside its mean of up to 2,040 the fine waves, which give a fake away,
# are 1 or 2. The layer is a hundredth of the work, so it stays in float32.
UNQUANTISED = "block_spectrum"


def litert(pack, runs, train, data, out):
    """Write `<name>.tflite` and `<name>-int8.tflite` of each network, and measure them.

    Every batch is judged by ONNX Runtime, LiteRT float32 and LiteRT int8 in turn, with the same
    number of threads, so that what else the machine does hits all three alike.

    Parameters
    ----------
    pack : path
        Folder of the pack, whose ONNX members are the measure.
    runs : path
        Folder of the runs that the pack was exported from.
    train : path
        The train split, for what int8 has to represent.
    data : path
        The labelled split to measure on. Both as `training.images.data.load` reads them.
    out : path
        Folder for the files and the report, `litert.json`.

    Returns
    -------
    dict
        The report: `n`, `threads`, `batch`, `per`, `representative`, `machine`, `versions`, and in
        `members.<name>.{onnx, float32, int8}` the metrics of `training.measure.evaluate.score`,
        `file`, `bytes`, the median `seconds` and `cpu_seconds` (of all threads) for `per` images,
        and, for the last two, the `agreement` with the first.

    Raises
    ------
    DataError
        If the pack has no network, or a network's run is missing or is not the one that the pack
        was exported from.
    """
    ensemble, out = PackModels.load(pack), Path(out)
    members = {member.name: member for member in ensemble.members if member.has_map}
    if not members:
        raise DataError(f"{pack}: the pack has no network, and only those become LiteRT files.")
    sources = {name: _source(ensemble, Path(runs) / name) for name in members}
    files = {entry["name"]: entry["file"] for entry in ensemble.manifest["members"]}
    size, threads = ensemble.manifest["input_size"], cores()
    images, measured = load(train, size), load(data, size)
    images = images.take(balanced(images.labels, REPRESENTATIVE, np.random.default_rng(0)))
    out.mkdir(parents=True, exist_ok=True)
    report = {"pack": ensemble.manifest["name"], "version": ensemble.manifest["version"],
              "n": len(measured), "threads": threads, "batch": BATCH, "per": PER,
              "representative": len(images), "machine": machine(),
              "versions": {name: version(name) for name in ("onnxruntime", "ai-edge-litert")},
              "members": {}}
    for name, member in members.items():
        paths = {"onnx": ensemble.pack.folder / files[name],
                 "float32": out / f"{name}.tflite", "int8": out / f"{name}-int8.tflite"}
        contents = convert(keras.models.load_model(sources[name]), images.images)
        for engine, content in zip(("float32", "int8"), contents):
            paths[engine].write_bytes(content)
        report["members"][name] = _measure(member, paths, measured, threads)
    write_json(out / "litert.json", report)
    print(_table(report))
    return report


def convert(native, images):
    """A Keras network → LiteRT files of the served function, in float32 and in int8.

    Both map `images`, uint8 [N, H, W, 3], to `p_ai`, float32 [N], and need no operators of
    TensorFlow's. In int8 weights and activations have 8 bits, each filter a scale of its own; the
    spectrum stays in float32.

    Parameters
    ----------
    native : keras.Model
        `uint8 [N, H, W, 3] → logits [N, h, w, 1]`.
    images : ndarray of uint8, shape [M, H, W, 3]
        A few hundred training images: the ranges of the activations are taken from them.

    Returns
    -------
    float32, int8 : bytes
        Contents of two `.tflite` files.

    Notes
    -----
    Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference" (arXiv 1712.05877).
    """
    served = serve(native)
    named = keras.Model(served.inputs, {"p_ai": served.outputs[0]})
    with tempfile.TemporaryDirectory() as folder:
        named.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        plain = converter.convert()
        tensors = Interpreter(model_content=plain).get_tensor_details()
        unquantised = [tensor["name"] for tensor in tensors if UNQUANTISED in tensor["name"]]
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            {"images": images[i:i + 1]} for i in range(len(images)))
        # The converter's one way to leave named tensors as they are.
        quantiser = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_options=tf.lite.experimental.QuantizationDebugOptions(
                denylisted_nodes=unquantised))
        return plain, quantiser.get_nondebug_quantized_model()


def runtime(path, threads):
    """A LiteRT file as a function `uint8 [N, H, W, 3] → p_ai float32 [N]`."""
    judge = Interpreter(path, num_threads=threads).get_signature_runner()
    return lambda images: judge(images=images)["p_ai"]


def _measure(member, paths, data, threads):
    runtimes = {"onnx": lambda images: member(images)[0],
                **{engine: runtime(paths[engine], threads) for engine in ("float32", "int8")}}
    p_ai, took = side_by_side(runtimes, data.images, member.name)
    rows = {engine: {"file": path.name, "bytes": path.stat().st_size, **took[engine],
                   **score(data.labels.astype(int), p_ai[engine].astype(np.float64))}
            for engine, path in paths.items()}
    for engine in ("float32", "int8"):
        rows[engine]["agreement"] = agreement(p_ai["onnx"], p_ai[engine])
    return rows


def _source(ensemble, run):
    """The native model in a run's folder, if it is the one that the pack's member was."""
    path, record = run / f"{run.name}.keras", run / "run.json"
    if not (path.is_file() and record.is_file()):
        raise DataError(f"{run}: no finished run there; fit it with `python -m training fit "
                        f"{run.name}`.")
    exported = ensemble.manifest["training"].get("runs", {}).get(run.name)
    if exported != json.loads(record.read_text()):
        raise DataError(f"{run}: not the run that {run.name} of {ensemble.pack.folder} was "
                        f"exported from; run `python -m training export` first.")
    return path


def _table(report):
    lines = [f"{report['n']} images; times for {report['per']}, {report['threads']} threads, "
             f"batches of {report['batch']}, {report['machine']}"]
    for name, rows in report["members"].items():
        for engine, row in rows.items():
            near = row.get("agreement")
            lines.append(f"{name:>10} {engine:<8} {row['bytes'] / 1e6:5.2f} MB  "
                         f"accuracy {row['accuracy']:.4f}  {row['seconds']:7.2f} s  "
                         f"{row['cpu_seconds']:7.2f} s of CPU"
                         + (f"  largest difference {near['largest']:.2g}, mean {near['mean']:.2g}, "
                            f"same labels {near['same_labels']:.2%}" if near else ""))
    return "\n".join(lines)
