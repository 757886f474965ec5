"""The members of the photo pack as the benchmark trains them: fold by fold, on whole sources."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from training.photo_features import features
from training.photos import source_weights


class Member(NamedTuple):
    """How one member is trained.

    Attributes
    ----------
    description : str
    prepare : callable
        uint8 [N, H, W, 3] → [N, ...], what `fit` and the model take: all that is the same for
        every fold, so that it is computed once.
    fit : callable
        `fit(prepared, labels, sources, rng) → model`, and `model(prepared) → p_ai [N]`. Labels
        are 1 for AI-generated; `sources` names the collection of each picture.
    """

    description: str
    prepare: Callable
    fit: Callable


def fit_svm(values, labels, sources, rng, most=15_000, C=3e-4):
    """A linear support vector machine with a strong prior; an RBF kernel learns the sources.

    Parameters
    ----------
    values : ndarray of float32, shape [N, features]
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]
    rng : numpy.random.Generator
    most : int
        Pictures to fit on, drawn at random if there are more.
    C : float

    Returns
    -------
    callable
        Features [N, features] → p_ai [N].
    """
    rows = rng.permutation(len(labels))[:most]
    values, labels, sources = values[rows], labels[rows], sources[rows]
    pipeline = make_pipeline(StandardScaler(), FunctionTransformer(_clipped),
                             LinearSVC(C=C, dual=False, tol=1e-3))
    pipeline.fit(values, labels, linearsvc__sample_weight=source_weights(labels, sources))
    # Margins on the training pictures are too wide to fit a scale on; the calibration, on
    # sources left out, sets it.
    return lambda asked: 1 / (1 + np.exp(-4 * pipeline.decision_function(asked)))


def fit_cnn(images, labels, sources, rng):
    """`photo_networks.cnn`; parameters as for `fit_svm`, images instead of features."""
    from training import photo_networks

    return _judge(photo_networks.fit_network(photo_networks.cnn, images, labels, sources, rng))


def fit_resnet(images, labels, sources, rng):
    """`photo_networks.resnet`; parameters as for `fit_svm`, images instead of features."""
    from training import photo_networks

    return _judge(photo_networks.fit_network(photo_networks.resnet, images, labels, sources, rng))


def _clipped(values):
    """Within four deviations: an odd picture shall not outvote all that is known."""
    return np.clip(values, -4, 4)


def _judge(network, batch=100):
    def judge(images):
        """Mean logit over the map of a picture and of its mirror image, as a probability."""
        logits = [network.predict_on_batch(seen).mean(axis=(1, 2, 3))
                  for i in range(0, len(images), batch)
                  for seen in (images[i:i + batch], images[i:i + batch, :, ::-1])]
        pairs = [(a + b) / 2 for a, b in zip(logits[::2], logits[1::2])]
        return 1 / (1 + np.exp(-np.concatenate(pairs)))
    return judge


MEMBERS = {
    "svm": Member("linear support vector machine on statistics of block spectra, differences, "
                  "chroma and layout", features, fit_svm),
    "cnn": Member("plain convolutional network", np.asarray, fit_cnn),
    "resnet": Member("residual network", np.asarray, fit_resnet),
}
