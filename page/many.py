"""The tab Many: a list of answers, one after the other, to look through and to take away."""

from pathlib import Path

import gradio as gr
from PIL import Image

from ensemble import ImageError
from ensemble.errors import ACCEPTED
from ensemble.images import MAX_BYTES, MAX_PIXELS
from ensemble.vocabulary import AI, CANT_TELL, MODELS, PARTLY, REAL
from page import JUDGES, many_table, packs, picker
from page.html import render
from page.notes import sentence
from page.panel import data_uri
from page.uploads import source
from page.words import LABELS, error_text, everywhere, language, member_text, reason_text, text

LIMIT = 200  # files at once
SIDE = 128  # pixels of a thumbnail
# An answer → the key that the page filters and sorts by, from AI-generated to real.
KINDS = {AI: "ai", PARTLY: "partly", CANT_TELL: "cant_tell", REAL: "real"}
PROBLEM = "problem"  # a file that can't be judged
ORDERS = ("given", "ai_first", "real_first", "name")
SCRIPTS = {name: Path(__file__).with_name(f"many_{name}.js").read_text("utf-8")
           for name in ("files", "list")}


def tab(ensemble):
    """Choose files, watch their answers come, look through them, download them.

    The browser asks for one file after the other. So nobody with one picture waits for two
    hundred, stopping loses nothing, and no row is sent twice.

    Parameters
    ----------
    ensemble : Ensemble
    """
    def judge(event: gr.EventData, request: gr.Request):
        file = event._data if isinstance(event._data, dict) else {}
        return gr.HTML(row=row(ensemble, file, language(request)))

    # Not Gradio's own component for files: there, one that is too large refuses all of them.
    files = gr.HTML(everywhere(choice), apply_default_css=False, elem_id="many-files",
                    js_on_load=SCRIPTS["files"], row=None)
    gr.HTML(everywhere(lambda language: results(ensemble, language)), apply_default_css=False,
            elem_id="many-results", js_on_load=SCRIPTS["list"])
    judging = files.upload(judge, None, files, trigger_mode="multiple", **JUDGES)
    # A full queue or a lost connection: the browser stops, and can go on later.
    judging.failure(None, None, None, js="() => document.dispatchEvent(new Event('many-failed'))")


def choice(language="en"):
    """Where files are chosen or dropped, and how far the judging is."""
    limits = text("many.limits", language, limit=LIMIT, accepted=ACCEPTED.replace(" or ", ", "),
                  megabytes=MAX_BYTES // 2**20, megapixels=MAX_PIXELS // 10**6)
    return str(render("many_files.html", language, limit=LIMIT, largest=MAX_BYTES, limits=limits))


def results(ensemble, language="en"):
    """The list before there is a file in it, with its filter, order and downloads."""
    return str(render(
        "many_list.html", language, kinds=[*KINDS.values(), PROBLEM], orders=ORDERS,
        labels={key: text(LABELS[answer], language) for answer, key in KINDS.items()}
        | {PROBLEM: text("many.show_problem", language)},
        members=_names(ensemble, language).values(), header=many_table.header(ensemble)))


def row(ensemble, file, language="en"):
    """All that the page needs to list one file.

    Parameters
    ----------
    ensemble : Ensemble
    file : dict
        What the browser says of it: `name`, `size`, `path` if it was uploaded, and `run` and `at`,
        which say which of its choices it is and are given back.
    language : str

    Returns
    -------
    dict
        `card` and `line`, HTML of the two ways to look at it; `csv` and `json`, what is taken
        away; `kind`, `rank`, `p_ai` and `name`, which the list is filtered and sorted by.
    """
    name = str(file.get("name", "?"))
    outcome, thumbnail = judged(ensemble, file)
    values = described(ensemble, outcome, language) | {"name": name, "at": file.get("at")}
    return {"run": file.get("run"), "at": file.get("at"), "name": name,
            "kind": values["kind"], "rank": [*KINDS.values(), PROBLEM].index(values["kind"]),
            "p_ai": values["p_ai"],
            "card": str(render("many_card.html", language, thumbnail=thumbnail, **values)),
            "line": str(render("many_line.html", language, **values)),
            "csv": many_table.line(ensemble, name, outcome),
            "json": many_table.record(name, outcome)}


def judged(ensemble, file):
    """The outcome of one file; one that can't be judged has one too.

    Parameters
    ----------
    ensemble : Ensemble
    file : dict
        See `row`.

    Returns
    -------
    outcome : Verdict or ImageError
    thumbnail : str or None
        A `data:` URI; None if the file could not be opened.
    """
    try:
        picker.check_sent(file, str(file.get("name", "?")))
        picture = ensemble.open(source(file))
        return ensemble.judge(picture), _thumbnail(picture.rgb)
    except ImageError as error:
        return error, None


def described(ensemble, outcome, language="en"):
    """An outcome in words.

    Parameters
    ----------
    ensemble : Ensemble
    outcome : Verdict or ImageError
    language : str

    Returns
    -------
    dict
        `kind` (of `KINDS`, or `PROBLEM`), `answer`, `because` and `why` in words, `voted`, whether
        the answer is the models', `p_ai` (None if the file can't be judged) and `votes`, the p_ai
        of each member of any pack (None if it did not vote).
    """
    names = _names(ensemble, language)
    if isinstance(outcome, ImageError):
        return {"kind": PROBLEM, "answer": text("many.problem", language), "because": "",
                "voted": False, "why": error_text(outcome, language), "p_ai": None,
                "votes": [None] * len(names)}
    votes = {vote.member: vote.p_ai for vote in outcome.votes}
    because = (text(f"common.{outcome.certainty}", language) if outcome.because == MODELS
               else text(f"many.because_{outcome.because}", language))
    why = (*(sentence(note, language) for note in outcome.evidence if note.says),
           *(reason_text(reason, language) for reason in outcome.reasons),
           packs.judged_by(ensemble, outcome, language))
    return {"kind": KINDS[outcome.answer], "answer": text(LABELS[outcome.answer], language),
            "voted": outcome.because == MODELS, "because": because,
            "why": " ".join(filter(None, why)), "p_ai": outcome.p_ai,
            "votes": [votes.get(name) for name in names]}


def _names(ensemble, language):
    """What members are called for people, by their names in a verdict."""
    entries = {entry["name"]: entry for models in reversed(ensemble.packs)
               for entry in models.manifest["members"]}
    return {name: member_text(entries[name], language)[0] for name in many_table.members(ensemble)}


def _thumbnail(rgb):
    image = Image.fromarray(rgb)
    image.thumbnail((SIDE, SIDE))
    return data_uri(image, "PNG" if max(rgb.shape[:2]) <= SIDE / 2 else "JPEG")
