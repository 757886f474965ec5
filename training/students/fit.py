"""Train the recipes of the student systems, on images that are read while a network trains.

A run's folder holds the model, the curve (`curve.csv`, one row an epoch), `run.json`, the digests
of the training files, the names of files that could not be read, and a checkpoint: the same command
started again goes on after the last whole epoch.
"""

from pathlib import Path

import keras
import numpy as np

from training.errors import DataError
from training.fitting import checkpoints, svm
from training.fitting.callbacks import Checkpoint, StartEpoch
from training.generators import dcgan
from training.images.data import fingerprint
from training.images.files import in_memory
from training.records import minutes, read_curve, write_json
from training.students import system2
from training.students.callbacks import KeepBest, ShowEarlierEpochs, Stage
from training.students.parts import parts
from training.students.scores import Scores
from training.students.stream import Stream, class_weights

AS_REPORTED = "as reported"
MAY_CHANGE = ("epochs", "fine_tune", "validation_images")  # when a run goes on


def fit_network_recipe(recipe, data, out, *, validation=None, size=None, real=None, ai=None,
                       images=None, generator=None, epochs=None, batch=None, seed=0,
                       weights=AS_REPORTED, fine_tune=False):
    """Train a network on a folder or a parquet file.

    Parameters
    ----------
    recipe : Recipe
    data, validation, real, ai, images, generator
        As for `training.students.parts.parts`.
    out : path
        Folder of the run.
    size, epochs, batch, seed, weights, fine_tune
        As for `fit_network`.

    Returns
    -------
    Path
        Of the model.
    """
    out, size = Path(out), size or recipe.size
    chosen = parts(recipe, data, size, validation, real, ai, images, generator, seed)
    _name_unreadable(out, chosen)
    return fit_network(recipe, chosen.train, chosen.validation, out, size, weights, epochs, batch,
                       seed, fine_tune, chosen.facts)


def fit_flat_svm(recipe, data, out, *, validation=None, size=None, real=None, ai=None, images=None,
                 generator=None, seed=0, dask=None):
    """Fit the support vector machine of system 2, which knows two classes.

    Parameters and result as for `fit_network_recipe`.
    """
    out, size = Path(out), size or recipe.size
    chosen = parts(recipe, data, size, validation, real, ai, images, generator, seed,
                   default_images=system2.SVM_IMAGES, gan_is_ai=True)
    _name_unreadable(out, chosen)
    np.save(out / "digests.npy", chosen.train.digests)
    return svm.fit(
        recipe.name, lambda: recipe.build(size, None), system2.SVM_GRID,
        in_memory(chosen.train, size), in_memory(chosen.validation, size), out,
        images=len(chosen.train), search=len(chosen.train), seed=seed,
        facts={**chosen.facts, "system": recipe.system, "size": size,
               "validation_images": len(chosen.validation)}, dask=dask)


def fit_dcgan(recipe, data, out, *, validation=None, real=None, ai=None, images=None, epochs=None,
              batch=None, seed=0):
    """Train the generator of system 3 on the real images.

    Parameters and result as for `fit_network_recipe`.
    """
    out, epochs, batch = Path(out), epochs or recipe.epochs, batch or recipe.batch
    chosen = parts(recipe, data, recipe.size, validation, real, ai, images, seed=seed)
    _name_unreadable(out, chosen)
    real_images = in_memory(chosen.train.take(chosen.train.labels == 0), recipe.size)
    path = dcgan.fit(real_images, out, epochs, batch, seed,
                     build=[lambda i=i: recipe.build(recipe.size, None)[i] for i in (0, 1)])
    write_json(out / "run.json", {
        "name": recipe.name, "system": recipe.system, "size": recipe.size, "epochs": epochs,
        "batch": batch, "seed": seed, "images": len(real_images),
        "minutes": minutes(out / "curve.csv"), "commit": checkpoints.commit_of(out)})
    return path


def fit_network(recipe, train, validation, out, size=None, weights=AS_REPORTED, epochs=None,
                batch=None, seed=0, fine_tune=False, facts=None):
    """Train a network; goes on after the last whole epoch of the same run.

    Each class weighs the same in the loss, however many images it has.

    Parameters
    ----------
    recipe : Recipe
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
    Path
        Of the network, `uint8 [N, size, size, 3] → probabilities [N, 1] or [N, classes]`.

    Raises
    ------
    DataError
        What was asked for is not in the recipe, the data lack a class, or `out` holds a run of
        other settings.
    WeightsError
        If ImageNet weights can't be downloaded.
    """
    out, size = Path(out), size or recipe.size
    epochs, batch = epochs or recipe.epochs, batch or recipe.batch
    weights = recipe.weights if weights == AS_REPORTED else weights
    _check(recipe, train, weights, fine_tune)
    settings = {"name": recipe.name, "system": recipe.system, "size": size, "weights": weights,
                "epochs": epochs, "batch": batch, "seed": seed, "fine_tune": fine_tune,
                "images": len(train), "validation_images": len(validation)}
    *_, code = checkpoints.begin(out, {**settings, "data": fingerprint(train)}, MAY_CHANGE)
    keras.utils.set_random_seed(seed)
    network = recipe.build(size, weights)
    for number, tune in enumerate([None, recipe.fine_tune][:1 + fine_tune], 1):
        network = _train_stage(number, tune, network, recipe, out, epochs,
                               Stream(train, size, batch, recipe.classes, seed),
                               Stream(validation, size, batch, recipe.classes))
    if recipe.best:
        network = keras.models.load_model(out / "best.keras", compile=False)
    path = out / f"{recipe.name}.keras"
    network.save(path, include_optimizer=False)
    np.save(out / "digests.npy", train.digests)
    rows = read_curve(out / "curve.csv")
    kept = min(rows, key=lambda row: row["val_loss"]) if recipe.best else rows[-1]
    write_json(out / "run.json", {
        **settings, **(facts or {}), "parameters": network.count_params(),
        "class_counts": np.bincount(train.labels).tolist(), "epochs_run": len(rows),
        "epoch_kept": int(kept["epoch"]),
        "validation": {key[4:]: value for key, value in kept.items() if key.startswith("val_")},
        "minutes": minutes(out / "curve.csv"), "commit": code,
        "backend": keras.backend.backend()})
    return path


def _check(recipe, train, weights, fine_tune):
    if weights and not recipe.weights:
        raise DataError(f"{recipe.name} has no ImageNet weights in its report; give "
                        f"--weights none.")
    if fine_tune and not recipe.fine_tune:
        raise DataError(f"{recipe.name} has no fine-tuning in its report.")
    if recipe.classes > 2 and not (train.labels == 2).any():
        raise DataError(f"{recipe.name} needs images of a GAN: as a third class of the data, or "
                        f"with --generator.")


def _train_stage(number, tune, network, recipe, out, epochs, stream, unseen):
    """Train until the stage's end, from its last whole epoch on; the network."""
    curve = out / "curve.csv"
    checkpoint, _ = checkpoints.latest(out)
    rows = read_curve(curve)
    stage_rows = [row for row in rows if row["stage"] == number]
    if any(row["stage"] > number for row in rows):
        return network  # the next stage begins with what its checkpoint holds
    if stage_rows:
        network = keras.models.load_model(checkpoint / "model.keras")
    else:
        if tune and recipe.best:
            network = keras.models.load_model(out / "best.keras", compile=False)
        optimizer = tune(network) if tune else recipe.optimizer(epochs * len(stream))
        loss = "binary" if network.output_shape[-1] == 1 else "sparse_categorical"
        network.compile(optimizer, f"{loss}_crossentropy", metrics=[Scores()])
    rules = recipe.callbacks()
    earlier = ShowEarlierEpochs(rules, stage_rows)
    if len(stage_rows) >= epochs or _is_over(network, rules, earlier):
        return network
    network.fit(
        stream, validation_data=unseen, initial_epoch=len(rows),
        epochs=len(rows) - len(stage_rows) + epochs, class_weight=class_weights(stream.labels),
        callbacks=[StartEpoch(stream), Stage(number), *rules, earlier,
                   *([KeepBest(out / "best.keras", rows)] if recipe.best else []),
                   keras.callbacks.CSVLogger(curve, append=bool(rows)), Checkpoint(out)])
    return network


def _is_over(network, rules, earlier):
    """Whether the epochs before already ended the stage."""
    network.stop_training = False
    for callback in (*rules, earlier):
        callback.set_model(network)
        callback.on_train_begin()
    return network.stop_training


def _name_unreadable(out, chosen):
    out.mkdir(parents=True, exist_ok=True)
    (out / "unreadable.txt").write_text(
        "".join(f"{file}: {why}\n" for file, why in chosen.unreadable))
