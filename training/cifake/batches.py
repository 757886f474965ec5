"""What a network is shown: which images, and how they are changed."""

import keras
import numpy as np
from keras import ops

from training.images.corruptions import any_corruption


class Batches(keras.utils.PyDataset):
    """Batches of images, half of them hard; the same for the same seed, epoch and losses.

    An epoch shows a share of the images: half of it are those with the highest loss when last
    seen, the other half are drawn from the rest and weigh as much as all of the rest would.
    Most of CIFAKE is easy after a few epochs, so this is as good as whole epochs at a fraction
    of the time (Qin et al. 2024, "InfoBatch", arXiv 2303.04947).

    Half the images are mirrored, half are moved by up to two pixels (edges repeated), and a
    share is corrupted.

    Parameters
    ----------
    data : Data
    batch : int
    seed : int
    keep : float
        Share of the images in an epoch; 1 shows all of them with the same weight.
    corrupt : float
        Share of the images that `any_corruption` changes.

    Attributes
    ----------
    losses : Losses
        Loss of each image when it was last seen; a metric that the network is compiled with.
    """

    def __init__(self, data, batch, seed, keep=1.0, corrupt=0.0):
        super().__init__()
        self.data, self.batch, self.seed, self.keep, self.corrupt = data, batch, seed, keep, corrupt
        self.losses = Losses(len(data))
        self.start(0)

    def __len__(self):
        return int(len(self.data) * self.keep) // self.batch

    def __getitem__(self, step):
        part = slice(step * self.batch, (step + 1) * self.batch)
        rows, rng = self.rows[part], np.random.default_rng((self.seed, self.epoch, step))
        images = self.data.images[rows]
        mirrored = rng.random(len(rows)) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        images = shift(images, rng)
        for i in np.flatnonzero(rng.random(len(rows)) < self.corrupt):
            images[i] = any_corruption(images[i], rng)
        return images, labels_and_rows(self.data.labels[rows], rows), self.weights[part]

    def start(self, epoch):
        """Choose the images of an epoch."""
        self.epoch = epoch
        rng = np.random.default_rng((self.seed, epoch))
        order, count = rng.permutation(len(self.data)), len(self) * self.batch
        if self.keep < 1:
            hardest_first = np.argsort(-self.losses.values()[order], kind="stable")
            hard, rest = np.split(order[hardest_first], [count // 2])
            order = np.concatenate([hard, rng.permutation(rest)[:count - len(hard)]])
            weights = np.ones(count, "float32")
            weights[len(hard):] = len(rest) / (count - len(hard))
            weights *= count / weights.sum()
        else:
            order, weights = order[:count], np.ones(count, "float32")
        mixed = rng.permutation(count)
        self.rows, self.weights = order[mixed], weights[mixed]


def shift(images, rng, most=2):
    """Move half the images by up to `most` pixels up or down and sideways, repeating the edges."""
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    offsets = rng.integers(0, 2 * most + 1, (len(images), 2))
    offsets[rng.random(len(images)) < 0.5] = most
    return np.stack([p[y:y + height, x:x + width] for p, (y, x) in zip(padded, offsets)])


def labels_and_rows(labels, rows):
    """The truth that loss and metrics are given: label and row of each image, float32 [N, 2]."""
    return np.stack([labels, rows], axis=1).astype("float32")


@keras.saving.register_keras_serializable("training")
def smoothed_loss(truth, logit):
    """Binary cross-entropy with labels smoothed to 0.01 and 0.99."""
    return keras.losses.binary_crossentropy(truth[:, :1], logit, from_logits=True,
                                            label_smoothing=0.02)


@keras.saving.register_keras_serializable("training")
def accuracy(truth, logit):
    """Share of logits on the label's side of zero."""
    return ops.cast((logit > 0) == (truth[:, :1] > 0.5), "float32")


@keras.saving.register_keras_serializable("training")
class Losses(keras.metrics.Metric):
    """Keeps the loss of each training image when it was last seen.

    Parameters
    ----------
    images : int
        Rows from this number on, such as those of the validation split, are not kept.
    """

    def __init__(self, images, name="mean_loss", **more):
        super().__init__(name=name, **more)
        self.images = images
        # The last place takes the losses of all rows that are not kept.
        self.losses = self.add_variable((images + 1,), "zeros", dtype="float32", name="kept")
        self.restore(np.full(images, np.log(2)))

    def values(self):
        """The loss of each image, float32 [images]."""
        return ops.convert_to_numpy(self.losses)[:-1]

    def restore(self, values):
        """Take over the losses of a checkpoint, [images]."""
        self.losses.assign(np.append(values, 0).astype("float32"))

    def update_state(self, truth, logit, sample_weight=None):
        """Keep the losses of one batch."""
        rows = ops.cast(ops.minimum(truth[:, 1:], self.images), "int32")
        signed = (1 - 2 * truth[:, 0]) * ops.cast(logit[:, 0], "float32")
        self.losses.assign(ops.scatter_update(self.losses, rows, ops.softplus(signed)))

    def result(self):
        """Their mean."""
        return ops.mean(self.losses[:-1])

    def reset_state(self):
        """Nothing: the losses of an epoch choose the images of the next."""

    def get_config(self):
        """As Keras saves a metric."""
        return {**super().get_config(), "images": self.images}
