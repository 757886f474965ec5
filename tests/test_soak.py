"""The server under load, a little of what `make soak` does."""

import sys

import pytest

from benchmarks import soak
from benchmarks.serving import App
from page import WAITING


@pytest.fixture
def app(server):
    return App(server.url.removeprefix("http://"), server.process.pid)


def test_nothing_is_lost_and_every_answer_is_that_in_process(app):
    figures = soak.load(app.host, 60, 8)
    assert figures["holds"] and figures["bad"] == 6, figures


def test_a_full_queue_says_so_and_whoever_leaves_frees_a_place(app):
    figures = soak.crowd(app.host, WAITING)
    assert figures["holds"] and "full" in figures["in words"], figures
    assert soak.load(app.host, 10, 2)["holds"]  # and the server works on


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_large_pictures_leave_no_memory_behind(app):
    figures = soak.memory(app, 16, megapixels=4)
    assert figures["judged"] == 16 and figures["more"] < 60, figures
