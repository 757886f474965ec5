"""What the commands of `python -m training` do.

Each imports what it needs when it runs: `evaluate` and `publish` work without TensorFlow.
"""

from pathlib import Path

from ensemble.pack import SHIPPED, read
from training.errors import DataError


def augment(options):
    """write changed copies of a folder's images: rotated, shifted, sheared, zoomed, mirrored"""
    from training.images.augment import augment as write

    write(options.data, options.out, options.copies, options.seed)


def dcgan(options):
    """train a second family of fakes"""
    from training.generators.dcgan import fit as fit_generator

    fit_generator(_real(options.data), options.out, options.epochs, seed=options.seed)


def ddpm(options):
    """train a third family of fakes, a small diffusion model"""
    from training.generators.ddpm import fit as fit_generator

    fit_generator(_real(options.data), options.out, options.epochs, seed=options.seed)


def sample(options):
    """write a generator's images of some seeds as PNG"""
    from training.generators.fakes import save_samples

    save_samples(options.generator, options.seeds, options.out)


def recipes(options):
    """list the models that can be trained: ours and those of five student systems"""
    from training.students.listing import table

    print(table())


def fit(options):
    """train a recipe of `recipes`, on CIFAKE or on a folder of yours"""
    from training.students.recipes import RECIPES

    if options.recipe not in RECIPES:
        raise DataError(f"There is no recipe {options.recipe}; there are {', '.join(RECIPES)}.")
    recipe = RECIPES[options.recipe]
    given = {name: value for name, value in vars(options).items()
             if name not in ("run", "recipe", "data", "out")}
    if refused := [name for name in given if name not in recipe.options]:
        raise DataError(f"{recipe.name} takes no --{', --'.join(refused).replace('_', '-')}; it "
                        f"takes --{', --'.join(recipe.options).replace('_', '-')}.")
    if given.get("fine_tune") and not recipe.fine_tune:
        able = ", ".join(name for name, other in RECIPES.items() if other.fine_tune)
        raise DataError(f"{recipe.name} has no fine-tuning in its report; these have: {able}.")
    if given.get("weights") == "none":
        given["weights"] = None
    print(recipe.fit(recipe, options.data, options.out or f"runs/{recipe.name}", **given))


def export(options):
    """make a pack of fitted members: the shipped three, or runs of any recipes"""
    if options.members:
        from training.students.pack import export_members

        manifest = export_members(_pairs(options.members), options.data, options.out,
                                  options.validation, options.real, options.ai)
    else:
        from training.cifake.pack import export_pack
        from training.images.data import load_parts

        manifest = export_pack(options.runs, options.out, *load_parts(options.data))
    print(f"{options.out}: validation accuracy {manifest['training']['validation_accuracy']}")


def quantise(options):
    """serve a pack's networks in 8-bit integers, and calibrate it again"""
    import numpy as np

    from training.export.int8 import REPRESENTATIVE, quantise_pack
    from training.images.data import balanced, load_parts

    if "min_side" in read(options.pack).manifest["domain"]:
        raise DataError(f"{options.pack}: the pack is not for CIFAKE's small images.")
    train, validation = load_parts(options.data)
    chosen = balanced(train.labels, REPRESENTATIVE, np.random.default_rng(0))
    quantise_pack(options.pack, train.images[chosen], validation, options.version)


def litert(options):
    """write a pack's networks as LiteRT files for small machines, and measure them"""
    from training.cifake.litert import litert as write

    write(options.pack, options.runs, options.train, options.data, options.out)


def reproduce(options):
    """train the student systems' recipes on CIFAKE, and write students/REPRODUCTIONS.md"""
    from training.students.reproduce import reproduce as train_all

    train_all(options.train, options.data, options.runs)


def collect(options):
    """bring the originals of the list of pictures from their repositories, checked by their hash"""
    from training.photos import collect as photos

    missing = photos.collect(options.out, options.pictures, options.mirror,
                             options.host)
    for row in missing:
        print(f"{row['repository']}: {row['path']}: {row['why']}")
    print(f"{options.out}: {len(missing)} of the listed pictures are missing"
          + (", see missing.csv" if missing else ""))


def make_photos(options):
    """train the pack for photographs, and measure its recipe fold by fold"""
    from training.photos import originals
    from training.photos.members import MEMBERS
    from training.photos.pack import make

    make(MEMBERS, originals.read(options.originals, options.pictures), options.out, options.values,
         seed=options.seed)


def photos(options):
    """measure a pack for photographs on the originals of collections that are new to it"""
    from training.photos import originals, shipped

    shipped.measure(options.pack, originals.read(options.originals, options.pictures), options.out,
                    options.seed)


def evaluate(options):
    """measure a pack, or a run of any recipe, on labelled images"""
    if options.run_folder:
        from training.students.evaluate import evaluate_run

        evaluate_run(options.run_folder, options.data, options.out, options.real, options.ai,
                     _pairs(options.generators or []), options.images)
        return
    from training.measure.evaluate import evaluate as measure

    measure(options.pack, options.data, options.out)


def robustness(options):
    """measure a pack on corrupted images"""
    from training.measure.robustness import robustness as measure

    measure(options.pack, options.data, options.out, options.images, options.seed)


def resize(options):
    """measure the resizing filters on photographs and write the best into the manifest"""
    from training.measure.resize import choose

    choose(options.pack, options.photos)


def generators(options):
    """measure packs on the fakes of generators trained here"""
    from training.measure.unseen import unseen_generators

    unseen_generators(options.packs or [SHIPPED], options.data, _pairs(options.generators),
                      options.out, options.images)


def calibrate(options):
    """fit a pack's probability and promises again, on CIFAKE's validation split"""
    from training.export.pack import batches, complete
    from training.images.data import load_parts

    manifest = read(options.pack).manifest
    if "min_side" in manifest["domain"]:
        raise DataError("A pack for photographs is calibrated where it is made: make_photos.")
    _, validation = load_parts(options.data)
    complete(manifest, Path(options.pack), batches(validation.images),
             validation.labels)


def marks(options):
    """measure the marks in pixels on unmarked pictures and on marked ones"""
    from training.measure.marks import measure

    measure(options.real, options.marked, options.out)


def report(options):
    """write README's table and the model card from the pack's reports"""
    from training.report.readme import write

    write(options.pack, options.readme)


def publish(options):
    """upload the pack, the Space, or the page that needs no server, to the Hub"""
    from training.report.card import setting
    from training.report.publish import publish as upload
    from training.report.space import publish_space, publish_static

    root = Path(__file__).parent.parent
    if not (options.repo or options.space):
        raise DataError("Give --repo USER/NAME for the pack, --space USER/NAME for the Space, "
                        "or both.")
    if options.static:
        if options.repo or not options.space:
            raise DataError("--static goes with --space USER/NAME alone: that page has its packs "
                            "inside.")
        publish_static(options.space, root)
        return
    revision = upload(options.pack, options.repo, options.runs) if options.repo else None
    if options.space:
        publish_space(options.space, root, options.repo, revision,
                      variable=setting(read(options.pack).manifest))


def _pairs(given):
    pairs = dict(pair.partition("=")[::2] for pair in given)
    if not all(pairs.values()):
        raise DataError(f"Give each as NAME=PATH; given {' '.join(given)}.")
    return pairs


def _real(data):
    """The real images that a generator is trained on: none of the validation split."""
    from training.images.data import load_parts

    train, _ = load_parts(data)
    return train.take(train.labels == 0)
