"""The packs in plain words: which judged, what its verdicts are worth, what it misses."""

import json
import math
import re

import gradio as gr

from ensemble.vocabulary import AI, REAL, UNCERTAIN
from ensemble.vote import beyond
from page.words import label, text

FEWEST = 30  # pictures, from which on a generator or a source is ranked
WEAKEST = 3  # generators and sources that are named
SIDES = {AI: "ai", REAL: "real"}  # in the keys of the words
MANY = 100  # verdicts, from which on a share of them is given as times of a hundred


def purpose(manifest):
    """What the pack is for, by the sizes that it knows: "photos" or "small" pictures."""
    return "photos" if "min_side" in manifest["domain"] else "small"


def in_order(ensemble):
    """The packs of an ensemble, the one for photographs first: those are what people bring."""
    return sorted(ensemble.packs, key=lambda models: purpose(models.manifest))


def lay_out_packs(ensemble, lay_out):
    """Lay out a part of a tab: once, or where there are several packs, behind a tab for each.

    Parameters
    ----------
    ensemble : Ensemble
    lay_out : callable
        Takes the `PackModels` of one pack.
    """
    if len(ensemble.packs) == 1:
        lay_out(*ensemble.packs)
        return
    with gr.Tabs(overflow_behavior="wrap"):
        for models in in_order(ensemble):
            with gr.Tab(label(f"packs.{purpose(models.manifest)}")):
                lay_out(models)


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
    manifest = next(models.manifest for models in ensemble.packs if models.name == verdict.pack)
    return text(f"packs.judged_{purpose(manifest)}", language)


def experience(models, picture, verdict, language):
    """In one sentence, what such a verdict proved to be worth on pictures that were held out.

    Parameters
    ----------
    models : PackModels
        Those that judged.
    picture : Picture
    verdict : Verdict

    Returns
    -------
    str
        Empty if nothing was measured, or the picture is of a size that the pack doesn't know.
    """
    if beyond(models.manifest["domain"], picture):
        return ""
    promises = report(models, "promises")
    if verdict.certainty == UNCERTAIN and not promises:
        return ""
    if verdict.certainty == UNCERTAIN:
        return text("packs.open", language, open=of_hundred(cant_tell(promises)))
    bound = models.manifest["bounds"][verdict.label][verdict.certainty]
    held_out = (promises.get("labels", {}).get(verdict.label, {}).get(verdict.certainty)
                or {"verdicts": bound.get("pictures", MANY), "right": bound.get("right")})
    side, count, right = SIDES[verdict.label], held_out["verdicts"], held_out["right"]
    if right is None:
        return ""
    if count < MANY:
        return text(f"packs.few_{side}", language, count=count, right=round(count * right))
    return text(f"packs.hundred_{side}", language, right=of_hundred(right))


def report(models, name):
    """A report that a pack brings.

    Parameters
    ----------
    models : PackModels
    name : str
        Of the file in its `reports`, without the ending.

    Returns
    -------
    dict
        Empty if there is no such report.
    """
    path = models.pack.folder / "reports" / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def cant_tell(promises):
    """The share of held-out pictures that the models can't tell, from `reports/promises.json`."""
    return 1 - sum(step["coverage"] for step in promises["steps"].values())


def weakest(photos, language):
    """The generators that are caught least and the sources that are accused most, in words.

    Parameters
    ----------
    photos : dict
        `reports/photos.json` of a pack.
    language : str

    Returns
    -------
    str
        Empty if the report names none with enough pictures.
    """
    missed = ranked(photos.get("generators", {}), "ai", "ai_caught", worst_first=False)
    accused = ranked(photos.get("sources", {}), "real", "real_called_ai", worst_first=True)
    if not missed or not accused:
        return ""
    return text("packs.weakest", language,
                missed=_listed("generators", missed, language),
                accused=_listed("collections", accused, language))


def ranked(rows, count, share, worst_first):
    """Names of generators or sources with enough pictures.

    By the share of those called AI-generated, the highest first (`worst_first`) or the lowest.
    """
    known = [name for name, row in rows.items() if row[count] >= FEWEST]
    return sorted(known, key=lambda name: rows[name][share], reverse=worst_first)


def plain(table, name, language):
    """What a generator or a collection of a report is called for people.

    Parameters
    ----------
    table : {"generators", "collections"}
        Of `page/words/`.
    name : str
        As the report gives it; kept where the table doesn't know it.
    language : str
    """
    try:
        return text(f"{table}.{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_')}", language)
    except KeyError:
        return name


def of_hundred(share):
    """Whole times of a hundred, never rounded up: 99.9% isn't always."""
    return math.floor(share * 100 + 1e-9)


def _listed(table, names, language):
    return text("packs.comma", language).join(
        plain(table, name, language) for name in names[:WEAKEST])
