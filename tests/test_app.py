"""The page, in a real browser."""

import json
import subprocess
import sys

import pytest

import page as words
from ensemble import Ensemble
from ensemble.vote import percent
from tests.screenshots import judge_example, open_page
from tests.servers import ROOT
from tests.tiny import build_tiny_pack

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

    def visit(size="wide", theme="light"):
        opened.append(open_page(context, server.url, size, theme))
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
    assert page.locator(".verdict figure img").count() == 2
    clear(page)
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
    assert captions[-1] == "The full picture" and len(captions) == 3
    loaded = "image => image.complete && image.naturalWidth > 0"
    assert all(image.evaluate(loaded) for image in page.locator("figure img").all())


def test_the_captions_say_what_the_ensemble_says(visit, said):
    buttons = visit().locator(".gallery").first.locator("button").all_inner_texts()
    assert len(buttons) == len(said)
    for text, answer in zip(buttons, said):
        mark = "✓" if answer["label"] == "Real" else "✗"
        assert text.split("\n") == [f"{mark} {answer['label']}", answer["certainty"],
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
    page.wait_for_selector(".verdict.unsure[data-result]")
    assert "was reduced" in page.locator(".reasons").inner_text()


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_nothing_jumps_and_nothing_scrolls_sideways(visit, pictures, size):
    page = visit(size)
    width = page.viewport_size["width"]

    def layout():
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        beyond = """width => [...document.querySelectorAll('.contain *')].filter(element =>
            element.getBoundingClientRect().right > width + 1 && !element.closest('pre')
            && getComputedStyle(element).visibility !== 'hidden').map(e => e.outerHTML)"""
        assert page.evaluate(beyond, width) == []
        return page.locator(".gallery").first.evaluate("e => e.getBoundingClientRect().top"
                                                       " + scrollY")

    empty = layout()
    judge_example(page)
    assert layout() == pytest.approx(empty, abs=2)
    upload(page, ROOT / "examples/real/full" / f"{REAL[0].stem}.jpg")
    page.wait_for_selector(".verdict.unsure >> text=was reduced")
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
    monkeypatch.setattr(words, "EXAMPLES", tmp_path)
    assert words.galleries(ensemble) == {}
    (tmp_path / "ai").mkdir()
    (tmp_path / "ai" / "a-bird.png").write_bytes(REAL[0].read_bytes())
    (tmp_path / "ai" / "broken.png").write_bytes(b"")
    (group, [bird, broken]), = words.galleries(ensemble).items()
    assert (group, bird.name, bird.truth, bird.full) == ("ai", "a bird", "AI-generated", None)
    html = words.gallery(group, [bird, broken])
    assert html.count("truth: AI-generated") == 2 and "can’t be judged" in html
    right = int(bird.verdict.label == "AI-generated")
    assert f"right about {right} of 2" in html
    assert "in truth AI-generated" in words.example_outcome(ensemble, [bird], {"index": 0})


def test_the_page_shows_why_another_pack_judges_and_escapes_what_it_is_told(tmp_path):
    ensemble = Ensemble.load(build_tiny_pack(tmp_path / "tiny"))
    assert "notice" not in words.header(ensemble)
    ensemble.notice = "The Hub answered: <img src=x>"
    ensemble.manifest["members"][0]["description"] = "<img src=x>"
    assert "The Hub answered: &lt;img src=x&gt;" in words.header(ensemble)
    for html in (words.explanation(ensemble), words.outcome(ensemble),
                 words.outcome(ensemble, REAL[0])):
        assert "&lt;img src=x&gt;" in html and "<img src=x>" not in html


def test_accuracy_is_told_only_from_the_packs_own_report(tmp_path):
    ensemble = Ensemble.load(build_tiny_pack(tmp_path / "tiny"))
    assert "test images" not in words.explanation(ensemble)
    (ensemble.pack.folder / "reports").mkdir()
    (ensemble.pack.folder / "reports" / "evaluate.json").write_text(json.dumps(
        {"n": 1234, "members": {"svm": {"accuracy": 0.81}}, "ensemble": {"accuracy": 0.9123}}))
    assert "1,234 test images the majority is right about 91.2% (svm 81.0%)" in (
        words.explanation(ensemble))


@pytest.mark.parametrize("data", [None, {}, {"index": 99}, {"index": -1}, {"index": "0"},
                                  {"index": True}, {"index": 0.5}])
def test_a_click_on_no_example_shows_no_verdict(tmp_path, data):
    ensemble = Ensemble.load(build_tiny_pack(tmp_path / "tiny"))
    examples = words.galleries(ensemble)["real"][:1]
    assert "data-result" not in words.example_outcome(ensemble, examples, data)
