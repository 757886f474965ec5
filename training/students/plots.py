"""The figures of one run: confusion matrix, ROC, curves of the training, balance of the classes."""

from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.report.style import WIDTH, write

CURVES = ("loss", "accuracy", "precision", "recall", "auc", "f1")


def draw(report, folder):
    """Write each figure that a report gives as `<name>.svg`.

    Parameters
    ----------
    report : dict
        Of `training.students.evaluate.evaluate_run`.
    folder : path

    Returns
    -------
    list of str
        Names of the figures.
    """
    figures = {"confusion": ("Confusion matrix", confusion), "roc": ("ROC curve", roc),
               "balance": ("Images of each class", balance)}
    if "epoch" in report["history"]:
        figures["curves"] = ("Training curves", curves)
    for name, (title, plot) in figures.items():
        write(lambda figure, colours, plot=plot: plot(figure, colours, report), title, "light",
              Path(folder) / f"{name}.svg")
    return list(figures)


def confusion(figure, colours, report):
    """Counts, and shares of what the images are."""
    counts, classes = np.array(report["class_confusion"]), report["classes"]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure.set_size_inches(WIDTH, 1.2 + len(classes))
    cell = figure.subplots()
    for row, column in np.ndindex(counts.shape):
        right = row == column
        face = colours["ai" if row else "real"] if right else colours["plain"]
        cell.fill_between([column, column + 1], row, row + 1, color=face, linewidth=0)
        cell.text(column + 0.5, row + 0.42, f"{counts[row, column]:,}", ha="center", va="center",
                  size=11, weight="bold" if right else "normal")
        cell.text(column + 0.5, row + 0.7, f"{shares[row, column]:.1%}", ha="center", va="center",
                  color=colours["muted"])
    middle = np.arange(len(classes)) + 0.5
    cell.set(xlim=(0, len(classes)), ylim=(len(classes), 0), xticks=middle, yticks=middle,
             xticklabels=[f"called\n{name}" for name in classes], yticklabels=classes)
    cell.grid(False)
    cell.tick_params(length=0)
    cell.spines[:].set_visible(False)


def roc(figure, colours, report):
    """Share of AI-generated images caught over that of real ones called so."""
    figure.set_size_inches(WIDTH, 4.2)
    cell = figure.subplots()
    cell.plot((0, 1), (0, 1), color=colours["muted"], linewidth=0.8)
    cell.plot(report["roc"]["fpr"], report["roc"]["tpr"], color=colours["members"][0],
              label=f"{report['run']['name']}, {report['roc_auc']:.4f}")
    cell.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="real images called AI-generated",
             ylabel="AI-generated images caught")
    cell.xaxis.set_major_formatter(PercentFormatter(1))
    cell.yaxis.set_major_formatter(PercentFormatter(1))
    cell.legend(title="ROC-AUC", loc="lower right", alignment="left")


def curves(figure, colours, report):
    """Every score after each epoch, training dashed, validation whole."""
    history = report["history"]
    kept = [name for name in CURVES if name in history]
    figure.set_size_inches(WIDTH, 1.9 * -(-len(kept) // 2))
    cells = figure.subplots(-(-len(kept) // 2), 2, sharex=True, squeeze=False).ravel()
    epochs = np.asarray(history["epoch"]) + 1
    for cell, name in zip(cells, kept):
        cell.plot(epochs, history[name], "--", color=colours["muted"], label="training")
        cell.plot(epochs, history[f"val_{name}"], "-", color=colours["members"][0],
                  label="validation")
        cell.set_title({"auc": "ROC-AUC", "f1": "F1"}.get(name, name))
        cell.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    for cell in cells[len(kept):]:
        cell.set_visible(False)
    cells[0].legend()
    for cell in cells[-2:]:
        cell.set_xlabel("epoch")


def balance(figure, colours, report):
    """How many images there are of each class, and the share that is called right."""
    counts, classes = np.array(report["class_counts"]), report["classes"]
    right = np.diag(report["class_confusion"])
    figure.set_size_inches(WIDTH, 0.9 + 0.5 * len(classes))
    cell = figure.subplots()
    cell.barh(classes, counts, color=colours["members"][0], height=0.6)
    for place, (count, good) in enumerate(zip(counts, right)):
        cell.annotate(f"{count:,}, {good / max(count, 1):.1%} right", (count, place), (4, 0),
                      textcoords="offset points", va="center")
    cell.set(xlabel="images", xlim=(0, counts.max() * 1.45))
    cell.invert_yaxis()
    cell.grid(False, axis="y")
