"""Prepare: before and after, seen, judged and downloaded."""

import io

import numpy as np
import pytest
from PIL import Image

from ensemble import Ensemble
from ensemble.images import DamagedImage
from page import prepare
from page.words import LANGUAGES
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


def test_nothing_is_changed_at_strength_nought():
    rgb = prepare.opened(PHOTO)
    assert prepare.prepared(rgb, (0, 0, 0)) is rgb


def test_each_control_does_its_own(dark):
    rgb = prepare.opened(dark)
    noise, light, blur = (prepare.prepared(rgb, [80 * (i == j) for j in range(3)])
                          for i in range(3))
    rough = [np.abs(np.diff(made.astype(float), axis=1)).mean() for made in (noise, rgb, blur)]
    assert rough[0] < rough[1] < rough[2]
    assert light.mean() > rgb.mean() + 10
    assert {made.shape for made in (noise, light, blur)} == {rgb.shape}


def test_a_very_large_picture_is_reduced():
    data = io.BytesIO()
    Image.new("RGB", (3 * prepare.LARGEST, 300)).save(data, "PNG")
    assert prepare.opened(data.getvalue()).shape == (100, prepare.LARGEST, 3)


def test_a_file_that_is_no_image_is_refused():
    with pytest.raises(DamagedImage):
        prepare.opened(PHOTO.read_bytes()[:2000])
    assert "&lt;b&gt;" in prepare.problem("<b>", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_are_judged_side_by_side(ensemble, dark, language):
    before = prepare.opened(dark)
    after = prepare.prepared(before, (0, 60, 0))
    html = prepare.comparison(ensemble, (dark, before, after), language)
    assert html.count("<img") == 2 and "{" not in html
    for verdict in (ensemble.judge(dark), ensemble.judge(after)):
        for vote in verdict.votes:
            assert prepare.percent(vote.p_ai) in html
    alone = prepare.comparison(ensemble, (dark, before, before), language)
    assert alone.count("<td>–</td>") == len(ensemble.members) + 2
    assert prepare.comparison(ensemble, None, language).count("<img") == 0


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_a_visitor_prepares_a_photo_and_takes_it(browser, server, dark, size, theme, tmp_path):
    with visit(browser, server, "prepare", size, theme) as page:
        assert page.locator("#prepared button, button#prepared").first.is_disabled()
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
        cells = page.locator("#compared .versus tbody td .number").all_inner_texts()
        assert len(cells) == 8
        slider = page.get_by_label("Slide between before and after")
        slider.focus()
        page.keyboard.press("Home")
        assert page.locator("#compared .frame").evaluate(
            "frame => frame.style.getPropertyValue('--at')") == "0%"
        assert fits(page) and violations(page) == []
        with page.expect_download() as got:
            page.locator("#prepared").click()
        got.value.save_as(tmp_path / "prepared.png")
        with Image.open(tmp_path / "prepared.png") as made, Image.open(dark) as given:
            assert made.size == given.size
            assert np.asarray(made).mean() > np.asarray(given).mean() + 10
        said = Ensemble.load().judge(tmp_path / "prepared.png")
        assert cells[-1] == prepare.percent(said.p_ai)
        page.get_by_label("Remove Image").click()
        page.wait_for_selector("#compared .blank")
