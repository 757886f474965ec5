"""The pack's reports → README's table and the model card; no number is typed in by hand."""

import json
from pathlib import Path

from ensemble import pack as packs
from training.card import card
from training.data import DataError

PUBLISHED = Path(__file__).with_name("published.json")
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def write(pack, readme="README.md"):
    """Write the results into README, between its two marks, and the pack's model card.

    Raises
    ------
    DataError
        If `reports/evaluate.json` or README's marks are missing.
    """
    pack, readme = Path(pack), Path(readme)
    manifest = packs.read(pack).manifest
    reports = {path.stem: json.loads(path.read_text("utf-8"))
               for path in sorted((pack / "reports").glob("*.json"))}
    if "evaluate" not in reports:
        raise DataError(f"{pack}/reports/evaluate.json is missing; run `python -m training "
                        f"evaluate` first.")
    text = readme.read_text("utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise DataError(f"{readme} needs the lines {BEGIN} and {END} once each.")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n{results(manifest, reports)}\n{END}{after}", "utf-8")
    (pack / "README.md").write_text(card(manifest, reports), "utf-8")


def results(manifest, reports):
    """README's results in Markdown: ours, the published ones, and the resizing filters."""
    measured = reports["evaluate"]
    clean = measured["deduplicated"]
    rows = ["| on CIFAKE's test split | parameters | accuracy | ROC-AUC | accuracy, no duplicates "
            "| ECE |", "|---|---|---|---|---|---|"]
    parameters = {m["name"]: m["parameters"] for m in manifest["members"]}
    total = sum(parameters.values())
    for name, count in parameters.items():
        rows.append(_ours(name, count, measured["members"][name], clean["members"][name]))
    rows.append(_ours("majority of the three", total, measured["ensemble"], clean["ensemble"]))
    rows.append(_ours("calibrated vote", total, measured["calibrated"], clean["calibrated"]))
    for other in json.loads(PUBLISHED.read_text("utf-8")):
        auc = f"{other['roc_auc']:.4f}" if "roc_auc" in other else ""
        rows.append(f"| {other['who']} ({other['source']}) | {_count(other.get('parameters'))} "
                    f"| {other['accuracy']:.2%} | {auc} | | |")
    sure = measured["confident"]
    right = "none of them" if sure["accuracy"] is None else f"{sure['accuracy']:.2%} of those"
    said = (f"\n{measured['n']:,} test images; \"no duplicates\" leaves out the "
            f"{measured['n'] - clean['n']} that are byte-identical to a training image, which "
            f"nobody else does. {sure['coverage']:.1%} of the verdicts are `confident`, and "
            f"{right} are right. ECE: {measured['bins']} bins of equal "
            f"mass.")
    return "\n".join([*rows, said, *_filters(reports.get("resize"))])


def _filters(report):
    if not report:
        return []
    counts = report["pictures"]
    rows = [f"\nPhotographs reduced to {counts['real']} real, {counts['sd1']} Stable Diffusion 1.x "
            f"and {counts['newer']} newer thumbnails, by filter (the pack uses "
            f"`{report['chosen']}`):\n",
            "| filter | real called AI | SD 1.x caught | ROC-AUC SD 1.x | ROC-AUC newer |",
            "|---|---|---|---|---|"]
    rows += [f"| {name} | {row['real_called_ai']:.1%} | {row['sd1_caught']:.1%} "
             f"| {row['roc_auc_sd1']:.3f} | {row['roc_auc_newer']:.3f} |"
             for name, row in report["filters"].items()]
    return rows


def _ours(name, parameters, measured, clean):
    return (f"| **{name}** | {_count(parameters)} | **{measured['accuracy']:.2%}** "
            f"| {measured['roc_auc']:.4f} | {clean['accuracy']:.2%} | {measured['ece']:.2%} |")


def _count(parameters):
    return f"{parameters / 1e6:.2f} M" if parameters else ""
