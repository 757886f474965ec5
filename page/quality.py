"""How good is it: what the pack's reports say, for every member; no number is typed in here."""

import json
import re
from html import escape
from pathlib import Path
from urllib.parse import quote

import gradio as gr

from ensemble.vote import percent
from page import packs, photos
from page.words import everywhere, text

PUBLISHED = Path(__file__).resolve().parent.parent / "training" / "published.json"
FIGURES = ("training", "confusion", "roc", "reliability", "risk", "robustness", "generators",
           "photos")
SCORES = ("accuracy", "roc_auc", "precision", "recall", "f1", "average_precision", "ece")
WEAKEST = 6  # conditions in the list of weak spots; the table has all

# Shows what belongs to the chosen model.
CHOICE_JS = """
element.addEventListener('change', () => {
  const chosen = element.querySelector('input:checked').value;
  for (const part of element.querySelectorAll('[data-who]'))
    part.hidden = part.dataset.who !== chosen;
});
"""


def tab(ensemble):
    """The numbers of the model that is chosen; below them the figures and the others' results."""
    gr.HTML(everywhere(introduction), apply_default_css=False)
    packs.each(ensemble, _lay_out)


def _lay_out(one):
    folder, manifest = one.pack.folder / "reports", one.manifest
    reports, figures = read(folder), drawn(folder / "figures")
    gr.set_static_paths([path for pair in figures.values() for path in pair])
    gr.HTML(everywhere(lambda said: numbers(manifest, reports, said)), apply_default_css=False,
            js_on_load=CHOICE_JS)
    if figures:
        gr.HTML(everywhere(lambda said: pictures(figures, said)), apply_default_css=False)
    if "evaluate" in reports:
        gr.HTML(everywhere(lambda said: beside(manifest, reports["evaluate"], published(), said)),
                apply_default_css=False)


def read(folder):
    """The reports of a pack.

    Returns
    -------
    dict of str to dict
        Content of each `*.json` by file name without its ending; empty if the pack has none.
    """
    return {path.stem: json.loads(path.read_text("utf-8"))
            for path in sorted(Path(folder).glob("*.json"))}


def drawn(folder):
    """The figures in a folder that are there in both versions: name → (light, dark)."""
    pairs = {name: (folder / f"{name}-light.svg", folder / f"{name}-dark.svg") for name in FIGURES}
    return {name: pair for name, pair in pairs.items() if all(path.is_file() for path in pair)}


def published():
    """What others report on CIFAKE: dicts with `who`, `source` and `accuracy`."""
    return json.loads(PUBLISHED.read_text("utf-8")) if PUBLISHED.is_file() else []


def introduction(language):
    """What this tab is, and where its numbers come from."""
    return (f'<section class="lead"><h2>{text("quality.title", language)}</h2>'
            f'<p>{text("quality.lead", language)}</p></section>')


def numbers(manifest, reports, language):
    """Scores, confusion matrix and weak spots of every model, one of them shown."""
    if "evaluate" not in reports and "photos" in reports:
        return photos.numbers(manifest, reports["photos"], language)
    if "evaluate" not in reports:
        return f'<p class="empty">{text("quality.none", language)}</p>'
    measured = reports["evaluate"]
    names = {"ensemble": text("quality.ensemble", language),
             "calibrated": text("quality.calibrated", language),
             **{name: escape(name) for name in measured["members"]}}
    group = escape(f"quality-{manifest['name']}")
    choices = "".join(
        f'<label><input type="radio" name="{group}" value="{escape(who)}"'
        f'{" checked" * (not at)}>{name}</label>' for at, (who, name) in enumerate(names.items()))
    parts = "".join(
        f'<div class="model" data-who="{escape(who)}"{" hidden" * bool(at)}>'
        f'{_scores(measured, who, name, language)}{_matrix(measured, who, language)}'
        f'{_weak_spots(manifest, reports, who, language)}</div>'
        for at, (who, name) in enumerate(names.items()))
    return f"""{_data(manifest, measured, language)}
<div class="tools"><fieldset><legend>{text("quality.choose", language)}</legend>{choices}</fieldset>
</div>{parts}"""


def pictures(figures, language):
    """All figures, each in the version that fits the page's colours."""
    items = "".join(_figure(name, *paths, language) for name, paths in figures.items())
    return (f'<section class="figures"><h2>{text("quality.figures", language)}</h2>'
            f'<div class="plates">{items}</div></section>')


def beside(manifest, measured, others, language):
    """This pack's accuracy among the published ones, best first."""
    sizes = {member["name"]: member.get("parameters") for member in manifest["members"]}
    total = sum(size for size in sizes.values() if size) or None
    ours = [(escape(name), sizes.get(name), score)
            for name, score in measured["members"].items()]
    ours += [(text(f"quality.{who}", language), total, measured[who])
             for who in ("ensemble", "calibrated")]
    rows = [(score["accuracy"], _published_row(f"<b>{name}</b>", text("quality.ours", language),
                                               size, score, "ours"))
            for name, size, score in ours]
    rows += [(other["accuracy"], _published_row(escape(other["who"]), escape(other["source"]),
                                                other.get("parameters"), other))
             for other in others]
    heads = "".join(f'<th scope="col">{text(f"quality.{name}", language)}</th>'
                    for name in ("model", "source", "parameters", "accuracy", "roc_auc"))
    body = "".join(row for _, row in sorted(rows, key=lambda row: -row[0]))
    return f"""<section class="published"><h2>{text("quality.published", language)}</h2>
<p class="limits">{text("quality.published_about", language, n=f"{measured['n']:,}")}</p>
{_sideways(text("quality.published", language), f'<table class="scores"><thead><tr>{heads}</tr>'
           f'</thead><tbody>{body}</tbody></table>')}</section>"""


def of(row, who):
    """The scores of a member, of the majority (`ensemble`) or of the probability."""
    return row.get(who) if who in ("ensemble", "calibrated") else row["members"].get(who)


def unseen(manifest, report):
    """Rows of the generators by name, from a report that may hold several packs: this one's."""
    runs = manifest["training"].get("runs", {})
    added = {name: run["added_fakes"] for name, run in runs.items() if run.get("added_fakes")}
    mine = [pack for pack in report.get("packs", ())
            if (pack["pack"], pack["version"], pack["added"])
            == (manifest["name"], manifest["version"], added)]
    return mine[0]["generators"] if mine else {}


def _data(manifest, measured, language):
    """Which pack, what it was trained on, and how balanced the test images are."""
    (a, b), (c, d) = measured["ensemble"]["confusion_matrix"]
    real, ai = a + b, c + d
    training = manifest["training"]
    facts = [("pack", f"{escape(manifest['name'])} {escape(str(manifest['version']))}")]
    facts += [(key, f"{training[key]:,}") for key in ("images", "validation_images", "added_fakes")
              if training.get(key)]
    facts.append(("test_images", f"{measured['n']:,}"))
    sure = measured.get("confident")
    if sure and sure["accuracy"] is not None:
        facts.append(("confident", text("quality.confident_value", language,
                                        coverage=f"{sure['coverage']:.1%}",
                                        accuracy=percent(sure["accuracy"]))))
    items = "".join(f'<div><dt>{text(f"quality.{key}", language)}</dt><dd>{value}</dd></div>'
                    for key, value in facts)
    share = real / (real + ai)
    return f"""<dl class="facts">{items}</dl>
<p class="balance-text">{text("quality.balance", language, real=f"{real:,}", ai=f"{ai:,}")}</p>
<div class="balance" aria-hidden="true"><i class="real" style="width:{share:.1%}"></i><i class="ai"
style="width:{1 - share:.1%}"></i></div>"""


def _scores(measured, who, name, language):
    score, clean = of(measured, who), of(measured["deduplicated"], who)
    rows = "".join(
        f'<tr><th scope="row">{text(f"quality.{key}", language)}'
        f'<small>{text(f"quality.about_{key}", language)}</small></th>'
        f'<td class="number">{_value(key, score, language)}</td>'
        f'<td class="number">{_value(key, clean, language)}</td></tr>'
        for key in SCORES if key in score)
    heads = (text("quality.all_images", language, n=f"{measured['n']:,}"),
             text("quality.no_duplicates", language, n=f"{measured['deduplicated']['n']:,}"))
    return f"""<table class="scores wide"><caption>{text("quality.scores", language, name=name)}
</caption><thead><tr><td></td><th scope="col">{heads[0]}</th><th scope="col">{heads[1]}</th></tr>
</thead><tbody>{rows}</tbody></table>"""


def _value(key, score, language):
    if key in ("roc_auc", "average_precision"):
        return f"{score[key]:.4f}"
    if key == "accuracy" and "accuracy_interval" in score:
        low, high = score["accuracy_interval"]
        interval = text("quality.interval", language, low=f"{low:.2%}", high=f"{high:.2%}")
        return f"{score[key]:.2%} <small>{interval}</small>"
    return f"{score[key]:.2%}"


def _matrix(measured, who, language):
    real, ai = text("common.real", language), text("common.ai", language)
    rows = ""
    for name, counts, right in zip((real, ai), of(measured, who)["confusion_matrix"], (0, 1)):
        cells = "".join(
            f'<td class="{"hit" if at == right else "miss"}">{"✓" if at == right else "✗"} '
            f'<b>{count:,}</b> <small>{count / max(sum(counts), 1):.1%}</small></td>'
            for at, count in enumerate(counts))
        rows += f'<tr><th scope="row">{text("quality.is", language, label=name)}</th>{cells}</tr>'
    heads = "".join(f'<th scope="col">{text("quality.called", language, label=name)}</th>'
                    for name in (real, ai))
    return f"""<table class="matrix"><caption>{text("quality.matrix", language)}</caption>
<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table>"""


def _weak_spots(manifest, reports, who, language):
    """Conditions under which this model is least to be trusted, worst first."""
    robust, resize = reports.get("robustness"), reports.get("resize")
    found = unseen(manifest, reports.get("generators", {}))
    parts = []
    if robust:
        scores = {name: of(row, who) for name, row in robust["corruptions"].items()}
        worst = sorted(scores, key=lambda name: scores[name]["accuracy"])
        clean = of(robust["clean"], who)
        bars = "".join(_spot(escape(name), scores[name]["accuracy"]) for name in worst[:WEAKEST])
        clean_row = _spot(text("quality.clean", language), clean["accuracy"], "clean")
        parts.append(f"""<h4>{text("quality.changed", language)}</h4>
<p class="limits">{text("quality.changed_about", language, n=f"{robust['n']:,}")}</p>
<ul class="spots">{bars}{clean_row}</ul>{_all_conditions(worst, scores, clean, language)}""")
    caught = {name: score["caught"] for name, row in found.items() if (score := of(row, who))}
    if caught:
        names = {name: escape(name) for name in caught}
        names["cifake"] = text("quality.cifake", language)
        bars = "".join(_spot(names[name], caught[name], "clean" * (name == "cifake"))
                       for name in sorted(caught, key=caught.get))
        parts.append(f"""<h4>{text("quality.generators", language)}</h4>
<p class="limits">{text("quality.generators_about", language)}</p><ul class="spots">{bars}</ul>""")
    if resize and who == "ensemble":
        row, counts = resize["filters"][resize["chosen"]], resize["pictures"]
        parts.append(f"""<h4>{text("quality.reduced", language)}</h4>
<p>{text("quality.reduced_about", language, real_called_ai=f"{row['real_called_ai']:.1%}",
         sd1_caught=f"{row['sd1_caught']:.1%}", newer_caught=f"{row['newer_caught']:.1%}",
         real=counts["real"], sd1=counts["sd1"], newer=counts["newer"])}</p>""")
    if not parts:
        return ""
    return (f'<section class="weak"><h3>{text("quality.weak", language)}</h3>{"".join(parts)}'
            f'</section>')


def _spot(name, share, kind=""):
    return (f'<li class="{kind}"><span>{name}</span><span class="bar" aria-hidden="true">'
            f'<i style="left:0;width:{share:.1%}"></i></span>'
            f'<span class="number">{share:.1%}</span></li>')


def _all_conditions(worst, scores, clean, language):
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td class="number">{score["accuracy"]:.2%}</td>'
        f'<td class="number">{score["roc_auc"]:.4f}</td>'
        f'<td class="number">{score["ece"]:.2%}</td></tr>'
        for name, score in [(text("quality.clean", language), clean),
                            *((escape(name), scores[name]) for name in reversed(worst))])
    heads = "".join(f'<th scope="col">{text(f"quality.{name}", language)}</th>'
                    for name in ("condition", "accuracy", "roc_auc", "ece"))
    name = text("quality.all_conditions", language, n=len(worst))
    table = f'<table class="scores"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f"<details><summary>{name}</summary>{_sideways(name, table)}</details>"


def _figure(name, light, dark, language):
    caption = text(f"quality.figure_{name}", language)
    images = "".join(
        f'<img class="on-{theme}" src="gradio_api/file={quote(str(path))}" {_size(path)} '
        f'alt="{escape(re.sub("<.*?>", "", caption))}" loading="lazy">'
        for theme, path in (("light", light), ("dark", dark)))
    return f"<figure>{images}<figcaption>{caption}</figcaption></figure>"


def _size(path):
    """Its width and height for the page, which then keeps the place free until it is loaded."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', path.read_text("utf-8"))
    return f'width="{float(found[1]):.0f}" height="{float(found[2]):.0f}"' if found else ""


def _published_row(who, source, parameters, score, kind=""):
    count = f"{parameters / 1e6:.2f} M" if parameters else "–"
    auc = f"{score['roc_auc']:.4f}" if "roc_auc" in score else "–"
    return (f'<tr class="{kind}"><th scope="row">{who}</th><td>{source}</td>'
            f'<td class="number">{count}</td><td class="number">{score["accuracy"]:.2%}</td>'
            f'<td class="number">{auc}</td></tr>')


def _sideways(name, table):
    """A wide table that scrolls in itself, not with the page."""
    return f'<div class="sideways" tabindex="0" role="region" aria-label="{name}">{table}</div>'
