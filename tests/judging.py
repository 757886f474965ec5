"""What the tests of the tab Judge share: a visit, and the answers of the command line."""

import json
import subprocess
import sys
from functools import partial

import pytest

from ensemble.vote import percent
from tests.servers import ROOT
from tests.visits import open_page

REAL = sorted((ROOT / "examples" / "real").glob("*.png"))


@pytest.fixture
def visit(browser, server):
    """Open the page: `visit(size, theme, example)`."""
    return partial(open_page, browser, server.url)


@pytest.fixture(scope="session")
def said():
    """What the command line says of the real examples."""
    done = subprocess.run([sys.executable, "-m", "ensemble", "--json", *map(str, REAL)],
                          cwd=ROOT, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def upload(page, path):
    page.set_input_files("input[type=file]", path)
    page.wait_for_selector(".verdict[data-result]")


def clear(page):
    page.get_by_label("Remove Image").click()
    page.wait_for_selector(".verdict.waiting")


def assert_shows(page, answer):
    """The panel says what this answer of the command line says, in words and numbers."""
    text = page.locator(".verdict").inner_text()
    headline = page.locator(".verdict h2").inner_text().split()
    sure = answer["certainty"] == "confident"
    assert headline == ([] if sure else ["Leans"]) + [answer["label"], answer["certainty"]]
    assert f"Vote {answer['agreement'].replace('-', '–')}" in text
    assert page.locator(".overall .number").inner_text() == percent(answer["p_ai"])
    rows = page.locator(".members tr")
    assert rows.count() == len(answer["votes"])
    for row, vote in zip(rows.all(), answer["votes"]):
        assert row.locator("th").inner_text().startswith(vote["member"])
        assert row.locator(".number").inner_text() == percent(vote["p_ai"])
        assert row.locator(".vote").inner_text() == vote["label"]
    for reason in answer["reasons"]:
        assert reason in text
