"""What a run of any recipe is worth on labelled images, as JSON and as figures."""

from pathlib import Path

import numpy as np
from sklearn import metrics

from training.generators.fakes import MEASURING_SEEDS, fakes
from training.images.files import load_files, of_data
from training.measure.evaluate import roc, score
from training.records import history, write_json
from training.students import plots
from training.students.runs import open_run, predict

CLASSES = ("Real", "AI-generated", "GAN")


def evaluate_run(folder, data, out, real=None, ai=None, generators=None, count=5000):
    """Measure a run and write `report.json` and its figures.

    Parameters
    ----------
    folder : path
        Of the run.
    data, real, ai
        As `training.images.data.labelled` takes them.
    out : path
        Folder to write into.
    generators : dict of str to path, optional
        Name of each generator and its `generator.keras`, whose images are judged beside the real
        ones of `data`; with a run before such images joined its training and one after, this is
        the report's comparison.
    count : int
        Fakes of each generator.

    Returns
    -------
    dict
        `n`, the scores of `training.measure.evaluate.score` for `p_ai`, `mean_average_precision`
        over the classes, `classification_report`, `class_confusion`, `class_counts`; the scores
        again under `deduplicated`, without files that the run was trained on and second copies;
        `roc`, `history` (the curves of the training), `generators`, `run` (of `run.json`) and
        `reported` (accuracy and parameters that the recipe's report prints).
    """
    run = open_run(folder)
    files, facts = load_files(data, run.size, real, ai, once=False)
    probabilities = predict(run, files)
    classes = CLASSES[:probabilities.shape[1]]
    labels, called = np.minimum(files.labels, len(classes) - 1), probabilities.argmax(axis=1)
    is_ai, p_ai = (labels > 0).astype(int), 1 - probabilities[:, 0]
    new = _new(files, run.digests)
    precisions = [float(metrics.average_precision_score(labels == i, probabilities[:, i]))
                  for i in range(len(classes)) if (labels == i).any()]
    report = {
        "n": len(labels), "unreadable": len(facts["unreadable"]), **score(is_ai, p_ai),
        "mean_average_precision": float(np.mean(precisions)), "average_precisions": precisions,
        "classification_report": metrics.classification_report(
            labels, called, labels=range(len(classes)), target_names=classes, output_dict=True,
            zero_division=0),
        "classes": list(classes),
        "class_counts": np.bincount(labels, minlength=len(classes)).tolist(),
        "class_confusion": metrics.confusion_matrix(
            labels, called, labels=range(len(classes))).tolist(),
        "deduplicated": {"n": int(new.sum()), **score(is_ai[new], p_ai[new])}
        if len(set(is_ai[new])) == 2 else None,
        "roc": roc(is_ai, p_ai), "history": history(run.folder),
        "generators": _generators(run, p_ai[is_ai == 0], generators or {}, count),
        "run": run.facts, "reported": {"accuracy": run.recipe.accuracy,
                                       "parameters": run.recipe.parameters},
    }
    write_json(Path(out) / "report.json", report)
    plots.draw(report, out)
    print(metrics.classification_report(labels, called, labels=range(len(classes)),
                                        target_names=classes, zero_division=0))
    print(_summary(report))
    return report


def _new(files, trained):
    """Which files are neither a second copy nor among the digests that were trained on."""
    first = np.zeros(len(files), bool)
    first[np.unique(files.digests, return_index=True)[1]] = True
    return first if trained is None else first & ~np.isin(files.digests, trained)


def _generators(run, p_ai_of_real, models, count):
    """Share caught and ROC-AUC for the fakes of each generator."""
    rows = {}
    for name, path in models.items():
        probabilities = predict(run, of_data(fakes(path, count, MEASURING_SEEDS), label=1))
        p_ai = 1 - probabilities[:, 0]
        labels = np.repeat([0, 1], [len(p_ai_of_real), len(p_ai)])
        called = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
        rows[name] = {"n": len(p_ai), "caught": float(np.mean(p_ai >= 0.5)),
                      "called": called.tolist(),
                      "roc_auc": float(metrics.roc_auc_score(
                          labels, np.concatenate([p_ai_of_real, p_ai])))}
    return rows


def _summary(report):
    lines = [f"{report['n']:,} images: accuracy {report['accuracy']:.4f}, ROC-AUC "
             f"{report['roc_auc']:.4f}, mean average precision "
             f"{report['mean_average_precision']:.4f}"]
    if report["deduplicated"]:
        lines.append(f"{report['deduplicated']['n']:,} without duplicates and training files: "
                     f"accuracy {report['deduplicated']['accuracy']:.4f}")
    if report["reported"]["accuracy"]:
        lines.append(f"its report says: accuracy {report['reported']['accuracy']:.4f}")
    lines += [f"{name}: {row['caught']:.1%} of {row['n']:,} fakes caught, ROC-AUC "
              f"{row['roc_auc']:.4f}" for name, row in report["generators"].items()]
    return "\n".join(lines)
