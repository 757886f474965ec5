"""What tests of `training/` share."""

import shutil
from pathlib import Path

import pytest

from tests.training import reports

HERE = Path(__file__).parent
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
    """Let the tests of this folder pass over them."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(*THEIRS))


@pytest.fixture(scope="module")
def eagerly():
    """Networks train without being traced first, which takes longer than their few steps."""
    import keras

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "run_eagerly", property(lambda _: True, lambda _, given: None))
        yield


@pytest.fixture(scope="session")
def measured_once(tmp_path_factory):
    """A tiny pack with its reports, measured once for all; others change a copy."""
    return reports.build_measured_pack(tmp_path_factory.mktemp("measured") / "tiny")


@pytest.fixture(scope="module")
def measured_pack(measured_once, tmp_path_factory):
    """A copy of it."""
    return shutil.copytree(measured_once, tmp_path_factory.mktemp("pack") / "tiny")
