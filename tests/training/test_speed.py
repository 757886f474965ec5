"""The benchmarks run, and README and the profile say what their report says; no time is judged."""

import json
import sys

import numpy as np
import pytest

from benchmarks import many, profile, speed, start, usual
from benchmarks.__main__ import PAGE, README, REPORT
from ensemble import Ensemble


@pytest.fixture(scope="module")
def report():
    """A little of each part but those that need the server or a browser."""
    return {"verdict": usual.measure(1, support_vectors=40, cases=usual.CASES[:1]),
            "profile": profile.measure(rounds=1, side=64)}


def test_a_verdict_is_measured_beside_the_usual_way(report):
    assert "32 × 32 JPEG" in speed.in_words(report)


def test_the_profile_has_each_step_and_the_arithmetic_of_each_member(report):
    for figures in report["profile"]["files"].values():
        assert all(row["multiply-adds, millions"] > 1 for row in figures["members"].values())
    page = speed.profiles(report)
    assert "| checks and decoding |" in page and "Conv" in page


@pytest.mark.skipif(sys.platform == "win32", reason="asks the kernel for a process's memory")
def test_the_start_is_measured_with_its_memory(monkeypatch):
    monkeypatch.setitem(start.COMMANDS, "import", ["-c", "import json"])
    figures = start.measure(rounds=1)
    assert figures["first verdict, MB"] > figures["import tensorflow, MB"] > 1


def test_both_doors_for_many_files_are_measured():
    figures = many.measure(files=40, few=20, rounds=1)
    assert {"--json / members", "score / members"} <= set(figures)


def test_multiply_adds_are_those_of_the_recipe():
    """The CNN's docstring says 41 M; served, it looks at each picture four times."""
    models = Ensemble.load().packs[0]
    images = np.zeros((1, 32, 32, 3), np.uint8)
    count = profile.multiply_adds(models.pack.folder / "cnn.onnx", images)
    assert 130e6 < count < 170e6


def test_readme_and_profile_say_what_the_report_says():
    report = json.loads(REPORT.read_text("utf-8"))
    assert f"{speed.BEGIN}\n{speed.in_words(report)}\n{speed.END}" in README.read_text("utf-8")
    assert PAGE.read_text("utf-8") == speed.profiles(report)
