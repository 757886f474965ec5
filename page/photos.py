"""How good a pack for photographs is: its promises, then what it misses and whom it accuses."""

from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL
from page import packs
from page.html import render
from page.words import LABELS, text

# Keys of the two lists of weak spots → what of the report they show: which of its tables, whose
# pictures are counted, which share of them is shown, whether a high share is a bad one.
SPOTS = {"generator": ("generators", "ai", "ai_caught", False),
         "source": ("sources", "real", "real_called_ai", True)}
MOST = 16  # rows of a list, the worst ones
# A table of the report → the file of `page/words/` with the plain names of its rows.
NAMES = {"generators": "generators", "sources": "collections"}


def numbers(manifest, reports, language):
    """What the answers are worth, then by generator and by source, weak spots first.

    Parameters
    ----------
    manifest : dict
    reports : dict of str to dict
        `promises` and `photos`, of `python -m training make_photos`; one of them may be missing.
    language : str
    """
    promises, photos = reports.get("promises"), reports.get("photos")
    return str(render("quality_photos.html", language,
                      pack=f"{manifest['name']} {manifest['version']}",
                      promises=promises and _promises(promises, language),
                      photos=photos and _photos(photos, language)))


def _promises(report, language):
    likely, n = report["steps"][LIKELY], report["n"]
    rows = []
    for label in (AI, REAL):
        for step in (CONFIDENT, LIKELY):
            kept = report["labels"][label][step]
            rows.append({"answer": text(LABELS[label], language), "count": kept["verdicts"],
                         "certainty": text(f"common.{step}", language),
                         "share": kept["verdicts"] / n, "right": kept["right"],
                         "promised": report["promises"][step]["right"]})
    rows = [row for row in rows if row["count"]]
    told = sum(row["count"] for row in rows)
    rows.append({"answer": text("common.cant_tell", language), "certainty": "", "count": n - told,
                 "share": 1 - told / n, "right": None, "promised": None})
    return {
        "open": packs.of_hundred(packs.cant_tell(report)), "n": n, "groups": report["groups"],
        "promised": packs.of_hundred(report["promises"][LIKELY]["right"]),
        "right": likely["right"] and packs.of_hundred(likely["right"]),
        "accused_promised": report["promises"][LIKELY]["accused"], "accused": likely["accused"],
        "accused_worst": likely["accused_worst"], "caught": likely["caught"],
        "never_confident": not report["steps"][CONFIDENT]["coverage"],
        "confident": packs.of_hundred(report["promises"][CONFIDENT]["right"]), "rows": rows,
        "roc_auc": report["roc_auc"], "against": report["label_against_number"]}


def _photos(report, language):
    return {"n": report["n"], "folds": len(report["folds"]),
            **{name: changed["all"] for name, changed in report["mean"]["flips"].items()},
            "spots": {key: _spots(language, report[table], NAMES[table], *what)
                      for key, (table, *what) in SPOTS.items()}}


def _spots(language, rows, words, count, share, worst_first):
    return [{"name": packs.plain(words, name, language), "count": rows[name][count],
             "share": rows[name][share]}
            for name in packs.ranked(rows, count, share, worst_first)[:MOST]]
