"""Keras callbacks of every training."""

import shutil
import time

import keras

from training.fitting import checkpoints


class EpochTime(keras.callbacks.Callback):
    """Adds the seconds that each epoch took to its logs, so that the curve has them."""

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.start = time.time()

    def on_epoch_end(self, epoch, logs=None):
        """Read it."""
        logs["seconds"] = round(time.time() - self.start, 1)


class StartEpoch(keras.callbacks.Callback):
    """Tells data which epoch begins.

    They can't count epochs themselves: Keras goes through them before the first one too, so a
    training that goes on would see other images than one that was never stopped.

    Parameters
    ----------
    data : keras.utils.PyDataset
        With a method `start(epoch)`.
    """

    def __init__(self, data):
        super().__init__()
        self.data = data

    def on_epoch_begin(self, epoch, logs=None):
        """Tell them."""
        self.data.start(epoch)


class Checkpoint(keras.callbacks.Callback):
    """Writes a checkpoint after each epoch; must come after the callback that writes the curve.

    Parameters
    ----------
    run : Path
    write_more : callable, optional
        `write_more(folder)` writes what the training needs beside the model and the curve.
    """

    def __init__(self, run, write_more=None):
        super().__init__()
        self.run, self.write_more = run, write_more

    def on_epoch_end(self, epoch, logs=None):
        """Write it."""
        checkpoints.save(self.run, epoch + 1, self._write)

    def _write(self, folder):
        self.model.save(folder / "model.keras")
        shutil.copy(self.run / "curve.csv", folder)
        if self.write_more:
            self.write_more(folder)
