"""One verdict beside the usual way to serve such models, in one warm process.

The usual way is that of the student systems: Pillow decodes all pixels and resizes them, Keras's
`Model.predict` asks two networks, scikit-learn's `predict_proba` a support vector machine, and the
mean of the three is the answer. It reads no evidence. Its models have weights of chance, which
cost what trained ones cost:

- *small networks*: the pack for thumbnails as it is trained, which sees 32 × 32 pixels of any file.
- *ten tiles*: in their place EfficientNet-B0, twice: it is of the kind of the networks of the pack
  for photographs and has about as many multiply-adds, on the same ten tiles of 128 × 128 pixels.
"""

import io
from functools import partial

import numpy as np
from PIL import Image

from benchmarks.pictures import FORMATS, encoded, picture
from benchmarks.timing import in_turn, milliseconds, ratio
from ensemble import Ensemble
from ensemble.tiles import cut

SIZES = {"thumbnail": (32, 32), "photograph": (4000, 3000)}
SUPPORT_VECTORS = 6008  # of the shipped SVM
SIDE, TILE, GRID = 32, 128, 3  # pixels that each pack sees; tiles along a side
CASES = (("thumbnail", "small networks"), ("photograph", "small networks"),
         ("photograph", "ten tiles"))
TIMES = 2  # in a row, as a warm process is asked


def files(seed=0):
    """A JPEG of each size: dict of str to bytes."""
    rng = np.random.default_rng(seed)
    return {name: encoded(picture(rng, *size, grain=12), *FORMATS[0])
            for name, size in SIZES.items()}


def measure(rounds=5, support_vectors=SUPPORT_VECTORS, cases=CASES):
    """Both ways in turn, for each file.

    Parameters
    ----------
    rounds, support_vectors : int
    cases : sequence of (str, str)
        File and networks.

    Returns
    -------
    dict
        By file and networks, in milliseconds; `ratio` says how many times as fast ours is.
    """
    ensemble, machine, data = Ensemble.load(), svm(support_vectors), files()
    report = {}
    for name, networks in cases:
        predict = usual(*NETWORKS[networks](), machine)
        took = in_turn({"ours": partial(ensemble.judge, data[name]),
                        "usual": partial(predict, data[name])}, rounds, TIMES)
        report[f"{name}, {networks}"] = {"ours, ms": milliseconds(took["ours"]),
                                         "usual, ms": milliseconds(took["usual"]),
                                         "ratio": ratio(took["usual"], took["ours"])}
    return report


def usual(networks, see, machine):
    """The usual way to serve models.

    Parameters
    ----------
    networks : sequence of keras.Model
    see : callable
        `PIL.Image.Image → uint8 [N, H, W, 3]`, what the networks see.
    machine : sklearn.base.ClassifierMixin

    Returns
    -------
    callable
        That takes a file's bytes and gives P(AI).
    """
    def predict(data):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        images = see(image)
        p_ai = [network.predict(images, verbose=0).mean() for network in networks]
        return np.mean([*p_ai, machine.predict_proba(_whole(image))[0, 1]])

    return predict


def _small():
    from training.cifake import models  # TensorFlow takes seconds, which other parts need not wait

    return (models.cnn(), models.resnet()), _whole


def _as_large():
    from keras.applications import EfficientNetB0

    network = EfficientNetB0(weights=None, input_shape=(TILE, TILE, 3), classes=1,
                             classifier_activation="sigmoid")
    return (network, network), lambda image: cut(np.asarray(image), TILE, "lanczos", GRID)


def _whole(image):
    return np.asarray(image.resize((SIDE, SIDE)))[None]


NETWORKS = {"small networks": _small, "ten tiles": _as_large}


def svm(support_vectors, images=200, seed=0):
    """The pipeline of the pack for thumbnails, fitted to chance.

    Parameters
    ----------
    support_vectors : int
        Nearly so many: labels that say nothing can only be learnt by heart.
    images : int
        That its steps before the machine are fitted to, and its probability.
    seed : int

    Returns
    -------
    sklearn.calibration.CalibratedClassifierCV
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    from training.cifake import models

    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (images, SIDE, SIDE, 3), dtype=np.uint8)
    pipeline = models.svm()
    components = pipeline[:-1].fit_transform(pixels)
    vectors = rng.normal(0, components.std(), (support_vectors, components.shape[1]))
    pipeline[-1].fit(vectors.astype(np.float32), np.arange(support_vectors) % 2)
    return CalibratedClassifierCV(FrozenEstimator(pipeline), method="sigmoid").fit(
        pixels, np.arange(images) % 2)
