"""python -m training COMMAND: from data to pack, and what the pack is worth."""

import argparse
import os
import sys
from typing import Any

from ensemble.errors import ImageError
from ensemble.pack import SHIPPED, PackError
from ensemble.score.errors import ScoreError
from training import commands
from training.errors import DataError, WeightsError
from training.report.publish import PublishError

# The table of contents of `--help`: each area is a folder, see README.md in this one.
AREAS = {
    "images: labelled images": (commands.augment,),
    "generators: fakes that are made here": (commands.dcgan, commands.ddpm, commands.sample),
    "cifake, students: models for CIFAKE, or for a folder of yours": (
        commands.recipes, commands.fit, commands.export, commands.litert, commands.reproduce),
    "photos: the pack for photographs": (
        commands.collect, commands.make_photos, commands.photos),
    "measure: what a pack or a run is worth": (
        commands.evaluate, commands.robustness, commands.resize, commands.generators,
        commands.calibrate, commands.marks),
    "report: what is written down and published": (commands.report, commands.publish),
}
WITH_KERAS = {commands.dcgan, commands.ddpm, commands.sample, commands.recipes, commands.fit,
              commands.export, commands.litert, commands.reproduce, commands.generators}
LABELLED = "folder with a sub-folder of real and one of AI-generated images, or parquet"
CIFAKE = "a split of CIFAKE: folder with REAL/ and FAKE/, or parquet"
PHOTOS = "parquet with image, label, source and generator"
GENERATOR = "a trained generator.keras of `dcgan` or `ddpm`"


def main(arguments=None):
    """Run one command; 0 if it worked, 2 with a message if what was given can't be used."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = _parser().parse_args(arguments)
    try:
        if options.run in WITH_KERAS:
            _use_tensorflow()
        options.run(options)
    except (DataError, PackError, ImageError, PublishError, ScoreError, WeightsError,
            OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


def _use_tensorflow():
    """Refuse another backend of Keras, before a training comes to grief over it."""
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise DataError(f"Models are trained and exported with TensorFlow, but KERAS_BACKEND is "
                        f"{backend}; unset it.")


def _parser():
    contents = "\n".join(line for area, runs in AREAS.items() for line in (
        "", area, *(f"  {run.__name__:<12} {run.__doc__}" for run in runs)))
    parser = argparse.ArgumentParser(
        prog="python -m training", description=f"{__doc__}\n{contents}",
        epilog="`python -m training COMMAND --help` explains the options of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", title="one of these")
    for runs in AREAS.values():
        for run in runs:
            command = subparsers.add_parser(run.__name__, description=run.__doc__)
            command.set_defaults(run=run)
            ARGUMENTS[run](command.add_argument)
    return parser


def _augment(add):
    _paths(add, LABELLED)
    add("--copies", type=int, default=1, help="of each image (default: %(default)s)")
    _seed(add)


def _generator(epochs):
    def arguments(add):
        _paths(add, CIFAKE)
        add("--epochs", type=int, default=epochs, help="default: %(default)s")
        _seed(add)
    return arguments


def _sample(add):
    add("--generator", required=True, help=GENERATOR)
    add("--out", required=True, help="folder to write into")
    add("--seeds", type=int, nargs="+", required=True)


def _fit(add):
    add("recipe", help="a name that `recipes` lists")
    add("--data", required=True, help=LABELLED)
    add("--out", help="folder of the run (default: runs/RECIPE)")
    options: dict[str, dict[str, Any]] = {
        "--epochs": {"type": int, "help": "default: the recipe's, as for all below"},
        "--batch": {"type": int, "help": "images in a step of the training"},
        "--seed": {"type": int, "help": "of all that is drawn at random (default: 0)"},
        "--images": {"type": int, "help": "how many to train on, as many of each class "
                                          "(default: all; 20,000 for svm, 2,000 for svm-flat)"},
        "--generator": {"help": f"{GENERATOR}, whose images join the fakes"},
        "--validation": {"help": "data to choose on (default: a part of --data)"},
        "--real": {"metavar": "NAME", "help": "what the class of real images is called"},
        "--ai": {"metavar": "NAME", "help": "what the class of AI-generated images is called"},
        "--size": {"type": int, "help": "side of the input in pixels"},
        "--weights": {"choices": ["imagenet", "none"], "help": "what the base starts from"},
        "--fine-tune": {"action": "store_true",
                        "help": "then train again with more of the base unfrozen"},
        "--corrupt": {"type": float, "help": "share of the images that are corrupted"},
        "--average": {"type": int, "metavar": "EPOCHS",
                      "help": "then go on for so many, and average their weights"},
        "--float32": {"action": "store_true",
                      "help": "compute in float32 instead of bfloat16"},
        "--dask": {"metavar": "ADDRESS",
                   "help": "scheduler of a Dask cluster that searches an SVM's grid"}}
    # What isn't given is the recipe's; not every recipe takes all of them.
    for name, more in options.items():
        add(name, default=argparse.SUPPRESS, **more)


def _export(add):
    _paths(add, "what the runs were fitted on")
    add("--members", nargs="+", metavar="NAME=RUN",
        help="members by name, each a run's folder; an odd number (default: svm, cnn and resnet "
             "of --runs)")
    _runs(add)
    _classes(add)
    add("--validation", help="what the runs were given as --validation")


def _litert(add):
    _pack(add)
    _runs(add)
    _paths(add, CIFAKE)
    add("--train", required=True, help="the train split: int8 is fitted to some of its images")


def _reproduce(add):
    add("--train", required=True, help="the train split")
    add("--data", required=True, help="the test split")
    add("--runs", default="runs/reproductions", help="folder of the runs (default: %(default)s)")


def _collect(add):
    add("--out", required=True, help="folder for the files; a second run brings what is missing")
    add("--list", dest="pictures", metavar="FILE",
        help="CSV with repository, path and blob (default: the shipped list of 4,452 pictures)")
    add("--mirror", metavar="FOLDER",
        help="repositories on disk, OWNER+NAME/repo; no other is asked for")
    add("--host", default="https://github.com",
        help="what stands before OWNER/NAME (default: %(default)s)")


def _photos(add):
    _pack(add)
    _paths(add, PHOTOS)
    _seed(add)
    add("--members", nargs="+",
        help="train these members once for each fold held out; measures no pack")


def _make_photos(add):
    _paths(add, PHOTOS)
    _seed(add)


def _evaluate(add):
    _pack(add)
    _paths(add, LABELLED)
    _classes(add)
    add("--run", dest="run_folder", metavar="RUN",
        help="folder of a run; --out is a folder then, for the report and its figures")
    add("--generators", nargs="+", metavar="NAME=PATH",
        help="with --run: measure it on the fakes of these generators too")
    _fakes(add)


def _robustness(add):
    _pack(add)
    _paths(add, CIFAKE)
    _seed(add)
    add("--images", type=int, default=2000,
        help="how many, half of each class (default: %(default)s)")


def _resize(add):
    _pack(add)
    add("--photos", required=True, help="parquet with image, label and source")


def _generators(add):
    _paths(add, CIFAKE)
    add("generators", nargs="+", metavar="NAME=PATH", help=f"{GENERATOR} and its name")
    add("--packs", nargs="+", help="folders of packs (default: the shipped one)")
    _fakes(add)


def _calibrate(add):
    _pack(add)
    add("--data", required=True, help="CIFAKE's train split; for photographs, parquet with whole, "
                                      "label, source, generator and group")
    _seed(add)


def _marks(add):
    add("--out", required=True, help="where to write")
    for name in ("real", "marked"):
        add(f"--{name}", required=True, metavar="FOLDER",
            help=f"{name} pictures, those of each collection in a folder")


def _report(add):
    _pack(add)
    add("--readme", default="README.md")


def _publish(add):
    _pack(add)
    _runs(add)
    add("--repo", metavar="USER/NAME")
    add("--space", metavar="USER/NAME")


def _paths(add, data):
    add("--data", required=True, help=data)
    add("--out", required=True, help="where to write")


def _seed(add):
    add("--seed", type=int, default=0)


def _pack(add):
    add("--pack", default=SHIPPED, help="folder of the pack (default: %(default)s)")


def _runs(add):
    add("--runs", default="runs", help="folder of the runs (default: %(default)s)")


def _classes(add):
    add("--real", metavar="NAME", help="what the class of real images is called")
    add("--ai", metavar="NAME", help="what the class of AI-generated images is called")


def _fakes(add):
    add("--images", type=int, default=5000, help="fakes of each generator (default: %(default)s)")


ARGUMENTS = {
    commands.augment: _augment, commands.dcgan: _generator(8), commands.ddpm: _generator(16),
    commands.sample: _sample, commands.recipes: lambda add: None, commands.fit: _fit,
    commands.export: _export, commands.litert: _litert, commands.reproduce: _reproduce,
    commands.collect: _collect, commands.make_photos: _make_photos,
    commands.photos: _photos, commands.evaluate: _evaluate,
    commands.robustness: _robustness, commands.resize: _resize,
    commands.generators: _generators, commands.calibrate: _calibrate, commands.marks: _marks,
    commands.report: _report, commands.publish: _publish,
}

if __name__ == "__main__":
    sys.exit(main())
