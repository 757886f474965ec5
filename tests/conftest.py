"""Fixtures of the page's and the API's tests: one server and one browser for all of them."""

from tests.judging import context, said, visit  # noqa: F401
from tests.servers import browser, pictures, server  # noqa: F401
