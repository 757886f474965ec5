"""Fixtures of the page's and the API's tests: one server and one browser for all of them.

Beside them what makes small trainings fast.
"""

import pytest

from tests.judging import context, said, visit  # noqa: F401
from tests.servers import browser, pictures, server  # noqa: F401


@pytest.fixture(scope="module")
def eagerly():
    """Networks train without being traced first, which takes longer than their few steps."""
    import keras

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "run_eagerly", property(lambda _: True, lambda _, given: None))
        yield
