"""How Gradio is launched, and what of it the app replaces: an upgrade may change both."""

import inspect
import json
import urllib.error
import urllib.request
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.mcp import GradioMCPServer
from gradio.queueing import Queue
from gradio.state_holder import SessionState, StateHolder

from page import upkeep


def test_no_history_of_a_visitors_runs(server):
    """Unless told otherwise, Gradio has the browser keep each run, and a page that lists them."""
    with urllib.request.urlopen(f"{server.url}/config") as answer:
        assert json.load(answer)["run_history"] is False
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{server.url}/gradio_api/runs")
    with error.value as answer:
        assert answer.code == 404


@pytest.mark.parametrize("name, takes", [
    ("convert_strings_to_filedata", ["self", "value", "filedata_positions"]),
    ("postprocess_output_data", ["self", "data", "root_url"])])
def test_the_mcp_server_has_and_calls_what_the_app_replaces(name, takes):
    told = (f"Gradio {gr.__version__}: GradioMCPServer.{name}({', '.join(takes)}), which "
            "app.improve_mcp replaces, is gone, not called or another one. See how Gradio makes "
            "an MCP tool's arguments and answers now, and change app.improve_mcp.")
    method = getattr(GradioMCPServer, name, None)
    assert callable(method), told
    assert list(inspect.signature(method).parameters) == takes, told
    assert not inspect.iscoroutinefunction(method), told
    assert f"self.{name}(" in inspect.getsource(GradioMCPServer), told


def test_gradio_makes_and_keeps_sessions_as_the_app_has_it_keep_little_of_them():
    told = (f"Gradio {gr.__version__} keeps other things of a request than those that "
            "page/upkeep.py makes it leave out. See what a session is made of now, and change it.")
    page = SimpleNamespace(blocks={1: None})
    little = SessionState(SimpleNamespace(default_config=page, blocks={}))
    assert little.blocks_config == page and little.config_values == {}, told
    assert "SessionState(self.blocks)" in inspect.getsource(StateHolder), told
    queue = inspect.getsource(Queue.__init__)
    assert "self.pending_event_ids_session: dict[str, set[str]] = {}" in queue, told
    assert all(f'"{name}"' in queue for name in upkeep.NO_STATISTICS), told
