"""python -m training COMMAND: from data to pack, and what the pack is worth."""

import argparse
import os
import sys

from ensemble.images import ImageError
from ensemble.pack import SHIPPED, PackError
from training import commands
from training.data import DataError, WeightsError
from training.publish import PublishError


def main(arguments=None):
    """Run one command; 0 if it worked, 2 with a message if what was given can't be used."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (DataError, PackError, ImageError, PublishError, WeightsError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__.split("\n")[0])
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run, *names):
        sub = subparsers.add_parser(run.__name__, help=run.__doc__)
        sub.set_defaults(run=run)
        for name in names:
            sub.add_argument(name, **arguments[name])
        return sub

    arguments = {
        "--data": {"required": True, "help": "a split of CIFAKE: folder with REAL/ and FAKE/, "
                                             "or parquet"},
        "--out": {"required": True, "help": "where to write"},
        "--seed": {"type": int, "default": 0},
        "--pack": {"default": SHIPPED, "help": "folder of the pack (default: %(default)s)"},
        "--runs": {"default": "runs", "help": "folder of the runs (default: %(default)s)"},
        "--generator": {"help": "a trained generator.keras of `dcgan` or `ddpm`"},
        "--validation": {"help": "data of a recipe to choose and calibrate on (default: a part of "
                                 "--data)"},
        "--real": {"metavar": "NAME", "help": "what the class of real images is called"},
        "--ai": {"metavar": "NAME", "help": "what the class of AI-generated images is called"},
        "--epochs": {"type": int, "default": commands.EPOCHS, "help": "default: %(default)s"},
    }
    command(commands.recipes)
    for generator in (commands.dcgan, commands.ddpm):
        command(generator, "--data", "--out", "--epochs", "--seed")
    command(commands.sample, "--generator", "--out").add_argument(
        "--seeds", type=int, nargs="+", required=True)
    recipe = command(commands.fit, "--generator", "--seed", "--validation", "--real", "--ai")
    recipe.add_argument("recipe", help="a name that `recipes` lists")
    recipe.add_argument("--data", required=True, help="a folder with a sub-folder of real and one "
                                                      "of AI-generated images, or parquet")
    recipe.add_argument("--out", help="folder of the run (default: runs/RECIPE)")
    recipe.add_argument("--epochs", type=int, help="default: the recipe's")
    recipe.add_argument("--images", type=int,
                        help=f"how many to train on, as many of each class (default: all; "
                             f"{commands.SVM_IMAGES:,} for svm, 2,000 for svm-flat)")
    theirs = recipe.add_argument_group("recipes of the student systems")
    theirs.add_argument("--batch", type=int, help="default: the recipe's")
    theirs.add_argument("--size", type=int, help="side of the input in pixels (default: the "
                                                 "recipe's)")
    theirs.add_argument("--weights", choices=["imagenet", "none"],
                        default=commands.STUDENTS["weights"],
                        help="what the base starts from (default: %(default)s)")
    theirs.add_argument("--fine-tune", action="store_true",
                        help="then train again with more of the base unfrozen")
    members = recipe.add_argument_group("svm, cnn and resnet")
    members.add_argument("--corrupt", type=float, default=0.25,
                         help="share of the images that are corrupted (default: %(default)s)")
    members.add_argument("--average", type=int, default=0, metavar="EPOCHS",
                         help="then go on for so many, and average their weights (default: none)")
    members.add_argument("--float32", action="store_true",
                         help="compute in float32 instead of bfloat16")
    pack = command(commands.export, "--data", "--runs", "--out", "--validation", "--real", "--ai")
    pack.add_argument("--members", nargs="+", metavar="NAME=RUN",
                      help="members by name, each a run's folder; an odd number "
                           "(default: svm, cnn and resnet of --runs)")
    command(commands.resize, "--pack").add_argument("--photos", required=True,
                                           help="parquet with image, label and source")
    measured = command(commands.evaluate, "--pack", "--data", "--out", "--real", "--ai")
    measured.add_argument("--run", dest="run_folder", metavar="RUN",
                          help="folder of a run; --out is a folder then, for the report and its "
                               "figures")
    measured.add_argument("--generators", nargs="+", metavar="NAME=PATH",
                          help="with --run: measure it on the fakes of these generators too")
    measured.add_argument("--images", type=int, default=5000,
                          help="fakes of each generator (default: %(default)s)")
    command(commands.augment, "--data", "--out", "--seed").add_argument(
        "--copies", type=int, default=1, help="of each image (default: %(default)s)")
    command(commands.robustness, "--pack", "--data", "--out", "--seed").add_argument(
        "--images", type=int, default=2000, help="how many, half of each class "
                                                 "(default: %(default)s)")
    measured = command(commands.generators, "--data", "--out")
    measured.add_argument("generators", nargs="+", metavar="NAME=PATH",
                          help="a trained generator.keras of `dcgan` or `ddpm` and its name")
    measured.add_argument("--images", type=int, default=5000,
                          help="fakes of each generator (default: %(default)s)")
    measured.add_argument("--packs", nargs="+", help="folders of packs (default: the shipped one)")
    command(commands.litert, "--pack", "--runs", "--data", "--out").add_argument(
        "--train", required=True, help="the train split: int8 is fitted to some of its images")
    again = command(commands.reproduce, "--data")
    again.add_argument("--train", required=True, help="the train split; --data is the test split")
    again.add_argument("--runs", default="runs/reproductions",
                       help="folder of the runs (default: %(default)s)")
    sources = command(commands.photos, "--pack", "--out", "--seed")
    for sub in (sources, command(commands.make_photos, "--out", "--seed")):
        sub.add_argument("--data", required=True,
                         help="parquet with image, label, source and generator")
    sources.add_argument("--members", nargs="+", choices=commands.MEMBERS,
                         help="train these once for each fold held out; measures no pack")
    marked = command(commands.marks, "--out")
    for name in ("--real", "--marked"):
        marked.add_argument(name, required=True, metavar="FOLDER",
                            help=f"{name[2:]} pictures, those of each collection in a folder")
    command(commands.report, "--pack").add_argument("--readme", default="README.md")
    published = command(commands.publish, "--pack", "--runs")
    published.add_argument("--repo", metavar="USER/NAME")
    published.add_argument("--space", metavar="USER/NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
