"""The page with two packs: which judged, what that is worth, and what the file says first."""

import csv
import io
import json
import re
import urllib.request

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

import app
from ensemble import Ensemble, Router
from ensemble import pack as packs
from ensemble.__main__ import main
from ensemble.provenance import read
from page import about, judge, many, notes, panel, photos, prepare, quality
from page import packs as in_words
from page.examples import galleries, hard
from page.words import LANGUAGES, text
from tests.servers import ROOT, Server, start, stop
from tests.tiny import build_tiny_pack, read_manifest, write_manifest
from tests.visits import fits, violations, visit

THUMBNAIL = ROOT / "examples/real/cat.png"


def row(**changes):
    """What was measured of some pictures, in the shape of `python -m training photos`."""
    return {"real": 40, "ai": 0, "roc_auc": 0.7654, "real_called_ai": 0.321, "ai_caught": None,
            "confident": {"coverage": 0.3129, "accuracy": 0.937, "real_called_ai": 0.0123,
                          "ai_caught": 0.2},
            "flips": {"resaved": {"all": 0.034, "confident": 0.01},
                      "halved": {"all": 0.046, "confident": 0.02}}} | changes


def report():
    """Three generators, one of them met too seldom to be named, and two sources of photographs."""
    made = {name: row(real=0, ai=count, ai_caught=caught, real_called_ai=None)
            for name, count, caught in (("Old one", 99, 0.9), ("New & shy", 60, 0.211),
                                        ("Rare", 5, 0.0))}
    return {"n": 1234, "folds": [row()] * 5, "mean": row(), "generators": made,
            "sources": {"news": row(real_called_ai=0.11), "<web>": row(real_called_ai=0.45)}
            | made}


def build_packs(folder):
    """`small` without reports and `photos` with one; both are sure of the strongest only."""
    for name, domain in (("small", {"max_side": 64}), ("photos", {"min_side": 65})):
        made = build_tiny_pack(folder / name, name=name, domain=domain)
        manifest = read_manifest(made)
        manifest["calibration"]["confident_from"] = 0.99
        manifest["training"]["added_fakes"] = 0
        write_manifest(made, manifest)
    (folder / "photos" / "reports").mkdir()
    (folder / "photos" / "reports" / "photos.json").write_text(json.dumps(report()), "utf-8")
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return build_packs(tmp_path_factory.mktemp("two") / "weights")


@pytest.fixture(scope="module")
def router(weights):
    return Router([Ensemble.load(weights / "small"), Ensemble.load(weights / "photos")])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A photograph that the models can't tell, taken by a camera; one that they are sure of; a
    picture by a generator that they can't tell; one of 64 pixels and one of 65; a broken one."""
    folder = tmp_path_factory.mktemp("files")
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "Box <9>"
    Image.new("RGB", (300, 200), (128, 140, 128)).save(folder / "camera.jpg", exif=exif)
    Image.new("RGB", (300, 200), (255, 0, 0)).save(folder / "sure.png")
    for side in (64, 65):
        Image.new("RGB", (side, 20), (128, 140, 128)).save(folder / f"{side}.png")
    (folder / "broken.jpg").write_bytes((folder / "camera.jpg").read_bytes()[:700])
    return {path.name: path for path in folder.iterdir()}


def shown(ensemble, path, language="en"):
    """The HTML of the verdict on a file."""
    return judge.outcome(ensemble, path, path.name, language)[0]


# In words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_says_which_models_judged(router, files, language):
    by = {name: text(f"packs.judged_{name}", language) for name in ("small", "photos")}
    assert by["photos"] in shown(router, files["65.png"], language)
    assert by["small"] in shown(router, files["64.png"], language)
    for html in (panel.waiting(router, language), shown(router, files["broken.jpg"], language)):
        assert text("packs.by_size", language) in html
        assert by["small"] not in html and by["photos"] not in html


def test_with_one_pack_nothing_is_said_of_packs(router, files):
    for one in router.ensembles:
        for html in (panel.waiting(one), shown(one, files["64.png"]), shown(one, files["65.png"])):
            assert 'class="judged"' not in html


def test_a_result_taken_away_names_pack_and_version(router, weights, files):
    manifest = read_manifest(weights / "photos")
    for path, one in ((files["65.png"], router.ensembles[1]), (files["64.png"],
                                                              router.ensembles[0])):
        html = shown(router, path)
        assert f'data-pack="Models: {one.manifest["name"]} {manifest["version"]}"' in html
        taken = panel.record(one, router.judge(path), path.name, [])
        assert (taken["pack"], taken["version"]) == (one.manifest["name"], "1.0.0")


def test_what_a_verdict_is_worth_is_read_from_the_packs_report(router, files):
    sure, unsure = shown(router, files["sure.png"]), shown(router, files["camera.jpg"])
    assert "right 93 times of 100 when they were confident, as here" in sure
    assert "confident about 31 of 100 and right 93 times of 100" in unsure
    for html in (sure, unsure):
        assert "They tell least of pictures by New &amp; shy, Old one." in html
        assert "Rare" not in html and text("panel.rarely_wrong") not in html
    small = shown(router, files["64.png"])
    assert "of 100" not in small
    too_small = shown(router.ensembles[1], files["64.png"])
    assert "pictures from 65 pixels on" in too_small and "of 100" not in too_small


@pytest.mark.parametrize("content", [None, {}, {"mean": {}}, {"mean": row(confident={
    "coverage": 0.0, "accuracy": None})}])
def test_without_such_a_report_nothing_is_said(tmp_path, files, content):
    folder = build_tiny_pack(tmp_path / "photos", domain={"min_side": 65})
    if content is not None:
        (folder / "reports").mkdir()
        (folder / "reports" / "photos.json").write_text(json.dumps(content), "utf-8")
    assert "of 100" not in shown(Ensemble.load(folder), files["sure.png"])


def test_a_pack_for_small_pictures_says_nothing_of_photographs(tmp_path, files):
    folder = build_tiny_pack(tmp_path / "small")
    (folder / "reports").mkdir()
    (folder / "reports" / "photos.json").write_text(json.dumps(report()), "utf-8")
    assert in_words.report(Ensemble.load(folder)) == {}
    assert "of 100" not in shown(Ensemble.load(folder), files["64.png"])


@pytest.mark.parametrize("share, times", [(0.29, 29), (0.999, 99), (1.0, 100), (0.0, 0)])
def test_times_of_a_hundred_are_never_rounded_up(share, times):
    made = {"mean": {"confident": {"coverage": share, "accuracy": share}}}
    assert re.findall(r"\d+", in_words.said(made, "en"))[::2] == [str(times), str(times)]


# What the file says, first


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_the_vote_cannot_tell_the_files_own_words_stand_above_it(router, files, language):
    html = shown(router, files["camera.jpg"], language)
    assert "unsure" in html
    foremost = html.index('class="foremost"')
    assert html.index('class="headline"') < foremost < html.index('class="overall"')
    said = html[foremost:html.index('class="overall"')]
    assert text("panel.foremost", language) in said and "Acme Box &lt;9&gt;" in said
    assert "JPEG</b>" not in said  # how it was saved says nothing of where it comes from


def test_a_sure_vote_and_a_silent_file_leave_it_out(router, files, tmp_path):
    exif = Image.Exif()
    exif[0x0110] = "Acme"
    Image.open(files["sure.png"]).save(tmp_path / "sure.jpg", exif=exif, quality=95)
    sure, silent = shown(router, tmp_path / "sure.jpg"), shown(router, files["65.png"])
    assert "Acme" in sure and "foremost" not in sure
    assert "unsure" in silent and "foremost" not in silent
    assert notes.foremost(read(files["65.png"])) == ""


# The other tabs


def test_many_list_which_pack_judged(router, files, monkeypatch):
    monkeypatch.setattr(many, "source", lambda file: file["path"])
    rows = [many.judged(router, {"path": str(files[name]), "name": name})
            for name in ("64.png", "65.png", "broken.jpg")]
    html = many.results(router, rows, "en")
    assert html.count("Judged by the models for small pictures.") == 1
    assert html.count("Judged by the models for photographs.") == 1
    lines = list(csv.DictReader(io.StringIO(many.as_csv(router, rows))))
    assert [line["pack"] for line in lines] == ["small", "photos", ""]
    assert all(line["svm"] for line in lines[:2])
    assert "pack" not in many.as_csv(router.ensembles[0], rows).splitlines()[0].split(",")


def test_members_of_packs_that_differ_have_a_column_each(tmp_path, files, monkeypatch):
    folder = build_tiny_pack(tmp_path / "photos", name="photos", domain={"min_side": 65})
    manifest = read_manifest(folder)
    manifest["members"][2]["name"] = "forest"
    write_manifest(folder, manifest)
    router = Router([Ensemble.load(build_tiny_pack(tmp_path / "small")), Ensemble.load(folder)])
    monkeypatch.setattr(many, "source", lambda file: file["path"])
    rows = [many.judged(router, {"path": str(files[name]), "name": name})
            for name in ("64.png", "65.png")]
    small, large = csv.DictReader(io.StringIO(many.as_csv(router, rows)))
    assert small["resnet"] and not small["forest"] and large["forest"] and not large["resnet"]
    assert many.results(router, rows, "en").count('<td class="number">–</td>') == 2
    before = prepare.opened(files["65.png"])
    assert "forest" in prepare.comparison(router, (files["65.png"], before, before), "en")


def test_the_examples_are_judged_by_the_pack_for_their_size(router):
    found = [example for group in galleries(router).values() for example in group]
    assert found and {example.verdict.pack for example in found} == {"small"}


def test_the_hard_ones_are_whole_pictures_that_it_is_unsure_of_or_wrong_about(router):
    found, = hard(router).values()
    judged = {path: router.judge(path) for path in (ROOT / "examples/real/full").glob("*.jpg")}
    sure = {path for path, verdict in judged.items()
            if (verdict.label, verdict.certainty) == ("Real", "confident")}
    shown = {example.path for example in found}
    assert shown and not shown & sure
    whole = {path.read_bytes() for path in judged}
    assert len(found) == len(whole - {path.read_bytes() for path in sure})  # none of them twice
    assert {example.verdict.pack for example in found} == {"photos"}
    known = {example.slug for group in galleries(router).values() for example in group}
    assert not known & {example.slug for example in found}
    html = judge.gallery("hard", found)
    right = sum(example.verdict.label == "Real" for example in found)
    assert f"right about {right} of {len(found)}" in html and "Hard ones" in html
    assert "The full picture" in judge.example_outcome(router, found[0])[0]
    assert hard(router.ensembles[0]) == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_about_tells_of_each_pack_what_holds_for_it(router, language):
    small, large = (about.explanation(one, language, alone=False) for one in router.ensembles)
    assert "CIFAKE" in small and "CIFAKE" not in large
    assert "small 1.0.0" in small and "photos 1.0.0" in large
    larger = text("about.limit_larger", language, side=64)
    assert larger in about.explanation(router.ensembles[0], language)
    assert larger not in small and larger not in large
    assert "93" in large and "93" not in small and "{" not in small + large


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_on_photographs_is_shown_weak_spots_first(router, language):
    one = router.ensembles[1]
    html = quality.numbers(one.manifest, {"photos": report()}, language)
    assert html == photos.numbers(one.manifest, report(), language) and "{" not in html
    heads = re.findall(r'<th scope="row">(.*?)<small>', html)
    assert heads == ["Rare", "New &amp; shy", "Old one", "&lt;web&gt;", "news"]
    for number in ("1,234", "0.7654", "1.2%", "3.4%", "4.6%", "21.1%", "45.0%", "photos 1.0.0"):
        assert number in html


def test_both_notices_are_escaped(router):
    again = Router(router.ensembles)
    assert "notice" not in app.header(again)
    again.notice = "a <b> failed"
    assert "a &lt;b&gt; failed" in app.header(again)


# In the browser, and through the API


@pytest.fixture(scope="module")
def server(weights, tmp_path_factory):
    """The app, running with both packs."""
    folder = tmp_path_factory.mktemp("app")
    process, url = start(folder, weights / "small")
    yield Server(url, folder, process)
    stop(process)


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_a_visitor_is_told_who_judged_and_what_the_file_says(browser, server, files, size, theme):
    with visit(browser, server, "judge", size, theme) as page:
        def upload(name):
            page.set_input_files("#image input[type=file]", files[name])
            page.wait_for_selector(".verdict[data-result]")
            return page.locator(".verdict").inner_text()

        def clear():
            page.get_by_label("Remove Image").click()
            page.wait_for_selector(".verdict.waiting")

        def top(selector):
            return page.locator(selector).bounding_box()["y"]

        assert "each have their own models" in page.locator(".verdict .judged").inner_text()
        empty = page.locator(".gallery").first.evaluate("e => e.offsetTop")
        said = upload("sure.png")
        assert "Judged by the models for photographs." in said and "93 times of 100" in said
        assert page.locator(".gallery").first.evaluate("e => e.offsetTop") == pytest.approx(
            empty, abs=2)
        clear()
        said = upload("camera.jpg")
        assert "Leans" in said and "uncertain" in said and "Acme Box <9>" in said
        assert top(".headline") < top(".foremost") < top(".overall") < top(".members")
        assert fits(page) and violations(page) == []
        with page.expect_download() as got:
            page.get_by_role("button", name="Save a report").click()
        drawn = np.asarray(Image.open(got.value.path()).convert("L"))
        rows = (drawn < 128).any(axis=1).nonzero()[0]
        assert drawn.shape == (1754, 1240) and 1500 < rows.max() < 1700
        clear()
        assert "Judged by the models for small pictures." in upload("64.png")
        hard_one = page.locator(".gallery").filter(has_text="Hard ones").locator("button").first
        hard_one.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth > 300",
                               arg=hard_one.locator("img").element_handle())
        hard_one.click()
        page.wait_for_selector(".verdict[data-example^=full-] >> text=The full picture")


@pytest.mark.parametrize("tab, size, small, large", [
    ("about", "wide", "Stable Diffusion 1.4", "pictures by many generators"),
    ("quality", "narrow", "without reports", "New & shy")])
def test_a_visitor_chooses_the_pack(browser, server, tab, size, small, large):
    with visit(browser, server, tab, size) as page:
        part = page.locator(f"#tab-{tab}")
        part.get_by_text(small).locator("visible=true").first.wait_for()
        part.get_by_role("tab", name="For photographs").click()
        part.get_by_text(large).locator("visible=true").first.wait_for()
        assert part.get_by_text(small).locator("visible=true").count() == 0
        assert fits(page) and violations(page) == []


def test_the_api_says_which_pack_judged_by_the_same_names_and_schemas(server, weights, files,
                                                                      capsys, monkeypatch):
    monkeypatch.setattr(packs, "SHIPPED", weights / "small")
    client = Client(server.url, verbose=False, analytics_enabled=False)
    names = ["64.png", "65.png", "broken.jpg", "sure.png", "64.png"]
    main([*(str(files[name]) for name in names), "--json"])
    expected = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for answer in expected:
        del answer["file"]
    assert [answer.get("pack") for answer in expected] == ["small", "photos", None, "photos",
                                                           "small"]
    given = client.predict(images=[handle_file(files[name]) for name in names],
                           api_name="/detect_batch")
    assert given == expected
    assert client.predict(image=handle_file(files["65.png"]), api_name="/detect") == expected[1]
    with urllib.request.urlopen(f"{server.url}/gradio_api/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    assert set(paths) == {f"/gradio_api/{path}" for path in (
        "upload", "call/v2/detect", "call/detect/{event_id}",
        "call/v2/detect_batch", "call/detect_batch/{event_id}")}
