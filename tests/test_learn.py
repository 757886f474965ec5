"""The game of Learn to see, and the small pictures below it."""

import random
import re
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest
from playwright.sync_api import TimeoutError

from ensemble import Ensemble
from ensemble.pack import SHIPPED
from ensemble.vocabulary import AI, CANT_TELL, REAL
from page import game, learn
from page.examples import galleries
from page.game import Game, Pair, draw_pairs, draw_singles
from page.words import LANGUAGES, member_text
from tests.visits import fits, violations, visit


@pytest.fixture(scope="module")
def ensemble():
    return Ensemble.load(SHIPPED)  # the pack for thumbnails


@pytest.fixture(scope="module")
def manifest(ensemble):
    return ensemble.packs[0].manifest


@pytest.fixture(scope="module")
def examples(ensemble):
    return learn.playable(galleries(ensemble))


def of_today(truth, subject, p_ai, answer=CANT_TELL):
    """A picture of today, as far as pairs look at it."""
    return SimpleNamespace(truth=truth, source=SimpleNamespace(subject=subject),
                           verdict=SimpleNamespace(answer=answer, p_ai=p_ai))


def guess(played, right):
    """Choose in the round on the table, rightly or not, and go on."""
    at = str(played.at)
    choice = next(choice for choice in played.round.choices
                  if played.round.is_right(choice) == right)
    played.play(choice, at)
    played.play("next", at)


@pytest.mark.parametrize("seed", range(20))
def test_a_game_has_ten_different_pictures_of_both_truths(examples, seed):
    rounds = draw_singles(examples, random.Random(seed)).rounds
    assert len({single.picture.path for single in rounds}) == len(rounds) == game.ROUNDS
    ai = sum(single.picture.truth == AI for single in rounds)
    assert game.FEWEST <= ai <= game.ROUNDS - game.FEWEST


def test_games_differ_in_how_many_are_generated(examples):
    counts = {sum(single.picture.truth == AI for single in draw_singles(
        examples, random.Random(seed)).rounds) for seed in range(40)}
    assert len(counts) > 2


@pytest.mark.parametrize("real, ai", [(1, 1), (2, 30), (30, 1), (4, 4)])
def test_few_examples_still_make_a_game(examples, real, ai):
    some = [replace(examples[0], truth=truth, name=f"{truth} {number}")
            for truth, count in ((REAL, real), (AI, ai)) for number in range(count)]
    for seed in range(5):
        rounds = draw_singles(some, random.Random(seed)).rounds
        drawn = {single.picture.name for single in rounds}
        assert len(drawn) == len(rounds) == min(game.ROUNDS, real + ai)


@pytest.mark.parametrize("seed", range(10))
def test_pairs_are_one_of_either_truth_and_of_one_subject_where_they_can_be(seed):
    pictures = [of_today(truth, subject, 0.5) for truth, subjects in (
        (REAL, ["animal"] * 3 + ["food"] * 2 + ["thing"]), (AI, ["animal"] * 5 + ["food"]))
        for subject in subjects]
    rounds = draw_pairs(pictures, random.Random(seed)).rounds
    assert len(rounds) == game.PAIRS
    shown = [id(picture) for pair in rounds for picture in pair.pictures]
    assert len(set(shown)) == len(shown)
    assert all({picture.truth for picture in pair.pictures} == {AI, REAL} for pair in rounds)
    alike = sum(len({picture.source.subject for picture in pair.pictures}) == 1 for pair in rounds)
    assert alike == 4  # three of animals and one of food


def test_the_generated_one_is_at_either_place():
    pictures = [of_today(truth, "food", 0.5) for truth in (AI, REAL) for _ in range(6)]
    places = Counter(pair.is_right("0") for seed in range(10)
                     for pair in draw_pairs(pictures, random.Random(seed)).rounds)
    assert min(places[True], places[False]) > 10


def test_no_more_than_six_pairs_are_drawn_and_games_differ():
    pictures = [of_today(truth, str(number), 0.5) for truth in (AI, REAL) for number in range(12)]
    drawn = [draw_pairs(pictures, random.Random(seed)).rounds for seed in range(5)]
    assert {len(rounds) for rounds in drawn} == {game.PAIRS}
    assert len({frozenset(pair.pictures[0].source.subject for pair in rounds)
                for rounds in drawn}) > 1


@pytest.mark.parametrize("first, second, chosen", [
    ((CANT_TELL, 0.9), (CANT_TELL, 0.2), "0"), ((CANT_TELL, 0.2), (REAL, 0.3), "1"),
    ((CANT_TELL, 0.9), (AI, 0.1), "1"), (("Partly AI-generated", 0.1), (CANT_TELL, 0.9), "0"),
    ((AI, 0.1), (AI, 0.2), "1")])
def test_the_program_chooses_by_the_file_first_then_by_its_models(first, second, chosen):
    pair = Pair(tuple(of_today(AI, "food", p_ai, answer) for answer, p_ai in (first, second)))
    assert pair.program == chosen


@pytest.mark.parametrize("counts, played", [((3, 3), True), ((12, 3), True), ((2, 12), False),
                                            ((0, 0), False)])
def test_pairs_are_played_where_there_are_three(examples, counts, played):
    pictures = [of_today(truth, "food", 0.5) for truth, count in zip((AI, REAL), counts)
                for _ in range(count)]
    drawn = learn.draw(examples, pictures, random.Random(0))
    assert isinstance(drawn.rounds[0], Pair) == played
    assert (learn.draw([], pictures, random.Random(0)) is not None) == played


def test_the_score_counts_the_player_and_the_program(manifest, examples):
    played = draw_singles(examples, random.Random(1))
    for at in range(game.ROUNDS):
        assert not played.over
        guess(played, at % 2 == 0)
    assert played.over
    it = sum(single.picture.verdict.label == single.picture.truth for single in played.rounds)
    assert played.score == (5, it)
    html = learn.board(played, examples, [], manifest, "en")
    assert f"You were right about 5 of 10, the program about {it}." in html
    assert html.count('<div class="played"><img') == game.ROUNDS


def test_the_truth_is_hidden_until_the_guess(manifest, examples):
    played = draw_singles(examples, random.Random(2))
    html = learn.board(played, examples, [], manifest, "en")
    assert 'class="truth' not in html and "%" not in html
    assert "Camera or generator?" in html
    played.play(AI, "0")
    html = learn.board(played, examples, [], manifest, "en")
    assert 'class="truth' in html
    assert all(member_text(entry)[0] in html for entry in manifest["members"])
    assert html.index('class="truth') < html.index(f"You {played.score[0]}, program")


def test_without_any_picture_the_tab_says_so():
    assert "There are no pictures to play with here." in learn.board(None, [], [], None, "en")


@pytest.mark.parametrize("action, at", [
    (AI, "1"), (AI, ""), (AI, None), (AI, 0), ("next", "0"), ("anything", "0"), (None, "0"),
    ("0", "0")])
def test_a_click_that_is_meant_for_nothing_changes_nothing(examples, action, at):
    played = draw_singles(examples, random.Random(3))
    played.play(action, at)
    assert played.guesses == [] and not played.revealed


def test_a_click_after_the_end_changes_nothing():
    played = Game([Pair((of_today(AI, "food", 0.5), of_today(REAL, "food", 0.5)))])
    guess(played, True)
    for action, at in (("0", "1"), ("0", "0"), ("next", "0"), ("next", "1")):
        played.play(action, at)
    assert played.over and played.guesses == ["0"] and played.score == (1, 1)


def test_a_double_click_guesses_once(examples):
    played = draw_singles(examples, random.Random(3))
    played.play(AI, "0")
    played.play(REAL, "0")
    assert played.guesses == [AI]
    played.play("next", "0")
    played.play("next", "0")
    played.play(AI, "0")
    assert played.guesses == [AI] and not played.revealed
    played.play(REAL, "1")
    assert played.guesses == [AI, REAL]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("added, count", [(0, 2), (4321, 3)])
def test_each_origin_is_shown_with_every_vote(manifest, examples, language, added, count):
    manifest = manifest | {"training": {"added_fakes": added}}
    generated = next(example for example in examples if example.truth == AI)
    examples = [example for example in examples if example.truth == REAL] + [
        replace(generated, name=f"{origin} {seed}")
        for origin in ("known", "unseen", "dcgan") for seed in range(3)]
    shown = [learn.samples(examples, manifest, random.Random(seed), language) for seed in range(6)]
    members = [member_text(entry, language)[0] for entry in manifest["members"]]
    for html in shown:
        assert html.count('<article class="card">') == count and "{" not in html
        assert all(html.count(f'<th scope="row">{member}</th>') == count for member in members)
    assert len(set(shown)) > 1


def test_a_visitor_plays_a_game_with_the_keyboard(browser, server):
    with visit(browser, server, "learn") as page:
        before = page.locator(".kinds").inner_html()
        for _ in range(5):
            page.get_by_role("button", name="Show others").click()
            with suppress(TimeoutError):  # chance may draw the same again
                page.wait_for_function("b => document.querySelector('.kinds').innerHTML !== b",
                                       arg=before, timeout=4000)
                break
        assert page.locator(".kinds").inner_html() != before
        page.get_by_role("button", name="Start").press("Enter")
        for number in range(1, game.ROUNDS + 1):
            page.wait_for_selector(f".count:has-text('Picture {number} of {game.ROUNDS}')")
            page.wait_for_function("document.activeElement.matches('.ask')")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.wait_for_function("document.activeElement.matches('.truth')")
            assert re.search("Right: Real|Not this time: AI-generated",
                             page.locator(".truth").inner_text())
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
        page.wait_for_selector(".result")
        you, it = map(int, re.search(r"about (\d+) of 10, the program about (\d+)",
                                     page.locator(".result").inner_text()).groups())
        marks = page.locator(".after tbody td:nth-child(2) span").all_inner_texts()
        assert len(marks) == game.ROUNDS and marks.count("✓") == you
        assert page.locator(".after tbody td:nth-child(3) span").all_inner_texts().count("✓") == it
        assert page.locator(".signs li").count() == len(learn.SIGNS)
        assert violations(page) == []


def test_the_game_fits_a_phone_and_speaks_thai(browser, server):
    with visit(browser, server, "learn", "narrow", "dark", "th-TH") as page:
        page.get_by_role("button", name="เริ่ม", exact=True).click()
        page.get_by_role("button", name="กล้อง", exact=True).click()
        page.wait_for_selector(".truth")
        assert violations(page) == []
        assert re.search("ถูกต้อง|คราวนี้ยังไม่ใช่", page.locator(".truth").inner_text())
        assert fits(page)
