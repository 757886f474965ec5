"""Train the student systems' recipes on CIFAKE as far as two cores allow, and say what came of it.

One JSON a training lies in `reproductions/`; `REPRODUCTIONS.md` is written from them, and
no number in it is typed in.
"""

import json
from pathlib import Path

import numpy as np

from training.images.data import balanced
from training.markdown import table
from training.recipe import OURS
from training.records import write_json
from training.students.evaluate import evaluate_run
from training.students.fit import fit_network
from training.students.parts import split_files
from training.students.recipes import RECIPES

RESULTS = Path(__file__).with_name("reproductions")
PAGE = Path(__file__).with_name("REPRODUCTIONS.md")
# Of each training the recipe and what is not as in its report.
FULL: dict[str, tuple[str, dict]] = {
    "svm-flat": ("svm-flat", {}),
    "cnn-two-ai": ("cnn-two-ai", {"epochs": 6}),
    "dcgan": ("dcgan", {"epochs": 5, "images": 20_000}),
    "cnn-baseline": ("cnn-baseline", {"epochs": 10}),
    "resnet50-full": ("resnet50-full", {"epochs": 2, "images": 10_000, "weights": None}),
    "cnn-baseline-dcgan": ("cnn-baseline", {"epochs": 3, "generator": "dcgan"}),
    "three-class": ("three-class", {"epochs": 3, "images": 50_000, "generator": "dcgan"}),
}
FEW, SIZE = 500, 32  # images and their side for all other recipes, which get one epoch
FAKES = 5000  # images of the DCGAN that they are judged on
MET_DCGAN = ("cnn-baseline", "cnn-baseline-dcgan", "three-class")  # judged on its images


def reproduce(train, test, runs):
    """Train and measure them all, and write the page; started again it goes on where it stopped.

    Parameters
    ----------
    train, test : path
        CIFAKE's splits, as `training.images.data.labelled` takes them.
    runs : path
        Folder for a run's folder each; what is finished there is not done again.
    """
    runs = Path(runs)
    generator = runs / "dcgan" / "generator.keras"
    for name, (recipe, changed) in FULL.items():
        run, report = runs / name, runs / name / "report" / "report.json"
        given = {**changed, "generator": generator} if "generator" in changed else changed
        if not _finished(run):
            RECIPES[recipe].fit(RECIPES[recipe], train, run, **given)
        if recipe != "dcgan" and not report.exists():
            evaluate_run(run, test, report.parent, count=FAKES,
                         generators={"dcgan": generator} if name in MET_DCGAN else {})
        _keep(name, run, report)
    others = [name for name, recipe in RECIPES.items()
              if recipe.system != OURS and name not in FULL]
    _fit_briefly([name for name in others if not _finished(runs / name)], train, runs)
    for name in others:
        _keep(name, runs / name)
    PAGE.write_text(page(RESULTS), "utf-8")


def page(results):
    """What the JSON files of a folder say, as Markdown."""
    trainings = {path.stem: json.loads(path.read_text("utf-8"))
                 for path in results.glob("*.json")}
    tested = {name: trainings[name] for name in FULL if "test" in trainings.get(name, {})}
    brief = {name: content for name, content in sorted(trainings.items()) if name not in FULL}
    return "\n\n".join([
        "# The student systems' models, trained here",
        "Written by `python -m training reproduce` (`make reproductions`) from "
        "`reproductions/*.json`. No training starts from ImageNet's weights, and most "
        "are shorter than their reports': each row says how far it went. That is how these figures "
        "are to be read beside a report's.",
        "## On CIFAKE's official test split", _accuracies(tested),
        _note(tested),
        *_on_dcgan(trainings),
        "## Shown to run",
        f"Trained for one epoch on a small subset, from random weights, at {SIZE} pixels: that "
        f"shows that the recipe runs, and nothing of what it is worth. Accuracy is on still fewer "
        f"images, of the validation split.", _briefs(brief)]) + "\n"


def _finished(run):
    return (run / "run.json").exists()


def _fit_briefly(names, train, runs):
    if not names:
        return
    rng = np.random.default_rng(0)
    files, unseen, _ = split_files(train, SIZE)
    files, unseen = (part.take(balanced(part.labels, count, rng))
                     for part, count in ((files, FEW), (unseen, FEW // 4)))
    for name in names:
        print(f"{name}: one epoch")
        fit_network(RECIPES[name], files, unseen, runs / name, SIZE, weights=None, epochs=1)


def _keep(name, run, report=None):
    """Write the JSON of a finished run: what it was made of, and its report if it has one."""
    content = {"run": json.loads((run / "run.json").read_text())}
    if report and report.exists():
        content["test"] = _tested(json.loads(report.read_text()))
    write_json(RESULTS / f"{name}.json", content)


def _tested(report):
    kept = ("n", "accuracy", "accuracy_interval", "roc_auc", "mean_average_precision",
            "generators")
    return {**{key: report[key] for key in kept},
            "deduplicated": {key: report["deduplicated"][key] for key in ("n", "accuracy")}}


def _accuracies(trainings):
    rows = []
    for name, content in trainings.items():
        run, test, recipe = content["run"], content["test"], RECIPES[content["run"]["name"]]
        low, high = test["accuracy_interval"]
        rows.append([name, recipe.system, f"{run['images']:,}", _epochs(run, recipe),
                     _start(run, recipe), f"{run['minutes']:.0f}",
                     f"**{test['accuracy']:.2%}** ({100 * low:.2f}–{100 * high:.2f})",
                     f"{test['deduplicated']['accuracy']:.2%}",
                     f"{recipe.accuracy:.2%}" if recipe.accuracy else "not known",
                     f"{test['roc_auc']:.4f}", f"{test['mean_average_precision']:.4f}"])
    return table(["training", "system", "images", "epochs of the recipe's", "starts from",
                  "minutes", "accuracy", "no duplicates", "its report", "ROC-AUC",
                  "mean average precision"], rows)


def _note(trainings):
    test = next(iter(trainings.values()))["test"]
    return (f"{test['n']:,} images; in brackets the 95% bootstrap interval; \"no duplicates\" "
            f"leaves out images that are byte-identical to one that the run was trained on, and "
            f"second copies. Real against AI-generated, for three classes too. The SVM searches "
            f"its report's grid by three-fold cross-validation.")


def _on_dcgan(trainings):
    dcgan = trainings.get("dcgan", {}).get("run")
    rows = []
    for name in MET_DCGAN:
        if "test" not in trainings.get(name, {}):
            continue
        run, test = trainings[name]["run"], trainings[name]["test"]
        row = test["generators"]["dcgan"]
        rows.append([name, f"{run['added_fakes']:,}", f"{row['caught']:.1%}",
                     f"{row['roc_auc']:.4f}", f"{row['called'][2] / row['n']:.1%}"
                     if len(row["called"]) == 3 else "", f"{test['accuracy']:.2%}"])
    if not dcgan or not rows:
        return []
    return ["## System 3's question: a network that meets a DCGAN's images",
            f"The report's DCGAN, trained for {_epochs(dcgan, RECIPES['dcgan'])} epochs on "
            f"{dcgan['images']:,} real images, drew {row['n']:,} images that no training has seen. "
            f"`cnn-baseline` met none of its images before, `cnn-baseline-dcgan` is the same "
            f"network with some among its fakes, `three-class` has them as a class of their own.",
            table(["training", "DCGAN's images in it", "called AI-generated",
                   "ROC-AUC against real", "called GAN", "accuracy on CIFAKE"], rows)]


def _briefs(trainings):
    rows = []
    for name, content in trainings.items():
        run, recipe = content["run"], RECIPES[content["run"]["name"]]
        rows.append([name, recipe.system, f"{run['parameters']:,}", f"{run['images']:,}",
                     _epochs(run, recipe), _start(run, recipe),
                     f"{run['validation']['accuracy']:.1%} of {run['validation_images']:,}",
                     f"{recipe.accuracy:.2%}" if recipe.accuracy else "not known"])
    return table(["recipe", "system", "parameters", "images", "epochs of the recipe's",
                  "starts from", "accuracy", "its report"], rows)


def _epochs(run, recipe):
    return f"{run['epochs']} of {recipe.epochs}" if "epochs" in run else ""


def _start(run, recipe):
    if recipe.weights and not run.get("weights"):
        return "random weights (report: ImageNet)"
    return "random weights" if "weights" in run else ""
