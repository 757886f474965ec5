"""Fixtures of more than one file: the page's and the API's server and browser, a pack, a Hub."""

import pytest

from ensemble import Ensemble
from tests.hub import TOKEN, point_client, serving
from tests.judging import said, visit  # noqa: F401
from tests.servers import browser, pictures, server  # noqa: F401
from tests.tiny import build_tiny_pack


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
