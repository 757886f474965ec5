"""Choose the filter that reduces a visitor's photograph to the members' size.

For models trained on thumbnails the filter decides more than the model: an aliasing one lets
nearly every photograph pass for AI-generated. So it is measured, on pictures of other sources.
"""

import json
import re
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ensemble import PackModels, vote
from ensemble.images import FILTERS, fit_square
from training.errors import DataError
from training.images.collections import SD1, load
from training.records import write_json

# How collections call generators that have nothing in common with that of CIFAKE's fakes.
NEWER = re.compile(r"GPT-?(4o|Image)|Gemini|Nano Banana|DALL-E 3|Midjourney v[5-7]", re.IGNORECASE)
TOLERANCE = 0.02  # ROC-AUC that may be given up for fewer false alarms


def choose(pack, photos, most=1000, seed=0):
    """Measure every filter and write the best into the manifest.

    Of the filters within `TOLERANCE` of the best ROC-AUC on Stable Diffusion 1.x, the one that
    calls the fewest real pictures AI-generated.

    Parameters
    ----------
    pack : path
        Its manifest and `reports/resize.json` are written.
    photos : path
        Parquet of pictures, see `training.photos.collections.load`.
    most : int
        Pictures of a group at most, drawn at random.
    seed : int

    Returns
    -------
    str
        The filter.

    Raises
    ------
    DataError
        If the file can't be read, or a group has no pictures.
    """
    ensemble = PackModels.load(pack)
    groups = _groups(photos, most, seed)
    rows = {name: _measure(ensemble, groups, name)
            for name in tqdm(sorted(FILTERS), desc="filters")}
    best = max(row["roc_auc_sd1"] for row in rows.values())
    near = [name for name, row in rows.items() if row["roc_auc_sd1"] >= best - TOLERANCE]
    chosen = min(near, key=lambda name: rows[name]["real_called_ai"])
    for name, row in rows.items():
        print(f"{name:>9}  " + "  ".join(f"{key} {value:.3f}" for key, value in row.items())
              + ("  chosen" if name == chosen else ""))
    write_json(Path(pack) / "reports" / "resize.json",
               {"pictures": {name: len(images) for name, images in groups.items()}, "seed": seed,
                "tolerance": TOLERANCE, "chosen": chosen, "filters": rows})
    path = Path(pack) / "manifest.json"
    path.write_text(json.dumps({**ensemble.manifest, "resize": chosen}, indent=2) + "\n")
    return chosen


def _groups(path, most, seed):
    photos = load(path)
    newer = np.array([bool(NEWER.search(name)) for name in photos.generators])
    chosen = {"real": photos.labels == 0, "sd1": photos.generators == SD1, "newer": newer}
    rng = np.random.default_rng(seed)
    rows = {name: np.sort(rng.permutation(np.flatnonzero(mask))[:most])
            for name, mask in chosen.items()}
    if empty := [name for name in rows if not len(rows[name])]:
        raise DataError(f"{path} has no pictures for {', '.join(empty)}; needed are real ones, "
                        f"some of {SD1}, and some of newer generators.")
    return {name: photos.pictures[index] for name, index in rows.items()}


def _measure(ensemble, groups, name):
    size = ensemble.manifest["input_size"]
    called_ai, overall = {}, {}
    for group, pictures in groups.items():
        images = np.stack([fit_square(rgb, size, name) for rgb in pictures])
        p_ai = np.concatenate([ensemble.predict(images[i:i + 250])[0]
                               for i in range(0, len(images), 250)])
        called_ai[group] = vote.majority(p_ai)
        overall[group] = vote.calibrate(p_ai, ensemble.manifest["calibration"])
    against = {group: roc_auc_score(np.repeat([0, 1], [len(overall["real"]), len(overall[group])]),
                                    np.concatenate([overall["real"], overall[group]]))
               for group in ("sd1", "newer")}
    return {"real_called_ai": float(called_ai["real"].mean()),
            "sd1_caught": float(called_ai["sd1"].mean()),
            "newer_caught": float(called_ai["newer"].mean()),
            "roc_auc_sd1": float(against["sd1"]), "roc_auc_newer": float(against["newer"])}
