"""What a recipe is worth on the originals of collections that it never met.

Folds are of whole groups of collections, a family of generators in one of them. A fold is judged
by what was trained on the others, and the probability is corrected by what was said of the others
while those were held out.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ensemble import vote
from ensemble.vocabulary import CONFIDENT, LIKELY
from training.images.collections import reported_name, source_weights
from training.markdown import percent
from training.measure.calibration import PROMISES, bounds, correction
from training.photos.values import MET
from training.records import write_json
from training.report import drawing
from training.report.figures import THEMES

# Of the errors that a promise allows, so many may be found while its bound is fitted. With all of
# them, promises were not kept on the groups of collections left out: see LEDGER.md.
ALLOWANCE = {CONFIDENT: 2 / 3, LIKELY: 0.8}
DOUBT = 0.1  # see `bounds`
SHARES = 0.01, 0.05  # of the real pictures, accused where it is counted what is caught
PAIR = 30  # pictures of each label that make a group a matched pair


@dataclass(frozen=True)
class Judged:
    """What was said of every original.

    Attributes
    ----------
    p_ai : dict of str to ndarray, shape [N, members]
        By variant, as the members give it; not a number where a copy was not seen.
    folds : ndarray of int, shape [N]
    terms : list of dict
        One a fold: `calibration` and `bounds` of a manifest.
    """

    p_ai: dict
    folds: np.ndarray
    terms: list

    def verdicts(self, variant):
        """Label (True for AI-generated), calibrated probability, and the steps it reaches.

        Returns
        -------
        label, overall : ndarray, shape [N]
        steps : dict of str to ndarray of bool, shape [N]
            `likely` is reached by what is `confident` too.
        """
        label, overall = np.zeros(len(self.folds), bool), np.zeros(len(self.folds))
        starts = {step: np.zeros(len(self.folds)) for step in (CONFIDENT, LIKELY)}
        for number, fitted in enumerate(self.terms):
            rows = self.folds == number
            p_ai = vote.correct(self.p_ai[variant][rows], fitted["calibration"])
            label[rows] = vote.majority(p_ai)
            overall[rows] = vote.calibrate(p_ai, fitted["calibration"])
            for step, values in starts.items():
                values[rows] = vote.starts(fitted["bounds"], step, label[rows])
        p_label = np.where(label, overall, 1 - overall)
        confident = p_label >= starts[CONFIDENT]
        # Where one label can't be called likely it may still be called confident.
        likely = (p_label >= starts[LIKELY]) & (p_label >= 0.5) | confident
        return label, overall, {CONFIDENT: confident, LIKELY: likely}


def held_out(members, originals, folds, values):
    """The members' probabilities for every original, from a training without its fold.

    Parameters
    ----------
    members : dict of str to Member
    originals : Originals
    folds : ndarray of int, shape [N]
    values : dict
        As `values.of_originals` gives them. Training sees none of the copies.

    Returns
    -------
    p_ai : dict of str to ndarray, shape [N, members]
        By variant; not a number for what was not seen.
    heads : dict of str to callable
        By member, trained on all folds.
    """
    p_ai = {variant: np.full((len(originals), len(members)), np.nan) for variant in values}
    heads, (met, seen) = {}, values[MET]
    for column, (name, member) in enumerate(members.items()):
        # The last one holds no fold out.
        for number in tqdm(range(folds.max() + 2), desc=f"{name}, folds"):
            rest = folds[met] != number
            heads[name] = member.fit(seen[name][rest], originals.labels[met[rest]],
                                     originals.sources[met[rest]])
            for variant, (rows, copies) in values.items():
                held = folds[rows] == number
                if held.any():
                    p_ai[variant][rows[held], column] = heads[name](copies[name][held])
    return p_ai, heads


def baseline(recipe, originals, folds, values):
    """Scores of a baseline for the originals as they are met, from a training without its fold."""
    rows, seen = values[MET]
    originals, folds, scores = originals.take(rows), folds[rows], np.zeros(len(rows))
    for number in range(folds.max() + 1):
        rest = folds != number
        judge = recipe({name: part[rest] for name, part in seen.items()},
                       originals.labels[rest], originals.sources[rest])
        scores[~rest] = judge({name: part[~rest] for name, part in seen.items()})
    return ranking(scores, originals.labels)


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
    weights = source_weights(labels, sources)
    fitted = correction(p_ai, labels, weights)
    p_ai = vote.correct(p_ai, fitted)
    return {"calibration": fitted, "promises": PROMISES,
            "bounds": bounds(p_ai, vote.calibrate(p_ai, fitted), labels, parts=parts,
                             weights=weights, doubt=DOUBT, allowance=ALLOWANCE)}


def judged(p_ai, originals, folds):
    """The probabilities with what `calibrated` makes, for each fold, of the others."""
    rest = [folds != number for number in range(folds.max() + 1)]
    return Judged(p_ai, folds, [calibrated(p_ai[MET][rows], originals.labels[rows],
                                           originals.sources[rows], folds[rows])
                                for rows in rest])


def ranking(scores, labels):
    """ROC-AUC, and the AI-generated pictures caught where 1% and 5% of the real are accused."""
    real, ai = scores[labels == 0], scores[labels == 1]
    return {"roc_auc": float(roc_auc_score(labels, scores)),
            "caught": {f"{share:.0%}": float(np.mean(ai > np.quantile(real, 1 - share)))
                       for share in SHARES}}


def report(originals, judged):
    """Measure what was said: overall, by fold, source, generator and matched pair.

    Parameters
    ----------
    originals : Originals
    judged : Judged

    Returns
    -------
    dict
        `n`, `real`, `ai`; `ranking` of all and `pairs.<group>`, as `ranking` gives them, and
        `pairs_mean`, the mean of the pairs' ROC-AUC; `label_against_number`; `folds` (a list),
        `sources.<name>`, `generators.<name>` and `mean` (of the folds), each with `real`, `ai`
        (counts), `roc_auc`, `real_called_ai`, `ai_caught`, `confident`, `likely` and `flips`;
        what a slice has no pictures for is None. The ROC-AUC of a slice with one label is
        against the other label's pictures in its folds.
    """
    verdicts = label, overall, _ = judged.verdicts(MET)
    copies = {name: (judged.verdicts(name)[0], ~np.isnan(p_ai[:, 0]))
              for name, p_ai in judged.p_ai.items() if name != MET}
    folds, ai = judged.folds, originals.labels == 1
    generators = np.array([reported_name(name) for name in originals.generators])

    def row(rows):
        return _row(rows, ai, np.isin(folds, folds[rows]), verdicts, copies)

    pairs = {group: ranking(overall[rows], originals.labels[rows])
             for group, rows in ((group, originals.groups == group)
                                 for group in np.unique(originals.groups).tolist())
             if min((rows & ai).sum(), (rows & ~ai).sum()) >= PAIR}
    parts = [{"sources": sorted(set(originals.sources[folds == number].tolist())), **terms,
              **row(folds == number)} for number, terms in enumerate(judged.terms)]
    return {"n": len(originals), "real": int((~ai).sum()), "ai": int(ai.sum()),
            "ranking": ranking(overall, originals.labels), "pairs": pairs,
            "pairs_mean": float(np.mean([pair["roc_auc"] for pair in pairs.values()]))
            if pairs else None,
            "label_against_number": float(np.mean(label != (overall >= 0.5))),
            "folds": parts, "mean": _mean(parts),
            "sources": {name: row(originals.sources == name)
                        for name in np.unique(originals.sources).tolist()},
            "generators": {name: row(ai & (generators == name))
                           for name in np.unique(generators[ai]).tolist()}}


def _row(rows, ai, of_folds, verdicts, copies):
    label, overall, steps = verdicts
    real, fake = rows & ~ai, rows & ai
    against = (real if real.any() else of_folds & ~ai) | (fake if fake.any() else of_folds & ai)
    return {"real": int(real.sum()), "ai": int(fake.sum()),
            "roc_auc": float(roc_auc_score(ai[against], overall[against])),
            "real_called_ai": _share(label, real), "ai_caught": _share(label, fake),
            **{step: {"coverage": _share(reached, rows),
                      "accuracy": _share(label == ai, rows & reached),
                      "real_called_ai": _share(label & reached, real),
                      "ai_caught": _share(label & reached, fake)}
               for step, reached in steps.items()},
            "flips": {name: {step: _share(label != copy, rows & known & reached)
                             for step, reached in {"all": True, **steps}.items()}
                      for name, (copy, known) in copies.items()}}


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


def write(report, path):
    """Write the report as JSON, its figure beside it, and its table on the screen."""
    write_json(path, report)
    folder = Path(path).parent / "figures"
    folder.mkdir(exist_ok=True)
    for theme in THEMES:
        # The manifest isn't there yet, and the figure needs none.
        drawing.save("photos", theme, None, {"photos": report},
                     folder / f"{Path(path).stem}-{theme}.svg")
    print(table(report))


def table(measured):
    """The report as text."""
    lines = ["".join(f"{head:>{width}}" for head, width in (
        ("", 46), ("ROC-AUC", 9), ("caught at 1%", 14), ("at 5%", 8)))]
    for name, row in {**measured["baselines"], "this pack": measured["ranking"],
                      **measured["pairs"]}.items():
        lines.append(f"{name[:45]:>46}{row['roc_auc']:>9.3f}"
                     f"{percent(row['caught']['1%']):>14}{percent(row['caught']['5%']):>8}")
    heads = ("real", 7), ("AI", 7), ("ROC-AUC", 9), *(
        (head, 9) for _ in (0, 1) for head in ("told", "right", "accused", "caught")), ("flips", 8)
    lines += ["", f"{'':>32}{'':>23}{'confident':>36}{'likely or confident':>36}",
              f"{'':>32}" + "".join(f"{head:>{width}}" for head, width in heads)]
    folds = {f"fold {number}": row for number, row in enumerate(measured["folds"])}
    rows = folds | {"mean": measured["mean"]} | measured["sources"] | measured["generators"]
    for name, row in rows.items():
        flips = [change["all"] for change in row["flips"].values() if change["all"] is not None]
        told = "".join(f"{percent(row[step][key]):>9}" for step in (CONFIDENT, LIKELY)
                       for key in ("coverage", "accuracy", "real_called_ai", "ai_caught"))
        lines.append(f"{name[:31]:>32}{row.get('real', ''):>7}{row.get('ai', ''):>7}"
                     f"{row['roc_auc']:>9.3f}{told}{percent(max(flips, default=None)):>8}")
    return "\n".join(lines)
