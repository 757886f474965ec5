"""The networks of the photo pack: small, fully convolutional, trained on crops.

A network is fitted on random crops and judges the whole square: its map of logits has a cell for
every place, and their mean is a vote over all crops (see `recipes` on such maps).
"""

import keras
import numpy as np
from keras import layers

from training.photos import source_weights
from training.recipes import BatchNormalization

CROP = 96  # pixels; a multiple of 16, so that a crop keeps JPEG's grid
BATCH = 64


def cnn(size=None):
    """A plain convolutional network on the residual of a local mean: 0.36 M parameters."""
    inputs = layers.Input((size, size, 3), dtype="uint8")
    x = _residual_beside_pixels(inputs)
    for filters, strides in ((32, 2), (64, 1), (64, 2), (96, 1), (96, 2), (128, 1)):
        x = _conv(x, filters, strides=strides)
    return _map_of_logits(inputs, x, "cnn")


def resnet(size=None):
    """A residual network of four blocks on the pixels: 0.70 M parameters.

    Basic blocks as in He et al. 2016 (arXiv 1512.03385, section 4.2).
    """
    inputs = layers.Input((size, size, 3), dtype="uint8")
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    x = _conv(_conv(x, 24), 32, strides=2)
    for filters, strides in ((32, 1), (64, 2), (96, 2), (160, 1)):
        x = _block(x, filters, strides)
    return _map_of_logits(inputs, x, "resnet")


def fit_network(build, images, labels, sources, rng, epochs=12, rate=2e-3):
    """Train a network on random crops, as many of each label, the sources by their roots.

    Parameters
    ----------
    build : callable
        `cnn` or `resnet`.
    images : ndarray of uint8, shape [N, H, W, 3]
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]
    rng : numpy.random.Generator
    epochs : int
        Each draws as many crops as there are images.
    rate : float
        Peak learning rate, reached after a tenth of the steps; then half a cosine down to zero.

    Returns
    -------
    keras.Model
        `uint8 [N, H, W, 3] → logits [N, h, w, 1]`, for images of the size given.
    """
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    crops = Crops(images, labels, sources, rng)
    network = build()
    pooled = keras.Model(network.inputs,
                         layers.GlobalAveragePooling2D(dtype="float32")(network.output))
    steps = epochs * len(crops)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=rate, warmup_steps=steps // 10)
    pooled.compile(keras.optimizers.AdamW(schedule, weight_decay=0.02),
                   keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.05))
    pooled.fit(crops, epochs=epochs, verbose=2)
    served = build(images.shape[1])
    served.set_weights(network.get_weights())
    return served


class Crops(keras.utils.PyDataset):
    """Batches of random crops, half of them mirrored, drawn by the weights of their sources.

    Parameters
    ----------
    images, labels, sources, rng
        As for `fit_network`.
    """

    def __init__(self, images, labels, sources, rng):
        super().__init__()
        self.images, self.labels, self.rng = images, labels, rng
        weights = source_weights(labels, sources)
        self.chances = weights / weights.sum()

    def __len__(self):
        return max(len(self.images) // BATCH, 1)

    def __getitem__(self, step):
        rows = self.rng.choice(len(self.images), BATCH, p=self.chances)
        room = max(self.images.shape[1] - CROP, 0)
        corners = self.rng.integers(0, room + 1, (BATCH, 2))
        crops = np.stack([self.images[row, y:y + CROP, x:x + CROP]
                          for row, (y, x) in zip(rows, corners)])
        mirrored = self.rng.random(BATCH) < 0.5
        crops[mirrored] = crops[mirrored, :, ::-1]
        return crops, self.labels[rows, None].astype("float32")


def _residual_beside_pixels(images):
    """Pixels, and beside them what a 5×5 mean leaves, amplified: content drowns traces."""
    pixels = layers.Rescaling(1 / 127.5, -1)(images)
    smooth = layers.AveragePooling2D(5, 1, padding="same")(pixels)
    residual = layers.Rescaling(4.0)(layers.Subtract()([pixels, smooth]))
    return layers.Concatenate()([pixels, residual])


def _conv(x, filters, kernel=3, strides=1, activate=True):
    x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
    x = BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x) if activate else x


def _block(x, filters, strides):
    y = _conv(_conv(x, filters, strides=strides), filters, activate=False)
    if strides != 1 or x.shape[-1] != filters:
        x = _conv(x, filters, kernel=1, strides=strides, activate=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _map_of_logits(inputs, x, name):
    x = layers.SpatialDropout2D(0.2)(x)
    x = layers.Conv2D(1, 1, dtype="float32")(x)
    return keras.Model(inputs, x, name=name)
