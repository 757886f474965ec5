"""What the commands of `python -m training` do.

Each imports what it needs when it runs: `evaluate` and `publish` work without TensorFlow.
"""

from pathlib import Path

import numpy as np

from ensemble.pack import SHIPPED, read
from training.data import DataError, balanced, deduplicate, load, split

MEMBERS = ("svm", "cnn", "resnet")  # of the shipped pack
EPOCHS = 36
# What `fit` takes for a student system's recipe only, and what it is when not given.
STUDENTS = {"validation": None, "size": None, "real": None, "ai": None, "batch": None,
            "weights": "as reported", "fine_tune": False}
SVM_IMAGES = 20_000


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


def marks(options):
    """measure the marks in pixels on unmarked pictures and on marked ones"""
    from training.marks import measure

    measure(options.real, options.marked, options.out)


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
                    options.average, corrupt=options.corrupt, seed=options.seed,
                    mixed=not options.float32, added_fakes=added)


def _pairs(given):
    pairs = dict(pair.partition("=")[::2] for pair in given)
    if not all(pairs.values()):
        raise DataError(f"Give each as NAME=PATH; given {' '.join(given)}.")
    return pairs


def _real(path):
    train, _ = split(deduplicate(load(path)))
    return train.take(train.labels == 0)
