"""A pack as it is, on the originals of collections that it was not trained on."""

import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ensemble import PackModels, Picture
from training.errors import DataError
from training.images.collections import fold
from training.photos import benchmark
from training.photos.copies import COPIES
from training.photos.values import EVERY, MET, met


def measure(folder, originals, out, seed=0):
    """Measure a pack for photographs on the groups of collections that are new to it.

    Verdicts are `confident` or `likely` here from the pack's bound on, whatever the picture's size.

    Parameters
    ----------
    folder : path
        Of the pack; its `reports/photos.json` names the collections that it was trained on.
    originals : Originals
    out : path
        JSON file to write.
    seed : int
        Of how the originals are met.

    Returns
    -------
    dict
        See `benchmark.report`.

    Raises
    ------
    DataError
        If too few groups are new to the pack.
    """
    models = PackModels.load(folder)
    manifest = models.manifest
    trained_on = json.loads((Path(folder) / "reports" / "photos.json").read_text("utf-8"))
    known = np.isin(originals.groups,
                    originals.groups[np.isin(originals.sources, list(trained_on["sources"]))])
    if known.all():
        raise DataError(f"All collections of these pictures, or others of their groups, were in "
                        f"the training of pack {manifest['name']} {manifest['version']}.")
    new = originals.take(~known)
    p_ai = {variant: np.full((len(new), len(models.members)), np.nan)
            for variant in (MET, *COPIES)}
    # The draws of a picture are those of its row in the whole list.
    for row, place in enumerate(tqdm(np.flatnonzero(~known), "judge", mininterval=1)):
        rgb = met(originals, place, seed)
        if rgb is not None:
            p_ai[MET][row] = _judged(models, rgb)
            if place % EVERY == 0:
                for name, change in COPIES.items():
                    p_ai[name][row] = _judged(models, change(rgb))
    opened = ~np.isnan(p_ai[MET][:, 0])
    new, p_ai = new.take(opened), {name: rows[opened] for name, rows in p_ai.items()}
    folds = fold(new)
    # The pack's members come corrected already.
    terms = {"calibration": {name: value for name, value in manifest["calibration"].items()
                             if name not in ("scales", "shifts")}, "bounds": manifest["bounds"]}
    judged = benchmark.Judged(p_ai, folds, [terms] * (folds.max() + 1))
    report = {"pack": manifest["name"], "version": manifest["version"], "seed": seed,
              "baselines": {}, **benchmark.report(new, judged)}
    benchmark.write(report, out)
    return report


def _judged(models, rgb):
    picture = Picture(rgb, rgb.shape[1], rgb.shape[0])
    return models.predict(models.see(picture)[None])[0][0]
