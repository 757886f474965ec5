"""python -m training COMMAND: from data to pack, and what the pack is worth.

Each command imports what it needs when it runs: `evaluate` and `publish` work without
TensorFlow.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from ensemble.images import ImageError
from ensemble.pack import SHIPPED, PackError, read
from training.data import DataError, WeightsError, balanced, deduplicate, load, split
from training.publish import PublishError

MEMBERS = ("svm", "cnn", "resnet")  # of the shipped pack
EPOCHS = 36
# What `fit` takes for a student system's recipe only, and what it is when not given.
STUDENTS = {"validation": None, "size": None, "real": None, "ai": None, "batch": None,
            "weights": "as reported", "fine_tune": False}
SVM_IMAGES = 20_000


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


def recipes(options):
    """list the models that can be trained: ours and those of five student systems"""
    from training.recipes.listing import table

    print(table())


def dcgan(options):
    """train a second family of fakes"""
    from training.dcgan import fit

    fit(_real(options.data), options.out, options.epochs, seed=options.seed)


def ddpm(options):
    """train a third family of fakes, a small diffusion model"""
    from training.ddpm import fit

    fit(_real(options.data), options.out, options.epochs, seed=options.seed)


def sample(options):
    """write a generator's images of some seeds as PNG"""
    from training.fakes import save_samples

    save_samples(options.generator, options.seeds, options.out)


def fit(options):
    """train a recipe of `recipes`, on CIFAKE or on a folder of yours"""
    given = {name: getattr(options, name) for name in STUDENTS}
    given["weights"] = None if options.weights == "none" else options.weights
    out = Path(options.out or f"runs/{options.recipe}")
    if options.recipe in MEMBERS:
        changed = [name for name in STUDENTS if getattr(options, name) != STUDENTS[name]]
        if changed:
            raise DataError(f"{options.recipe} is trained on CIFAKE in one way; it takes no "
                            f"--{', --'.join(changed).replace('_', '-')}.")
        _fit_member(options, out)
        return
    from training.runs import fit_run

    print(fit_run(options.recipe, options.data, out, generator=options.generator,
                  images=options.images, epochs=options.epochs, seed=options.seed, **given))


def export(options):
    """make a pack of fitted members: the shipped three, or runs of any recipes"""
    if options.members:
        from training.members import export_members

        manifest = export_members(_pairs(options.members), options.data, options.out,
                                  options.validation, options.real, options.ai)
    else:
        from training.export import export_pack

        train, validation = split(deduplicate(load(options.data)))
        manifest = export_pack(options.runs, options.out, train, validation)
    print(f"{options.out}: validation accuracy {manifest['training']['validation_accuracy']}")


def resize(options):
    """measure the resizing filters on photographs and write the best into the manifest"""
    from training.resize import choose

    choose(options.pack, options.photos)


def evaluate(options):
    """measure a pack, or a run of any recipe, on labelled images"""
    if options.run_folder:
        from training.evaluate_run import evaluate_run

        evaluate_run(options.run_folder, options.data, options.out, options.real, options.ai,
                     _pairs(options.generators or []), options.images)
        return
    from training.evaluate import evaluate as measure

    measure(options.pack, options.data, options.out)


def augment(options):
    """write changed copies of a folder's images: rotated, shifted, sheared, zoomed, mirrored"""
    from training.augment import augment as write

    write(options.data, options.out, options.copies, options.seed)


def robustness(options):
    """measure a pack on corrupted images"""
    from training.robustness import robustness as measure

    measure(options.pack, options.data, options.out, options.images, options.seed)


def generators(options):
    """measure packs on the fakes of generators trained here"""
    from training.generators import generators as measure

    measure(options.packs or [SHIPPED], options.data, _pairs(options.generators), options.out,
            options.images)


def reproduce(options):
    """train the student systems' recipes on CIFAKE, and write training/REPRODUCTIONS.md"""
    from training.reproduce import reproduce as train_all

    train_all(options.train, options.data, options.runs)


def litert(options):
    """write a pack's networks as LiteRT files for small machines, and measure them"""
    from training.litert import litert as write

    write(options.pack, options.runs, options.train, options.data, options.out)


def photos(options):
    """measure a pack, or a recipe fold by fold, on photographs of sources never trained on"""
    from training.photo_benchmark import measure_pack, measure_recipe

    if options.members:
        from training.photo_members import MEMBERS

        measure_recipe({name: MEMBERS[name] for name in options.members}, options.data, options.out,
                       seed=options.seed)
    else:
        measure_pack(options.pack, options.data, options.out, options.seed)


def make_photos(options):
    """train the pack for photographs, and measure its recipe fold by fold"""
    from training.photo_members import MEMBERS
    from training.photo_pack import make

    make(MEMBERS, options.data, options.out, seed=options.seed)


def report(options):
    """write README's table and the model card from the pack's reports"""
    from training.report import write

    write(options.pack, options.readme)


def publish(options):
    """upload the pack, or the Space, to the Hub"""
    from training.card import setting
    from training.publish import publish as upload
    from training.publish import publish_space

    if not (options.repo or options.space):
        raise DataError("Give --repo USER/NAME for the pack, --space USER/NAME for the Space, "
                        "or both.")
    revision = upload(options.pack, options.repo, options.runs) if options.repo else None
    if options.space:
        publish_space(options.space, Path(__file__).parent.parent, options.repo, revision,
                      variable=setting(read(options.pack).manifest))


def _fit_member(options, out):
    from training.fit import fit_network, fit_svm

    train, validation = split(deduplicate(load(options.data)))
    if options.images and options.recipe != "svm":
        rows = balanced(train.labels, options.images, np.random.default_rng(options.seed))
        train = train.take(rows)
    added = 0
    if options.generator:
        from training.fakes import fakes

        # A tenth of the fakes, so that the pack knows a second family without drowning the first.
        added = int(train.labels.sum()) // 10
        train = train.join(fakes(options.generator, added))
    if options.recipe == "svm":
        fit_svm(train, validation, out, options.images or SVM_IMAGES, corrupt=options.corrupt,
                seed=options.seed, added_fakes=added)
    else:
        fit_network(options.recipe, train, validation, out, options.epochs or EPOCHS,
                    corrupt=options.corrupt, seed=options.seed, mixed=not options.float32,
                    added_fakes=added)


def _pairs(given):
    pairs = dict(pair.partition("=")[::2] for pair in given)
    if not all(pairs.values()):
        raise DataError(f"Give each as NAME=PATH; given {' '.join(given)}.")
    return pairs


def _real(path):
    train, _ = split(deduplicate(load(path)))
    return train.take(train.labels == 0)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run, *names):
        sub = commands.add_parser(run.__name__, help=run.__doc__)
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
        "--epochs": {"type": int, "default": EPOCHS, "help": "default: %(default)s"},
    }
    command(recipes)
    for generator in (dcgan, ddpm):
        command(generator, "--data", "--out", "--epochs", "--seed")
    command(sample, "--generator", "--out").add_argument(
        "--seeds", type=int, nargs="+", required=True)
    recipe = command(fit, "--generator", "--seed", "--validation", "--real", "--ai")
    recipe.add_argument("recipe", help="a name that `recipes` lists")
    recipe.add_argument("--data", required=True, help="a folder with a sub-folder of real and one "
                                                      "of AI-generated images, or parquet")
    recipe.add_argument("--out", help="folder of the run (default: runs/RECIPE)")
    recipe.add_argument("--epochs", type=int, help="default: the recipe's")
    recipe.add_argument("--images", type=int,
                        help=f"how many to train on, as many of each class (default: all; "
                             f"{SVM_IMAGES:,} for svm, 2,000 for svm-flat)")
    theirs = recipe.add_argument_group("recipes of the student systems")
    theirs.add_argument("--batch", type=int, help="default: the recipe's")
    theirs.add_argument("--size", type=int, help="side of the input in pixels (default: the "
                                                 "recipe's)")
    theirs.add_argument("--weights", choices=["imagenet", "none"], default=STUDENTS["weights"],
                        help="what the base starts from (default: %(default)s)")
    theirs.add_argument("--fine-tune", action="store_true",
                        help="then train again with more of the base unfrozen")
    members = recipe.add_argument_group("svm, cnn and resnet")
    members.add_argument("--corrupt", type=float, default=0.25,
                         help="share of the images that are corrupted (default: %(default)s)")
    members.add_argument("--float32", action="store_true",
                         help="compute in float32 instead of bfloat16")
    pack = command(export, "--data", "--runs", "--out", "--validation", "--real", "--ai")
    pack.add_argument("--members", nargs="+", metavar="NAME=RUN",
                      help="members by name, each a run's folder; an odd number "
                           "(default: svm, cnn and resnet of --runs)")
    command(resize, "--pack").add_argument("--photos", required=True,
                                           help="parquet with image, label and source")
    measured = command(evaluate, "--pack", "--data", "--out", "--real", "--ai")
    measured.add_argument("--run", dest="run_folder", metavar="RUN",
                          help="folder of a run; --out is a folder then, for the report and its "
                               "figures")
    measured.add_argument("--generators", nargs="+", metavar="NAME=PATH",
                          help="with --run: measure it on the fakes of these generators too")
    measured.add_argument("--images", type=int, default=5000,
                          help="fakes of each generator (default: %(default)s)")
    command(augment, "--data", "--out", "--seed").add_argument(
        "--copies", type=int, default=1, help="of each image (default: %(default)s)")
    command(robustness, "--pack", "--data", "--out", "--seed").add_argument(
        "--images", type=int, default=2000, help="how many, half of each class "
                                                 "(default: %(default)s)")
    measured = command(generators, "--data", "--out")
    measured.add_argument("generators", nargs="+", metavar="NAME=PATH",
                          help="a trained generator.keras of `dcgan` or `ddpm` and its name")
    measured.add_argument("--images", type=int, default=5000,
                          help="fakes of each generator (default: %(default)s)")
    measured.add_argument("--packs", nargs="+", help="folders of packs (default: the shipped one)")
    command(litert, "--pack", "--runs", "--data", "--out").add_argument(
        "--train", required=True, help="the train split: int8 is fitted to some of its images")
    again = command(reproduce, "--data")
    again.add_argument("--train", required=True, help="the train split; --data is the test split")
    again.add_argument("--runs", default="runs/reproductions",
                       help="folder of the runs (default: %(default)s)")
    sources = command(photos, "--pack", "--out", "--seed")
    for sub in (sources, command(make_photos, "--out", "--seed")):
        sub.add_argument("--data", required=True,
                         help="parquet with image, label, source and generator")
    sources.add_argument("--members", nargs="+", choices=MEMBERS,
                         help="train these once for each fold held out; measures no pack")
    command(report, "--pack").add_argument("--readme", default="README.md")
    published = command(publish, "--pack", "--runs")
    published.add_argument("--repo", metavar="USER/NAME")
    published.add_argument("--space", metavar="USER/NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
