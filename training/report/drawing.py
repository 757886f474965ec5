"""The pack's reports → figures: each an SVG for light pages and one for dark ones."""

from pathlib import Path

from training.report import figures, plots
from training.report.photo_plots import by_source_and_generator
from training.report.style import write

PLOTS = {"training": plots.training, "confusion": plots.confusion, "roc": plots.roc,
         "reliability": plots.reliability, "risk": plots.risk, "robustness": plots.robustness,
         "generators": plots.generators, "photos": by_source_and_generator}


def draw(manifest, reports, folder):
    """Draw every figure that the reports give, and remove those that they no longer give.

    The same reports give the same bytes (with one version of matplotlib).

    Parameters
    ----------
    manifest : dict
        Of the pack.
    reports : dict of str to dict
        As for `figures.captions`.
    folder : path
        Gets `<name>-light.svg` and `<name>-dark.svg`; made if it isn't there.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = list(figures.captions(manifest, reports))
    for name in figures.NAMES:
        for theme in figures.THEMES:
            path = folder / f"{name}-{theme}.svg"
            if name in names:
                save(name, theme, manifest, reports, path)
            else:
                path.unlink(missing_ok=True)
    return names


def save(name, theme, manifest, reports, path):
    """Draw one figure and write it as SVG.

    Parameters
    ----------
    name : str
        Of `figures.NAMES`, whose report is there.
    theme : {"light", "dark"}
    manifest : dict
        Of the pack.
    reports : dict of str to dict
        Content of `reports/*.json` by file name without its ending.
    path : path
    """
    write(lambda figure, colours: PLOTS[name](figure, colours, manifest, reports),
          figures.TITLES[name], theme, path)
