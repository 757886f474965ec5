"""Prepare: before and after, seen, judged and downloaded."""

import io

import numpy as np
import pytest
from PIL import Image

from ensemble import Ensemble
from ensemble.images import DamagedImage
from ensemble.vote import percent
from page import prepare
from page.words import LANGUAGES, text
from tests.judging import drop
from tests.servers import ROOT
from tests.visits import fits, violations, visit

PHOTO = ROOT / "examples/real/full/coffee.jpg"


@pytest.fixture(scope="module")
def dark(tmp_path_factory):
    """A dark and noisy photograph."""
    rgb = np.asarray(Image.open(PHOTO).convert("RGB")).astype(float) * 0.35
    noisy = rgb + np.random.default_rng(1).normal(0, 10, rgb.shape)
    path = tmp_path_factory.mktemp("poor") / "dark.png"
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def rgb(dark):
    return prepare.preview(dark)


def test_nothing_is_changed_at_strength_nought(rgb):
    assert prepare.prepared(rgb, (0, 0, 0)) is rgb


def test_each_control_does_its_own(rgb):
    noise, light, blur = (prepare.prepared(rgb, [80 * (i == j) for j in range(3)])
                          for i in range(3))
    rough = [np.abs(np.diff(made.astype(float), axis=1)).mean() for made in (noise, rgb, blur)]
    assert rough[0] < rough[1] < rough[2]
    assert light.mean() > rgb.mean() + 10
    assert {made.shape for made in (noise, light, blur)} == {rgb.shape}


def test_of_a_very_large_picture_a_smaller_one_is_shown():
    data = io.BytesIO()
    Image.new("RGB", (4000, 2000)).save(data, "PNG")
    height, width, _ = prepare.preview(data.getvalue()).shape
    assert width / height == pytest.approx(2, rel=0.01)
    assert 0.99 < width * height / prepare.PREVIEWED <= 1


def test_a_file_that_is_no_image_is_refused():
    with pytest.raises(DamagedImage) as refused:
        prepare.preview(PHOTO.read_bytes()[:2000])
    html = prepare.problem(f"<b> {refused.value}", "en")
    assert "decod" in html and "&lt;b&gt;" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_are_judged_side_by_side(ensemble, dark, language):
    original = prepare.Original.read(ensemble, dark)
    after = prepare.prepared(original.rgb, (0, 60, 0))
    html = prepare.comparison(ensemble, original, after, language)
    assert html.count("<img") == 2 and "{" not in html
    assert text("prepare.changed", language) in html
    for verdict in (ensemble.judge(dark), ensemble.judge(after)):
        for vote in (*verdict.votes, verdict):
            assert f'<td class="number">{percent(vote.p_ai)}</td>' in html
    alone = prepare.comparison(ensemble, original, original.rgb, language)
    assert alone.count('<td class="number">–</td>') == len(ensemble.packs[0].members) + 1
    assert prepare.comparison(ensemble, None, None, language).count("<img") == 0


def test_a_change_does_not_judge_the_original_again(ensemble, dark, monkeypatch):
    original = prepare.Original.read(ensemble, dark)
    judged = []
    monkeypatch.setattr(ensemble, "judge", lambda given: judged.append(given) or original.verdict)
    after = prepare.prepared(original.rgb, (0, 60, 0))
    prepare.comparison(ensemble, original, original.rgb, "en")
    prepare.comparison(ensemble, original, after, "en")
    assert len(judged) == 1 and judged[0] is after


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_a_visitor_prepares_a_photo_and_takes_it(browser, server, dark, size, theme, tmp_path):
    with visit(browser, server, "prepare", size, theme) as page:
        assert page.locator("#prepared").is_disabled()
        page.set_input_files("#poor input[type=file]", dark)
        page.wait_for_selector("#compared .map")
        before = page.locator("#compared .map").get_attribute("src")
        assert before == page.locator("#compared img").first.get_attribute("src")
        light = page.locator("#prepare-light input[type=number]")
        light.fill("70")
        light.press("Enter")
        page.wait_for_function(
            "before => document.querySelector('#compared .map').src !== before", arg=before)
        assert page.locator("#compared img").first.get_attribute("src") == before
        cells = page.locator("#compared .versus tbody td.number").all_inner_texts()
        assert len(cells) == 8
        slider = page.get_by_label("Slide between before and after")
        slider.focus()
        page.keyboard.press("Home")
        assert page.locator("#compared .frame").evaluate(
            "frame => frame.style.getPropertyValue('--at')") == "0%"
        assert fits(page) and violations(page) == []
        with page.expect_download() as got:
            page.locator("#prepared").click()
        assert got.value.suggested_filename == "prepared.png"
        got.value.save_as(tmp_path / "prepared.png")
        with Image.open(tmp_path / "prepared.png") as made, Image.open(dark) as given:
            assert made.size == given.size
            assert np.asarray(made).mean() > np.asarray(given).mean() + 10
        verdict = Ensemble.load().judge(tmp_path / "prepared.png")
        assert cells[-1] == percent(verdict.p_ai)
        page.get_by_label("Remove the image").locator("visible=true").click()
        page.wait_for_selector("#compared .blank")
        assert page.locator("#prepared").is_disabled()


def test_every_photo_is_taken_or_refused_in_the_visitors_language(browser, server, pictures,
                                                                  tmp_path):
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(26 * 2**20)
    with visit(browser, server, "prepare", locale="es-ES") as page:
        # A phone's HEIC has no type in many browsers.
        phone = next(path for path in pictures if path.suffix == ".heic")
        heic = {"name": "IMG_1.HEIC", "mimeType": "", "buffer": phone.read_bytes()}
        for serial in (1, 2):  # the very same once more is answered, too
            page.set_input_files("#poor input[type=file]", heic)
            page.wait_for_selector(f'#compared .comparison[data-serial="{serial}"]')
            page.wait_for_selector("#tab-prepare .progress-line:empty", state="attached")
            assert page.locator("#compared .map").is_visible()
        assert "IMG_1.HEIC" in page.locator("#poor .preview").inner_text()
        assert page.locator("#poor [data-camera], #poor form, #poor dialog").count() == 0
        # Of two choices in a row the second counts.
        page.set_input_files("#poor input[type=file]", heic)
        page.set_input_files("#poor input[type=file]", PHOTO)
        page.wait_for_selector('#compared .comparison[data-serial="4"]')
        width, height = page.locator("#compared .map").evaluate(
            "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])")
        with Image.open(PHOTO) as photo:
            assert width / height == pytest.approx(photo.width / photo.height, rel=0.02)
        # What is dropped here is prepared here.
        drop(page, next(path for path in pictures if path.name == "bad-text.jpg"))
        page.wait_for_selector("#compared [role=alert]")
        assert page.locator("#tab-prepare-button").get_attribute("aria-selected") == "true"
        page.set_input_files("#poor input[type=file]", large)
        page.wait_for_selector("#compared >> text=El archivo ocupa 26.0 MB")
        page.route("**/gradio_api/upload", lambda route: route.abort())
        page.set_input_files("#poor input[type=file]", heic)
        page.wait_for_selector("#compared >> text=No se pudo subir IMG_1.HEIC")
        page.unroute("**/gradio_api/upload")
        assert page.locator(".toast-body").count() == 0
        # A server that has no room says so itself.
        page.route("**/queue/join*", lambda route: route.fulfill(
            status=503, json={"detail": "Queue is full."}))
        page.set_input_files("#poor input[type=file]", heic)
        page.wait_for_selector("#compared >> text=No es culpa de su archivo")
        page.unroute("**/queue/join*")
        page.locator("#tab-judge-button").click()
        assert page.locator("#verdict .verdict.waiting").is_visible()


def test_a_download_whose_photo_is_gone_is_explained(browser, server, dark):
    with visit(browser, server, "prepare", locale="es-ES") as page:
        page.set_input_files("#poor input[type=file]", dark)
        page.wait_for_selector("#compared .map")
        light = page.locator("#prepare-light input[type=number]")
        light.fill("70")
        light.press("Enter")
        page.wait_for_selector("#prepared:enabled")
        for path in server.uploads():
            if path.name == dark.name:
                path.unlink()
        page.locator("#prepared").click()
        page.wait_for_selector("#compared [role=alert] >> text=No se puede leer")
        assert page.locator(".toast-body").count() == 0
