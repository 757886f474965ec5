"""Which figures a pack's reports give: names, titles and captions; an SVG for each theme."""

from html import escape
from pathlib import Path

from ensemble.vocabulary import CONFIDENT

THEMES = ("light", "dark")
NAMES = ("training", "confusion", "roc", "reliability", "risk", "robustness", "generators",
         "photos")
TITLES = {"training": "Training curves", "confusion": "Confusion matrices", "roc": "ROC curves",
          "reliability": "Reliability diagram", "risk": "Risk–coverage curve",
          "robustness": "Accuracy under each corruption", "generators": "Other generators",
          "photos": "Photographs and other pictures of sources never seen"}


def captions(manifest, reports):
    """Which figures these reports give, and what each shows.

    Parameters
    ----------
    manifest : dict
        Of the pack.
    reports : dict of str to dict
        Content of `reports/*.json` by file name without its ending; each may be missing.

    Returns
    -------
    dict of str to str
        Caption by name of the figure, in the order of `NAMES`.
    """
    measured, robust = reports.get("evaluate"), reports.get("robustness")
    unseen, photos, texts = reports.get("generators"), reports.get("photos"), {}
    if curves(reports):
        texts["training"] = (
            "Accuracy and loss of the networks after each epoch. An epoch shows them hard, partly "
            "corrupted images, so the training accuracy can't be compared with that on the "
            "validation split, whose images are clean.")
    if measured:
        texts["confusion"] = (f"What each member and the majority call the {measured['n']:,} test "
                              f"images. A row is what an image is, a column what it is called.")
        texts |= _captions_of_curves(manifest, measured)
    if robust:
        texts["robustness"] = (
            f"Accuracy on {robust['n']:,} test images under each corruption, at the "
            f"fixed threshold of {robust['threshold']:g}. The stronger the colour, the more "
            f"errors. The majority's worst slice is in bold; it leaves out the strongest "
            f"corruptions, which have an asterisk.")
    if unseen:
        texts["generators"] = (
            f"The share of each generator's images that is called AI-generated at the fixed "
            f"threshold, and the ROC-AUC against {unseen['real']:,} real test images; guessing "
            f"gives 0.5. `cifake` stands for CIFAKE's own fakes. \"Added\" are fakes of another "
            f"generator that the pack was trained on.")
    if photos:
        texts["photos"] = (
            f"Of {photos['n']:,} pictures, each judged by models that never saw its source: the "
            f"share that is called AI-generated. Above, real pictures by source, the most often "
            f"accused first; below, AI-generated ones by generator, the least caught first, with "
            f"the ROC-AUC against the real pictures of its folds.")
    return texts


def curves(reports):
    """The training curves by network; the SVM has none."""
    return {name: curve for name, curve in reports.get("training", {}).items() if "epoch" in curve}


def drawn(folder):
    """Names of the figures that lie in a folder, both versions of each."""
    return [name for name in NAMES
            if all((Path(folder) / f"{name}-{theme}.svg").is_file() for theme in THEMES)]


def embed(name, caption, folder):
    """Markdown of one figure: the version for the reader's colour scheme, its caption below.

    Parameters
    ----------
    name, caption : str
    folder : str
        Where the figures lie, from the file that the Markdown is for.
    """
    return (f'<picture><source media="(prefers-color-scheme: dark)" '
            f'srcset="{folder}/{name}-dark.svg"><img src="{folder}/{name}-light.svg" '
            f'alt="{escape(TITLES[name])}"></picture>\n\n**{TITLES[name]}.** {caption}')


def confident_from(manifest):
    """Where `confident` starts, in figures: one number, or one for each label."""
    starts = {label: f"{bounds[CONFIDENT]['from']:.4f}"
              for label, bounds in manifest["bounds"].items() if CONFIDENT in bounds}
    if len(set(starts.values())) < 2:
        return next(iter(starts.values()), "no probability")
    return " and ".join(f"{start} ({label})" for label, start in starts.items())


def _captions_of_curves(manifest, measured):
    drawn_curves = measured.get("curves", {})
    if "roc" in drawn_curves:
        yield "roc", ("False alarms are on a logarithmic scale: near-perfect curves can't be told "
                      "apart on a plain one. The majority is a point, since it has no threshold "
                      "to move.")
    if "reliability" in drawn_curves:
        yield "reliability", (f"Above, of {measured['bins']} bins with equally many images: the "
                              f"mean probability and how many of its images are AI-generated. "
                              f"Below, the distance between the two; its mean size is the ECE.")
    if "risk" in drawn_curves:
        yield "risk", (f"Accuracy of the majority on the share of images whose label has the "
                       f"highest calibrated probability. Verdicts are `confident` from "
                       f"{confident_from(manifest)} on.")
