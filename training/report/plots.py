"""The figures of a pack for CIFAKE's images, each a function of the pack's reports."""

from itertools import cycle

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.report.figures import confident_from, curves
from training.report.slices import by_generator
from training.report.style import WIDTH, contrast

MARKS = [("o", "--"), ("s", "-."), ("^", ":")]


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
                 xticks=(0.5, 1.5), xticklabels=["Real", "AI-generated"], xlabel="called")
        # One line each: in the SVG a longer or shorter translation then keeps its middle.
        cell.set_yticks((0.5, 1.5), ["Real", "AI-generated"], rotation="vertical", va="center")
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
    for cell, key, number_format, title in zip(
            figure.subplots(2, 1), ("caught", "roc_auc"), ("{:.1%}", "{:.3f}"),
            ("share called AI-generated", "ROC-AUC against real images")):
        _heat(cell, colours, manifest, [row for *_, row in rows], key,
              number_format)
        cell.set_yticks(range(len(rows)), [name if one_pack else f"{name}, {added} added"
                                           for name, added, _ in rows])
        cell.set_title(title)
        for place in range(1, len(rows)):
            if rows[place][0] != rows[place - 1][0]:
                cell.axhline(place - 0.5, color=colours["text"], linewidth=1)


def _heat(cell, colours, manifest, rows, key, number_format):
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
        cell.text(column, row, "–" if np.isnan(value) else number_format.format(value), ha="center",
                  va="center_baseline",
                  color=max(("black", "white"), key=lambda c: contrast(c, faces[row, column])))
    cell.set_xticks(range(len(columns)), columns)
    cell.axvline(len(columns) - 2.5, color=colours["text"], linewidth=1)
    cell.xaxis.tick_top()
    cell.tick_params(length=0)
    cell.grid(False)


def _looks(colours, manifest):
    """Name and line of each member, of the majority and of the calibrated probability."""
    members = [(member["name"], {"color": colour, "marker": marker, "linestyle": dashes})
             for member, colour, (marker, dashes)
             in zip(manifest["members"], cycle(colours["members"]), cycle(MARKS))]
    return [*members, ("majority", {"color": colours["muted"], "marker": "*", "linestyle": "-"}),
            ("calibrated", {"color": colours["text"], "marker": "D", "linestyle": "-"})]


def _scores(manifest, row):
    """Name and scores in a row of a report, in the order of `_looks`."""
    return [*((member["name"], row["members"][member["name"]]) for member in manifest["members"]),
            ("majority", row["ensemble"]), ("calibrated", row["calibrated"])]
