"""Photographs in plain words: what votes are worth, whom they accuse, what they miss."""

import json
import re

import pytest

from ensemble import Ensemble, Picture
from ensemble.vote import decide
from page import about, packs, photos, quality
from page.words import LANGUAGES, text
from tests.tiny import build_tiny_pack, noise
from tests.two_packs import build_packs, promises, report, row


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Two packs: for small pictures, without reports, and for photographs."""
    weights = build_packs(tmp_path_factory.mktemp("two") / "weights")
    return Ensemble([*Ensemble.load(weights / "small").packs,
                     *Ensemble.load(weights / "photos").packs])


def voted(models, p_ai):
    """A picture, and the verdict on it when all members give this probability."""
    picture = Picture(noise(1)[0], 300, 200)
    manifest = models.manifest | {"calibration": {"weights": [1, 0, 0], "bias": 0}}
    return picture, decide(manifest, picture, [p_ai] * 3, {})


def worth(models, p_ai, language="en"):
    """What the page says such a vote proved to be worth."""
    return packs.experience(models, *voted(models, p_ai), language)


@pytest.fixture
def models(both):
    """The pack for photographs, with bounds that can be reached."""
    _, models = both.packs
    for bounds in models.manifest["bounds"].values():
        bounds["confident"]["from"], bounds["likely"]["from"] = 0.9, 0.7
    return models


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_vote_is_worth_what_was_measured_on_held_out_pictures(models, language):
    assert "88" in worth(models, 0.2, language)  # of 88.99% never more
    few = worth(models, 0.8, language)
    assert "20" in few and "15" in few and "75" not in few  # a share of so few says too much
    assert "87" in worth(models, 0.5, language)
    assert worth(models, 0.95, language) == ""  # none was confident


def test_without_promises_the_packs_own_bounds_say_it(tmp_path):
    models, = Ensemble.load(build_tiny_pack(tmp_path / "tiny", domain={"min_side": 65})).packs
    assert worth(models, 0.95) == "Of 100 pictures that score like this about 98 were AI-generated."
    assert worth(models, 0.3) == "Of 100 pictures that score like this about 90 were real."
    assert worth(models, 0.5) == ""
    del models.manifest["bounds"]["Real"]["likely"]["right"]
    assert worth(models, 0.3) == ""


def test_of_a_size_that_the_pack_does_not_know_nothing_is_said(models):
    picture, verdict = voted(models, 0.2)
    small = Picture(picture.rgb, 40, 30)
    assert packs.experience(models, small, verdict, "en") == ""


@pytest.mark.parametrize("share, times", [(0.29, 29), (0.999, 99), (1.0, 100), (0.0, 0)])
def test_times_of_a_hundred_are_never_rounded_up(share, times):
    assert packs.of_hundred(share) == times


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_with_the_promises_then_shows_weak_spots_first(both, language):
    manifest = packs.in_order(both)[0].manifest
    html = quality.numbers(manifest, {"promises": promises(), "photos": report()}, language)
    assert "{" not in html and html.index("87") < html.index("<table") < html.index("photos 1.0.0")
    for number in ("2,000", "1,759", "75.0%", "88.9%", "0.4%", "2.2%", "3.1%", "0.8123", "1.2%",
                   "1,234", "3.4%", "4.6%", "21.1%", "45.0%"):
        assert number in html
    assert html.count('<th scope="row">') == 3  # two kinds of votes, and those that can't tell
    names = re.findall(r"<li[^>]*><span>(.*?)<small>", html)
    assert names == ["New &amp; shy", "Old one", "&lt;web&gt;", "news"]


@pytest.mark.parametrize("missing", ["promises", "photos"])
def test_one_of_the_two_reports_is_enough(both, missing):
    reports = {"promises": promises(), "photos": report()}
    del reports[missing]
    html = photos.numbers(packs.in_order(both)[0].manifest, reports, "en")
    assert ("they promise" in html) == (missing == "photos")
    assert ("Weak spots" in html) == (missing == "promises")


def test_confident_votes_are_shown_where_there_are_some(both):
    made = promises()
    made["steps"]["confident"]["coverage"] = 0.05
    made["labels"]["Real"]["confident"] = {"verdicts": 100, "right": 0.98}
    html = photos.numbers(packs.in_order(both)[0].manifest, {"promises": made}, "en")
    assert "98.0%" in html and "97%" in html and "never say" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_reports_call_by_code_names_has_plain_ones(language):
    made = packs.plain("generators", "other open models", language)
    taken = packs.plain("collections", "dinablachman", language)
    assert (made == "other open models") == (language == "en") and "Flickr" in taken
    assert packs.plain("generators", "Brand new 9", language) == "Brand new 9"


def test_the_weakest_are_those_with_enough_pictures():
    sentence = packs.weakest(report() | {"sources": {"news": row()}}, "en")
    assert "New & shy, Old one" in sentence and "Rare" not in sentence and "news" in sentence
    assert packs.weakest({}, "en") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_about_tells_of_photographs_first_and_of_each_pack_what_holds_for_it(both, language):
    html = about.explanation(both, language)
    assert html.index(text("packs.photos", language)) < html.index(text("packs.small", language))
    limits = html[html.index('id="cant-know"'):]
    assert limits.index("New &amp; shy") < limits.index("CIFAKE")
    assert "photos 1.0.0" in html and "small 1.0.0" in html and "87" in html
    larger = text("about.limit_larger", language, side=64)
    assert larger not in html
    assert larger in about.explanation(Ensemble(both.packs[:1]), language)


def test_a_report_that_is_not_there_is_empty(both):
    small, large = both.packs
    assert packs.report(small, "promises") == {}
    assert packs.report(large, "promises") == json.loads(json.dumps(promises()))
