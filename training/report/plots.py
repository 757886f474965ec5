"""How each figure of the reports is drawn.

A figure is as wide as a phone's screen, with text that can be read there, and grows without
loss. Nothing is told apart by its colour alone. Text stays text, in a font that the reader has.
"""

import io
import re
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.report.figures import TITLES, confident_from, curves
from training.report.photo_plots import photos
from training.report.slices import by_generator

WIDTH = 5.2  # inches: 374 points
# The page's colours (app.css); three for the members, which differ in lightness as well; and
# the heat map's, from no errors to as many as guessing makes.
COLOURS = {
    "light": {"page": "#fffdf9", "text": "#26231f", "muted": "#625c53", "line": "#dfd9cd",
              "ai": "#fbeadb", "real": "#e2eff7", "plain": "#f1ede5",
              "members": ["#00614d", "#8e44a0", "#b07600"],
              "heat": ["#fffdf9", "#d9b5e3", "#5b1a70"]},
    "dark": {"page": "#1f1d1a", "text": "#ece8e1", "muted": "#aca59a", "line": "#3a362f",
             "ai": "#3a2718", "real": "#16303f", "plain": "#2a2723",
             "members": ["#3fb595", "#cf8be0", "#f2d57e"],
             "heat": ["#1f1d1a", "#6d3a80", "#f0cdf8"]},
}
MARKS = [("o", "--"), ("s", "-."), ("^", ":")]
# A sixth of what matplotlib writes: comments, turns by nothing, indentation.
SUPERFLUOUS = re.compile(r'<!--.*?-->\n?| transform="rotate\(-0 [^"]*"|^ +', re.MULTILINE)


def save(name, theme, manifest, reports, path):
    """Draw one figure and write it as SVG.

    Parameters
    ----------
    name : str
        A key of `figures.TITLES`, whose report is there.
    theme : {"light", "dark"}
    manifest : dict
        Of the pack.
    reports : dict of str to dict
        Content of `reports/*.json` by file name without its ending.
    path : path
    """
    draw = {"training": training, "confusion": confusion, "roc": roc, "reliability": reliability,
            "risk": risk, "robustness": robustness, "generators": generators,
            "photos": photos}[name]
    write(lambda figure, colours: draw(figure, colours, manifest, reports), TITLES[name], theme,
          path)


def write(draw, title, theme, path):
    """Write what `draw(figure, colours)` draws as SVG."""
    colours = COLOURS[theme]
    with style.context(_settings(colours), after_reset=True):
        figure = Figure(layout="constrained")
        draw(figure, colours)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Title": title, "Date": None})
    Path(path).write_text(SUPERFLUOUS.sub("", file.getvalue()), "utf-8", newline="\n")


def training(figure, colours, manifest, reports):
    """Accuracy above and loss below, a column a network."""
    runs = curves(reports)
    figure.set_size_inches(WIDTH, 4.6)
    axes = figure.subplots(2, len(runs), sharex="col", sharey="row", squeeze=False)
    for column, (name, run) in zip(axes.T, runs.items()):
        epochs = np.arange(1, len(run["epoch"]) + 1)
        colour = dict(_looks(colours, manifest))[name]["color"]
        for cell, key in zip(column, ("accuracy", "loss")):
            cell.plot(epochs, run[key], "--", color=colours["muted"], label="training")
            cell.plot(epochs, run[f"val_{key}"], "-", color=colour, label="validation")
            cell.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        last = run["val_accuracy"][-1]
        column[0].plot(epochs[-1], last, "o", color=colour)
        column[0].annotate(f"{last:.2%}", (epochs[-1], last), (0, 5), ha="right",
                           textcoords="offset points", color=colour)
        column[0].set_title(name)
        column[1].set_xlabel("epoch")
        column[1].legend()
    # Room above for the last value in words.
    low = min(min(run[key]) for run in runs.values() for key in ("accuracy", "val_accuracy"))
    axes[0, 0].set_ylim(low - 0.01, 1.01)
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("loss")
    figure.supxlabel("Training: measured on hard, partly corrupted images.",
                     x=0.02, ha="left", size=9.5, color=colours["muted"])


def confusion(figure, colours, manifest, reports):
    """One matrix for each member and one for the majority."""
    scores = dict(_scores(manifest, reports["evaluate"]))
    del scores["calibrated"]
    rows = (len(scores) + 1) // 2
    figure.set_size_inches(WIDTH, 2.2 * rows)
    cells = figure.subplots(rows, 2, squeeze=False).ravel()
    for cell in cells[len(scores):]:
        cell.set_visible(False)
    for cell, (name, score) in zip(cells, scores.items()):
        counts = np.array(score["confusion_matrix"])
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        for row, column in np.ndindex(2, 2):
            right = row == column
            face = colours["ai" if row else "real"] if right else colours["plain"]
            cell.fill_between([column, column + 1], row, row + 1, color=face, linewidth=0)
            cell.text(column + 0.5, row + 0.42, f"{counts[row, column]:,}", ha="center",
                      va="center", size=11, weight="bold" if right else "normal")
            cell.text(column + 0.5, row + 0.7, f"{shares[row, column]:.1%}", ha="center",
                      va="center", color=colours["muted"])
        cell.set(title=f"{name}: {score['accuracy']:.2%}", xlim=(0, 2), ylim=(2, 0),
                 xticks=(0.5, 1.5), xticklabels=["called\nReal", "called\nAI-generated"],
                 yticks=(0.5, 1.5), yticklabels=["Real", "AI-\ngenerated"])
        cell.grid(False)
        cell.tick_params(length=0)
        cell.spines[:].set_visible(False)


def roc(figure, colours, manifest, reports):
    """ROC curves over a logarithmic axis, and the majority as a point."""
    measured = reports["evaluate"]
    figure.set_size_inches(WIDTH, 4.4)
    cell = figure.subplots()
    real, ai = np.array(measured["ensemble"]["confusion_matrix"])
    first = 1 / real.sum()
    scores, looks = dict(_scores(manifest, measured)), dict(_looks(colours, manifest))
    for name, curve in measured["curves"]["roc"].items():
        fpr, tpr = np.array(curve["fpr"]), np.array(curve["tpr"])
        cell.plot(fpr[fpr >= first], tpr[fpr >= first], **looks[name], markevery=0.13,
                  label=f"{name}, {scores[name]['roc_auc']:.4f}")
    cell.plot(max(real[1] / real.sum(), first), ai[1] / ai.sum(), "*", color=colours["text"],
              markersize=13, markeredgecolor=colours["page"], label="majority", zorder=4)
    cell.set(xscale="log", xlim=(first, 1), ylim=(0, 1.02),
             xlabel="real images called AI-generated", ylabel="AI-generated images caught")
    cell.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    cell.yaxis.set_major_formatter(PercentFormatter(1))
    cell.legend(title="ROC-AUC", loc="lower right", alignment="left")


def reliability(figure, colours, manifest, reports):
    """Probability against share of AI-generated images, and the distance of the two by bin."""
    measured = reports["evaluate"]
    scores, looks = dict(_scores(manifest, measured)), dict(_looks(colours, manifest))
    figure.set_size_inches(WIDTH, 6.4)
    above, below = figure.subplots(2, 1, height_ratios=(2, 1))
    above.plot((0, 1), (0, 1), color=colours["muted"], linewidth=0.8)
    below.axhline(0, color=colours["muted"], linewidth=0.8)
    for name, curve in measured["curves"]["reliability"].items():
        if name == "ensemble":  # a share of votes, no probability
            continue
        p_ai, share = np.array(curve["p_ai"]), np.array(curve["share_ai"])
        above.plot(p_ai, share, **looks[name], label=f"{name}, {scores[name]['ece']:.2%}")
        below.plot(np.arange(1, len(p_ai) + 1), share - p_ai, **looks[name])
    above.set(xlabel="probability that it is AI-generated", ylabel="share that is AI-generated")
    below.set(xlabel="bin, in the order of the probability", ylabel="share − probability")
    above.legend(title="ECE", loc="upper left", alignment="left")
    for axis in (above.xaxis, above.yaxis, below.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    below.xaxis.set_major_locator(MaxNLocator(8, integer=True))


def risk(figure, colours, manifest, reports):
    """Accuracy over coverage, with the shipped bound of `confident`."""
    curve, sure = reports["evaluate"]["curves"]["risk"], reports["evaluate"]["confident"]
    coverage, right = np.array(curve["coverage"]), np.array(curve["accuracy"])
    figure.set_size_inches(WIDTH, 3.4)
    cell = figure.subplots()
    cell.plot(coverage, right, color=colours["members"][0])
    if sure["accuracy"] is not None:
        cell.plot(sure["coverage"], sure["accuracy"], "D", color=colours["text"], markersize=7,
                  label=f"confident, from {confident_from(manifest)} on:\n"
                        f"{sure['coverage']:.1%} of the verdicts,\n"
                        f"{sure['accuracy']:.2%} of them right")
        cell.legend(loc="lower left", handlelength=1)
    # The surest half is as good as always right; what is of interest lies beyond it.
    left = min(0.5, sure["coverage"] - 0.05)
    low = right[coverage >= left].min()
    cell.set(xlabel="verdicts given, the surest first", ylabel="of these, right", xlim=(left, 1.01),
             ylim=(low - 0.05 * (1 - low), 1 + 0.05 * (1 - low)))
    cell.xaxis.set_major_formatter(PercentFormatter(1))
    cell.yaxis.set_major_formatter(PercentFormatter(1))


def robustness(figure, colours, manifest, reports):
    """Heat map of the accuracy: a row a corruption."""
    report = reports["robustness"]
    rows = {"clean": report["clean"], **report["corruptions"]}
    strongest, worst = report["strongest"], report["worst"]["corruption"]
    figure.set_size_inches(WIDTH, 0.7 + 0.235 * len(rows))
    cell = figure.subplots()
    _heat(cell, colours, manifest, rows.values(), "accuracy", "{:.1%}")
    cell.set_yticks(range(len(rows)), [name + " *" * (name in strongest) for name in rows])
    for label, name in zip(cell.get_yticklabels(), rows):
        label.set_fontweight("bold" if name == worst else "normal")
    cell.axhline(0.5, color=colours["text"], linewidth=1)


def generators(figure, colours, manifest, reports):
    """Two heat maps, share caught and ROC-AUC: a row a generator and pack."""
    rows = by_generator(reports["generators"])
    one_pack = len(reports["generators"]["packs"]) == 1
    figure.set_size_inches(WIDTH, 1.3 + 2 * 0.24 * len(rows))
    for cell, key, said, title in zip(
            figure.subplots(2, 1), ("caught", "roc_auc"), ("{:.1%}", "{:.3f}"),
            ("share called AI-generated", "ROC-AUC against real images")):
        _heat(cell, colours, manifest, [row for *_, row in rows], key, said)
        cell.set_yticks(range(len(rows)), [name if one_pack else f"{name}, {added} added"
                                           for name, added, _ in rows])
        cell.set_title(title)
        for place in range(1, len(rows)):
            if rows[place][0] != rows[place - 1][0]:
                cell.axhline(place - 0.5, color=colours["text"], linewidth=1)


def _heat(cell, colours, manifest, rows, key, said):
    """Values in cells, the stronger coloured the farther from 1; a column as in `_looks`."""
    scores = [_scores(manifest, row) for row in rows]
    columns = [name for name, _ in scores[0]]
    values = np.array([[score.get(key, np.nan) for _, score in row] for row in scores])
    # The root spreads the colours where most values are, near 1; guessing is at 0.5.
    norm = PowerNorm(0.5, vmin=0, vmax=0.5, clip=True)
    heat = LinearSegmentedColormap.from_list("errors", colours["heat"]).with_extremes(
        bad=colours["page"])
    faces = heat(norm(np.ma.masked_invalid(1 - values)))
    cell.imshow(faces, aspect="auto", interpolation="nearest")
    for (row, column), value in np.ndenumerate(values):
        cell.text(column, row, "–" if np.isnan(value) else said.format(value), ha="center",
                  va="center_baseline",
                  color=max(("black", "white"), key=lambda c: _contrast(c, faces[row, column])))
    cell.set_xticks(range(len(columns)), columns)
    cell.axvline(len(columns) - 2.5, color=colours["text"], linewidth=1)
    cell.xaxis.tick_top()
    cell.tick_params(length=0)
    cell.grid(False)


def _settings(colours):
    return {
        "figure.facecolor": colours["page"], "axes.facecolor": colours["page"],
        "savefig.facecolor": colours["page"], "text.color": colours["text"],
        "axes.labelcolor": colours["text"], "xtick.color": colours["muted"],
        "ytick.color": colours["muted"], "xtick.labelcolor": colours["text"],
        "ytick.labelcolor": colours["text"], "axes.edgecolor": colours["line"],
        "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
        "axes.grid": True, "grid.color": colours["line"], "grid.linewidth": 0.7,
        "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.labelsize": 9.5,
        "font.size": 9.5, "xtick.labelsize": 9.5, "ytick.labelsize": 9.5,
        "legend.fontsize": 9.5, "legend.frameon": False, "legend.handlelength": 3,
        "lines.linewidth": 1.6, "lines.markersize": 5,
        "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans", "Verdana"],
        "svg.fonttype": "none", "svg.hashsalt": "Real or AI?",
    }


def _looks(colours, manifest):
    """Name and line of each member, of the majority and of the calibrated probability."""
    found = [(member["name"], {"color": colour, "marker": marker, "linestyle": dashes})
             for member, colour, (marker, dashes)
             in zip(manifest["members"], cycle(colours["members"]), cycle(MARKS))]
    return [*found, ("majority", {"color": colours["muted"], "marker": "*", "linestyle": "-"}),
            ("calibrated", {"color": colours["text"], "marker": "D", "linestyle": "-"})]


def _scores(manifest, row):
    """Name and scores in a row of a report, in the order of `_looks`."""
    return [*((member["name"], row["members"][member["name"]]) for member in manifest["members"]),
            ("majority", row["ensemble"]), ("calibrated", row["calibrated"])]


def _contrast(one, other):
    """Contrast of two colours, from 1 to 21, as the WCAG defines it."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (
        0.2126, 0.7152, 0.0722)
