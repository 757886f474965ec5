"""The page as a whole, in a real browser: what it shows, how it looks, whom it serves."""

import time

import pytest

import app
from page import examples, judge, panel
from page.words import text
from tests.judging import REAL, upload
from tests.screenshots import judge_example
from tests.servers import ROOT
from tests.visits import choose, violations


def test_the_page_asks_nobody_else_for_anything(browser, server):
    page = browser.new_page()
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(server.url)
    page.wait_for_selector("input[type=file]", state="attached")
    judge_example(page)
    page.close()
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []
    assert problems == []


def test_the_captions_say_what_the_ensemble_says(visit, said):
    buttons = visit().locator(".gallery").first.locator("button").all_inner_texts()
    assert len(buttons) == len(said)
    for caption, answer in zip(buttons, said):
        mark = "✓" if answer["label"] == "Real" else "✗"
        assert caption.split("\n") == [f"{mark} {answer['label']}", answer["certainty"],
                                    "truth: Real"]


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_nothing_jumps_and_nothing_scrolls_sideways(visit, pictures, size):
    page = visit(size)
    width = page.viewport_size["width"]

    def layout():
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        beyond = """width => [...document.querySelectorAll('.contain *')].filter(element =>
            element.getBoundingClientRect().right > width + 1
            && !element.closest('pre, .visually-hidden')
            && getComputedStyle(element).visibility !== 'hidden').map(e => e.outerHTML)"""
        assert page.evaluate(beyond, width) == []
        return page.locator(".gallery").first.evaluate("e => e.getBoundingClientRect().top"
                                                       " + scrollY")

    empty = layout()
    judge_example(page)
    assert layout() == pytest.approx(empty, abs=2)
    upload(page, ROOT / "examples/real/full" / f"{REAL[0].stem}.jpg")
    page.wait_for_selector(".verdict:is(.ai, .real):not([data-example])")
    assert layout() == pytest.approx(empty, abs=2)
    upload(page, next(path for path in pictures if path.name == "bad-text.jpg"))
    page.wait_for_selector(".verdict.problem")
    assert layout() == pytest.approx(empty, abs=2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_in_light_and_dark(visit, theme):
    page = visit(theme=theme)
    judge_example(page)
    contrasts = page.evaluate("""() => {
        const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = element => {
            const [r, g, b, a = 1] = rgb(getComputedStyle(element).backgroundColor);
            return a > 0 ? [r, g, b] : behind(element.parentElement);
        };
        const words = '.contain :is(h1, h2, p, li, th, td, small, span, figcaption)';
        return [...document.querySelectorAll(words)]
            .filter(e => e.offsetParent && e.innerText && !e.closest('pre')).map(e => {
                const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
                return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.innerText];
            });
    }""")
    assert len(contrasts) > 50
    assert [entry for entry in contrasts if entry[0] < 4.5] == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(246, 244, 239)") == (theme == "light")


def test_the_galleries_are_what_lies_in_the_folders(ensemble, tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "EXAMPLES", tmp_path)
    assert examples.galleries(ensemble) == {}
    examples.galleries.cache_clear()
    (tmp_path / "ai").mkdir()
    (tmp_path / "ai" / "unseen-bird.png").write_bytes(REAL[0].read_bytes())
    (tmp_path / "ai" / "broken.png").write_bytes(b"")
    (group, [broken, bird]), = examples.galleries(ensemble).items()
    assert (group, bird.name, bird.truth, bird.full) == ("ai", "unseen bird", "AI-generated", None)
    html = judge.gallery(group, [bird, broken])
    assert html.count("truth: AI-generated") == 2 and "can’t be judged" in html
    assert html.count("unseen generator") == 1  # the other one's name says nothing of it
    right = int(bird.verdict.label == "AI-generated")
    assert f"right about {right} of 2" in html
    assert "in truth AI-generated" in judge.example_outcome(ensemble, bird)[0]


def test_the_page_shows_why_another_pack_judges_and_escapes_what_it_is_told(ensemble):
    assert "notice" not in app.header(ensemble)
    ensemble.notice = "The Hub answered: <img src=x>"
    ensemble.manifest["members"][0]["description"] = "<img src=x>"
    assert "The Hub answered: &lt;img src=x&gt;" in app.header(ensemble)
    for html in (panel.waiting(ensemble), panel.problem(ensemble, "<img src=x>"),
                 panel.result(ensemble, ensemble.open(REAL[0]), "<img src=x>", whole=True)):
        assert "&lt;img src=x&gt;" in html and "<img src=x>" not in html


@pytest.mark.parametrize("locale, language", [("th-TH", "th"), ("zh-TW", "zh-TW"),
                                              ("es-MX", "es"), ("de-DE", "en")])
def test_a_visitor_reads_the_page_in_their_language(visit, locale, language):
    page = visit(locale=locale)
    assert page.locator("h1").inner_text() == text("common.title", language)
    page.wait_for_function("l => document.documentElement.lang === l", arg=language)
    tabs = page.locator("#tabs > .tab-wrapper [role=tab]").all_inner_texts()
    assert tabs[0] == text("common.tab_judge", language)
    assert page.locator(".verdict h2").inner_text().strip() == text(
        "panel.waiting_title", language)
    assert text("judge.link", language) in page.locator("#link").inner_text()
    assert text("judge.examples_real", language) in page.locator("body").inner_text()
    judge_example(page)
    shown = page.locator(".verdict").inner_text()
    for key in ("common.real", "common.confident", "panel.calibrated", "panel.json"):
        assert text(key, language) in shown
    assert text("panel.notes_none", language) in page.locator(".notes").inner_text()
    page.get_by_label("Remove Image").or_(page.locator("#image")).first.wait_for()


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_nothing_stands_in_the_way_of_people_with_disabilities(visit, size, theme):
    """No serious or critical violation of the rules that axe can check, on any tab."""
    page = visit(size, theme)
    judge_example(page)
    found = {"judge": violations(page)}
    for tab in list(app.TABS)[1:]:
        choose(page, tab)
        found[tab] = violations(page)
    assert found == {tab: [] for tab in app.TABS}


def test_the_page_is_there_in_three_seconds(browser, server):
    """On a first visit."""
    def seconds():
        with browser.new_context() as context:
            page = context.new_page()
            began = time.monotonic()
            page.goto(server.url)
            page.wait_for_selector(".verdict.waiting")
            page.wait_for_selector("input[type=file]", state="attached")
            return time.monotonic() - began

    assert any(seconds() < 3 for _ in range(3))
