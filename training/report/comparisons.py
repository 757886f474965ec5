"""What a pack is compared with: published systems, other filters, other runtimes."""

import json
from pathlib import Path

from training.markdown import millions, table

PUBLISHED = Path(__file__).parent.parent / "published.json"
PAPER = "arXiv 2303.14126"  # CIFAKE's own, among the published systems
NEAREST = 2  # published systems in README's table, beside that of the paper
RUNTIMES = {"onnx": "ONNX Runtime", "float32": "LiteRT float32", "int8": "LiteRT int8"}


def parameters(manifest):
    """How many parameters each member has, by name.

    A network's run counts them. The manifest of an older pack counts all numbers of its file, some
    of which are constants; for a support vector machine that is what there is.
    """
    runs = manifest["training"].get("runs", {})
    return {member["name"]: runs.get(member["name"], {}).get("parameters",
                                                             member.get("parameters"))
            for member in manifest["members"]}


def nearest(manifest, measured):
    """README's table: our votes beside the published systems nearest to them and the paper's.

    Parameters
    ----------
    manifest : dict
        Of the pack.
    measured : dict
        Content of `reports/evaluate.json`.

    Returns
    -------
    str
        Markdown, with a note on what was measured.
    """
    clean, total = measured["deduplicated"], sum(parameters(manifest).values())
    rows = [[f"**{label}**", millions(total), _accuracy(measured[key]),
             f"{clean[key]['accuracy']:.2%}"]
            for label, key in (("calibrated vote of the three", "calibrated"),
                               ("their majority", "ensemble"))]
    others = _published()
    paper = [other for other in others if other["source"] == PAPER]
    others = sorted((other for other in others if other not in paper), key=lambda other: abs(
        other["accuracy"] - measured["calibrated"]["accuracy"]))[:NEAREST]
    rows += [[_name(other), millions(other.get("parameters")), f"{other['accuracy']:.2%}", ""]
             for other in others + paper]
    return f"""{table(["on CIFAKE's test split", "parameters", "accuracy", "no duplicates"], rows)}

{measured["n"]:,} test images{_interval_note(measured)}. "No duplicates" leaves out the \
{measured["n"] - clean["n"]} that are byte-identical to a training image."""


def published(manifest, measured):
    """The card's table: every member and both ways of voting, beside all published systems.

    Parameters and result as for `nearest`.
    """
    clean, counts = measured["deduplicated"], parameters(manifest)
    ours = [*((name, count, measured["members"][name], clean["members"][name])
              for name, count in counts.items()),
            *((label, sum(counts.values()), measured[key], clean[key])
              for label, key in (("majority", "ensemble"), ("calibrated vote", "calibrated")))]
    rows = [[f"**{name}**", millions(count), _accuracy(scores), f"{kept['accuracy']:.2%}",
             *(_auc(scores) for scores in (scores, kept))] for name, count, scores, kept in ours]
    rows += [[_name(other), millions(other.get("parameters")), f"{other['accuracy']:.2%}", "",
              _auc(other), ""] for other in _published()]
    return f"""{table(["on CIFAKE's test split", "parameters", "accuracy", "no duplicates",
                       "ROC-AUC", "no duplicates"], rows)}

Published figures are their authors' own, and nobody else leaves out the \
{measured["n"] - clean["n"]} test images that are byte-identical to a training \
image{_interval_note(measured)}."""


def filters(report):
    """The card's table of filters for larger pictures; `report` is of `reports/resize.json`."""
    counts = report["pictures"]
    rows = [[name, f"{row['real_called_ai']:.1%}", f"{row['sd1_caught']:.1%}",
             f"{row['roc_auc_sd1']:.3f}", f"{row['roc_auc_newer']:.3f}"]
            for name, row in report["filters"].items()]
    return f"""{counts["real"]} real photographs, {counts["sd1"]} pictures of Stable Diffusion \
1.x and {counts["newer"]} of newer generators, reduced by each filter; the pack uses \
`{report["chosen"]}`.

{table(["filter", "real called AI", "SD 1.x caught", "ROC-AUC SD 1.x", "ROC-AUC newer"], rows)}"""


def runtimes(report):
    """The card's table of runtimes; `report` is of `reports/litert.json`."""
    rows = []
    for name, measured in report["members"].items():
        for runtime, row in measured.items():
            near = row.get("agreement")
            rows.append([name, RUNTIMES[runtime], f"{row['bytes'] / 1e6:.2f} MB",
                         f"{row['accuracy']:.2%}", f"{near['mean']:.1g}" if near else "",
                         f"{near['same_labels']:.2%}" if near else "",
                         f"{row['seconds']:.1f} s", f"{row['cpu_seconds']:.1f} s"])
    return f"""The networks as LiteRT files, beside ONNX Runtime on the same {report["n"]:,} test \
images, in batches of {report["batch"]} and in turn, so that other work on the machine slows all \
alike ({report["machine"]}, {report["threads"]} threads; medians, for {report["per"]:,} images).

{table(["network", "runtime", "file", "accuracy", "mean difference of `p_ai`", "same labels",
        "time", "CPU time"], rows)}"""


def integers(report):
    """The card's table of what 8-bit integers change; `report` is of `reports/int8.json`."""
    rows = []
    for name, row in report["members"].items():
        whole, small = row["float32"], row["int8"]
        near = small["agreement"]
        rows.append([name, f"{whole['bytes'] / 1e6:.2f} MB", f"{small['bytes'] / 1e6:.2f} MB",
                     f"{whole['accuracy']:.2%}", f"{small['accuracy']:.2%}",
                     f"{near['same_labels']:.2%}", f"{near['mean']:.4f}",
                     f"{small['cpu_seconds'] / whole['cpu_seconds']:.2f}"])
    return f"""The networks compute in 8-bit integers. Beside the float32 networks that they were \
made of, on the {report["n"]:,} validation images, the majority keeps its label for \
{report["vote"]["same_labels"]:.2%} of them, and the calibrated probability moves by \
{report["vote"]["mean"]:.4f} on average ({report["machine"]}).

{table(["network", "float32", "int8", "its accuracy", "as int8", "same labels",
        "mean difference of `p_ai`", "CPU time, int8 to float32"], rows)}"""


def _published():
    return json.loads(PUBLISHED.read_text("utf-8"))


def _name(other):
    return f"{other['who']} ({other['source']})"


def _accuracy(scores):
    low, high = scores.get("accuracy_interval", (None, None))
    interval = "" if low is None else f" ({100 * low:.2f}–{100 * high:.2f})"
    return f"**{scores['accuracy']:.2%}**{interval}"


def _auc(scores):
    return f"{scores['roc_auc']:.4f}" if scores.get("roc_auc") is not None else ""


def _interval_note(measured):
    return ("; in brackets the 95% bootstrap interval"
            if "accuracy_interval" in measured["ensemble"] else "")
