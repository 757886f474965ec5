"""A pack's reports → README's tables, the figures and the model card; no number is typed in."""

import json
import os
from pathlib import Path

from ensemble import pack as packs
from training.errors import DataError
from training.markdown import millions, table
from training.report import drawing, figures, photo_card, slices
from training.report.card import card, parameters

PUBLISHED = Path(__file__).parent.parent / "published.json"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
RUNTIMES = {"onnx": "ONNX Runtime", "float32": "LiteRT float32", "int8": "LiteRT int8"}
# Of a pack that was measured on photographs only.
PHOTOS_BEGIN, PHOTOS_END = "<!-- photos: begin -->", "<!-- photos: end -->"
WORST = 6  # corruptions in README; the model card has all


def write(pack, readme="README.md"):
    """Draw the figures, and write the results into README and the pack's model card.

    In README they stand between its two marks; the figures lie in the pack's
    `reports/figures`.

    Raises
    ------
    DataError
        If there is neither `reports/evaluate.json` nor `reports/photos.json`, or README's marks
        are missing.
    """
    pack, readme = Path(pack), Path(readme)
    manifest = packs.read(pack).manifest
    reports = {path.stem: json.loads(path.read_text("utf-8"))
               for path in sorted((pack / "reports").glob("*.json"))}
    if not {"evaluate", "photos"} & set(reports):
        raise DataError(f"{pack}/reports/evaluate.json is missing; run `python -m training "
                        f"evaluate` first.")
    begin, end, make = ((BEGIN, END, results) if "evaluate" in reports else
                        (PHOTOS_BEGIN, PHOTOS_END, photo_results))
    text = readme.read_text("utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise DataError(f"{readme} needs the lines {begin} and {end} once each.")
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    drawn = drawing.draw(manifest, reports, pack / "reports" / "figures")
    where = Path(os.path.relpath(pack.resolve(), readme.resolve().parent)).as_posix()
    block = make(manifest, reports, where)
    readme.write_text(f"{before}{begin}\n{block}\n{end}{after}", "utf-8")
    (pack / "README.md").write_text(card(manifest, reports, drawn), "utf-8")


def results(manifest, reports, where):
    """README's results in Markdown: ours and the published ones, filters, corruptions, figures.

    Parameters
    ----------
    manifest : dict
        Of the pack.
    reports : dict of str to dict
        Content of `reports/*.json`; all but `evaluate` may be missing.
    where : str
        The pack's folder, from README's.
    """
    return "\n\n".join([_accuracy(manifest, reports["evaluate"]),
                        *_filters(reports.get("resize")),
                        *_robustness(manifest, reports.get("robustness")),
                        *_generators(manifest, reports.get("generators")),
                        *_litert(manifest, reports.get("litert")),
                        *([photo_card.summary(reports["photos"])] if "photos" in reports else []),
                        _figures(manifest, reports, where)])


def photo_results(manifest, reports, where):
    """README's results of a pack for photographs; parameters as for `results`."""
    return "\n\n".join([photo_card.summary(reports["photos"]),
                        photo_card.generators(reports["photos"]),
                        _figures(manifest, reports, where)])


def _accuracy(manifest, measured):
    clean = measured["deduplicated"]
    counts = parameters(manifest)
    total = sum(counts.values())
    rows = [_ours(name, count, measured["members"][name], clean["members"][name])
            for name, count in counts.items()]
    rows.append(_ours("majority of the three", total, measured["ensemble"], clean["ensemble"]))
    rows.append(_ours("calibrated vote", total, measured["calibrated"], clean["calibrated"]))
    for other in json.loads(PUBLISHED.read_text("utf-8")):
        auc = f"{other['roc_auc']:.4f}" if "roc_auc" in other else ""
        rows.append([f"{other['who']} ({other['source']})", millions(other.get("parameters")),
                     f"{other['accuracy']:.2%}", "", auc, "", "", ""])
    sure = measured["confident"]
    right = "none of them" if sure["accuracy"] is None else f"{sure['accuracy']:.2%} of those"
    interval = ("; in brackets the 95% bootstrap interval"
                if "accuracy_interval" in measured["ensemble"] else "")
    note = (f"{measured['n']:,} test images{interval}; \"no duplicates\" leaves out the "
            f"{measured['n'] - clean['n']} that are byte-identical to a training image, which "
            f"nobody else does. {sure['coverage']:.1%} of the verdicts are `confident`, and "
            f"{right} are right. ECE: {measured['bins']} bins of equal mass.")
    return table(["on CIFAKE's test split", "parameters", "accuracy", "no duplicates",
                  "ROC-AUC", "no duplicates", "ECE", "no duplicates"], rows) + "\n\n" + note


def _filters(report):
    if not report:
        return []
    counts = report["pictures"]
    rows = [[name, f"{row['real_called_ai']:.1%}", f"{row['sd1_caught']:.1%}",
             f"{row['roc_auc_sd1']:.3f}", f"{row['roc_auc_newer']:.3f}"]
            for name, row in report["filters"].items()]
    return [f"Photographs reduced to {counts['real']} real, {counts['sd1']} Stable Diffusion 1.x "
            f"and {counts['newer']} newer thumbnails, by filter (the pack uses "
            f"`{report['chosen']}`):",
            table(["filter", "real called AI", "SD 1.x caught", "ROC-AUC SD 1.x",
                          "ROC-AUC newer"], rows)]


def _robustness(manifest, report):
    if not report:
        return []
    most = min(WORST, len(report["corruptions"]))
    return [f"**Changed on their way.** {slices.worst(report)} The clean images, and the {most} "
            f"corruptions with the most errors:", slices.robustness(manifest, report, most)]


def _generators(manifest, report):
    return [f"**Other generators.** {slices.generators(manifest, report)}"] if report else []


def _litert(manifest, report):
    """The networks on small machines; not of a pack that has other networks by now."""
    if not report or report["version"] != manifest["version"]:
        return []
    rows = []
    for name, runtimes in report["members"].items():
        for runtime, row in runtimes.items():
            near = row.get("agreement")
            rows.append([name, RUNTIMES[runtime], f"{row['bytes'] / 1e6:.2f} MB",
                         f"{row['accuracy']:.2%}", f"{near['mean']:.1g}" if near else "",
                         f"{near['same_labels']:.2%}" if near else "",
                         f"{row['seconds']:.1f} s", f"{row['cpu_seconds']:.1f} s"])
    return [f"**Small machines.** The networks as LiteRT files, beside ONNX Runtime on the same "
            f"{report['n']:,} test images, in batches of {report['batch']} and in turn, so that "
            f"other work on the machine slows all alike ({report['machine']}, {report['threads']} "
            f"threads; medians, for {report['per']:,} images):",
            table(["network", "runtime", "file", "accuracy", "mean difference of `p_ai`",
                          "same labels", "time", "CPU time"], rows)]


def _figures(manifest, reports, where):
    embedded = [figures.embed(name, caption, f"{where}/reports/figures")
                for name, caption in figures.captions(manifest, reports).items()]
    return "\n\n".join([f"All tables, and the weak spots by condition, are in the "
                        f"[model card]({where}/README.md).",
                        "<details><summary>Figures</summary>", *embedded, "</details>"])


def _ours(name, count, measured, clean):
    low, high = measured.get("accuracy_interval", (None, None))
    interval = "" if low is None else f" ({100 * low:.2f}–{100 * high:.2f})"
    return [f"**{name}**", millions(count), f"**{measured['accuracy']:.2%}**{interval}",
            f"{clean['accuracy']:.2%}", f"{measured['roc_auc']:.4f}", f"{clean['roc_auc']:.4f}",
            f"{measured['ece']:.2%}", f"{clean['ece']:.2%}"]
