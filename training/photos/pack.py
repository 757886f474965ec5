"""The pack for photographs: measured on collections held out, then trained on all of them."""

from pathlib import Path

import numpy as np

from ensemble import pack
from training.export.pack import MAX_SIDE, described, keep_digests
from training.images.collections import fold
from training.images.data import fingerprint
from training.photos import benchmark, promises
from training.photos.baselines import BASELINES
from training.photos.members import KINDS, write
from training.photos.values import MET, RESAMPLE, fronts, of_originals
from training.records import commit, write_json

SIZE = 128  # pixels: side of a tile
GRID = 3  # tiles along each side of a picture


def make(members, originals, out, values, size=SIZE, grid=GRID, seed=0, version="2.0.0"):
    """Make the pack and its reports.

    The reports and the calibration are of the same recipe while whole groups of collections were
    held out; what is served is trained on all of them.

    Parameters
    ----------
    members : dict of str to Member
        An odd number of them.
    originals : Originals
    out : path
        Folder of the pack, whose name is the pack's.
    values : path
        Folder where it is kept what the members see, so that a broken run goes on.
    size : int
        Side of a tile in pixels.
    grid : int
        Tiles along each side of a picture.
    seed : int
        Of how the originals are met.
    version : str

    Returns
    -------
    dict
        The report.
    """
    out, begun = Path(out), commit()
    out.mkdir(parents=True, exist_ok=True)
    seen_by = fronts(members, originals, size, grid, seed)
    seen = of_originals(seen_by, originals, size, grid, seed, values)
    about = {"pack": out.name, "version": version, "seed": seed, "input_size": size, "grid": grid,
             "resize": RESAMPLE, "members": list(members), "variants": list(seen),
             "recipe": {name: member.description for name, member in members.items()}}
    folds, opened = fold(originals), seen[MET][0]
    p_ai, heads = benchmark.held_out(members, originals, folds, seen)
    baselines = {name: benchmark.baseline(recipe, originals, folds, seen)
                 for name, recipe in BASELINES.items()}
    originals, folds = originals.take(opened), folds[opened]
    p_ai = {variant: rows[opened] for variant, rows in p_ai.items()}
    judged = benchmark.judged(p_ai, originals, folds)
    fitted = benchmark.calibrated(p_ai[MET], originals.labels, originals.sources, folds)
    report = {**about, "baselines": baselines, **benchmark.report(originals, judged)}
    benchmark.write(report, out / "reports" / "photos.json")
    write_json(out / "reports" / "promises.json", {
        **about, **promises.measure(originals, judged, fitted["bounds"])})
    for name, front in seen_by.items():
        write(front, heads[name], grid, out / f"{name}.onnx")
    manifest = {
        "format": pack.FORMAT, "name": out.name, "version": version,
        "input_size": size, "grid": grid, "resize": RESAMPLE,
        # Whatever is too large for the other pack.
        "domain": {"min_side": MAX_SIDE + 1},
        "members": described(out, {name: member.description for name, member in members.items()},
                             KINDS),
        **fitted,
        "training": {"data": "pictures.csv.gz", "images": len(originals),
                     "real_images": int((originals.labels == 0).sum()),
                     "sources": len(np.unique(originals.sources)),
                     "fingerprint": fingerprint(originals), "seed": seed,
                     "commit": begun, "digests": keep_digests(out, originals.digests)},
    }
    write_json(out / "manifest.json", manifest)
    pack.read(out)
    return report
