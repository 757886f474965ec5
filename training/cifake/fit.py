"""Fit the members: networks with Keras, the SVM with scikit-learn.

Every choice is made on the validation split. A run's folder holds the native model, the
curve (`curve.csv`, one row an epoch) or the grid (`grid.csv`), and a checkpoint: the same
command started again goes on after the last whole epoch.
"""

import csv
import json
import subprocess
import time
from pathlib import Path

import joblib
import keras
import numpy as np
from joblib import parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from threadpoolctl import threadpool_limits

from training.cifake.batches import Batches, accuracy, labelled, smoothed_loss
from training.cifake.muon import Muon
from training.images.corruptions import any_corruption
from training.images.data import balanced
from training.students import recipes

NETWORKS = {"cnn": recipes.cnn, "resnet": recipes.resnet}
AVERAGED = 0.05  # of the peak rate, while weights are averaged


class Seconds(keras.callbacks.Callback):
    """Adds the time that each epoch took to its logs, so that the curve has it."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.time()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = round(time.time() - self.start, 1)


class Mean(keras.callbacks.Callback):
    """Keeps the mean of the weights that a model has at the end of each epoch.

    Parameters
    ----------
    path : Path
        Of the file (`.npz`) that it is kept in; what lies there is gone on with.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path

    def weights(self):
        """The mean, as `model.set_weights` takes it, and of how many epochs it is."""
        if not self.path.exists():
            return [np.zeros_like(one) for one in self.model.get_weights()], 0
        with np.load(self.path) as kept:
            return [kept[f"{at}"] for at in range(len(kept) - 1)], int(kept["epochs"])

    def on_epoch_end(self, epoch, logs=None):
        mean, epochs = self.weights()
        mean = [old + (new - old) / (epochs + 1)
                for old, new in zip(mean, self.model.get_weights(), strict=True)]
        np.savez(self.path, epochs=epochs + 1, **{f"{at}": one for at, one in enumerate(mean)})


def fit_network(name, train, validation, out, epochs=36, average=0, batch=128, rate=0.02,
                keep=0.5, corrupt=0.25, seed=0, mixed=True, added_fakes=0):
    """Train one network; resumes after the last whole epoch found in `out`.

    One cosine cycle with a warm-up of a tenth. Then, if asked for, epochs at a constant rate,
    `AVERAGED` of the peak, whose weights are averaged (Izmailov et al. 2018, "Averaging weights
    leads to wider optima and better generalization", arXiv 1803.05407).

    Parameters
    ----------
    name : {"cnn", "resnet"}
    train, validation : Data
    out : path
        Folder for `<name>.keras`, `curve.csv`, `run.json` and the checkpoint.
    epochs : int
        Of the cosine cycle.
    average : int
        How many more there are to average.
    batch : int
    rate : float
        Peak learning rate.
    keep, corrupt : float
        Shares of the images that an epoch shows and corrupts, see `Batches`.
    seed : int
    mixed : bool
        Compute in bfloat16; the weights and the saved model are float32 either way.
    added_fakes : int
        How many of the training images are not CIFAKE's; for the record.

    Returns
    -------
    path
        Of the native model, `uint8 [N, 32, 32, 3] → logits [N, h, w, 1]`.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, curve, kept, averaged = (
        out / name for name in ("checkpoint.keras", "curve.csv", "losses.npy", "mean.npz"))
    begun = commit()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")
    batches = Batches(train, batch, seed, keep, corrupt)
    if checkpoint.exists():
        optimizer = (model := keras.models.load_model(checkpoint)).optimizer
        done = len(curve.read_text().splitlines()) - 1
        batches.losses.keep(np.load(kept))
        batches.start(done)
    else:
        model, done = _pooled(NETWORKS[name]()), 0
        optimizer = _optimizer(_cosine(epochs * len(batches), rate))
        curve.unlink(missing_ok=True)
        averaged.unlink(missing_ok=True)
    unseen = labelled(validation.labels, np.full(len(validation), len(train)))

    def go_on(first, last, *more):
        model.compile(optimizer, smoothed_loss, metrics=[accuracy, batches.losses])
        model.fit(batches, initial_epoch=first, epochs=last, verbose=2,
                  validation_data=(validation.images, unseen), validation_batch_size=500,
                  callbacks=[Seconds(), keras.callbacks.CSVLogger(curve, append=first > 0),
                             *more, keras.callbacks.ModelCheckpoint(checkpoint),
                             keras.callbacks.LambdaCallback(
                                 on_epoch_end=lambda *_: np.save(kept, batches.losses.values()))])

    if done < epochs:
        go_on(done, epochs)
    if average:
        if done <= epochs:
            optimizer = _optimizer(rate * AVERAGED)
        mean = Mean(averaged)
        go_on(max(done, epochs), epochs + average, mean)
        model.set_weights(mean.weights()[0])
        # The mean of the statistics that batch normalisation kept is not what it would have kept.
        for step in range(len(batches)):
            model([batches[step][0]], training=True)
    keras.config.set_dtype_policy("float32")
    network = NETWORKS[name]()
    network.set_weights(model.get_weights())
    path = out / f"{name}.keras"
    network.save(path)
    note(out / "run.json", name=name, epochs=epochs, average=average, batch=batch, rate=rate,
         keep=keep, corrupt=corrupt, seed=seed, images=len(train), added_fakes=added_fakes,
         minutes=minutes(curve), commit=begun, parameters=network.count_params(),
         backend=keras.backend.backend())
    return path


def fit_svm(train, validation, out, images=20_000, search=6_000, grid=None, corrupt=0.25, seed=0,
            jobs=2, added_fakes=0, name="svm", build=recipes.svm, facts=None):
    """Search, fit and calibrate the SVM.

    The grid is searched by three-fold cross-validation on a small subset, the best is fitted
    on the whole subset, and its score turned into a probability (Platt 1999) on the
    validation split.

    Parameters
    ----------
    train, validation : Data
    out : path
        Folder for `<name>.joblib`, `grid.csv` and `run.json`.
    images, search : int
        Size of the subset to fit on, and of its part to search on; half of each class.
    grid : dict, optional
        Parameters of the pipeline to try, as `GridSearchCV` takes them.
    corrupt : float
        Share of the images that `any_corruption` changes.
    seed, jobs, added_fakes : int
    name : str
    build : callable
        `() → sklearn.pipeline.Pipeline` with the last step `svc`.
    facts : dict, optional
        What else `run.json` shall hold.

    Returns
    -------
    path
        Of the calibrated classifier, `uint8 [N, 32, 32, 3] → P(real), P(AI)`.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    clock, begun = time.time(), commit()
    rng = np.random.default_rng(seed)
    subset = train.take(balanced(train.labels, images, rng))
    for i in np.flatnonzero(rng.random(len(subset)) < corrupt):
        subset.images[i] = any_corruption(subset.images[i], rng)
    part = subset.take(balanced(subset.labels, search, rng))
    grid = grid or {"pca__n_components": [80, 130], "svc__C": [2, 4, 8]}
    searched = GridSearchCV(build(), grid, n_jobs=jobs, refit=False, verbose=2,
                            cv=StratifiedKFold(3, shuffle=True, random_state=seed))
    # libsvm lets other threads work; a process each would have to import Keras to know a recipe.
    # Each thread computes alone: on small matrices BLAS's own threads mostly wait for each other.
    with parallel_config("threading"), threadpool_limits(1):
        searched.fit(part.images, part.labels)
    with (out / "grid.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*grid, "accuracy", "spread"])
        results = searched.cv_results_
        for tried, mean, std in zip(results["params"], results["mean_test_score"],
                                    results["std_test_score"]):
            writer.writerow([*(tried[key] for key in grid), f"{mean:.4f}", f"{std:.4f}"])
    fitted = build().set_params(**searched.best_params_).fit(subset.images, subset.labels)
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted), method="sigmoid")
    calibrated.fit(validation.images, validation.labels)
    path = out / f"{name}.joblib"
    joblib.dump(calibrated, path, compress=3)
    note(out / "run.json", name=name, **searched.best_params_, images=len(subset), corrupt=corrupt,
         added_fakes=added_fakes, seed=seed, commit=begun,
         support_vectors=int(fitted["svc"].n_support_.sum()),
         minutes=round((time.time() - clock) / 60, 1), **(facts or {}))
    return path


def minutes(curve):
    """How long the epochs of a curve took."""
    rows = csv.DictReader(curve.read_text().splitlines())
    return round(sum(float(row["seconds"]) for row in rows) / 60, 1)


def commit():
    """The commit of the code that runs, with `-dirty` if it was changed since; None outside git."""
    found = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=40"], check=False,
                           capture_output=True, text=True, cwd=Path(__file__).parent)
    return found.stdout.strip() or None


def note(path, **facts):
    """Write facts down as JSON."""
    path.write_text(json.dumps(facts, indent=2) + "\n")


def _pooled(network):
    logit = keras.layers.GlobalAveragePooling2D(dtype="float32")(network.output)
    return keras.Model(network.inputs, logit)


def _cosine(steps, rate):
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=rate, warmup_steps=steps // 10)


def _optimizer(rate):
    return Muon(rate, momentum=0.9, nesterov=True)
