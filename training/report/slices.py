"""What a pack is worth by condition: tables of the reports on corruptions and generators."""

from typing import NamedTuple

from training.markdown import table
from training.records import added_fakes


class Slice(NamedTuple):
    """Images of one condition, and how the majority did on them.

    Attributes
    ----------
    condition : str
    right : float
        Accuracy; where all images have one label, the share that is called it.
    confident : dict or None
        `coverage` and `accuracy` of the `confident` verdicts; None where it was not measured.
    """

    condition: str
    right: float
    confident: dict | None


def worst_first(manifest, reports):
    """Every measured condition but the clean test split, at the fixed threshold, worst first.

    Parameters
    ----------
    manifest : dict
        Of the pack.
    reports : dict of str to dict
        Content of `reports/*.json`; reads `robustness`, `generators` and `resize`, each of
        which may be missing.

    Returns
    -------
    list of Slice
    """
    measured = []
    if "robustness" in reports:
        measured += [
            Slice(f"test images under {name}", row["ensemble"]["accuracy"], row["confident"])
            for name, row in reports["robustness"]["corruptions"].items()]
    if "generators" in reports:
        shipped = [pack for pack in reports["generators"]["packs"] if _is(manifest, pack)]
        measured += [Slice(f"fakes of {name}", row["ensemble"]["caught"], row["confident"])
                  for pack in shipped[:1] for name, row in pack["generators"].items()
                  if name != "cifake"]  # its fakes are those of the clean test split
    if "resize" in reports:
        row = reports["resize"]["filters"][reports["resize"]["chosen"]]
        measured += [Slice("photographs, reduced", 1 - row["real_called_ai"], None),
                  Slice("pictures of Stable Diffusion 1.x, reduced", row["sd1_caught"], None),
                  Slice("pictures of newer generators, reduced", row["newer_caught"], None)]
    return sorted(measured, key=lambda part: part.right)


def weak_spots(slices):
    """Markdown table of slices."""
    return table(["condition", "right", "`confident`", "of these right"],
                 [[part.condition, f"{part.right:.1%}", *_confident(part.confident)]
                  for part in slices])


def worst(report):
    """A sentence on the worst slice of the robustness report."""
    left_out = report["strongest"]
    return (f"Of the {len(report['corruptions'])} corruptions of {report['n']:,} test images, at "
            f"the fixed threshold of {report['threshold']:g}, the worst is "
            f"{report['worst']['corruption']}: the majority is right about "
            f"{report['worst']['accuracy']:.2%}. That leaves out the {len(left_out)} strongest "
            f"({', '.join(left_out)}).")


def robustness(manifest, report):
    """Markdown table of accuracy and calibration under each corruption.

    Parameters
    ----------
    manifest : dict
        Of the pack.
    report : dict
        Content of `reports/robustness.json`.
    """
    names = [member["name"] for member in manifest["members"]]
    rows = []
    for name, row in [("clean", report["clean"]), *report["corruptions"].items()]:
        scores = [*(row["members"][member] for member in names), row["ensemble"], row["calibrated"]]
        rows.append([name, *(f"{score['accuracy']:.1%}" for score in scores),
                     f"{row['calibrated']['ece']:.1%}", f"{row['calibrated']['roc_auc']:.4f}",
                     *_confident(row["confident"])])
    return table(["accuracy under", *names, "majority", "calibrated", "its ECE", "its ROC-AUC",
                  "`confident`", "of these right"], rows)


def generators(manifest, report):
    """Markdown table of the share caught and the ROC-AUC, a row for each generator and pack."""
    names = [member["name"] for member in manifest["members"]]
    rows = []
    for name, added, row in by_generator(report):
        both = [f"{score['caught']:.1%}, {score['roc_auc']:.3f}"
                for score in (*(row["members"][member] for member in names), row["calibrated"])]
        rows.append([f"{name} ({report['n'][name]:,})", added, *both[:-1],
                     f"{row['ensemble']['caught']:.1%}", both[-1], *_confident(row["confident"])])
    false_alarms = "; ".join(f"{pack['real_called_ai']:.2%} ({_added(pack)} added)"
                             for pack in report["packs"])
    note = (f"Share called AI-generated, and ROC-AUC against {report['real']:,} real test images. "
            f"Of these the majority calls AI-generated: {false_alarms}.")
    return note + "\n\n" + table(["images of", "fakes added", *names, "majority", "calibrated",
                                  "`confident`", "of these right"], rows)


def by_generator(report):
    """(generator, fakes added, row) of a report, the packs of one generator side by side."""
    names = dict.fromkeys(name for pack in report["packs"] for name in pack["generators"])
    return [(name, _added(pack), pack["generators"][name]) for name in names
            for pack in report["packs"] if name in pack["generators"]]


def _confident(measured):
    if measured is None:
        return "–", "–"
    right = measured["accuracy"]
    return f"{measured['coverage']:.1%}", "–" if right is None else f"{right:.1%}"


def _added(pack):
    return " or ".join(f"{count:,}" for count in sorted(set(pack["added"].values()))) or "none"


def _is(manifest, pack):
    return (pack["pack"], pack["version"], pack["added"]) == (
        manifest["name"], manifest["version"], added_fakes(manifest))
