"""What a pack makes of generators that it has never met, against CIFAKE's real test images."""

import numpy as np
from sklearn import metrics

from ensemble import PackModels, vote
from training.generators.fakes import MEASURING_SEEDS, fakes
from training.images.data import load
from training.measure.evaluate import confident, predict
from training.records import added_fakes, write_json


def unseen_generators(packs, data, models, out, count=5000):
    """Measure packs on the fakes of generators trained here and write the report.

    The fakes are stored with CIFAKE's JPEG tables, so compression can't give them away.

    Parameters
    ----------
    packs : sequence of path
        Folders of packs; what each was trained on stands in its manifest.
    data : path
        A labelled split, as `training.images.data.load` reads it; only its real images are used.
    models : dict of str to path
        Name of each generator and its `generator.keras`.
    out : path
        JSON file to write.
    count : int
        Fakes of each generator.

    Returns
    -------
    dict
        `packs`, a list with `added` (generators whose fakes were trained on, and how many) and
        `generators.<name>`, each with `members.<name>`, `ensemble`, `calibrated` and `confident`;
        CIFAKE's own fakes stand beside them as the generator `cifake`.
    """
    split = load(data)
    real = split.images[split.labels == 0]
    drawn = {name: fakes(path, count, MEASURING_SEEDS).images for name, path in models.items()}
    drawn = {"cifake": split.images[split.labels == 1], **drawn}
    report = {"real": len(real), "n": {name: len(images) for name, images in drawn.items()},
              "packs": [_pack(PackModels.load(pack), real, drawn) for pack in packs]}
    write_json(out, report)
    print(_table(report))
    return report


def _pack(ensemble, real, drawn):
    of_real = predict(ensemble, real)
    rows = {name: _row(ensemble.manifest, of_real, predict(ensemble, images))
            for name, images in drawn.items()}
    return {"pack": ensemble.manifest["name"], "version": ensemble.manifest["version"],
            "added": added_fakes(ensemble.manifest),
            "real_called_ai": float(vote.majority(of_real).mean()), "generators": rows}


def _row(manifest, of_real, of_fakes):
    p_ai = np.concatenate([of_real, of_fakes])
    labels = np.repeat([0, 1], [len(of_real), len(of_fakes)])
    overall, label = vote.calibrate(p_ai, manifest["calibration"]), vote.majority(p_ai)
    fake, called_ai = labels == 1, p_ai >= 0.5
    return {
        "members": {member["name"]: {"roc_auc": float(metrics.roc_auc_score(labels, p_ai[:, i])),
                                     "caught": float(called_ai[fake, i].mean())}
                    for i, member in enumerate(manifest["members"])},
        "ensemble": {"caught": float(label[fake].mean())},
        "calibrated": {"roc_auc": float(metrics.roc_auc_score(labels, overall)),
                       "caught": float((overall[fake] >= 0.5).mean())},
        "confident": confident(labels[fake], of_fakes, manifest),
    }


def _table(report):
    lines = []
    for pack in report["packs"]:
        lines.append(f"{pack['pack']} {pack['version']}, fakes added: {pack['added'] or 'none'}; "
                     f"real called AI {pack['real_called_ai']:.2%}")
        for name, row in pack["generators"].items():
            scores = {**row["members"], "calibrated": row["calibrated"]}
            lines.append(f"{name:>10}  majority caught {row['ensemble']['caught']:.1%}  ROC-AUC "
                         + "  ".join(f"{who} {score['roc_auc']:.4f}"
                                     for who, score in scores.items()))
    return "\n".join(lines)
