"""A run of a recipe: made from a path to images, and opened again."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import keras
import numpy as np
from tqdm import tqdm

from training.cifake.fit import commit, fit_svm, minutes, note
from training.generators import dcgan
from training.images.data import DataError, balanced, split
from training.images.files import in_memory, load_files, of_data
from training.students import system2, system3
from training.students.fit import fit_recipe
from training.students.recipes import OURS, RECIPES
from training.students.scores import probability

VALIDATION = 5000  # images at most, and a fifth of the data


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : Path
    facts : dict
        Of `run.json`.
    model : keras.Model or sklearn.calibration.CalibratedClassifierCV
    """

    folder: Path
    facts: dict
    model: object

    @property
    def size(self):
        """Side of its input in pixels."""
        return self.facts.get("size", RECIPES[self.facts["name"]].size)

    @property
    def digests(self):
        """Of its training files, uint64 [N], where the run has kept them; else None."""
        path = self.folder / "digests.npy"
        return np.load(path) if path.exists() else None

    def predict(self, images):
        """Probabilities of classes, real first, [N, 2 or 3]; images are uint8 [N, H, W, 3]."""
        if not isinstance(self.model, keras.Model):
            return self.model.predict_proba(images)
        given = np.asarray(self.model(images, training=False))
        if given.ndim == 4:  # one of ours: a map of logits
            p_ai = 1 / (1 + np.exp(-given.mean(axis=(1, 2, 3))))
        elif given.shape[1] > 1:
            return given
        else:
            p_ai = probability(given)
        return np.stack([1 - p_ai, p_ai], axis=1)


def open_run(folder):
    """Open a finished run of any recipe.

    Raises
    ------
    DataError
        If there is none, or it is one of a generator.
    """
    folder = Path(folder)
    if not (folder / "run.json").is_file():
        raise DataError(f"{folder}: no finished run there; make one with "
                        f"`python -m training fit RECIPE --out {folder}`.")
    facts = json.loads((folder / "run.json").read_text())
    native, network = (folder / f"{facts['name']}.{kind}" for kind in ("joblib", "keras"))
    if native.is_file():
        return Run(folder, facts, joblib.load(native))
    if not network.is_file():
        raise DataError(f"{folder}: that run made a generator, which judges nothing.")
    return Run(folder, facts, keras.models.load_model(network, compile=False))


def predict(run, files):
    """A run's probabilities for many files, float64 [N, classes]; a progress bar."""
    found = []
    with tqdm(total=len(files), desc="judge", unit="img", mininterval=1) as bar:
        for images in files.batches(run.size):
            found.append(run.predict(images))
            bar.update(len(images))
    return np.concatenate(found).astype(np.float64)


def parts(data, size, validation=None, real=None, ai=None):
    """Training and validation files, the same for every recipe.

    Parameters
    ----------
    data, validation : path
        As `training.images.data.labelled` takes them; without the second, a part of the first.
    size : int
    real, ai : str, optional

    Returns
    -------
    train, validation : Files
        No file of the second is in the first.
    facts : dict
        Of the training data, as `training.images.files.check` gives it.
    """
    files, facts = load_files(data, size, real, ai)
    if validation is None:
        return *split(files, min(VALIDATION, len(files) // 5)), facts
    unseen, _ = load_files(validation, size, real, ai)
    return files.take(~np.isin(files.digests, unseen.digests)), unseen, facts


def fit_run(name, data, out, validation=None, size=None, real=None, ai=None, images=None,
            generator=None, epochs=None, batch=None, seed=0, **network):
    """Train a student system's recipe on a folder or a parquet file.

    Parameters
    ----------
    name : str
    data, validation, real, ai
        As for `parts`.
    out : path
    size, epochs, batch : int, optional
        By default the recipe's.
    images : int, optional
        How many to train on, as many of each class, and a quarter of that to validate on; by
        default all, or `system2.SVM_IMAGES` for the SVM.
    generator : path, optional
        `generator.keras`; a tenth as many of its images as there are fakes join them, or as many,
        as a class of their own, for a recipe of three classes.
    seed : int
    **network
        `weights` and `fine_tune` of `training.students.fit.fit_recipe`.

    Returns
    -------
    path
        Of the model.

    Raises
    ------
    DataError
        If the recipe isn't one of theirs, or the data or what is given aren't fit for it.
    """
    theirs = [key for key, recipe in RECIPES.items() if recipe.system != OURS]
    if name not in theirs:
        raise DataError(f"There is no recipe {name}; there are {', '.join(RECIPES)}.")
    recipe, out = RECIPES[name], Path(out)
    in_vain = [key for key, value in {"epochs": epochs, "batch": batch, **network}.items()
               if value not in (None, False, "as reported")]
    if name == "svm-flat" and in_vain:
        raise DataError(f"svm-flat is no network; it takes no "
                        f"--{', --'.join(in_vain).replace('_', '-')}.")
    size = size or recipe.size
    if generator and size != 32:
        raise DataError(f"A generator's images have 32 × 32 pixels; at {size} a network would "
                        f"learn that they were enlarged.")
    train, unseen, facts = parts(data, size, validation, real, ai)
    rng = np.random.default_rng(seed)
    if name == "svm-flat":  # it knows two classes: a GAN's images are AI-generated
        train, unseen = (replace(part, labels=np.minimum(part.labels, 1))
                         for part in (train, unseen))
    if images or name == "svm-flat":
        train = train.take(balanced(train.labels, images or system2.SVM_IMAGES, rng))
    if images:
        unseen = unseen.take(balanced(unseen.labels, images // 4, rng))
    added = 0
    if generator:
        train, unseen, added = _with_fakes(train, unseen, generator, apart=name == "three-class")
    out.mkdir(parents=True, exist_ok=True)
    (out / "unreadable.txt").write_text(
        "".join(f"{file}: {why}\n" for file, why in facts["unreadable"]))
    facts = {"unreadable": len(facts["unreadable"]), "duplicates": facts["duplicates"],
             "max_side": facts["max_side"], "added_fakes": added}
    if name == "dcgan":
        return _dcgan(recipe, train, out, epochs or recipe.epochs, batch or recipe.batch, seed)
    if name == "svm-flat":
        return _svm(recipe, train, unseen, out, size, seed, facts)
    return fit_recipe(name, train, unseen, out, size=size, epochs=epochs, batch=batch, seed=seed,
                      facts=facts, **network)


def _dcgan(recipe, train, out, epochs, batch, seed):
    photographs, begun = in_memory(train.take(train.labels == 0), recipe.size), commit()
    path = dcgan.fit(photographs, out, epochs, batch, seed,
                     build=(system3.generator, system3.discriminator))
    note(out / "run.json", name="dcgan", system=recipe.system, size=recipe.size, epochs=epochs,
         batch=batch, seed=seed, images=len(photographs), minutes=minutes(out / "curve.csv"),
         commit=begun)
    return path


def _svm(recipe, train, unseen, out, size, seed, facts):
    np.save(out / "digests.npy", train.digests)
    facts = {**facts, "system": recipe.system, "size": size, "validation_images": len(unseen)}
    added = facts.pop("added_fakes")
    return fit_svm(in_memory(train, size), in_memory(unseen, size), out, len(train), len(train),
                   system2.SVM_GRID, corrupt=0, seed=seed, added_fakes=added, name="svm-flat",
                   build=system2.svm_flat, facts=facts)


def _with_fakes(train, unseen, generator, apart):
    from training.generators.fakes import fakes

    count = int((train.labels == 1).sum())
    if not apart:
        more = of_data(fakes(generator, count // 10), label=1)
        return train.join(more), unseen, len(more)
    held = int((unseen.labels == 1).sum())
    more = of_data(fakes(generator, count + held), label=2)
    return (train.join(more.take(np.arange(count))),
            unseen.join(more.take(np.arange(count, count + held))), count)
