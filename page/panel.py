"""The panel with an answer: every state of it, and what a visitor takes away."""

import base64
import hashlib
import io
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image

from ensemble import explain
from ensemble.answer import deciding
from ensemble.vocabulary import (
    AI,
    CANT_TELL,
    CONFIDENT,
    CREDENTIALS,
    MODELS,
    PARTLY,
    REAL,
    UNCERTAIN,
)
from page import packs
from page.address import mistake_address
from page.html import markup, render
from page.notes import described, sentence
from page.words import LABELS, error_text, member_text, reason_text, text

SIDE = 320  # pixels of the pictures in a verdict
SCRIPT = Path(__file__).with_name("panel.js").read_text("utf-8")
TONES = {AI: "ai", PARTLY: "ai partly", REAL: "real", CANT_TELL: "unsure"}
VERIFY = "https://contentcredentials.org/verify"  # reads credentials in the visitor's browser
# What helps when nobody can tell, in the order of how much.
NEXT = ("original", "credentials", "search", "look", "limits")


@dataclass(frozen=True)
class File:
    """What is known of the file that was judged, for what a visitor takes away.

    Attributes
    ----------
    name : str
        As the visitor called it.
    bytes : int
    sha256 : str
        In hexadecimal.
    """

    name: str
    bytes: int
    sha256: str

    @classmethod
    def from_data(cls, name, data):
        """The facts of a file with this content."""
        return cls(name, len(data), hashlib.sha256(data).hexdigest())


def waiting(language="en"):
    """The panel before there is an image."""
    return _panel("waiting", text("panel.waiting_title", language),
                  text("panel.waiting_line", language), language)


def problem(error, language="en", serial=None):
    """The panel for an image that can't be judged.

    Parameters
    ----------
    error : ImageError
    serial : str, optional
        Which of the browser's choices this is about.
    """
    return _panel("problem", text("panel.problem_title", language), error_text(error, language),
                  language, serial=serial)


def failed(language="en"):
    """The panel when the server itself failed, or had no room for one more request."""
    return _panel("problem", text("panel.failed_title", language),
                  text("panel.failed_line", language), language)


def result(ensemble, picture, file, example=None, language="en", serial=None, link=""):
    """The panel with an answer.

    Parameters
    ----------
    ensemble : Ensemble
    picture : Picture
        As `Ensemble.open` gives it.
    file : File
    example : page.examples.Example, optional
    language : str
    serial : str, optional
        Which of the browser's choices this is about.
    link : str
        The web address that the picture was fetched from.
    """
    models = ensemble.pack_for(picture)
    verdict = ensemble.judge(picture)
    taken = record(ensemble, verdict, file)
    address = f"?example={quote(example.slug)}" if example else (
        f"?link={quote(link, safe='')}" if link else "")
    data = quote(json.dumps(taken, ensure_ascii=False, indent=1))
    return _panel(
        TONES[verdict.answer], text(LABELS[verdict.answer], language),
        why(models, picture, verdict, language), language, answer=verdict.answer, serial=serial,
        address=address, otherwise=_otherwise(verdict, language),
        steps=_steps(language) if verdict.answer == CANT_TELL else (), verdict=verdict,
        notes=[described(note, language) for note in verdict.evidence],
        majority=_majority(ensemble, verdict, language),
        members=[_member(entry, vote, language)
                 for entry, vote in zip(models.manifest["members"], verdict.votes)],
        certainty=text(f"common.{verdict.certainty}", language),
        reasons=_reasons(models, picture, verdict, example, language),
        **_pictures(models, picture, verdict, file, language), record=taken,
        json=f"data:application/json;charset=utf-8,{data}", mistake=mistake_address(taken))


def record(ensemble, verdict, file):
    """What a visitor takes away as JSON: what the API says, and when and of what it was said."""
    facts = asdict(file)
    return {"file": facts.pop("name"), **facts,
            "judged": datetime.now(UTC).isoformat(timespec="seconds"),
            "packs": [f"{models.name} {models.manifest['version']}" for models in ensemble.packs],
            **verdict.as_dict()}


def why(models, picture, verdict, language="en"):
    """The sentence under the answer: what it rests on.

    Parameters
    ----------
    models : PackModels
        Those that voted.
    picture : Picture
    verdict : Verdict
    language : str
    """
    if note := deciding(verdict.evidence):
        return sentence(note, language)
    if verdict.answer == CANT_TELL:
        return text("panel.why_cant_tell", language)
    return " ".join(filter(None, (text("panel.why_models", language),
                                  packs.experience(models, picture, verdict, language))))


def data_uri(image, format="JPEG"):
    """A small picture for the page, inside the page: no file is made for it."""
    data = io.BytesIO()
    image.save(data, format, quality=88)
    return f"data:image/{format.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"


def _panel(tone, headline, why, language, **values):
    blank = dict.fromkeys(("answer", "serial", "address", "otherwise", "verdict"))
    return str(render("panel.html", language, tone=tone, headline=headline, why=why,
                      **{**blank, "steps": (), **values}))


def _otherwise(verdict, language):
    """A sentence where the models vote against what the file proves or says, else None."""
    sides = {AI: AI, PARTLY: AI, REAL: REAL}
    if (verdict.because == MODELS or verdict.certainty == UNCERTAIN
            or sides[verdict.answer] == verdict.label):
        return None
    proves = "proves" if verdict.because == CREDENTIALS else "says"
    return text(f"panel.otherwise_{proves}", language, label=text(LABELS[verdict.label], language))


def _steps(language):
    return [markup(f"panel.next_{step}", language, verify=VERIFY) for step in NEXT]


def _majority(ensemble, verdict, language):
    ayes, noes = map(int, verdict.agreement.split("-"))
    label = text(LABELS[verdict.label], language)
    line = text("panel.vote_all" if not noes else "panel.vote_some", language, ayes=ayes,
                count=ayes + noes, label=label)
    return " ".join(filter(None, (line, packs.judged_by(ensemble, verdict, language))))


def _member(entry, vote, language):
    name, about = member_text(entry, language)
    if "parameters" in entry:
        count = f"{entry['parameters'] / 1e6:.2f}"
        about += "; " * bool(about) + text("panel.parameters", language, count=count)
    return {"name": name, "about": about, "p_ai": vote.p_ai,
            "side": "ai" if vote.label == AI else "real",
            "label": text(LABELS[vote.label], language)}


def _reasons(models, picture, verdict, example, language):
    reasons = [reason_text(reason, language) for reason in verdict.reasons]
    if example:
        reasons.insert(0, text("panel.example", language, name=example.name,
                               truth=text(LABELS[example.truth], language)))
        if source := example.source:
            reasons.insert(1, text("panel.credit", language, author=source.author,
                                   repository=source.repository, licence=source.licence))
    # Where the models answer it stands under the answer.
    if verdict.because != MODELS or verdict.certainty == UNCERTAIN:
        reasons.append(packs.experience(models, picture, verdict, language))
    if verdict.certainty == CONFIDENT and not reasons:
        reasons.append(text("panel.rarely_wrong", language))
    return list(filter(None, reasons))


def _pictures(models, picture, verdict, file, language):
    """The picture with the square that was judged, and the networks' maps over that square."""
    height, width = picture.rgb.shape[:2]
    small = Image.fromarray(picture.rgb)
    # A thumbnail shows its true pixels.
    if max(width, height) >= SIDE:
        small.thumbnail((2 * SIDE, 2 * SIDE))
    short = min(width, height)
    left, top = (100 * (side - short) / 2 / side for side in (width, height))
    caption = "panel.judged_all" if width == height else "panel.judged_square"
    square = np.asarray(explain.magnified(picture.rgb, SIDE))
    maps = [{"member": member_text(entry, language)[0],
             "uri": data_uri(Image.fromarray(
                 explain.overlay(square, verdict.maps[entry["name"]], SIDE)))}
            for entry in models.manifest["members"] if entry["name"] in verdict.maps]
    return {
        "whole": {"uri": data_uri(small, "PNG" if max(width, height) < SIDE else "JPEG"),
                  "alt": text("panel.full_alt", language, name=file.name),
                  "square": f"inset:{top:.1f}% {left:.1f}%" if left or top else None,
                  "caption": text(caption, language, width=picture.width, height=picture.height)},
        "square": data_uri(Image.fromarray(square)), "maps": maps}
