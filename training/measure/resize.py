"""Choose the filter that reduces a visitor's photograph to the members' size.

For models trained on thumbnails the filter decides more than the model: an aliasing one lets
nearly every photograph pass for AI-generated. So it is measured, on pictures of other sources.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ensemble import PackModels, open_picture, vote
from ensemble.images import FILTERS, fit_square
from training.images.data import FAKE, REAL
from training.records import write_json

# How collections call the generator of CIFAKE's fakes and its nearest relatives.
SD1 = ("SD 1.x", "Stable Diffusion 1.x", "CompVis-stable-diffusion-v1-4",
       "runwayml-stable-diffusion-v1-5")
NEWER = ("GPT-Image", "GPT-4o", "Gemini 2.5 flash image", "DALL-E 3 (Bing)", "Midjourney v5")
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
        Parquet with `image{bytes}`, `label` and `generator`.
    most : int
        Pictures of a group at most, drawn at random.
    seed : int

    Returns
    -------
    str
        The filter.
    """
    ensemble = PackModels.load(pack)
    groups = {name: [open_picture(data).rgb for data in files]
              for name, files in _groups(photos, most, seed).items()}
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


def _groups(photos, most, seed):
    table = parquet.read_table(photos)
    labels = table["label"].to_numpy()
    generators = np.array(table["generator"].to_pylist())
    rng = np.random.default_rng(seed)
    chosen = {"real": labels == REAL,
              "sd1": (labels == FAKE) & np.isin(generators, SD1),
              "newer": (labels == FAKE) & np.isin(generators, NEWER)}
    groups = {}
    for name, mask in chosen.items():
        rows = np.sort(rng.permutation(np.flatnonzero(mask))[:most])
        groups[name] = [row["bytes"] for row in table["image"].take(rows).to_pylist()]
    return groups


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
