"""How good is it: what the pack's reports say, for every member; no number is typed in here."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import gradio as gr

from ensemble.vote import percent
from page import packs, photos
from page.html import markup, render
from page.words import everywhere, member_text, text

PUBLISHED = Path(__file__).resolve().parent.parent / "training" / "published.json"
# That of photographs is not among them: the lists on the page say the same in plain names.
FIGURES = ("training", "confusion", "roc", "reliability", "risk", "robustness", "generators")
SCORES = ("accuracy", "roc_auc", "precision", "recall", "f1", "average_precision", "ece")
WEAKEST = 6  # conditions in the list of weak spots; the table has all
POINT = 4 / 3  # pixels, in which the figures' text is as large as the page's small print

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
    gr.HTML(everywhere(lambda language: str(render("quality_lead.html", language))),
            apply_default_css=False)
    packs.each(ensemble, _lay_out)


def _lay_out(models):
    folder, manifest = models.pack.folder / "reports", models.manifest
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


def numbers(manifest, reports, language):
    """Scores, confusion matrix and weak spots of every model, one of them shown."""
    if "evaluate" not in reports and {"promises", "photos"} & set(reports):
        return photos.numbers(manifest, reports, language)
    if "evaluate" not in reports:
        return str(render("quality_none.html", language))
    measured = reports["evaluate"]
    names = {"ensemble": text("quality.ensemble", language),
             "calibrated": text("quality.calibrated", language),
             **member_names(manifest, language)}
    models = [{"who": who, "name": names[who], "scores": _scores(measured, who, language),
               "matrix": _matrix(measured, who),
               "weak": _weak_spots(manifest, reports, who, language)}
              for who in names if who in (*measured["members"], "ensemble", "calibrated")]
    return str(render("quality.html", language, group=f"quality-{manifest['name']}",
                      facts=_facts(manifest, measured, language), n=measured["n"],
                      balance=[sum(row) for row in measured["ensemble"]["confusion_matrix"]],
                      alone=measured["deduplicated"]["n"], models=models))


def pictures(figures, language):
    """All figures, each in the version that fits the page's colours."""
    shown = [{"caption": markup(f"quality.figure_{name}", language),
              "alt": re.sub("<.*?>", "", text(f"quality.figure_{name}", language)),
              "images": [{"theme": theme, "address": f"gradio_api/file={quote(str(path))}",
                          "size": _size(path)}
                         for theme, path in zip(("light", "dark"), paths)]}
             for name, paths in figures.items()]
    return str(render("quality_figures.html", language, figures=shown))


def beside(manifest, measured, others, language):
    """The pack's accuracy among the published ones, best first."""
    sizes = {member["name"]: member.get("parameters") for member in manifest["members"]}
    names = member_names(manifest, language)
    ours = [(names[who], sizes[who], score) for who, score in measured["members"].items()]
    ours += [(text(f"quality.{who}", language), sum(filter(None, sizes.values())) or None,
              measured[who]) for who in ("ensemble", "calibrated")]
    rows = [{"ours": True, "who": name, "source": text("quality.ours", language),
             "parameters": size, "accuracy": score["accuracy"], "roc_auc": score.get("roc_auc")}
            for name, size, score in ours]
    rows += [{"parameters": None, "roc_auc": None, **other, "ours": False} for other in others]
    rows.sort(key=lambda row: -row["accuracy"])
    return str(render("quality_published.html", language, n=measured["n"], rows=rows))


def member_names(manifest, language):
    """What the members are called for people, by their names in reports."""
    return {entry["name"]: member_text(entry, language)[0] for entry in manifest["members"]}


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


def _facts(manifest, measured, language):
    """Which pack, what it was trained on, and how often it is confident."""
    training = manifest["training"]
    facts = {"pack": f"{manifest['name']} {manifest['version']}",
             **{key: f"{training[key]:,}" for key in ("images", "validation_images", "added_fakes")
                if training.get(key)},
             "test_images": f"{measured['n']:,}"}
    sure = measured.get("confident")
    if sure and sure["accuracy"] is not None:
        facts["confident"] = text("quality.confident_value", language,
                                  coverage=f"{sure['coverage']:.1%}",
                                  accuracy=percent(sure["accuracy"]))
    return {text(f"quality.{key}", language): value for key, value in facts.items()}


def _scores(measured, who, language):
    """Rows of a model: the key of a score, and its value on all images and without duplicates."""
    score, alone = of(measured, who), of(measured["deduplicated"], who)
    return [(key, [_value(key, score, language), _value(key, alone, language)])
            for key in SCORES if key in score]


def _value(key, score, language):
    """A score, and the interval that it lies in where that is known."""
    if key in ("roc_auc", "average_precision"):
        return f"{score[key]:.4f}", ""
    if key == "accuracy" and "accuracy_interval" in score:
        low, high = score["accuracy_interval"]
        return (f"{score[key]:.2%}",
                text("quality.interval", language, low=f"{low:.2%}", high=f"{high:.2%}"))
    return f"{score[key]:.2%}", ""


def _matrix(measured, who):
    """Rows of the confusion matrix, real pictures first.

    Each is a list of a count, its share of the row, and whether that is right.
    """
    return [[(count, count / max(sum(counts), 1), at == right) for at, count in enumerate(counts)]
            for right, counts in enumerate(of(measured, who)["confusion_matrix"])]


def _weak_spots(manifest, reports, who, language):
    """Conditions under which this model is least to be trusted, worst first."""
    weak = dict.fromkeys(("changed", "caught", "reduced"))
    if robust := reports.get("robustness"):
        scores = {name: of(row, who) for name, row in robust["corruptions"].items()}
        worst = sorted(scores, key=lambda name: scores[name]["accuracy"])
        weak["changed"] = {"n": robust["n"], "clean": of(robust["clean"], who), "count": len(worst),
                           "worst": [(_change(name, language), scores[name])
                                     for name in worst[:WEAKEST]],
                           "best_first": [(_change(name, language), scores[name])
                                          for name in reversed(worst)]}
    rows = unseen(manifest, reports.get("generators", {}))
    caught = {name: score["caught"] for name, row in rows.items() if (score := of(row, who))}
    if caught:
        own = {"cifake": text("quality.cifake", language)}
        weak["caught"] = [(own.get(name) or packs.plain("generators", name, language), share,
                           name in own)
                          for name, share in sorted(caught.items(), key=lambda pair: pair[1])]
    if (resize := reports.get("resize")) and who == "ensemble":
        shares = resize["filters"][resize["chosen"]]
        counts = {key: f"{count:,}" for key, count in resize["pictures"].items()}
        weak["reduced"] = {**counts, **{
            key: f"{shares[key]:.1%}" for key in ("real_called_ai", "sd1_caught", "newer_caught")}}
    return weak if any(weak.values()) else None


def _change(name, language):
    """What a change of the robustness report is called for people: `blur 0.5` is one of blur."""
    change = name.rstrip("0123456789.").rstrip()
    amount = name.removeprefix(change).lstrip()
    try:
        return text(f"quality.change_{change.lower().replace(' ', '_')}", language, n=amount)
    except KeyError:
        return name


def _size(path):
    """Width and height for the page, which then keeps the place free until the figure is there.

    As large as it was drawn, in which its text is legible.
    """
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', path.read_text("utf-8"))
    return [round(float(side) * POINT) for side in box.groups()] if box else None
