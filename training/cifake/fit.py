"""Train a network of the shipped pack.

Every choice is made on the validation split. A run's folder holds the native model, the curve
(`curve.csv`, one row an epoch), `run.json` and a checkpoint: the same command started again goes on
after the last whole epoch.
"""

from pathlib import Path

import keras
import numpy as np

from training.cifake import muon
from training.cifake.batches import Batches, accuracy, labels_and_rows, smoothed_loss
from training.errors import DataError
from training.fitting import checkpoints
from training.fitting.callbacks import Checkpoint, EpochTime, StartEpoch
from training.images.data import fingerprint
from training.records import minutes, write_json

KEEP = 0.5  # share of the images that an epoch shows, see `Batches`


class MeanOfWeights(keras.callbacks.Callback):
    """Keeps the mean of the weights that a model has at the end of each epoch.

    Parameters
    ----------
    path : Path or None
        File of a checkpoint that the mean is continued from.
    """

    def __init__(self, path=None):
        super().__init__()
        self.weights, self.epochs = [], 0
        if path and path.exists():
            with np.load(path) as saved:
                self.weights = [saved[f"{i}"] for i in range(len(saved) - 1)]
                self.epochs = int(saved["epochs"])

    def on_epoch_end(self, epoch, logs=None):
        """Add the weights of this epoch."""
        new = self.model.get_weights()
        old = self.weights or [np.zeros_like(weight) for weight in new]
        self.epochs += 1
        self.weights = [mean + (weight - mean) / self.epochs for mean, weight in zip(old, new)]

    def save(self, path):
        """Write the mean for a checkpoint; nothing before the first epoch."""
        if self.epochs:
            np.savez(path, epochs=self.epochs,
                     **{f"{i}": weight for i, weight in enumerate(self.weights)})


def fit_network(recipe, train, validation, out, epochs=None, average=None, batch=None,
                corrupt=0.25, seed=0, mixed=True, added_fakes=0):
    """Train one network; goes on after the last whole epoch of the same run.

    First one cosine cycle of the learning rate. Then, if asked for, epochs at a constant rate whose
    weights are averaged (Izmailov et al. 2018, "Averaging weights leads to wider optima and better
    generalization", arXiv 1803.05407).

    Parameters
    ----------
    recipe : Recipe
        Its `build` gives `uint8 [N, 32, 32, 3] → logits [N, h, w, 1]`, its `optimizer` that of the
        cosine cycle.
    train, validation : Data
    out : path
        Folder for `<name>.keras`, `curve.csv`, `run.json` and the checkpoint.
    epochs : int, optional
        Of the cosine cycle; by default, as for `average` and `batch`, the recipe's.
    average : int, optional
        How many more there are to average.
    batch : int, optional
    corrupt : float
        Share of the images that an epoch corrupts, see `Batches`.
    seed : int
    mixed : bool
        Compute in bfloat16; the weights and the saved model are float32 either way.
    added_fakes : int
        How many of the training images are not CIFAKE's; for the record.

    Returns
    -------
    Path
        Of the native model, `uint8 [N, 32, 32, 3] → logits [N, h, w, 1]`.

    Raises
    ------
    DataError
        If `out` holds a run of other settings. Only epochs to average can be added to a run: the
        cosine has brought the learning rate down to nothing over the epochs that it began with.
    """
    out, batch = Path(out), batch or recipe.batch
    epochs = recipe.epochs if epochs is None else epochs
    average = recipe.average if average is None else average
    settings = {"name": recipe.name, "epochs": epochs, "average": average, "batch": batch,
                "rate": muon.RATE, "keep": KEEP, "corrupt": corrupt, "seed": seed,
                "images": len(train), "added_fakes": added_fakes}
    checkpoint, done, code = checkpoints.begin(
        out, {**settings, "mixed": mixed, "data": fingerprint(train)}, may_change={"average"})
    if done > epochs + average:
        raise DataError(f"{out} holds {done} epochs already, more than {epochs} and {average} to "
                        f"average; give another --out, or remove it.")
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")
    batches = Batches(train, batch, seed, KEEP, corrupt)
    if checkpoint:
        model = keras.models.load_model(checkpoint / "model.keras")
        optimizer = model.optimizer
        batches.losses.restore(np.load(checkpoint / "losses.npy"))
    else:
        model = _pooled(recipe.build(32, None))
        optimizer = recipe.optimizer(epochs * len(batches))
    mean = MeanOfWeights(checkpoint and checkpoint / "mean.npz")
    if done < epochs:
        _train(model, optimizer, batches, validation, done, epochs, out)
    if average:
        if done <= epochs:
            optimizer = muon.constant()
        _train(model, optimizer, batches, validation, max(done, epochs), epochs + average, out,
               mean)
        model.set_weights(mean.weights)
        batches.start(epochs + average)
        _renew_statistics(model, batches)
    keras.config.set_dtype_policy("float32")
    network = recipe.build(32, None)
    network.set_weights(model.get_weights())
    path = out / f"{recipe.name}.keras"
    network.save(path)
    write_json(out / "run.json", {
        **settings, "minutes": minutes(out / "curve.csv"), "commit": code,
        "parameters": network.count_params(), "backend": keras.backend.backend()})
    return path


def _train(model, optimizer, batches, validation, first, last, out, mean=None):
    """Train from the end of epoch `first` to the end of epoch `last`."""
    # No validation image is a row of the training images, so none of their losses is kept.
    no_row = np.full(len(validation), len(batches.data))

    def write_more(folder):
        np.save(folder / "losses.npy", batches.losses.values())
        if mean:
            mean.save(folder / "mean.npz")

    model.compile(optimizer, smoothed_loss, metrics=[accuracy, batches.losses])
    model.fit(batches, initial_epoch=first, epochs=last, verbose=2,
              validation_data=(validation.images, labels_and_rows(validation.labels, no_row)),
              validation_batch_size=500,
              callbacks=[StartEpoch(batches), EpochTime(), *([mean] if mean else []),
                         keras.callbacks.CSVLogger(out / "curve.csv", append=first > 0),
                         Checkpoint(out, write_more)])


def _renew_statistics(model, batches):
    """Let batch normalisation see the images with the averaged weights.

    The mean of its statistics is not what it would have kept with the mean of the weights.
    """
    for step in range(len(batches)):
        model([batches[step][0]], training=True)


def _pooled(network):
    logit = keras.layers.GlobalAveragePooling2D(dtype="float32")(network.output)
    return keras.Model(network.inputs, logit)
