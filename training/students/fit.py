"""Fit any network of the student systems, on images that are read while it trains.

A run's folder holds the network, the curve (`curve.csv`, one row an epoch), `run.json`, the digests
of the training files, the names of files that could not be read, and a checkpoint: the same command
started again goes on after the last whole epoch.
"""

import csv
import json
from pathlib import Path

import keras
import numpy as np

from training.cifake.fit import Seconds, commit, minutes, note
from training.images.data import DataError
from training.students.recipes import RECIPES
from training.students.scores import Scores
from training.students.stream import Stream, class_weights

GO_ON = ("name", "size", "weights", "batch", "seed", "images")  # must be as they were


class Stage(Seconds):
    """Adds the number of the stage, and the time that each epoch took, to its logs."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        logs["stage"] = self.number


class Resumed(keras.callbacks.Callback):
    """Shows callbacks the epochs before, which they would count anew, and keeps the rate."""

    def __init__(self, others, rows):
        super().__init__()
        self.others, self.rows = others, rows

    def on_train_begin(self, logs=None):
        rate = self.model.optimizer._learning_rate
        held = None if callable(rate) else float(rate)
        for row in self.rows:
            for other in self.others:
                other.on_epoch_end(int(row["epoch"]), dict(row))
        if held is not None:
            self.model.optimizer.learning_rate = held


def fit_recipe(name, train, validation, out, size=None, weights="as reported", epochs=None,
               batch=None, seed=0, fine_tune=False, facts=None):
    """Train one network; resumes after the last whole epoch found in `out`.

    Each class weighs the same in the loss, however many images it has.

    Parameters
    ----------
    name : str
        Of `training.students.recipes.RECIPES`.
    train, validation : Files
        Checked.
    out : path
        Folder of the run.
    size, epochs, batch : int, optional
        By default the recipe's.
    weights : {"as reported", "imagenet", None}
        What the recipe's base starts from.
    seed : int
    fine_tune : bool
        Train again, for as many epochs at most, with more of the base unfrozen.
    facts : dict, optional
        What else `run.json` shall hold.

    Returns
    -------
    path
        Of the network, `uint8 [N, size, size, 3] → probabilities [N, 1] or [N, classes]`.

    Raises
    ------
    DataError
        What was asked for is not in the recipe, the data lack a class, or `out` holds a run of
        other settings.
    WeightsError
        If ImageNet weights can't be downloaded.
    """
    recipe, out = RECIPES[name], Path(out)
    size, epochs, batch = size or recipe.size, epochs or recipe.epochs, batch or recipe.batch
    weights = recipe.weights if weights == "as reported" else weights
    if weights and not recipe.weights:
        raise DataError(f"{name} has no ImageNet weights in its report; give --weights none.")
    if fine_tune and not recipe.fine_tune:
        able = ", ".join(key for key, other in RECIPES.items() if other.fine_tune)
        raise DataError(f"{name} has no fine-tuning in its report; these have: {able}.")
    out.mkdir(parents=True, exist_ok=True)
    asked = {"name": name, "system": recipe.system, "size": size, "weights": weights,
             "epochs": epochs, "batch": batch, "seed": seed, "fine_tune": fine_tune,
             "images": len(train), "validation_images": len(validation)}
    _same_run(out, asked)
    begun = commit()
    keras.utils.set_random_seed(seed)
    network = recipe.build(size, weights)
    classes = network.output_shape[-1]
    if classes > 2 and not (train.labels == 2).any():
        raise DataError(f"{name} needs images of a GAN: as a third class of the data, or with "
                        f"--generator.")
    note(out / "begun.json", **asked)
    for number, tune in enumerate([None, recipe.fine_tune][:1 + fine_tune], 1):
        network = _stage(number, tune, network, recipe, out, epochs, seed,
                         Stream(train, size, batch, classes, seed),
                         Stream(validation, size, batch, classes))
    if recipe.best:
        network = keras.models.load_model(out / "best.keras", compile=False)
    path = out / f"{name}.keras"
    network.save(path, include_optimizer=False)
    np.save(out / "digests.npy", train.digests)
    rows = _rows(out / "curve.csv")
    kept = min(rows, key=lambda row: row["val_loss"]) if recipe.best else rows[-1]
    note(out / "run.json", **asked, **(facts or {}), parameters=network.count_params(),
         class_counts=np.bincount(train.labels).tolist(), epochs_run=len(rows),
         epoch_kept=int(kept["epoch"]),
         validation={key[4:]: value for key, value in kept.items() if key.startswith("val_")},
         minutes=minutes(out / "curve.csv"), commit=begun, backend=keras.backend.backend())
    return path


def _stage(number, tune, network, recipe, out, epochs, seed, stream, unseen):
    """Train until the stage's end, from its last whole epoch on; the network."""
    checkpoint, curve, best = (out / name for name in (
        f"checkpoint-{number}.keras", "curve.csv", "best.keras"))
    if number == 1 and not checkpoint.exists():
        curve.unlink(missing_ok=True)
    before = _rows(curve)
    mine = [row for row in before if row["stage"] == number]
    if checkpoint.exists():
        network = keras.models.load_model(checkpoint)
    else:
        if tune and recipe.best:
            network = keras.models.load_model(best, compile=False)
        optimizer = tune(network) if tune else recipe.optimizer(epochs * len(stream))
        loss = ("binary" if network.output_shape[-1] == 1 else "sparse_categorical")
        network.compile(optimizer, f"{loss}_crossentropy", metrics=[Scores()])
    rules = recipe.callbacks()
    resumed = Resumed(rules, mine)
    if len(mine) >= epochs or _over(network, rules, resumed):
        return network
    stream.start(len(before))
    last = len(before) - len(mine) + epochs
    network.fit(
        stream, validation_data=unseen, initial_epoch=len(before), epochs=last,
        class_weight=class_weights(stream.labels), callbacks=[
            Stage(number), *rules, resumed,
            keras.callbacks.ModelCheckpoint(
                best, monitor="val_loss", mode="min", save_best_only=True,
                initial_value_threshold=min((row["val_loss"] for row in before), default=None)),
            keras.callbacks.ModelCheckpoint(checkpoint),
            keras.callbacks.CSVLogger(curve, append=bool(before))])
    return network


def _over(network, rules, resumed):
    """Whether the epochs before already ended the stage."""
    network.stop_training = False
    for callback in (*rules, resumed):
        callback.set_model(network)
        callback.on_train_begin()
    return network.stop_training


def _same_run(out, asked):
    """Refuse to go on with other settings than the run in the folder began with."""
    path = out / "begun.json"
    if not path.exists():
        return
    begun = json.loads(path.read_text())
    changed = [f"{key} was {begun[key]}, now {asked[key]}" for key in GO_ON
               if begun[key] != asked[key]]
    if changed:
        raise DataError(f"{out} holds a run of other settings ({'; '.join(changed)}); give "
                        f"another --out, or remove it.")


def _rows(curve):
    if not curve.exists():
        return []
    with curve.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
