"""Learn to see: an example of each kind with what every member says, and a game against them."""

import random
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

import gradio as gr

from ensemble import Verdict
from ensemble.vocabulary import AI, REAL
from ensemble.vote import percent
from page import JUDGES
from page.examples import galleries
from page.panel import WORDS
from page.words import everywhere, language, text

ROUNDS = 10
FEWEST = 3  # pictures of either kind in a game: nobody can count what must still come
SIGNS = ("shape", "texture", "background", "light", "large")

# A click names what was clicked; the focus goes to where the reader goes on.
GAME_JS = """
let clicked = false;
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  clicked = true;
  trigger('click', {...button.dataset});
});
watch('value', () => {
  const next = element.querySelector('[data-next]');
  if (clicked && next) next.focus({preventScroll: true});
  clicked = false;
});
"""


@dataclass
class Game:
    """A game in play.

    Attributes
    ----------
    pictures : list of int
        Indices into all the examples.
    guesses : list of str
        The player's labels so far, `AI-generated` or `Real`.
    revealed : bool
        Whether the last guess is being shown with its truth.
    """

    pictures: list
    guesses: list = field(default_factory=list)
    revealed: bool = False

    @property
    def over(self):
        """Whether all pictures were guessed and looked at."""
        return len(self.guesses) == len(self.pictures) and not self.revealed

    def play(self, action, at):
        """Guess (`action` is a label) or go on (`next`).

        A click that was meant for another picture than the one that waits, such as the second
        of a double click, changes nothing.
        """
        waiting = len(self.guesses) - self.revealed
        if at != str(waiting) or waiting >= len(self.pictures):
            return
        if action == "next" and self.revealed:
            self.revealed = False
        elif action in (AI, REAL) and not self.revealed:
            self.guesses.append(action)
            self.revealed = True


def tab(ensemble):
    """An example of each kind, shuffled at will; below them the game."""
    examples = playable(galleries(ensemble))
    if {example.truth for example in examples} != {AI, REAL}:
        gr.HTML(everywhere(lambda said: f'<p class="empty">{text("learn.none", said)}</p>'),
                apply_default_css=False)
        return
    # All thumbnails are of one size, so one pack judges them all.
    manifest = ensemble.pack_for(ensemble.open(examples[0].path)).manifest

    def shuffle(request: gr.Request):
        return kinds(examples, manifest, random.Random(), language(request))

    def play(game, event: gr.EventData, request: gr.Request):
        data = event._data if isinstance(event._data, dict) else {}
        if data.get("action") == "start":
            game = draw(examples, random.Random())
        elif game:
            game.play(data.get("action"), data.get("at"))
        return game, board(examples, manifest, game, language(request))

    gr.HTML(everywhere(introduction), apply_default_css=False)
    shown = gr.HTML(everywhere(lambda said: kinds(examples, manifest, random.Random(0), said)),
                    apply_default_css=False, elem_id="learn-kinds", js_on_load=GAME_JS)
    game = gr.State()
    table = gr.HTML(everywhere(lambda said: board(examples, manifest, None, said)),
                    apply_default_css=False, elem_id="game", js_on_load=GAME_JS)
    # Nothing is judged here: the verdicts on the examples are known since the start.
    quick = {key: JUDGES[key] for key in ("api_visibility", "show_progress")}
    shown.click(shuffle, None, shown, queue=False, **quick)
    table.click(play, game, [game, table], **quick)


def playable(groups):
    """The examples of all groups that the ensemble could judge."""
    return [example for group in groups.values() for example in group
            if isinstance(example.verdict, Verdict)]


def draw(examples, chance):
    """A new game.

    Parameters
    ----------
    examples : list of Example
        Of both kinds.
    chance : random.Random
    """
    ai = [i for i, example in enumerate(examples) if example.truth == AI]
    real = [i for i, example in enumerate(examples) if example.truth == REAL]
    rounds = min(ROUNDS, len(examples))
    low = max(min(FEWEST, len(ai)), rounds - len(real))
    high = min(len(ai), rounds - min(FEWEST, len(real)))
    count = chance.randint(low, high)
    pictures = chance.sample(ai, count) + chance.sample(real, rounds - count)
    chance.shuffle(pictures)
    return Game(pictures)


def kind(example, manifest):
    """Photograph, generator whose pictures were added to the training data, or unseen one."""
    if example.truth == REAL:
        return "real"
    added = manifest["training"].get("added_fakes")
    return "known" if added and example.generator == "known" else "unseen"


def introduction(language):
    """What this tab is for."""
    return (f'<section class="lead"><h2>{text("learn.title", language)}</h2>'
            f'<p>{text("learn.lead", language)}</p></section>')


def kinds(examples, manifest, chance, language):
    """One example of each kind, drawn by chance, with what every member says."""
    by_kind = {}
    for example in examples:
        by_kind.setdefault(kind(example, manifest), []).append(example)
    cards = "".join(_card(name, chance.choice(found), language)
                    for name, found in by_kind.items())
    return f"""<section class="kinds" aria-label="{text("learn.kinds", language)}">
<div class="cards">{cards}</div>
<p><button type="button" class="button" data-action="shuffle" data-next>
{text("learn.shuffle", language)}</button></p></section>"""


def board(examples, manifest, game, language):
    """The game as it stands: not begun, a picture to guess, its truth, or the end."""
    head = f'<h2>{text("learn.game", language)}</h2>'
    if game is None:
        inside = (f'<p>{text("learn.rules", language, rounds=min(ROUNDS, len(examples)))}</p>'
                  f'{_button("start", "start", language)}')
    elif game.over:
        inside = _end(examples, manifest, game, language)
    else:
        inside = _round(examples, manifest, game, language)
    return (f'<section class="game" aria-label="{text("learn.game", language)}">{head}{inside}'
            f'</section>')


def _card(name, example, language):
    return f"""<article class="card"><h3>{text(f"learn.kind_{name}", language)}</h3>
{_picture(example, language)}<p>{text(f"learn.about_{name}", language)}</p>
{_votes(example, language)}</article>"""


def _round(examples, manifest, game, language):
    at = len(game.guesses) - game.revealed
    example = examples[game.pictures[at]]
    count = text("learn.count", language, number=at + 1, rounds=len(game.pictures))
    you, it = _score(examples, game)
    score = text("learn.score", language, you=you, it=it)
    if not game.revealed:
        answer = f"""<p class="ask" tabindex="-1" data-next>{text("learn.question", language)}</p>
<p class="choices">{_button(REAL, "real", language, at)}{_button(AI, "ai", language, at)}</p>"""
    else:
        right = game.guesses[-1] == example.truth
        said = text("learn.right" if right else "learn.wrong", language,
                    truth=text(WORDS[example.truth], language))
        last = at + 1 == len(game.pictures)
        about = text(f"learn.about_{kind(example, manifest)}", language)
        answer = f"""<div class="truth {'right' if right else 'wrong'}" tabindex="-1" data-next>
<p><b>{'✓' if right else '✗'} {said}</b></p><p>{about}</p>
</div>{_votes(example, language)}
<p>{_button("next", "finish" if last else "next", language, at)}</p>
{_photograph(example, language) if example.full else ""}"""
    return f"""<p class="count" role="status">{count} <span>{score}</span></p>
<div class="round"><div>{_picture(example, language)}</div>
<div>{answer}</div></div>"""


def _end(examples, manifest, game, language):
    you, it = _score(examples, game)
    result = "won" if you > it else "lost" if you < it else "drawn"
    rows = "".join(_line(examples[at], manifest, guess, language)
                   for at, guess in zip(game.pictures, game.guesses))
    signs = "".join(f"<li>{text(f'learn.sign_{sign}', language)}</li>" for sign in SIGNS)
    return f"""<p class="result" tabindex="-1" data-next><b>{text(f"learn.{result}", language)}</b>
{text("learn.final", language, you=you, it=it, rounds=len(game.pictures))}</p>
<p>{_button("start", "again", language)}</p>
<div class="after"><table class="scores"><caption>{text("learn.pictures", language)}</caption>
<thead><tr><th scope="col">{text("learn.picture", language)}</th>
<th scope="col">{text("learn.truth", language)}</th>
<th scope="col">{text("learn.you", language)}</th>
<th scope="col">{text("learn.it", language)}</th></tr></thead><tbody>{rows}</tbody></table>
<div><h3>{text("learn.signs", language)}</h3><ul class="signs">{signs}</ul></div></div>"""


def _line(example, manifest, guess, language):
    truth = text(WORDS[example.truth], language)
    return f"""<tr><td><img src="{example.address}" alt=""></td>
<th scope="row">{truth}<small>{_title(example, manifest, language)}</small></th>
<td>{_mark(guess == example.truth, language)}</td>
<td>{_mark(example.verdict.label == example.truth, language)}</td></tr>"""


def _score(examples, game):
    """How many the player and the majority have right so far."""
    seen = [examples[i] for i in game.pictures[:len(game.guesses)]]
    return (sum(guess == example.truth for guess, example in zip(game.guesses, seen)),
            sum(example.verdict.label == example.truth for example in seen))


def _button(action, name, language, at=""):
    return (f'<button type="button" class="button" data-action="{action}" data-at="{at}">'
            f'{text(f"learn.{name}", language)}</button>')


def _title(example, manifest, language):
    """The name of a photograph, or the kind of a generator: a generated file's name is its seed."""
    return escape(example.name) if example.truth == REAL else text(
        f"learn.kind_{kind(example, manifest)}", language)


def _mark(right, language):
    word = text("learn.yes" if right else "learn.no", language)
    return f'<span role="img" aria-label="{word}">{"✓" if right else "✗"}</span>'


def _votes(example, language):
    """What every member and the majority say of a picture."""
    verdict = example.verdict
    rows = "".join(f"<tr>{_cells(escape(vote.member), vote, language)}</tr>"
                   for vote in verdict.votes)
    mark = _mark(verdict.label == example.truth, language)
    return f"""<table class="votes"><caption>{text("learn.votes", language)}</caption><tbody>{rows}
<tr class="majority">{_cells(text("learn.majority", language), verdict, language, mark)}</tr>
</tbody></table>"""


def _cells(name, said, language, mark=""):
    """Cells of a vote or a verdict."""
    return (f'<th scope="row">{name}</th><td class="number">{percent(said.p_ai)}</td>'
            f'<td class="said {"ai" if said.label == AI else "real"}">'
            f'{text(WORDS[said.label], language)} {mark}</td>')


def _picture(example, language):
    """The thumbnail that the models judge, each of its pixels to be seen."""
    return (f'<img class="seen pixels" src="{example.address}" width="32" height="32" '
            f'alt="{text("learn.thumbnail", language)}">')


def _photograph(example, language):
    """The whole photograph that an example was cut from."""
    return (f'<figure class="whole"><img src="gradio_api/file={quote(str(example.full))}" '
            f'alt="{escape(example.name)}">'
            f'<figcaption>{text("learn.full", language)}</figcaption></figure>')
