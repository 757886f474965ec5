"""What the page says with two packs: which judged, what that is worth, whose examples are shown."""

import json

import pytest
from PIL import Image

import app
from ensemble import Ensemble, PackModels
from page import judge, panel
from page.examples import galleries, hard
from page.words import LANGUAGES, text
from tests.servers import ROOT
from tests.tiny import bounds, build_tiny_pack, read_manifest, write_manifest
from tests.two_packs import build_packs, report, write_files


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return build_packs(tmp_path_factory.mktemp("two") / "weights")


@pytest.fixture(scope="module")
def both(weights):
    return Ensemble([PackModels.load(weights / name) for name in ("small", "photos")])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("files"))


def shown(ensemble, path, language="en"):
    """The HTML of the answer about a file."""
    return judge.outcome(ensemble, path.read_bytes(), path.name, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_says_which_models_judged(both, files, language):
    sentences = {name: text(f"packs.judged_{name}", language) for name in ("small", "photos")}
    assert sentences["photos"] in shown(both, files["65.png"], language)
    assert sentences["small"] in shown(both, files["64.png"], language)
    for html in (panel.waiting(language), shown(both, files["broken.jpg"], language)):
        assert sentences["small"] not in html and sentences["photos"] not in html


def test_with_one_pack_nothing_is_said_of_packs(both, files):
    for models in both.packs:
        for name in ("64.png", "65.png"):
            html = shown(Ensemble([models]), files[name])
            assert not any(text(f"packs.judged_{purpose}") in html
                           for purpose in ("small", "photos"))


def test_a_result_taken_away_names_packs_and_version(both, weights, files):
    version = read_manifest(weights / "photos")["version"]
    for name, pack in (("65.png", "photos"), ("64.png", "small")):
        file = panel.File.from_data(name, files[name].read_bytes())
        taken = panel.record(both, both.judge(files[name]), file)
        assert taken["pack"] == pack
        assert taken["packs"] == [f"small {version}", f"photos {version}"]


def test_what_a_vote_is_worth_is_read_from_the_packs_report(both, files):
    sure, unsure = shown(both, files["sure.png"]), shown(both, files["camera.jpg"])
    # None of the held-out pictures was called so with confidence: nothing is known of the worth.
    assert "<h2>AI-generated</h2>" in sure and "of 100" not in sure.lower()
    assert "87 of 100" in unsure
    # A picture of a size that the pack doesn't know says nothing of what was measured on others.
    alone = Ensemble([both.packs[1]])
    too_small = shown(alone, files["64.png"])
    assert "pictures from 65 pixels on" in too_small and "of 100" not in too_small.lower()


@pytest.mark.parametrize("content", [None, report()])
def test_without_a_report_on_promises_an_uncertain_vote_is_given_no_worth(tmp_path, files, content):
    folder = build_tiny_pack(tmp_path / "photos", domain={"min_side": 65})
    if content is not None:
        (folder / "reports").mkdir()
        (folder / "reports" / "photos.json").write_text(json.dumps(content), "utf-8")
    write_manifest(folder, read_manifest(folder) | {"bounds": bounds(0.99, 0.98)})
    html = shown(Ensemble.load(folder), files["camera.jpg"])
    assert text("common.cant_tell") in html and "of 100" not in html.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cameras_note_is_shown_and_answers_nothing(both, files, language):
    html = shown(both, files["camera.jpg"], language)
    assert text("common.cant_tell", language) in html
    assert text("panel.why_cant_tell", language) in html
    assert "Acme Box &lt;9&gt;" in html and text("panel.says_camera", language) in html
    assert html.index('class="headline"') < html.index('class="evidence"') < html.index(
        'class="models"')


def test_a_sure_vote_and_a_camera_are_both_shown(both, files, tmp_path):
    exif = Image.Exif()
    exif[0x0110] = "Acme"
    with Image.open(files["sure.png"]) as image:
        image.save(tmp_path / "sure.jpg", exif=exif, quality=95)
    html = shown(both, tmp_path / "sure.jpg")
    assert "<h2>AI-generated</h2>" in html and "Acme" in html


def test_the_examples_are_judged_by_the_pack_for_their_size(both):
    examples = [example for group in galleries(both).values() for example in group]
    assert examples and {example.verdict.pack for example in examples} == {"small"}


def test_the_hard_ones_are_whole_pictures_that_it_is_unsure_of_or_wrong_about(both):
    examples, = hard(both).values()
    judged = {path: both.judge(path) for path in (ROOT / "examples/real/full").glob("*.jpg")}
    sure = {path for path, verdict in judged.items()
            if (verdict.label, verdict.certainty) == ("Real", "confident")}
    shown_paths = {example.path for example in examples}
    assert shown_paths and not shown_paths & sure
    whole = {path.read_bytes() for path in judged}
    assert len(examples) == len(whole - {path.read_bytes() for path in sure})  # none of them twice
    assert {example.verdict.pack for example in examples} == {"photos"}
    known = {example.slug for group in galleries(both).values() for example in group}
    assert not known & {example.slug for example in examples}
    html = judge.gallery("hard", examples)
    right = sum(example.verdict.answer == "Real" for example in examples)
    assert f"right for {right} of {len(examples)}" in html and "Hard ones" in html
    assert "What was judged" in judge.example_outcome(both, examples[0])
    assert hard(Ensemble([both.packs[0]])) == {}


def test_both_notices_are_escaped(both):
    again = Ensemble(both.packs)
    assert "notice" not in app.header(again)
    again.notice = "a <b> failed"
    assert "a &lt;b&gt; failed" in app.header(again)
