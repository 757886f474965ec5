"""Fixtures of more than one file: the page's and the API's server and browser, a pack, a Hub."""

import os

import pytest

from ensemble import Ensemble
from tests import areas, chromium
from tests.hub import TOKEN, point_client, serving
from tests.judging import cli_answers, visit  # noqa: F401
from tests.servers import browser, pictures, server  # noqa: F401
from tests.tiny import build_tiny_pack


def pytest_collection_modifyitems(items):
    """Begin with what takes longest."""
    items.sort(key=areas.turn)


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_xdist_make_scheduler(config, log):
    """Where tests run in parallel, hand them out by area."""
    return areas.scheduler(config, log)


def pytest_sessionstart(session):
    """Look for the browser before the first test, where all tests are about to run in parallel."""
    if session.config.getoption("numprocesses", None):
        _need_browser(session.config)


def pytest_collection_finish(session):
    """Look for the browser before the first test, if a test that was chosen uses it."""
    if any("browser" in getattr(item, "fixturenames", ()) for item in session.items):
        _need_browser(session.config)


def _need_browser(config):
    if hasattr(config, "workerinput") or config.getoption("collectonly"):
        return  # the process that distributes the tests has looked
    path = chromium.find()
    if path is None:
        pytest.exit(chromium.missing(), returncode=pytest.ExitCode.USAGE_ERROR)
    os.environ["CHROMIUM"] = path  # for the processes that it starts, too


@pytest.fixture
def folder(tmp_path):
    """A tiny pack."""
    return build_tiny_pack(tmp_path / "tiny")


@pytest.fixture
def ensemble(folder):
    """The tiny pack, loaded."""
    return Ensemble.load(folder)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub, with the client pointed at it and its cache empty."""
    with serving() as hub:
        point_client(monkeypatch, hub.url, tmp_path / "cache")
        yield hub


@pytest.fixture
def token(monkeypatch, hub):
    """The right to write to that Hub."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
