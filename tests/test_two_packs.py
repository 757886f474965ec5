"""What the page says with two packs: which judged, what that is worth, what the file says first."""

import csv
import io
import json
import re

import pytest
from PIL import Image

import app
from ensemble import Ensemble, Router
from ensemble.provenance import read
from page import about, judge, many, notes, panel, photos, prepare, quality
from page import packs as in_words
from page.examples import galleries, hard
from page.words import LANGUAGES, text
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, read_manifest, write_manifest
from tests.two_packs import build_packs, report, row, write_files


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return build_packs(tmp_path_factory.mktemp("two") / "weights")


@pytest.fixture(scope="module")
def router(weights):
    return Router([Ensemble.load(weights / "small"), Ensemble.load(weights / "photos")])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("files"))


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
