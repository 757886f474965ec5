"""How good a pack for photographs is: what its report on sources that it never met says."""

from html import escape

from page import packs
from page.words import text


def numbers(manifest, report, language):
    """What it is worth as a whole, then by generator and by source, weak spots first.

    Parameters
    ----------
    manifest : dict
    report : dict
        The pack's `reports/photos.json`, of `python -m training photos`.
    language : str
    """
    mean, sure = report["mean"], report["mean"]["confident"]
    facts = {"pack": escape(f"{manifest['name']} {manifest['version']}"), "n": f"{report['n']:,}",
             "roc_auc": f"{mean['roc_auc']:.4f}", "accused": _share(sure["real_called_ai"]),
             "resaved": _share(mean["flips"]["resaved"]["all"]),
             "halved": _share(mean["flips"]["halved"]["all"])}
    items = "".join(f'<div><dt>{text(f"photos.{key}", language)}</dt><dd>{value}</dd></div>'
                    for key, value in facts.items())
    about = text("photos.about", language, folds=len(report["folds"]))
    made = {name: row for name, row in report["generators"].items() if row["ai"]}
    taken = {name: row for name, row in report["sources"].items() if row["real"]}
    return f"""<p>{escape(packs.said(report, language))}</p><p class="limits">{about}</p>
<dl class="facts">{items}</dl><div class="model">
{_table("generator", made, "ai", "ai_caught", False, language)}
{_table("source", taken, "real", "real_called_ai", True, language)}</div>"""


def _table(name, rows, count, share, worst, language):
    """Rows by one share, which is bad where it is small, or where it is large (`worst`)."""
    order = sorted(rows, key=lambda row: rows[row][share], reverse=worst)
    body = "".join(
        f'<tr><th scope="row">{escape(row)}<small>'
        f'{text("photos.count", language, count=f"{rows[row][count]:,}")}</small></th>'
        f'<td class="number">{_share(rows[row][share])}</td>'
        f'<td class="number">{_share(rows[row]["confident"][share])}</td></tr>' for row in order)
    heads = "".join(f'<th scope="col">{text(f"photos.{head}", language)}</th>'
                    for head in (name, "called", "sure"))
    return f"""<table class="scores"><caption>{text(f"photos.by_{name}", language)}</caption>
<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"""


def _share(value):
    return "–" if value is None else f"{value:.1%}"
