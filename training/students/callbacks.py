"""Keras callbacks of the student systems' trainings."""

import keras

from training.fitting.callbacks import EpochTime


class Stage(EpochTime):
    """Adds the number of the stage, and the time that each epoch took, to its logs."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def on_epoch_end(self, epoch, logs=None):
        """Add both."""
        super().on_epoch_end(epoch, logs)
        logs["stage"] = self.number


class ShowEarlierEpochs(keras.callbacks.Callback):
    """Shows callbacks the epochs before a restart, which they would count anew.

    Whatever they do to the learning rate is undone: the checkpoint has it already.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
    rows : list of dict
        Of the curve.
    """

    def __init__(self, callbacks, rows):
        super().__init__()
        self.callbacks, self.rows = callbacks, rows

    def on_train_begin(self, logs=None):
        """Show them."""
        rate = self.model.optimizer._learning_rate
        constant = None if callable(rate) else float(rate)
        for row in self.rows:
            for callback in self.callbacks:
                callback.on_epoch_end(int(row["epoch"]), dict(row))
        if constant is not None:
            self.model.optimizer.learning_rate = constant


class KeepBest(keras.callbacks.Callback):
    """Writes the network when its validation loss is lower than ever.

    Parameters
    ----------
    path : Path
        Of a `.keras` file.
    rows : list of dict
        Of the curve so far.
    """

    def __init__(self, path, rows):
        super().__init__()
        self.path, self.lowest = path, min((row["val_loss"] for row in rows), default=float("inf"))

    def on_epoch_end(self, epoch, logs=None):
        """Compare and write; under another name first, so that the file is always whole."""
        if logs["val_loss"] < self.lowest:
            self.lowest = logs["val_loss"]
            part = self.path.with_name("part.keras")
            self.model.save(part)
            part.replace(self.path)
