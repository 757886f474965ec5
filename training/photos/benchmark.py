"""What a pack or a recipe is worth on pictures of sources that it never saw.

Folds are of whole sources, a family of generators in one of them. Both labels pass through the
same random re-encoding first, so that no file format or size gives a label away.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ensemble import PackModels, vote
from ensemble.vocabulary import CONFIDENT
from training.markdown import percent
from training.measure.calibration import PROMISES, bounds, correction
from training.measure.evaluate import predict
from training.photos import collections as pictures_of
from training.records import write_json
from training.report import drawing
from training.report.figures import THEMES

SIZE = 128  # pixels: the shorter side of the stored pictures
# Of the errors that a promise allows, so many may be found while its bound is fitted. With all of
# them, `likely` was right 83% of the time on the groups of collections left out instead of 85%.
ALLOWANCE = 2 / 3
# How a picture reaches the members: the first is what is scored, the last two are compared with
# the second. The pictures of the other folds are trained on in all of them.
VARIANTS = ("found", "stored", "resaved", "halved")


@dataclass(frozen=True)
class Judged:
    """What was said of every picture.

    Attributes
    ----------
    p_ai : dict of str to ndarray, shape [N, members]
        By variant.
    folds : ndarray of int, shape [N]
    terms : list of dict
        One a fold: `calibration` and `bounds` of a manifest.
    """

    p_ai: dict
    folds: np.ndarray
    terms: list

    def verdicts(self, variant):
        """Label (True for AI-generated), calibrated probability and whether it is confident."""
        label = np.zeros(len(self.folds), bool)
        overall, start = np.zeros(len(self.folds)), np.zeros(len(self.folds))
        for fold, fitted in enumerate(self.terms):
            rows = self.folds == fold
            p_ai = vote.correct(self.p_ai[variant][rows], fitted["calibration"])
            label[rows] = vote.majority(p_ai)
            overall[rows] = vote.calibrate(p_ai, fitted["calibration"])
            start[rows] = vote.starts(fitted["bounds"], CONFIDENT, label[rows])
        return label, overall, np.where(label, overall, 1 - overall) >= start


def measure_pack(pack, data, out, seed=0):
    """Measure a pack as it is; none of the sources may be in its training data.

    Verdicts are `confident` here from the pack's bound on, whatever the size of the picture.

    Parameters
    ----------
    pack, data, out : path
        Folder of the pack, parquet as `photos.load` reads it, JSON file to write.
    seed : int
        Of the re-encoding.

    Returns
    -------
    dict
        See `report`.
    """
    ensemble = PackModels.load(pack)
    manifest, photos = ensemble.manifest, pictures_of.load(data)
    p_ai = {name: predict(ensemble, shown(photos.pictures, name, manifest["input_size"], seed,
                                          manifest["resize"])) for name in VARIANTS}
    folds = pictures_of.fold(photos)
    # The pack's members come corrected already.
    terms = {"calibration": {name: value for name, value in manifest["calibration"].items()
                             if name not in ("scales", "shifts")}, "bounds": manifest["bounds"]}
    judged = Judged(p_ai, folds, [terms] * (folds.max() + 1))
    return _write(out, photos, judged, {
        "pack": manifest["name"], "version": manifest["version"], "seed": seed,
        "input_size": manifest["input_size"], "resize": manifest["resize"],
        "members": [member["name"] for member in manifest["members"]]})


def measure_recipe(members, data, out, size=SIZE, seed=0):
    """Train a recipe once for each fold held out, and measure it there.

    The calibration for a fold is fitted on the other folds, on what was said of them while they
    were held out themselves.

    Parameters
    ----------
    members : dict of str to Member
        An odd number of them.
    data, out : path
        Parquet as `photos.load` reads it, JSON file to write.
    size : int
        Side of what the members see, in pixels.
    seed : int
        Of re-encoding and training.

    Returns
    -------
    dict
        See `report`.
    """
    photos = pictures_of.load(data)
    folds = pictures_of.fold(photos)
    p_ai, _ = held_out(members, photos, folds, size, seed)
    return write_recipe(members, photos, folds, p_ai, out, {"seed": seed, "input_size": size})


def write_recipe(members, photos, folds, p_ai, out, about):
    """Write the report on what `held_out` found, its figure beside it."""
    judged = Judged(p_ai, folds, fitted_without(p_ai["found"], photos, folds))
    return _write(out, photos, judged, {
        **about, "recipe": {name: member.description for name, member in members.items()},
        "resize": pictures_of.RESAMPLE, "members": list(members)})


def held_out(members, photos, folds, size, seed=0):
    """The members' probabilities for every picture, from a training without its fold.

    Parameters
    ----------
    members : dict of str to Member
    photos : Photos
    folds : ndarray of int, shape [N]
    size, seed : int

    Returns
    -------
    p_ai : dict of str to ndarray, shape [N, members]
        By variant.
    models : dict of str to callable
        By member, trained on all folds.
    """
    p_ai = {name: np.zeros((len(photos), len(members)), np.float32) for name in VARIANTS}
    images = np.concatenate([shown(photos.pictures, name, size, seed) for name in VARIANTS])
    labels, sources, of_fold = (np.tile(column, len(VARIANTS))
                                for column in (photos.labels, photos.sources, folds))
    models = {}
    for column, (name, member) in enumerate(members.items()):
        values = member.prepare(images)
        # The last one holds no fold out.
        for fold in tqdm(range(folds.max() + 2), desc=f"{name}, folds"):
            rest, held = of_fold != fold, folds == fold
            models[name] = member.fit(values[rest], labels[rest], sources[rest],
                                      np.random.default_rng((seed, fold)))
            for variant, part in zip(VARIANTS, np.split(values, len(VARIANTS))):
                if held.any():
                    p_ai[variant][held, column] = models[name](part[held])
    return p_ai, models


def calibrated(p_ai, labels, sources, parts):
    """What a manifest says of a pack's probability, fitted on pictures of sources held out.

    Parameters
    ----------
    p_ai : ndarray, shape [N, members]
        As the members give it.
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]
    parts : ndarray, shape [N]
        What was held out together.

    Returns
    -------
    dict
        `calibration`, `bounds` and `promises`.
    """
    weights = pictures_of.source_weights(labels, sources)
    fitted = correction(p_ai, labels, weights)
    p_ai = vote.correct(p_ai, fitted)
    return {"calibration": fitted, "promises": PROMISES,
            "bounds": bounds(p_ai, vote.calibrate(p_ai, fitted), labels, parts=parts,
                             weights=weights, allowance=ALLOWANCE)}


def fitted_without(p_ai, photos, folds):
    """For each fold, what `calibrated` makes of the others."""
    return [calibrated(p_ai[rest], photos.labels[rest], photos.sources[rest], folds[rest])
            for rest in (folds != fold for fold in range(folds.max() + 1))]


def shown(pictures, variant, size, seed=0, resample=pictures_of.RESAMPLE):
    """Pictures of one variant as the members see them, uint8 [N, size, size, 3]."""
    change = {"stored": lambda rgb, rng: rgb, "found": pictures_of.as_found,
              "resaved": lambda rgb, rng: pictures_of.resaved(rgb),
              "halved": lambda rgb, rng: pictures_of.scaled(rgb, 0.5)}[variant]
    seeds = np.random.SeedSequence(seed).spawn(len(pictures))
    changed = (change(rgb, np.random.default_rng(own)) for rgb, own in zip(pictures, seeds))
    return pictures_of.squares(tqdm(changed, f"{variant}, {size} pixels", len(pictures),
                                    mininterval=1), size, resample)


def report(photos, judged):
    """Measure what was said: overall, by fold, source, generator.

    Parameters
    ----------
    photos : Photos
    judged : Judged

    Returns
    -------
    dict
        `folds` (a list), `sources.<name>`, `generators.<name>` and `mean` (of the folds), each
        with `real`, `ai` (counts), `roc_auc`, `real_called_ai`, `ai_caught`, `confident` and
        `flips`; what a slice has no pictures for is None. The ROC-AUC of a slice with one label
        is against the other label's pictures in its folds.
    """
    verdicts = {name: judged.verdicts(name) for name in VARIANTS}
    count, ai = judged.folds.max() + 1, photos.labels == 1

    def row(rows):
        return _row(rows, ai, np.isin(judged.folds, judged.folds[rows]), verdicts)

    folds = [{"sources": sorted(set(photos.sources[judged.folds == fold].tolist())),
              **judged.terms[fold], **row(judged.folds == fold)}
             for fold in range(count)]
    return {"n": len(photos), "folds": folds, "mean": _mean(folds),
            "sources": {name: row(photos.sources == name)
                        for name in np.unique(photos.sources).tolist()},
            "generators": {name: row(ai & (photos.generators == name))
                           for name in np.unique(photos.generators[ai]).tolist()}}


def _row(rows, ai, of_folds, verdicts):
    label, overall, sure = verdicts["found"]
    real, fake = rows & ~ai, rows & ai
    against = (real if real.any() else of_folds & ~ai) | (fake if fake.any() else of_folds & ai)
    before, _, before_sure = verdicts["stored"]
    flips = {name: {"all": _share(before != verdicts[name][0], rows),
                    "confident": _share(before != verdicts[name][0], rows & before_sure)}
             for name in ("resaved", "halved")}
    return {"real": int(real.sum()), "ai": int(fake.sum()),
            "roc_auc": float(roc_auc_score(ai[against], overall[against])),
            "real_called_ai": _share(label, real), "ai_caught": _share(label, fake),
            "confident": {"coverage": _share(sure, rows), "accuracy": _share(label == ai,
                                                                             rows & sure),
                          "real_called_ai": _share(label & sure, real),
                          "ai_caught": _share(label & sure, fake)},
            "flips": flips}


def _share(mask, rows):
    return float(mask[rows].mean()) if rows.any() else None


def _mean(rows):
    """Mean of every number over the rows that have it, in their shape."""
    first = rows[0]
    if isinstance(first, dict):
        return {key: _mean([row[key] for row in rows]) for key in first
                if key not in ("sources", "calibration", "bounds", "promises", "real", "ai")}
    known = [row for row in rows if row is not None]
    return float(np.mean(known)) if known else None


def _write(out, photos, judged, about):
    measured = {**about, "variants": VARIANTS, **report(photos, judged)}
    write_json(out, measured)
    folder, name = Path(out).parent / "figures", Path(out).stem
    folder.mkdir(exist_ok=True)
    for theme in THEMES:
        # A recipe has no manifest yet, and the figure needs none.
        drawing.save("photos", theme, None, {"photos": measured}, folder / f"{name}-{theme}.svg")
    print(_table(measured))
    return measured


def _table(measured):
    lines = ["".join(f"{head:>{width}}" for head, width in (
        ("", 32), ("real", 7), ("AI", 7), ("ROC-AUC", 9), ("real→AI", 9), ("caught", 8),
        ("confident", 11), ("right", 8), ("real→AI", 9), ("flips", 8)))]
    folds = {f"fold {number}": row for number, row in enumerate(measured["folds"])}
    rows = folds | {"mean": measured["mean"]} | measured["sources"] | measured["generators"]
    for name, row in rows.items():
        sure, flips = row["confident"], [change["all"] for change in row["flips"].values()]
        lines.append(f"{name[:31]:>32}{row.get('real', ''):>7}{row.get('ai', ''):>7}"
                     f"{row['roc_auc']:>9.3f}{percent(row['real_called_ai']):>9}"
                     f"{percent(row['ai_caught']):>8}{percent(sure['coverage']):>11}"
                     f"{percent(sure['accuracy']):>8}{percent(sure['real_called_ai']):>9}"
                     f"{percent(max(flips)):>8}")
    return "\n".join(lines)
