"""Where one verdict spends its time, beside the floor: the least that its arithmetic can take."""

import json
import math
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from benchmarks.timing import in_turn, milliseconds
from benchmarks.usual import SIZES, files
from ensemble import OVERSAMPLING, Ensemble
from ensemble.evidence import marks, provenance
from ensemble.images import check_content, open_picture
from ensemble.member import session_options
from training.markdown import table

PLAIN = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
SERVED = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
OPERATORS = 4  # that are named of each member


def measure(rounds=30, side=2048):
    """The steps of one verdict for a thumbnail and a photograph, and the members' arithmetic.

    Parameters
    ----------
    rounds : int
    side : int
        Of the square matrices whose product shows what the processor reaches.

    Returns
    -------
    dict
    """
    ensemble = Ensemble.load()
    reached = side ** 3 / product(side)
    return {"multiply-adds of a large product, billions a second": round(reached / 1e9, 1),
            "files": {name: verdict(ensemble, data, reached, rounds)
                      for name, data in files().items()}}


def product(side, rounds=5):
    """Seconds of a product of two square float32 matrices."""
    left, right = np.random.default_rng(0).random((2, side, side), dtype=np.float32)
    return min(in_turn({"product": lambda: left @ right}, rounds)["product"])


def verdict(ensemble, data, reached, rounds):
    """Where the verdict on one file spends its time.

    Parameters
    ----------
    ensemble : ensemble.Ensemble
    data : bytes
    reached : float
        Multiply-adds a second of a large product.
    rounds : int

    Returns
    -------
    dict
        Milliseconds of each step and of all; of each member also its multiply-adds, what these
        would take at the rate of the large product, and which operators take its time.
    """
    models = ensemble.pack_for(picture := ensemble.open(data))
    images = models.see(picture)[None]
    turns = [steps(ensemble, models, data) for _ in range(rounds + 1)][1:]
    medians = {name: milliseconds([turn[name] for turn in turns]) for name in turns[0]}
    whole = medians.pop("all of it")
    members = {}
    for member, entry in zip(models.members, models.manifest["members"]):
        path = models.pack.folder / entry["file"]
        count = multiply_adds(path, images)
        members[member.name] = {
            "ms": medians.pop(member.name), "multiply-adds, millions": round(count / 1e6, 1),
            "floor, ms": round(count / reached * 1000, 2),
            "operators": operators(path, images, rounds)}
    return {"steps, ms": {**medians, "the members": round(sum(
                member["ms"] for member in members.values()), 2)},
            "all of it, ms": whole, "members": members,
            "floor, ms": round(sum(member["floor, ms"] for member in members.values()), 2)}


def steps(ensemble, models, data):
    """Seconds of each step of `Ensemble.judge`, in its order, and of the whole of it."""
    took, last = {}, time.perf_counter()

    def lap(name):
        nonlocal last
        took[name], last = (now := time.perf_counter()) - last, now

    provenance.read(data)
    lap("what the file says")
    largest = max(models.manifest["input_size"] for models in ensemble.packs)
    picture = open_picture(data, OVERSAMPLING * largest)
    lap("checks and decoding")
    if picture.rgb.shape[:2] == (picture.height, picture.width):
        marks.read(picture.rgb, picture.alpha)
    lap("marks in the pixels")
    check_content(picture)
    images = models.see(picture)[None]
    lap("resizing and cutting")
    for member in models.members:
        member(images)
        lap(member.name)
    ensemble.judge(data)
    lap("all of it")
    return took


def multiply_adds(path, images):
    """Multiply-adds of a member for what it sees of one picture, as its graph is written."""
    graph = onnx.load(path).graph
    vectors = {node.op_type: len(attribute.floats) for node in graph.node
               for attribute in node.attribute if attribute.name == "support_vectors"}
    total = 0
    for event in profiled(path, images, PLAIN, 1):
        operator, given = event["op_name"], shapes(event, "input")
        size = math.prod(shapes(event, "output")[0])
        if operator == "Conv":
            total += size * math.prod(given[1][1:])
        elif operator == "MatMul":
            total += size * given[0][-1]
        elif operator in vectors:  # a difference squared for each number of each support vector
            total += given[0][0] * vectors[operator]
    return total


def operators(path, images, rounds):
    """The operators that take most of a member's time, and their shares."""
    took = defaultdict(list)
    for event in profiled(path, images, SERVED, rounds + 1):
        took[event["op_name"], event["node_index"]].append(event["dur"])
    totals = defaultdict(float)
    for (operator, _), durations in took.items():
        totals[operator] += statistics.median(durations)
    largest = sorted(totals, key=totals.get, reverse=True)[:OPERATORS]
    return {name: round(totals[name] / sum(totals.values()), 2) for name in largest}


def profiled(path, images, level, runs):
    """What ONNX Runtime's profiler says of each node's runs: its arguments and `dur`, in µs."""
    options = session_options()
    options.graph_optimization_level = level
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = f"{folder}/member"
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        for _ in range(runs):
            session.run(None, {"images": images})
        events = json.loads(Path(session.end_profiling()).read_text())
    return [{"dur": event["dur"], **event["args"]} for event in events
            if event["cat"] == "Node" and "op_name" in event["args"]]


def shapes(event, which):
    """The shapes of a node's inputs or outputs, in their order."""
    return [shape for tensor in event[f"{which}_type_shape"] for shape in tensor.values()]


def in_words(report):
    """The report in Markdown: a list of paragraphs."""
    rate = next(value for name, value in report.items() if name != "files")
    paragraphs = [
        "## One verdict",
        "Medians of milliseconds. The floor is what the members' multiply-adds would take at the "
        f"rate of a large product of float32 matrices, here {rate} billions a second; integers "
        "may go below it. `Other` is judging without its steps."]
    for name, figures in report["files"].items():
        steps = figures["steps, ms"]
        other = round(figures["all of it, ms"] - sum(steps.values()), 2)
        members = figures["members"]
        paragraphs += [
            f"A {name} ({' × '.join(map(str, SIZES[name]))} JPEG):",
            table(["step", "ms"], [[step, f"{ms:.2f}"] for step, ms in
                                   (steps | {"other": other, "all of it": figures["all of it, ms"],
                                             "floor": figures["floor, ms"]}).items()]),
            table(["member", *(key for key in next(iter(members.values()))
                               if key != "operators"), "its time is spent in"],
                  [[member, *(str(value) for key, value in row.items() if key != "operators"),
                    ", ".join(f"{operator} {share:.0%}"
                              for operator, share in row["operators"].items())]
                   for member, row in members.items()])]
    return paragraphs
