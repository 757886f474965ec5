"""The examples of each kind and the game."""

import random
import re
from contextlib import suppress
from dataclasses import replace

import pytest
from playwright.sync_api import TimeoutError

from ensemble import Ensemble
from ensemble.vocabulary import AI, REAL
from page import learn
from page.examples import galleries
from page.words import LANGUAGES
from tests.visits import fits, violations, visit


@pytest.fixture(scope="module")
def ensemble():
    return Ensemble.load().ensembles[0]  # the pack for thumbnails


@pytest.fixture(scope="module")
def examples(ensemble):
    return learn.playable(galleries(ensemble))


def answer(game, right, examples):
    """Guess the waiting picture, rightly or not, and go on."""
    at = str(len(game.guesses))
    truth = examples[game.pictures[int(at)]].truth
    game.play(truth if right else {AI: REAL, REAL: AI}[truth], at)
    game.play("next", at)


@pytest.mark.parametrize("seed", range(20))
def test_a_game_has_ten_different_pictures_of_both_kinds(examples, seed):
    pictures = learn.draw(examples, random.Random(seed)).pictures
    assert len(set(pictures)) == len(pictures) == learn.ROUNDS
    ai = sum(examples[at].truth == AI for at in pictures)
    assert learn.FEWEST <= ai <= learn.ROUNDS - learn.FEWEST


def test_games_differ_in_how_many_are_generated(examples):
    counts = {sum(examples[at].truth == AI for at in learn.draw(
        examples, random.Random(seed)).pictures) for seed in range(40)}
    assert len(counts) > 2


@pytest.mark.parametrize("real, ai", [(1, 1), (2, 30), (30, 1), (4, 4)])
def test_few_examples_still_make_a_game(examples, real, ai):
    some = [replace(examples[0], truth=REAL)] * real + [replace(examples[0], truth=AI)] * ai
    for seed in range(5):
        pictures = learn.draw(some, random.Random(seed)).pictures
        assert len(set(pictures)) == len(pictures) == min(learn.ROUNDS, real + ai)


def test_the_score_counts_the_player_and_the_majority(ensemble, examples):
    game = learn.draw(examples, random.Random(1))
    for at in range(learn.ROUNDS):
        assert not game.over
        answer(game, at % 2 == 0, examples)
    assert game.over
    it = sum(examples[at].verdict.label == examples[at].truth for at in game.pictures)
    html = learn.board(examples, ensemble.manifest, game, "en")
    assert f"You were right about 5 of 10, the ensemble about {it}." in html
    assert html.count("<tr><td><img") == learn.ROUNDS


def test_the_answer_is_hidden_until_the_guess(ensemble, examples):
    game = learn.draw(examples, random.Random(2))
    html = learn.board(examples, ensemble.manifest, game, "en")
    assert "In truth" not in html and "%" not in html
    assert "Camera or generator?" in html
    game.play(AI, "0")
    html = learn.board(examples, ensemble.manifest, game, "en")
    verdict = examples[game.pictures[0]].verdict
    assert "In truth" in html and all(vote.member in html for vote in verdict.votes)


@pytest.mark.parametrize("action, at", [
    (AI, "1"), (AI, ""), (AI, None), (AI, 0), ("next", "0"), ("anything", "0"), (None, "0")])
def test_a_click_that_is_meant_for_nothing_changes_nothing(examples, action, at):
    game = learn.draw(examples, random.Random(3))
    game.play(action, at)
    assert game.guesses == [] and not game.revealed


def test_a_double_click_guesses_once(examples):
    game = learn.draw(examples, random.Random(3))
    game.play(AI, "0")
    game.play(REAL, "0")
    assert game.guesses == [AI]
    game.play("next", "0")
    game.play("next", "0")
    game.play(AI, "0")
    assert game.guesses == [AI] and not game.revealed
    game.play(REAL, "1")
    assert game.guesses == [AI, REAL]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("added, count", [(0, 2), (4321, 3)])
def test_each_kind_is_shown_with_every_vote(examples, language, added, count):
    manifest = {"training": {"added_fakes": added}}
    generated = next(example for example in examples if example.truth == AI)
    examples = [example for example in examples if example.truth == REAL] + [
        replace(generated, name=f"{kind} {seed}")
        for kind in ("known", "unseen", "dcgan") for seed in range(3)]
    shown = [learn.kinds(examples, manifest, random.Random(seed), language) for seed in range(6)]
    members = [vote.member for vote in examples[0].verdict.votes]
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
        for number in range(1, learn.ROUNDS + 1):
            page.wait_for_selector(f".count:has-text('Picture {number} of {learn.ROUNDS}')")
            page.wait_for_function("document.activeElement.matches('.ask')")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.wait_for_function("document.activeElement.matches('.truth')")
            assert "In truth" in page.locator(".truth").inner_text()
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
        page.wait_for_selector(".result")
        you, it = map(int, re.search(r"about (\d+) of 10, the ensemble about (\d+)",
                                     page.locator(".result").inner_text()).groups())
        marks = page.locator(".after tbody td:nth-child(3) span").all_inner_texts()
        assert len(marks) == learn.ROUNDS and marks.count("✓") == you
        assert page.locator(".after tbody td:nth-child(4) span").all_inner_texts().count("✓") == it
        assert page.locator(".signs li").count() == len(learn.SIGNS)
        assert violations(page) == []


def test_the_game_fits_a_phone_and_speaks_thai(browser, server):
    with visit(browser, server, "learn", "narrow", "dark", "th-TH") as page:
        page.get_by_role("button", name="เริ่ม", exact=True).click()
        page.get_by_role("button", name="กล้อง", exact=True).click()
        page.wait_for_selector(".truth")
        assert violations(page) == []
        assert "ความจริงคือ" in page.locator(".truth").inner_text()
        assert fits(page)
