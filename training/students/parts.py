"""The images that a recipe of a student system is trained and validated on."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from training.errors import DataError
from training.images.data import balanced, split
from training.images.files import Files, load_files, of_data

VALIDATION = 5000  # images at most, and a fifth of the data


class Parts(NamedTuple):
    """What a recipe is trained on.

    Attributes
    ----------
    train, validation : Files
        No file of the second is in the first.
    facts : dict
        What `run.json` says of the data: `unreadable` and `duplicates`, how many files were left
        out, `max_side`, and `added_fakes`, how many are a generator's.
    unreadable : list of [name, reason]
    """

    train: Files
    validation: Files
    facts: dict
    unreadable: list


def split_files(data, size, validation=None, real=None, ai=None):
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


def parts(recipe, data, size, validation=None, real=None, ai=None, images=None, generator=None,
          seed=0, default_images=None, gan_is_ai=False):
    """What a recipe is trained on.

    Parameters
    ----------
    recipe : Recipe
    data, size, validation, real, ai
        As for `split_files`.
    images : int, optional
        How many to train on, as many of each class, and a quarter of that to validate on; by
        default all.
    generator : path, optional
        `generator.keras`; a tenth as many of its images as there are fakes join them, or as many,
        as a class of their own, for a recipe of three classes.
    seed : int
    default_images : int, optional
        How many to train on where `images` doesn't say.
    gan_is_ai : bool
        Count a GAN's images among the AI-generated ones before any are chosen.

    Returns
    -------
    Parts

    Raises
    ------
    DataError
        As `split_files`, and if a generator's images would have to be enlarged.
    """
    if generator and size != 32:
        raise DataError(f"A generator's images have 32 × 32 pixels; at {size} a network would "
                        f"learn that they were enlarged.")
    train, unseen, facts = split_files(data, size, validation, real, ai)
    if gan_is_ai:
        train, unseen = (replace(files, labels=np.minimum(files.labels, 1))
                         for files in (train, unseen))
    rng = np.random.default_rng(seed)
    if images or default_images:
        train = train.take(balanced(train.labels, images or default_images, rng))
    if images:
        unseen = unseen.take(balanced(unseen.labels, images // 4, rng))
    added = 0
    if generator:
        train, unseen, added = _with_fakes(train, unseen, generator, recipe.classes == 3)
    return Parts(train, unseen, {"unreadable": len(facts["unreadable"]),
                                 "duplicates": facts["duplicates"],
                                 "max_side": facts["max_side"], "added_fakes": added},
                 facts["unreadable"])


def _with_fakes(train, unseen, generator, own_class):
    from training.generators.fakes import fakes

    count = int((train.labels == 1).sum())
    if not own_class:
        added = of_data(fakes(generator, count // 10), label=1)
        return train.join(added), unseen, len(added)
    held = int((unseen.labels == 1).sum())
    added = of_data(fakes(generator, count + held), label=2)
    return (train.join(added.take(np.arange(count))),
            unseen.join(added.take(np.arange(count, count + held))), count)
