"""The packs in plain words, where there are several: which judged, and a part of a tab for each."""

import json
import math

import gradio as gr

from ensemble.vocabulary import CONFIDENT
from ensemble.vote import beyond
from page.words import label, text

FEWEST = 30  # pictures of a generator that say something of it
WEAKEST = 3  # generators that are named


def kind(manifest):
    """What the pack is for, by the sizes that it knows: "photos" or "small" pictures."""
    return "photos" if "min_side" in manifest["domain"] else "small"


def each(ensemble, lay_out):
    """Lay out a part of a tab: once, or where there are several packs, behind a tab for each.

    Parameters
    ----------
    ensemble : Ensemble
    lay_out : callable
        Takes the ensemble of one pack.
    """
    if len(ensemble.packs) == 1:
        lay_out(*ensemble.packs)
        return
    with gr.Tabs():
        for one in ensemble.packs:
            with gr.Tab(label(f"packs.{kind(one.manifest)}")):
                lay_out(one)


def judged_by(ensemble, verdict, language):
    """Which of several packs judged.

    Parameters
    ----------
    ensemble : Ensemble
    verdict : Verdict or None
        None before there is a picture.

    Returns
    -------
    str
        Empty if there is one pack only.
    """
    if len(ensemble.packs) == 1:
        return ""
    if not verdict:
        return text("packs.by_size", language)
    manifest = next(one.manifest for one in ensemble.packs
                    if one.manifest["name"] == verdict.pack)
    return text(f"packs.judged_{kind(manifest)}", language)


def experience(one, picture, verdict, language):
    """What such a verdict proved to be worth.

    Parameters
    ----------
    one : Ensemble
        The one that judged.
    picture : Picture
    verdict : Verdict

    Returns
    -------
    str
        Empty if the pack has no `report`, or the picture is of a size that it doesn't know.
    """
    if beyond(one.manifest["domain"], picture):
        return ""
    return said(report(one), language, "right" if verdict.certainty == CONFIDENT else "open")


def report(one):
    """What was measured of a pack for photographs on sources that it never met, its
    `reports/photos.json`; empty if it has none."""
    path = one.pack.folder / "reports" / "photos.json"
    known = kind(one.manifest) == "photos" and path.is_file()
    return json.loads(path.read_text("utf-8")) if known else {}


def said(report, language, key="worth"):
    """A report in plain words, in whole times of a hundred.

    Parameters
    ----------
    report : dict
        As `report` gives it: of the folds' `mean`, `coverage` and `accuracy` of the `confident`
        verdicts; of the `generators`, how many pictures there were and how many were caught.
    language : str
    key : {"worth", "right", "open"}
        In general, of a confident verdict, or of an uncertain one.

    Returns
    -------
    str
        Empty if the report doesn't say, or no verdict was confident.
    """
    sure = report.get("mean", {}).get("confident", {})
    if sure.get("accuracy") is None:
        return ""
    line = text(f"packs.{key}", language, sure=_of_hundred(sure["coverage"]),
                right=_of_hundred(sure["accuracy"]))
    caught = {name: row["ai_caught"] for name, row in report.get("generators", {}).items()
              if row["ai"] >= FEWEST}
    weakest = sorted(caught, key=caught.get)[:WEAKEST]
    names = ", ".join(weakest)
    return line + (" " + text("packs.weakest", language, names=names) if names else "")


def _of_hundred(share):
    """Never rounded up: 99.9% isn't always."""
    return math.floor(share * 100 + 1e-9)
