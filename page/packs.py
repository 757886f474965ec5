"""The packs in plain words, where there are several: which judged, and a part of a tab for each."""

import json
import math

import gradio as gr

from ensemble.vote import CONFIDENT, beyond
from page.words import label, text


def kind(manifest):
    """What the pack is for, by the sizes that it knows: "photos" or "small" pictures."""
    return "photos" if "min_side" in manifest["domain"] else "small"


def each(ensemble, lay_out):
    """Lay out a part of a tab: once, or where there are several packs, behind a tab for each.

    Parameters
    ----------
    ensemble : Ensemble or Router
    lay_out : callable
        Takes the ensemble of one pack.
    """
    if len(ensemble.ensembles) == 1:
        lay_out(*ensemble.ensembles)
        return
    with gr.Tabs():
        for one in ensemble.ensembles:
            with gr.Tab(label(f"packs.{kind(one.manifest)}")):
                lay_out(one)


def judged_by(ensemble, verdict, language):
    """Which of several packs judged.

    Parameters
    ----------
    ensemble : Ensemble or Router
    verdict : Verdict or None
        None before there is a picture.

    Returns
    -------
    str
        Empty if there is one pack only.
    """
    if len(ensemble.ensembles) == 1:
        return ""
    if not verdict:
        return text("packs.by_size", language)
    manifest = next(one.manifest for one in ensemble.ensembles
                    if one.manifest["name"] == verdict.pack)
    return text(f"packs.judged_{kind(manifest)}", language)


def experience(one, picture, verdict, language):
    """What such a verdict proved to be worth, in whole times of a hundred.

    Parameters
    ----------
    one : Ensemble
        The one that judged.
    picture : Picture
    verdict : Verdict

    Returns
    -------
    str
        From the pack's own report, `reports/photos.json`. Empty if it has none, or the picture
        is of a size that it doesn't know.
    """
    found = worth(report(one))
    if not found or beyond(one.manifest["domain"], picture):
        return ""
    return text("packs.right" if verdict.certainty == CONFIDENT else "packs.open", language,
                **found)


def report(one):
    """A pack's report on pictures of sources that it never met; empty if it has none."""
    path = one.pack.folder / "reports" / "photos.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def worth(report):
    """What confident verdicts were worth on pictures of sources that the pack never met.

    Parameters
    ----------
    report : dict
        With their `coverage` and `accuracy` under `confident`.

    Returns
    -------
    dict or None
        `sure`: how many of a hundred pictures got one; `right`: how many of a hundred of those
        were right. None if the report doesn't say, or no verdict was confident.
    """
    found = report.get("confident", {})
    if found.get("accuracy") is None:
        return None
    return {"sure": _of_hundred(found["coverage"]), "right": _of_hundred(found["accuracy"])}


def _of_hundred(share):
    """Never rounded up: 99.9% isn't always."""
    return math.floor(share * 100 + 1e-9)
