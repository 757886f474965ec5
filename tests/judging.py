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
def cli_answers():
    """What the command line says of the real examples."""
    done = subprocess.run([sys.executable, "-m", "ensemble", "--json", *map(str, REAL)],
                          cwd=ROOT, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def drop(page, path, selector="body"):
    """Drop a file somewhere on the page."""
    page.evaluate("""([bytes, name, selector]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name));
        document.querySelector(selector).dispatchEvent(new DragEvent('drop',
            {dataTransfer: data, bubbles: true, cancelable: true}));
    }""", [list(path.read_bytes()), path.name, selector])


ANSWERS = {"Can't tell": "Can’t tell"}  # where the page's words differ from the API's


def upload(page, path):
    """Choose a file, and wait for its answer."""
    page.set_input_files("#image input[type=file]", path)
    answered(page)


def answered(page):
    """Wait until the panel shows an answer and works on no other."""
    page.wait_for_selector(".progress-line:not(:empty)", state="detached")
    page.wait_for_selector(".verdict[data-result]")


def clear(page):
    page.get_by_label("Remove the image").click()
    page.wait_for_selector(".verdict.waiting")


def assert_shows(page, answer):
    """The panel says what this answer of the command line says, in words and numbers."""
    panel = page.locator("#verdict .verdict")
    text = panel.inner_text()
    expected = ANSWERS.get(answer["answer"], answer["answer"])
    assert panel.locator("h2").inner_text() == expected
    ayes, noes = answer["agreement"].split("-")
    votes = (f"All {ayes} models vote" if noes == "0" else f"{ayes} of {int(ayes) + int(noes)} "
             "models vote")
    assert f"{votes} {answer['label']}." in text
    rows = panel.locator(".members tbody tr:not(.ends)")
    assert rows.locator(".number").all_inner_texts() == [
        percent(p_ai) for p_ai in (*(vote["p_ai"] for vote in answer["votes"]), answer["p_ai"])]
    assert rows.locator(".vote").all_inner_texts() == [
        *(vote["label"] for vote in answer["votes"]), answer["certainty"]]
    # The pointer stands where the number says.
    places = rows.locator(".scale i").evaluate_all("all => all.map(i => parseFloat(i.style.left))")
    assert places == pytest.approx([100 * vote["p_ai"] for vote in answer["votes"]]
                                   + [100 * answer["p_ai"]], abs=0.06)
    for sentence in (*answer["reasons"], *(note["sentence"] for note in answer["evidence"])):
        assert sentence in text
    assert f"{answer['width']} × {answer['height']} pixels" in text
