"""A pack's reports → README's numbers, the figures and the model card; no number is typed in."""

import json
import os
from pathlib import Path

from ensemble import pack as packs
from training.errors import DataError
from training.markdown import write_between
from training.report import comparisons, drawing, photo_card
from training.report.card import card

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
# Of a pack that was measured on photographs only.
PHOTOS_BEGIN, PHOTOS_END = "<!-- photos: begin -->", "<!-- photos: end -->"


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
    where = Path(os.path.relpath(pack.resolve(), readme.resolve().parent)).as_posix()
    write_between(readme, begin, end, make(manifest, reports, where))
    drawn = drawing.draw(manifest, reports, pack / "reports" / "figures")
    (pack / "README.md").write_text(card(manifest, reports, drawn), "utf-8")


def results(manifest, reports, where):
    """README's results of a pack for CIFAKE, in Markdown.

    Parameters
    ----------
    manifest : dict
        Of the pack.
    reports : dict of str to dict
        Content of `reports/*.json`; all but the first may be missing.
    where : str
        The pack's folder, from README's.
    """
    return f"""{comparisons.nearest(manifest, reports["evaluate"])} All members, all published \
systems, weak spots and figures: [model card]({where}/README.md)."""


def photo_results(manifest, reports, where):
    """README's results of a pack for photographs; parameters as for `results`."""
    measured = [photo_card.in_short(reports["promises"]) if "promises" in reports else
                photo_card.summary(reports["photos"])]
    if "marks" in reports:
        measured.append(photo_card.marks_in_short(reports["marks"]))
    return f"""{" ".join(measured)} By generator and by collection: \
[model card]({where}/README.md)."""
