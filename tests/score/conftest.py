"""Fixtures of `python -m ensemble score`: pictures, and the command."""

import signal
import subprocess
import sys

import pytest

from ensemble import Ensemble
from ensemble.__main__ import main
from tests.made import png
from tests.score.tables import MANY
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, noise


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return build_tiny_pack(tmp_path_factory.mktemp("pack") / "tiny")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder of pictures, some of them in folders of their own."""
    folder = tmp_path_factory.mktemp("many")
    for i, rgb in enumerate(noise(MANY)):
        path = folder / f"{i % 3}" / f"{i:04d}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(rgb))
    return folder


@pytest.fixture(scope="module")
def answers(many, pack):
    """What the library says of `many`: file → answer and p_ai."""
    paths = sorted(map(str, many.rglob("*.png")))
    return {path: (verdict.answer, verdict.p_ai)
            for path, verdict in zip(paths, Ensemble.load(pack).judge_many(paths))}


@pytest.fixture
def score(pack, capsys):
    """Runs the command in this process; gives its exit status, and how many files it judged."""
    def run(*arguments, jobs="1", models=pack):
        status = main(["score", *map(str, arguments), "--pack", str(models), "--jobs", jobs])
        run.output = capsys.readouterr()
        return status, int(run.output.err.split(" of them to judge")[0].split()[-1].replace(
            ",", "")) if " of them to judge" in run.output.err else None
    return run


@pytest.fixture
def start():
    """Starts the command in a process of its own, which does not outlive the test."""
    started = []
    # In the background of a script Ctrl-C is ignored, and what is started there inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def run(*arguments):
        started.append(subprocess.Popen(
            [sys.executable, "-m", "ensemble", "score", *map(str, arguments)], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()
    signal.signal(signal.SIGINT, before)
