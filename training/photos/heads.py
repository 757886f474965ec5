"""What judges the values that a member saw in a picture's tiles: a linear head, or a kernel's."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve
from sklearn.decomposition import PCA

from training.images.collections import source_weights

PRIOR = 0.04  # of a linear head; see `ridge`
# Of the kernel's machine: the components that it sees, how fast its kernel falls with the distance,
# in mean squared lengths, and what the squares of its weights weigh.
COMPONENTS, GAMMA, RIDGE = 192, 0.25, 1e-5
MOST = 4.0  # standardised values are kept within ± this, so that none outweighs all others
# A head is fitted to give 1 for AI-generated and -1 for real. Times this factor it is a logit whose
# probability is about as often right on new sources as it says (LEDGER.md).
STEEPNESS = 1.6


class Linear(NamedTuple):
    """A linear unit on standardised values.

    Attributes
    ----------
    mean, scale, weights : ndarray of float32, shape [F]
    bias : float
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: float

    def __call__(self, values):
        """p_ai [N] of values [N, tiles, F]."""
        return _probability(self.score(pooled(values)))

    def score(self, values):
        """About 1 for AI-generated and -1 for real, [N], of pooled values [N, F]."""
        return (values - self.mean) / self.scale @ self.weights + self.bias

    def add(self, graph, values):
        """Add its operators to a graph: pooled values → logit."""
        standard = graph.add("Div", graph.add("Sub", values, self.mean), self.scale)
        score = graph.add("MatMul", standard, STEEPNESS * self.weights)
        return graph.add("Add", score, STEEPNESS * self.bias)

    def slopes(self):
        """What each value adds to the logit, and what is added besides."""
        slopes = STEEPNESS * self.weights / self.scale
        return slopes, STEEPNESS * self.bias - float(slopes @ self.mean)


class Kernel(NamedTuple):
    """A kernel machine (RBF) on the main components of standardised values.

    Attributes
    ----------
    mean, scale : ndarray of float32, shape [F]
    components : ndarray of float32, shape [F, C]
    vectors : ndarray of float32, shape [S, C]
    weights : ndarray of float32, shape [S]
    gamma, bias : float
    """

    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    vectors: np.ndarray
    weights: np.ndarray
    gamma: float
    bias: float

    def __call__(self, values):
        """p_ai [N] of values [N, tiles, F]."""
        standard = np.clip((pooled(values) - self.mean) / self.scale, -MOST, MOST)
        places = standard @ self.components
        near = _near(places, self.vectors, self.gamma)
        return _probability(near @ self.weights + self.bias)

    def add(self, graph, values):
        """Add its operators to a graph: pooled values → logit."""
        standard = graph.add("Clip", graph.add("Div", graph.add("Sub", values, self.mean),
                                               self.scale), -MOST, MOST)
        places = graph.add("MatMul", standard, self.components)
        squares = graph.add("ReduceSum", graph.add("Mul", places, places), np.array([1]))
        apart = graph.add("Sub", graph.add("Add", squares, (self.vectors**2).sum(axis=1)),
                          graph.add("MatMul", places, 2 * self.vectors.T))
        near = graph.add("Exp", graph.add("Mul", apart, -self.gamma))
        score = graph.add("MatMul", near, STEEPNESS * self.weights)
        return graph.add("Add", score, STEEPNESS * self.bias)


def pooled(values):
    """The whole's values beside the means of the tiles', [N, tiles, F] → [N, 2F]."""
    values = np.asarray(values, np.float32)
    return np.concatenate([values[:, 0], values[:, 1:].mean(axis=1)], axis=1)


def fit_linear(values, labels, sources):
    """A linear head.

    Parameters
    ----------
    values : ndarray of float, shape [N, tiles, F]
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]

    Returns
    -------
    Linear
    """
    return ridge(pooled(values), labels, sources, PRIOR)


def ridge(values, labels, sources, prior):
    """Ridge regression on ±1. Nothing is clipped, so that a map is exact.

    Parameters
    ----------
    values : ndarray of float32, shape [N, F]
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]
    prior : float
        What the squares of the weights weigh against the mean squared error.

    Returns
    -------
    Linear
    """
    mean, scale = moments(values)
    weights = source_weights(labels, sources)
    weights /= weights.sum()
    standard, targets = (values - mean) / scale, 2.0 * labels - 1
    # Centred by the same weights, so that the bias is free.
    centre, middle = weights @ standard, weights @ targets
    standard = (standard - centre).astype(np.float32)
    weighed = standard * weights[:, None].astype(np.float32)
    squares = (weighed.T @ standard).astype(np.float64) + prior * np.eye(len(mean))
    fitted = np.linalg.solve(squares, weighed.T.astype(np.float64) @ (targets - middle))
    return Linear(mean, scale, fitted.astype(np.float32), float(middle - centre @ fitted))


def fit_kernel(values, labels, sources):
    """A least-squares support vector machine; parameters as for `fit_linear`.

    Returns
    -------
    Kernel

    Notes
    -----
    Suykens and Vandewalle 1999, "Least squares support vector machine classifiers": squared
    errors instead of hinges, so every picture is a support vector and the fit is one solution of
    linear equations. With hinges it was worse and took longer (LEDGER.md).
    """
    values = pooled(values)
    mean, scale = moments(values)
    standard = np.clip((values - mean) / scale, -MOST, MOST)
    components = PCA(min(COMPONENTS, *standard.shape), svd_solver="randomized",
                     random_state=0).fit(standard).components_.T.astype(np.float32)
    places = standard @ components
    gamma = GAMMA / float((places**2).sum(axis=1).mean())
    weights = source_weights(labels, sources)
    weights /= weights.sum()
    targets, roots = 2.0 * labels - 1, np.sqrt(weights)
    bias = float(weights @ targets)
    system = _near(places, places, gamma) * np.outer(roots, roots)
    system[np.diag_indices_from(system)] += RIDGE
    fitted = roots * solve(system, roots * (targets - bias), assume_a="pos")
    return Kernel(mean, scale, components, places, fitted.astype(np.float32), gamma, bias)


def _near(places, vectors, gamma):
    """The RBF kernel of two sets of points."""
    squares = (places**2).sum(axis=1)[:, None] + (vectors**2).sum(axis=1)
    return np.exp(-gamma * (squares - 2 * places @ vectors.T))


def _probability(score):
    return 1 / (1 + np.exp(-STEEPNESS * score))


def moments(values):
    """Mean and deviation of each value."""
    mean, scale = values.mean(axis=0), values.std(axis=0)
    return mean, np.maximum(scale, 1e-4)  # what never varies says nothing
