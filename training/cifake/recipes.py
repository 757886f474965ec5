"""The members of the shipped pack as recipes, trained as they were trained for it."""

import numpy as np

from training.cifake import models, muon
from training.cifake.export import export_network, export_svm
from training.cifake.fit import fit_network
from training.fitting import svm
from training.images.data import balanced, load_parts
from training.recipe import OURS, Recipe

SVM_IMAGES, SVM_SEARCH = 20_000, 6_000  # fitted on, and searched on
SVM_GRID = {"pca__n_components": [80, 130], "svc__C": [2, 4, 8]}


def fit_network_member(recipe, data, out, *, epochs=None, average=None, batch=None, images=None,
                       generator=None, corrupt=0.25, float32=False, seed=0):
    """Train a network on CIFAKE's train split.

    Parameters
    ----------
    recipe : Recipe
    data : path
        The train split, as `training.images.data.load` reads it.
    out : path
        Folder of the run.
    epochs, average, batch : int, optional
        By default the recipe's, see `fit_network`.
    images : int, optional
        How many to train on, half of each class; by default all.
    generator : path, optional
        `generator.keras`, see `_with_fakes`.
    corrupt : float
    float32 : bool
        Compute in float32 instead of bfloat16.
    seed : int

    Returns
    -------
    Path
        Of the model.
    """
    train, validation = load_parts(data)
    if images:
        train = train.take(balanced(train.labels, images, np.random.default_rng(seed)))
    train, added = _with_fakes(train, generator)
    return fit_network(recipe, train, validation, out, epochs, average, batch, corrupt, seed,
                       mixed=not float32, added_fakes=added)


def fit_svm_member(recipe, data, out, *, images=SVM_IMAGES, generator=None, corrupt=0.25, seed=0,
                   dask=None):
    """Fit the support vector machine on a part of CIFAKE's train split.

    Parameters and result as for `fit_network_member`.
    """
    train, validation = load_parts(data)
    train, added = _with_fakes(train, generator)
    return svm.fit(recipe.name, lambda: recipe.build(32, None), SVM_GRID, train, validation, out,
                   images, SVM_SEARCH, corrupt, seed, facts={"added_fakes": added}, dask=dask)


def _with_fakes(train, generator):
    """The images with a tenth as many fakes of a generator as there are fakes.

    So that the pack knows a second family without drowning the first. Also how many were added.
    """
    if not generator:
        return train, 0
    from training.generators.fakes import fakes

    added = int(train.labels.sum()) // 10
    return train.join(fakes(generator, added)), added


# In the order of the pack.
RECIPES = {recipe.name: recipe for recipe in (
    Recipe("svm", OURS, "RBF support vector machine on flattened pixels and their spectrum",
           lambda size, weights: models.svm(), fit_svm_member, export_svm,
           kind="svm-rbf"),
    Recipe("cnn", OURS, "plain convolutional network", lambda size, weights: models.cnn(),
           fit_network_member, export_network, kind="cnn", epochs=72, batch=128,
           optimizer=muon.cosine),
    Recipe("resnet", OURS, "residual network", lambda size, weights: models.resnet(),
           fit_network_member, export_network, kind="resnet", epochs=72, average=14, batch=128,
           optimizer=muon.cosine),
)}
