"""The page and its tab Judge, in a real browser."""

import json
import re
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, PngImagePlugin

import app
from ensemble import Ensemble
from ensemble.vote import percent
from page import examples, judge, panel
from page.address import mistake_address
from page.words import text
from tests.screenshots import judge_example, open_page
from tests.servers import ROOT
from tests.tiny import build_tiny_pack
from tests.visits import visit as open_tab

REAL = sorted((ROOT / "examples" / "real").glob("*.png"))


@pytest.fixture(scope="module")
def context(browser):
    """One context, so that the page's scripts are fetched once."""
    with browser.new_context() as context:
        yield context


@pytest.fixture
def visit(context, server):
    """Open the page; all pages are closed at the end."""
    opened = []

    def visit(size="wide", theme="light", example=None):
        opened.append(open_page(context, server.url, size, theme, example))
        # Makes Chromium hand over file choosers from now on, not a moment after a key press.
        opened[-1].on("filechooser", lambda chooser: None)
        return opened[-1]

    yield visit
    for page in opened:
        page.close()


@pytest.fixture(scope="module")
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


def test_an_upload_is_judged(visit, said):
    page = visit()
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Drop an image here").click()
    chooser.value.set_files(REAL[0])
    page.wait_for_selector(".verdict[data-result]")
    assert_shows(page, said[0])
    assert page.locator(".verdict figcaption").all_inner_texts() == [
        "What the models see", "Where cnn looked", "Where resnet looked"]
    assert page.locator(".notes[lang]").inner_text().startswith("What the file says of itself")
    clear(page)
    assert "beside the vote" in page.locator(".notes").inner_text()
    assert "No image yet" in page.locator(".verdict").inner_text()


def test_every_odd_file_is_judged_as_on_the_command_line_or_refused_calmly(visit, pictures):
    page = visit()
    for path, answer in pictures.items():
        upload(page, path)
        if "error" in answer:
            assert page.locator(".verdict h2").inner_text().strip() == "This file can’t be judged"
            assert answer["message"] in page.locator(".verdict").inner_text()
            assert page.locator(".verdict script").count() == 0
        else:
            assert_shows(page, answer)
        assert "Traceback" not in page.locator("body").inner_text()
        clear(page)


def test_an_example_is_judged_on_a_click_with_the_truth_and_the_full_picture(visit, said):
    page = visit()
    judge_example(page, index=1)
    assert_shows(page, said[1])
    text = page.locator(".verdict").inner_text()
    assert f"“{REAL[1].stem.replace('-', ' ')}”, in truth Real" in text
    captions = page.locator(".verdict figcaption").all_inner_texts()
    assert captions[0] == "The full picture" and len(captions) == 3
    loaded = "image => image.complete && image.naturalWidth > 0"
    assert all(image.evaluate(loaded) for image in page.locator("figure img").all())


def test_the_captions_say_what_the_ensemble_says(visit, said):
    buttons = visit().locator(".gallery").first.locator("button").all_inner_texts()
    assert len(buttons) == len(said)
    for caption, answer in zip(buttons, said):
        mark = "✓" if answer["label"] == "Real" else "✗"
        assert caption.split("\n") == [f"{mark} {answer['label']}", answer["certainty"],
                                    "truth: Real"]


def test_an_example_makes_room_for_itself_and_an_upload_for_itself(visit, said):
    page = visit()
    upload(page, REAL[2])
    assert page.locator("#image img").count() == 1
    judge_example(page, index=0)
    page.wait_for_selector(".verdict >> text=Example")
    assert page.locator("#image img").count() == 0
    upload(page, REAL[2])
    page.wait_for_selector("#image img")
    page.wait_for_selector(".verdict:not(:has-text('Example'))")
    assert_shows(page, said[2])


def focus(page, wanted):
    """Press Tab until the focused element matches a selector."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"Tab never reaches {wanted}")


def test_the_keyboard_alone_is_enough(visit, said):
    page = visit()
    focus(page, "#image button[aria-label^='Drop']")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(REAL[0])
    page.wait_for_selector(".verdict[data-result]")
    assert_shows(page, said[0])
    focus(page, ".gallery button[data-index='3']")
    page.keyboard.press("Space")
    page.wait_for_selector(".verdict >> text=Example")
    assert_shows(page, said[3])
    told = page.locator("#verdict [role=status]").text_content()
    assert said[3]["label"] in told and said[3]["certainty"] in told


def test_a_picture_can_be_pasted(visit, server, said):
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page.evaluate("""async (bytes) => {
        const blob = new Blob([new Uint8Array(bytes)], {type: 'image/png'});
        await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]);
    }""", list(REAL[0].read_bytes()))
    page.get_by_label("Paste from clipboard").click()
    page.wait_for_selector(".verdict[data-result]")
    assert_shows(page, said[0])


def test_the_camera_is_judged(visit):
    page = visit()
    page.get_by_label("Capture from camera").click()
    page.get_by_text("Click to Access Webcam").click()
    page.wait_for_function("document.querySelector('#image video')?.videoWidth > 0")
    page.get_by_label("capture photo").click()
    page.wait_for_selector(".verdict:is(.ai, .real)[data-result]")
    assert re.search(r"[1-9]\d\d × [1-9]\d\d pixels", page.locator(".headline").inner_text())


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


def test_the_galleries_are_what_lies_in_the_folders(tmp_path, monkeypatch):
    ensemble = Ensemble.load(build_tiny_pack(tmp_path / "tiny"))
    monkeypatch.setattr(examples, "EXAMPLES", tmp_path)
    assert examples.galleries(ensemble) == {}
    (tmp_path / "ai").mkdir()
    (tmp_path / "ai" / "a-bird.png").write_bytes(REAL[0].read_bytes())
    (tmp_path / "ai" / "broken.png").write_bytes(b"")
    (group, [bird, broken]), = examples.galleries(ensemble).items()
    assert (group, bird.name, bird.truth, bird.full) == ("ai", "a bird", "AI-generated", None)
    html = judge.gallery(group, [bird, broken])
    assert html.count("truth: AI-generated") == 2 and "can’t be judged" in html
    right = int(bird.verdict.label == "AI-generated")
    assert f"right about {right} of 2" in html
    assert "in truth AI-generated" in judge.example_outcome(ensemble, bird)[0]


def test_the_page_shows_why_another_pack_judges_and_escapes_what_it_is_told(tmp_path):
    ensemble = Ensemble.load(build_tiny_pack(tmp_path / "tiny"))
    assert "notice" not in app.header(ensemble)
    ensemble.notice = "The Hub answered: <img src=x>"
    ensemble.manifest["members"][0]["description"] = "<img src=x>"
    assert "The Hub answered: &lt;img src=x&gt;" in app.header(ensemble)
    for html in (panel.waiting(ensemble), panel.problem(ensemble, "<img src=x>"),
                 panel.result(ensemble, ensemble.open(REAL[0]), "<img src=x>", whole=True)):
        assert "&lt;img src=x&gt;" in html and "<img src=x>" not in html


@pytest.mark.parametrize("data", [None, {}, {"index": 99}, {"index": -1}, {"index": "0"},
                                  {"index": True}, {"index": 0.5}])
def test_a_click_on_no_example_shows_no_verdict(tmp_path, data):
    ensemble = Ensemble.load(build_tiny_pack(tmp_path / "tiny"))
    found = examples.galleries(ensemble)["real"][:1]
    assert judge.chosen(found, data) is None
    assert "data-result" not in judge.example_outcome(ensemble, judge.chosen(found, data))[0]


# From a link


def test_a_link_that_cannot_be_fetched_is_explained(visit, server):
    page = visit()
    for address, said in (("not an address", "starts with https://"),
                          (f"{server.url}/static/img/logo.svg", "can't be fetched")):
        page.get_by_label("Or from a link").fill(address)
        page.get_by_role("button", name="Judge the link").click()
        page.wait_for_selector(f".verdict.problem >> text={said}")


# Where the networks looked


def test_the_keyboard_slides_between_the_image_and_the_map(visit):
    page = visit()
    judge_example(page)
    sliders = page.get_by_role("slider", name="Slide between the image and the map of")
    assert sliders.count() == 2
    for slider, figure in zip(sliders.all(), page.locator(".slider").all()):
        cut = "e => parseFloat(getComputedStyle(e).clipPath.split(' ').at(-1))"
        before = figure.locator(".map").evaluate(cut)
        slider.focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        assert figure.locator(".map").evaluate(cut) == pytest.approx(before + 20)
        assert figure.locator(".frame").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


# What the file says


def test_what_a_generator_wrote_into_the_file_stands_beside_the_vote(visit, tmp_path, said):
    path = tmp_path / "painted.png"
    written = PngImagePlugin.PngInfo()
    written.add_text("parameters", "a cat\nSteps: 20, Sampler: Euler a, Seed: 1, Size: 512x512, "
                                   "Model: dreamer<b>, Version: v1.10.1")
    Image.open(REAL[0]).save(path, pnginfo=written)
    page = visit()
    upload(page, path)
    notes = page.locator(".notes")
    assert "Stable Diffusion" in notes.inner_text()
    assert "can be edited or missing" in notes.inner_text()
    assert notes.get_by_role("img", name="names a generator").count() == 1
    notes.locator("summary").first.click()
    assert "dreamer<b>" in notes.inner_text()
    assert_shows(page, said[0])


# Take away


def test_a_result_is_taken_away_as_json(visit, said):
    page = visit()
    upload(page, REAL[0])
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as JSON").click()
    taken = json.loads(download.value.path().read_text("utf-8"))
    assert download.value.suggested_filename == "real-or-ai.json"
    assert taken.pop("file") == REAL[0].name
    assert taken.pop("version") == Ensemble.load().ensembles[0].manifest["version"]
    assert taken.pop("judged").endswith("+00:00") and taken.pop("file_says") == []
    assert taken == {key: value for key, value in said[0].items() if key != "file"}


def test_a_result_is_taken_away_as_one_page(visit):
    page = visit()
    drawn = []
    for index in (0, 4):
        judge_example(page, index=index)
        page.wait_for_selector(f".verdict[data-example={REAL[index].stem}]")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save a report").click()
        image = Image.open(download.value.path())
        assert (image.format, image.size) == ("PNG", (1240, 1754))
        drawn.append(np.asarray(image.convert("RGB")))
        page.wait_for_selector("#verdict [role=status] >> text=The report has been saved")
    for page in drawn:
        rows = (page.min(axis=(1, 2)) < 128).nonzero()[0]
        assert rows.min() > 50 and 1500 < rows.max() < 1700  # from the title to the last line
        assert (page[:, 1160:] == 255).all()  # the margin
    different = (drawn[0] != drawn[1]).any(axis=(1, 2)).nonzero()[0]
    assert different.max() < 1500 < rows.max()


def test_an_examples_result_has_a_link(visit, said):
    page = visit()
    judge_example(page, index=2)
    assert parse_qs(urlsplit(page.url).query)["example"] == [REAL[2].stem]
    assert page.get_by_role("link", name="Link to this result").get_attribute("href") == (
        f"?example={REAL[2].stem}")
    again = visit(example=REAL[2].stem)
    again.wait_for_selector(".verdict[data-result]")
    assert_shows(again, said[2])
    upload(again, REAL[1])
    again.wait_for_selector(".verdict:not([data-example])")
    assert "example" not in parse_qs(urlsplit(again.url).query)


def test_a_link_to_no_example_waits_for_an_image(visit):
    page = visit(example="../app.py")
    judge_example(page)  # and works on


def test_a_mistake_is_reported_with_scores_and_without_the_image(tmp_path, monkeypatch):
    ensemble = Ensemble.load(build_tiny_pack(tmp_path / "tiny"))
    taken = panel.record(ensemble, ensemble.judge(REAL[0]), "my holiday.jpg", [])
    for name in ("ISSUES_REPO", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    assert mistake_address(taken) is None and "Report a mistake" not in panel.take_away(taken)
    monkeypatch.setenv("SPACE_ID", "user/space")
    assert mistake_address(taken).startswith("https://huggingface.co/spaces/user/space/discuss")
    monkeypatch.setenv("ISSUES_REPO", "user/name")
    assert "Report a mistake" in panel.take_away(taken)
    address = urlsplit(mistake_address(taken))
    assert (address.netloc, address.path) == ("github.com", "/user/name/issues/new")
    filled = parse_qs(address.query)
    assert taken["label"] in filled["title"][0]
    assert "tiny 1.0.0" in filled["body"][0] and str(taken["p_ai"]) in filled["body"][0]
    assert all(f"{v['member']}: {v['p_ai']}" in filled["body"][0] for v in taken["votes"])
    assert "holiday" not in address.query


# For everybody


@pytest.mark.parametrize("locale, language", [("th-TH", "th"), ("zh-TW", "zh-TW"),
                                              ("es-MX", "es"), ("de-DE", "en")])
def test_a_visitor_reads_the_page_in_their_language(browser, server, locale, language):
    with browser.new_context(locale=locale) as context:
        page = open_page(context, server.url)
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
@pytest.mark.parametrize("tab", app.TABS)
def test_nothing_stands_in_the_way_of_people_with_disabilities(browser, server, tab, size, theme):
    """No serious or critical violation of the rules that axe can check."""
    with open_tab(browser, server, tab, size, theme) as page:
        if tab == "judge":
            judge_example(page)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(violation["id"], [node["html"][:200] for node in violation["nodes"]])
                for violation in found if violation["impact"] in ("serious", "critical")] == []


def test_the_page_is_there_in_three_seconds(visit):
    def seconds():
        began = time.monotonic()
        visit()
        return time.monotonic() - began

    assert min(seconds() for _ in range(3)) < 3
