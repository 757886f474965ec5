"""About and API: the words, and the code that is there to copy."""

import json
import shutil
import subprocess

import pytest

from ensemble import Ensemble
from page import about
from page.words import LANGUAGES
from tests.servers import ROOT
from tests.visits import fits, violations, visit

PHOTO = sorted((ROOT / "examples" / "real").glob("*.png"))[0]


def script(name, url):
    """The code of an example, without its fence."""
    return about.snippets(url)[name].split("```")[1].partition("\n")[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_tells_all_of_it(ensemble, language):
    member = ensemble.packs[0].manifest["members"][0]
    member["kind"], member["description"] = "new", "<img src=x>"
    html = about.explanation(ensemble, language) + about.answer(language)
    assert html.count("<h2>") == 7 and html.count("<ol>") == 1 and "{" not in html
    assert html.count('id="cant-know"') == 1  # the tab Judge links to it
    assert "&lt;img src=x&gt;" in html and "<img" not in html
    assert "tiny 1.0.0" in html


def test_the_answers_fields_are_those_of_a_verdict(ensemble):
    fields = ensemble.judge(PHOTO).as_dict()
    html = about.answer("en")
    named = [part.partition("</code>")[0] for part in html.split("<dt><code>")[1:]]
    assert named[:3] == ["answer", "because", "evidence"] and set(named) <= set(fields)
    assert "Can&#39;t tell" in html  # as programs get it, not as the page spells it


def test_accuracy_is_told_only_from_the_packs_own_report(ensemble):
    assert "test images" not in about.explanation(ensemble)
    folder = ensemble.packs[0].pack.folder / "reports"
    folder.mkdir()
    (folder / "evaluate.json").write_text(json.dumps(
        {"n": 1234, "members": {"svm": {"accuracy": 0.81}}, "ensemble": {"accuracy": 0.9123}}))
    assert "1,234 test images the majority is right about 91.2% (svm 81.0%)" in (
        about.explanation(ensemble))


def test_mistakes_are_reported_where_there_is_a_place(ensemble, monkeypatch):
    for name in ("ISSUES_REPO", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    assert "Open a report" not in about.explanation(ensemble)
    monkeypatch.setenv("ISSUES_REPO", "someone/real-or-ai")
    html = about.explanation(ensemble)
    assert "https://github.com/someone/real-or-ai/issues/new?" in html


def test_the_javascript_works_in_the_browser(browser, server):
    with visit(browser, server, "about") as page:
        answer = page.evaluate(
            f"async bytes => {{ {script('JavaScript', server.url)}"
            "return detect(new Blob([new Uint8Array(bytes)])); }", list(PHOTO.read_bytes()))
        assert answer == Ensemble.load().judge(PHOTO).as_dict()
        refused = page.evaluate(
            f"async () => {{ {script('JavaScript', server.url)}"
            "return detect(new Blob(['no image'])).catch(error => 'refused'); }")
        assert refused == "refused"


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed.")
def test_the_javascript_works_in_node(server):
    code = (script("JavaScript", server.url) + f"""
const {{readFileSync}} = require("node:fs");
detect(new Blob([readFileSync({json.dumps(str(PHOTO))})])).then(
  verdict => console.log(JSON.stringify(verdict)));""")
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout) == Ensemble.load().judge(PHOTO).as_dict()


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_a_visitor_reads_it_and_copies_an_example(browser, server, size, theme):
    with visit(browser, server, "about", size, theme) as page:
        assert "Never accuse a person" in page.locator(".explanation").inner_text()
        for name in about.snippets(server.url):
            page.get_by_role("tab", name=name, exact=True).click()
            shown = page.locator("pre").locator("visible=true")
            shown.filter(has_text=server.url).wait_for()
            assert shown.count() == 1
            assert fits(page)
        assert violations(page) == []


def test_it_is_told_in_the_visitors_language(browser, server):
    with visit(browser, server, "about", locale="th-TH") as page:
        assert "ความเป็นส่วนตัว" in page.locator(".explanation").inner_text()
