"""Simpler recipes on the same pictures in the same folds, which the pack has to beat."""

import math

import numpy as np
from sklearn.svm import LinearSVC

from training.images.collections import source_weights
from training.photos.heads import MOST, moments, ridge

CROP_PRIOR, WHOLE_PRIOR = 0.01, 0.1
NETWORKS = "cnn", "resnet"
PENALTY = 3e-4  # of the linear SVM


def votes_of_tiles(values, labels, sources):
    """The corner tiles, each judged by itself: the mean of their scores and half the whole's.

    Parameters
    ----------
    values : dict of str to ndarray, shape [N, tiles, F]
        By member; the first tile is the whole.
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]

    Returns
    -------
    callable
        The same values of other pictures → score [N].
    """
    def joined(values):
        rows = np.concatenate([values[name] for name in NETWORKS], axis=-1).astype(np.float32)
        grid = math.isqrt(rows.shape[1] - 1)
        return rows[:, [0, 1, grid, 1 + grid * (grid - 1), grid**2]]

    rows = joined(values)
    count = rows.shape[1] - 1
    whole = ridge(rows[:, 0], labels, sources, WHOLE_PRIOR)
    tile = ridge(np.concatenate(rows[:, 1:].swapaxes(0, 1)), np.tile(labels, count),
                 np.tile(sources, count), CROP_PRIOR)

    def score(values):
        rows = joined(values)
        tiles = [tile.score(rows[:, number]) for number in range(1, rows.shape[1])]
        return np.mean(tiles, axis=0) + 0.5 * whole.score(rows[:, 0])
    return score


def reduced_pictures(values, labels, sources):
    """The recipe of pack 1.0.0: a linear SVM and two networks, each on the reduced picture alone.

    Parameters and result as for `votes_of_tiles`.
    """
    def whole(values, name):
        return values[name][:, 0].astype(np.float32)

    judges = {name: ridge(whole(values, name), labels, sources, WHOLE_PRIOR).score
              for name in NETWORKS}
    judges["svm"] = _machine(whole(values, "svm"), labels, sources)
    return lambda values: sum(judge(whole(values, name)) for name, judge in judges.items())


BASELINES = {"reduced pictures alone, the recipe of pack 1.0.0": reduced_pictures,
             "votes of four tiles": votes_of_tiles}


def _machine(values, labels, sources):
    mean, scale = moments(values)

    def standard(values):
        return np.clip((values - mean) / scale, -MOST, MOST)

    machine = LinearSVC(C=PENALTY, dual=False, tol=1e-3, random_state=0)
    machine.fit(standard(values), labels, sample_weight=source_weights(labels, sources))
    return lambda values: machine.decision_function(standard(values))
