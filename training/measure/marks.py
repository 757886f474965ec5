"""Measure the marks in pixels.

On unmarked pictures, of which none may pass for marked, and on genuine outputs of the scripts that
write them.
"""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from ensemble import ImageError, open_picture
from ensemble.evidence.marks import VISIBLE
from ensemble.evidence.watermark import BOUND, scores
from training.errors import DataError
from training.records import write_json


def measure(real, marked, out):
    """Write the report of the marks.

    Parameters
    ----------
    real : path
        Folder of unmarked pictures, those of each collection in a folder of its own.
    marked : path
        Likewise of pictures into which a script wrote a watermark.
    out : path
        The report, JSON: the bound; of the unmarked pictures how many there are, the largest score
        of each pattern and how many pass for marked; of each collection of marked ones how many
        are above the bound, and their lowest, middle and highest score. Pictures too small or too
        large for a watermark, and unreadable ones, are counted apart.

    Returns
    -------
    dict
        The report.

    Raises
    ------
    training.errors.DataError
        If a folder has no pictures.
    """
    unmarked, refused = _read(real, "unmarked")
    genuine, _ = _read(marked, "marked")
    pictures = [picture for collection in unmarked.values() for picture in collection]
    measured = [tools for tools, _ in pictures if tools]
    report = {
        "bound": BOUND,
        "unmarked": {
            "collections": len(unmarked), "pictures": len(pictures), "unreadable": refused,
            "watermark": {
                "pictures": len(measured),
                "above_bound": sum(max(tools.values()) > BOUND for tools in measured),
                "largest": {tool: max(tools[tool] for tools in measured) for tool in measured[0]}},
            **{name: sum(visible[name] for _, visible in pictures) for name in VISIBLE}},
        "marked": {name: _row(collection) for name, collection in sorted(genuine.items())}}
    write_json(out, report)
    return report


def _row(collection):
    best = [max(tools.values()) for tools, _ in collection if tools]
    lowest, middle, highest = (
        np.quantile(best, (0, 0.5, 1)).round(2).tolist() if best else [None] * 3)
    return {"pictures": len(collection), "above_bound": sum(score > BOUND for score in best),
            "lowest": lowest, "middle": middle, "highest": highest}


def _read(folder, description):
    """Collection → (scores by tool, visible marks) of each picture, and how many can't be read."""
    collections, refused = {}, 0
    for path in tqdm(sorted(path for path in Path(folder).glob("*/*") if path.is_file()),
                     desc=description):
        try:
            rgb = open_picture(path).rgb
        except ImageError:
            refused += 1
            continue
        tools = {}
        for pattern, score in scores(rgb).items():
            tools[pattern.tool] = round(max(score, tools.get(pattern.tool, score)), 2)
        visible = {name: is_there(rgb) for name, (_, is_there) in VISIBLE.items()}
        collections.setdefault(path.parent.name, []).append((tools, visible))
    if not collections:
        raise DataError(f"{folder} has no pictures; give a folder with one of pictures for each "
                        f"collection.")
    return collections, refused
