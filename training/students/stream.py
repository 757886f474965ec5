"""Batches that are read from disk while a network trains."""

import keras
import numpy as np

from ensemble.member import cores


class Stream(keras.utils.PyDataset):
    """Images and labels in batches, read by threads a few batches ahead.

    Parameters
    ----------
    files : Files
    size : int
        Side of the images in pixels.
    batch : int
    classes : int
        Of the network; with 2 or fewer a GAN's images are AI-generated.
    seed : int, optional
        Of the order, another one each epoch; without it the files' own.
    """

    def __init__(self, files, size, batch, classes=2, seed=None):
        super().__init__(workers=cores(), max_queue_size=2 * cores())
        self.files, self.size, self.batch, self.seed = files, size, batch, seed
        self.labels = np.minimum(files.labels, max(classes - 1, 1)).astype(np.int32)
        self.start(0)

    def __len__(self):
        return -(-len(self.files) // self.batch)

    def __getitem__(self, step):
        rows = self.order[step * self.batch:(step + 1) * self.batch]
        return self.files.images(rows, self.size), self.labels[rows]

    def start(self, epoch):
        """Choose the order of an epoch."""
        self.order = np.arange(len(self.files))
        if self.seed is not None:
            self.order = np.random.default_rng((self.seed, epoch)).permutation(self.order)


def class_weights(labels):
    """Weights by which each class counts as much as any other, {label: weight}."""
    counts = np.bincount(labels)
    return {label: len(labels) / (np.count_nonzero(counts) * int(count))
            for label, count in enumerate(counts) if count}
