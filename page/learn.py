"""Learn to see: a game against the program, with what gives each picture away.

It is played with pairs of pictures of today where they could be fetched, else with the pictures
of 32 pixels that are shipped; of these an example of each kind is shown below.
"""

import random
from urllib.parse import quote

import gradio as gr

from ensemble import Verdict
from ensemble.vocabulary import AI, CAMERA, PARTLY, REAL
from page import JUDGES
from page.examples import galleries
from page.gallery import today
from page.game import PAIRS, ROUNDS, draw_pairs, draw_singles
from page.html import render
from page.notes import sentence
from page.words import LABELS, everywhere, language, member_text

FEWEST_PAIRS = 3
SIGNS = ("shape", "texture", "background", "light", "large")
PAIR_SIGNS = ("writing", "melting", "counting", "chance", "file")

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
  if (clicked && next) next.focus();
  clicked = false;
});
"""


def tab(ensemble):
    """The game; below it an example of each kind of the small pictures, shuffled at will.

    Parameters
    ----------
    ensemble : Ensemble
    """
    small = playable(galleries(ensemble))
    small = small if {example.truth for example in small} == {AI, REAL} else []
    # All small pictures are of one size, so one pack judges them all.
    manifest = ensemble.pack_for(ensemble.open(small[0].path)).manifest if small else None

    def opened(request: gr.Request):
        pictures = playable(today(ensemble))
        return board(None, small, pictures, manifest, language(request)) \
            if enough(pictures) else gr.skip()

    def play(game, event: gr.EventData, request: gr.Request):
        data = event._data if isinstance(event._data, dict) else {}
        pictures = playable(today(ensemble))
        if data.get("action") == "start":
            game = draw(small, pictures, random.Random())
        elif game:
            game.play(data.get("action"), data.get("at"))
        return game, board(game, small, pictures, manifest, language(request))

    def shuffle(request: gr.Request):
        return kinds(small, manifest, random.Random(), language(request))

    gr.HTML(everywhere(lambda said: render("learn_lead.html", said)), apply_default_css=False)
    game = gr.State()
    table = gr.HTML(everywhere(lambda said: board(None, small, [], manifest, said)),
                    apply_default_css=False, elem_id="game", js_on_load=GAME_JS)
    # Nothing is judged here: the verdicts on the pictures are known since they came.
    quick = {key: JUDGES[key] for key in ("api_visibility", "show_progress")}
    gr.on(None, opened, None, table, queue=False, **quick)
    table.click(play, game, [game, table], **quick)
    if small:
        shown = gr.HTML(everywhere(lambda said: kinds(small, manifest, random.Random(0), said)),
                        apply_default_css=False, elem_id="learn-kinds", js_on_load=GAME_JS)
        shown.click(shuffle, None, shown, queue=False, **quick)


def playable(groups):
    """The examples of all groups that the ensemble could judge."""
    return [example for group in groups.values() for example in group
            if isinstance(example.verdict, Verdict)]


def enough(pictures):
    """Whether pictures of today make a game."""
    return pairs(pictures) >= FEWEST_PAIRS


def pairs(pictures):
    """How many pairs a game of these pictures has."""
    ai = sum(picture.truth == AI for picture in pictures)
    return min(PAIRS, ai, len(pictures) - ai)


def draw(small, pictures, chance):
    """A new game: of pairs if there are enough pictures of today, else of small pictures.

    None without either.
    """
    if enough(pictures):
        return draw_pairs(pictures, chance)
    return draw_singles(small, chance) if small else None


def board(game, small, pictures, manifest, said):
    """The game as it stands: not begun, a round to guess, its truth, or the end.

    Parameters
    ----------
    game : page.game.Game or None
        None if it has not begun.
    small, pictures : list of Example
        What a new game would be played with: small pictures and those of today.
    manifest : dict or None
        Of the pack that judges the small ones.
    said : str
        The language.

    Returns
    -------
    markupsafe.Markup
    """
    paired = enough(pictures) if game is None else len(game.rounds[0].pictures) == 2
    rounds = pairs(pictures) if paired else min(ROUNDS, len(small))
    return render("learn_game.html", said, game=game, paired=paired, rounds=rounds,
                  empty=not (rounds or game), labels=LABELS, AI=AI, REAL=REAL,
                  signs=PAIR_SIGNS if paired else SIGNS, evidence=evidence,
                  members=members(manifest, said),
                  kind=lambda example: kind(example, manifest), full=full_address)


def kinds(small, manifest, chance, said):
    """One small picture of each kind, drawn by chance, with what every member says."""
    by_kind = {}
    for example in small:
        by_kind.setdefault(kind(example, manifest), []).append(example)
    drawn = {name: chance.choice(examples) for name, examples in by_kind.items()}
    return render("learn_kinds.html", said, drawn=drawn, labels=LABELS, AI=AI,
                  members=members(manifest, said))


def kind(example, manifest):
    """Photograph, generator whose pictures were added to the training data, or unseen one."""
    if example.truth == REAL:
        return "real"
    added = manifest["training"].get("added_fakes")
    return "known" if added and example.generator == "known" else "unseen"


def members(manifest, said):
    """What the members of a pack are called for people, by their names."""
    return {entry["name"]: member_text(entry, said)[0]
            for entry in (manifest or {}).get("members", ())}


def evidence(example, said):
    """What the file of a picture says of its origin, as pairs of source and sentence.

    Credentials are told also where they prove nothing, but not what was done to the picture.
    """
    return [(note.source, sentence(note, said)) for note in example.verdict.evidence
            if note.says in (AI, PARTLY, CAMERA)
            or note.source == "Content Credentials" and note.key != "credentials_actions"]


def full_address(example):
    """Of the whole photograph that a small picture was cut from, seen from the page."""
    return f"gradio_api/file={quote(str(example.full))}"
