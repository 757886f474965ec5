"""Fixtures of more than one file: the page's and the API's server and browser, a pack, a Hub.

Beside them what the tests marked `training` share, which fit models.
"""

import pytest

from ensemble import Ensemble
from tests.hub import point_client, serving
from tests.judging import said, visit  # noqa: F401
from tests.servers import browser, pictures, server  # noqa: F401
from tests.tiny import build_tiny_pack

# Warnings that libraries of training give of themselves.
THEIRS = [
    # tf2onnx asks numpy for the name `object`, which numpy is about to give back.
    "ignore:In the future `np.object`:FutureWarning",
    # Keras's variables predate numpy 2's `copy` keyword.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
    # skl2onnx reads every attribute of an SVC, the deprecated ones too.
    "ignore:Attribute `prob[AB]_` was deprecated:FutureWarning",
]


def pytest_collection_modifyitems(items):
    """Let the tests marked `training` pass over them."""
    for item in items:
        if item.get_closest_marker("training"):
            item.add_marker(pytest.mark.filterwarnings(*THEIRS))


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


@pytest.fixture(scope="module")
def eagerly():
    """Networks train without being traced first, which takes longer than their few steps."""
    import keras

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "run_eagerly", property(lambda _: True, lambda _, given: None))
        yield
