"""Search, fit and calibrate a support vector machine; open one that was fitted."""

import csv
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType

import joblib
import numpy as np
from joblib import parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from threadpoolctl import threadpool_limits

from ensemble.score.pool import workers
from training.images.corruptions import any_corruption
from training.images.data import balanced
from training.records import commit, write_json

# Modules whose functions older `.joblib` files name, and where those are now.
MOVED = {"training.spectra": "training.images.spectra",
         "training.recipes.system2": "training.students.system2"}


def fit(name, build, grid, train, validation, out, images, search, corrupt=0.0, seed=0, jobs=2,
        facts=None, dask=None):
    """Search, fit and calibrate a support vector machine.

    The grid is searched by three-fold cross-validation on a small subset, the best is fitted
    on the whole subset, and its score turned into a probability (Platt 1999) on the
    validation split.

    Parameters
    ----------
    name : str
        Of the file.
    build : callable
        `() → sklearn.pipeline.Pipeline` with the last step `svc`.
    grid : dict
        Parameters of the pipeline to try, as `GridSearchCV` takes them.
    train, validation : Data
    out : path
        Folder for `<name>.joblib`, `grid.csv` and `run.json`.
    images, search : int
        Size of the subset to fit on, and of its part to search on; half of each class.
    corrupt : float
        Share of the images that `any_corruption` changes.
    seed, jobs : int
    facts : dict, optional
        What else `run.json` shall hold.
    dask : str, optional
        Address of a Dask scheduler; its workers search the grid then, not `jobs` threads.

    Returns
    -------
    Path
        Of the calibrated classifier, `uint8 [N, H, W, 3] → P(real), P(AI)`.

    Raises
    ------
    ensemble.score.errors.ScoreError
        If Dask is not installed, or no scheduler answers there.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    start, code = time.time(), commit()
    rng = np.random.default_rng(seed)
    subset = train.take(balanced(train.labels, images, rng))
    for i in np.flatnonzero(rng.random(len(subset)) < corrupt):
        subset.images[i] = any_corruption(subset.images[i], rng)
    searched = _search(build, grid, subset.take(balanced(subset.labels, search, rng)), seed, jobs,
                       dask)
    _write_grid(out / "grid.csv", grid, searched.cv_results_)
    fitted = build().set_params(**searched.best_params_).fit(subset.images, subset.labels)
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted), method="sigmoid")
    calibrated.fit(validation.images, validation.labels)
    path = out / f"{name}.joblib"
    joblib.dump(calibrated, path, compress=3)
    write_json(out / "run.json", {
        "name": name, **searched.best_params_, "images": len(subset), "corrupt": corrupt,
        "seed": seed, "commit": code, "support_vectors": int(fitted["svc"].n_support_.sum()),
        "minutes": round((time.time() - start) / 60, 1), **(facts or {})})
    return path


def load(path):
    """Open a fitted machine, an old one too.

    A `.joblib` file runs code when it is opened: open only what you have fitted yourself.
    """
    for old, new in MOVED.items():
        if old not in sys.modules:
            sys.modules[old] = stand_in = ModuleType(old)
            vars(stand_in)["__getattr__"] = lambda name, new=new: getattr(import_module(new), name)
    return joblib.load(path)


def _search(build, grid, data, seed, jobs, dask):
    search = GridSearchCV(build(), grid, n_jobs=jobs, refit=False, verbose=2,
                          cv=StratifiedKFold(3, shuffle=True, random_state=seed))
    if dask:
        # Every worker gets the images once: one that dies takes the only ones of none.
        with workers(dask, scatter=[data.images, data.labels]):
            return search.fit(data.images, data.labels)
    # libsvm lets other threads work; processes would have to import Keras to know a recipe.
    # Each thread computes alone: on small matrices BLAS's own threads mostly wait for each other.
    with parallel_config("threading"), threadpool_limits(1):
        return search.fit(data.images, data.labels)


def _write_grid(path, grid, results):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*grid, "accuracy", "spread"])
        for tried, mean, spread in zip(results["params"], results["mean_test_score"],
                                       results["std_test_score"]):
            writer.writerow([*(tried[key] for key in grid), f"{mean:.4f}", f"{spread:.4f}"])
