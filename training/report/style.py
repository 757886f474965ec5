"""How every figure looks.

A figure is as wide as a phone's screen, with text that can be read there, and grows without
loss. Nothing is told apart by its colour alone. Text stays text, in a font that the reader has.
"""

import io
import re
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

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
# What matplotlib writes in vain, a sixth of a file: comments, turns by nothing, indentation.
SUPERFLUOUS = re.compile(r'<!--.*?-->\n?| transform="rotate\(-0 [^"]*"|^ +', re.MULTILINE)


def write(draw, title, theme, path):
    """Write a figure as SVG; the same drawing gives the same bytes (with one matplotlib).

    Parameters
    ----------
    draw : callable
        `draw(figure, colours)`, with the colours of the theme.
    title : str
    theme : {"light", "dark"}
    path : path
    """
    colours = COLOURS[theme]
    with style.context(_settings(colours), after_reset=True):
        figure = Figure(layout="constrained")
        draw(figure, colours)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Title": title, "Date": None})
    Path(path).write_text(SUPERFLUOUS.sub("", file.getvalue()), "utf-8", newline="\n")


def contrast(one, other):
    """Contrast of two colours, from 1 to 21, as the WCAG defines it (level AA asks for 4.5)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (
        0.2126, 0.7152, 0.0722)


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
