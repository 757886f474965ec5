"""The tab Judge, in a real browser: every way to bring an image, and the answer."""

import re

import pytest
from PIL import Image, PngImagePlugin

from page import examples, judge
from tests.judging import REAL, assert_shows, clear, upload
from tests.screenshots import judge_example


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
    assert re.search(r"\d{3,} × \d{3,} pixels", page.locator(".headline").inner_text())


@pytest.mark.parametrize("data", [None, {}, {"index": 99}, {"index": -1}, {"index": "0"},
                                  {"index": True}, {"index": 0.5}])
def test_a_click_on_no_example_shows_no_verdict(ensemble, data):
    found = examples.galleries(ensemble)["real"][:1]
    assert judge.chosen(found, data) is None
    assert "data-result" not in judge.example_outcome(ensemble, judge.chosen(found, data))[0]


def test_a_link_that_cannot_be_fetched_is_explained(visit, server):
    page = visit()
    for address, said in (("not an address", "starts with https://"),
                          (f"{server.url}/static/img/logo.svg", "can't be fetched")):
        page.get_by_label("Or from a link").fill(address)
        page.get_by_role("button", name="Judge the link").click()
        page.wait_for_selector(f".verdict.problem >> text={said}")


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
    assert "Anybody can write such notes" in notes.inner_text()
    assert notes.get_by_role("img", name="names a generator").count() == 1
    notes.locator("summary").first.click()
    assert "dreamer<b>" in notes.inner_text()
    assert_shows(page, said[0])
