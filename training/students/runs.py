"""A finished run of any recipe, opened again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from training.errors import DataError
from training.fitting import svm
from training.recipe import Recipe
from training.students.recipes import RECIPES
from training.students.scores import probability


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : Path
    facts : dict
        Of `run.json`.
    recipe : Recipe
    model : keras.Model or sklearn.calibration.CalibratedClassifierCV
    """

    folder: Path
    facts: dict
    recipe: Recipe
    model: Any

    @property
    def size(self):
        """Side of its input in pixels."""
        return self.facts.get("size", self.recipe.size)

    @property
    def digests(self):
        """Of its training files, uint64 [N], where the run has kept them; else None."""
        path = self.folder / "digests.npy"
        return np.load(path) if path.exists() else None

    def predict(self, images):
        """Probabilities of classes, real first, [N, 2 or 3]; images are uint8 [N, H, W, 3]."""
        if not isinstance(self.model, keras.Model):
            return self.model.predict_proba(images)
        output = np.asarray(self.model(images, training=False))
        if output.ndim == 4:  # of the shipped pack: a map of logits
            p_ai = 1 / (1 + np.exp(-output.mean(axis=(1, 2, 3))))
        elif output.shape[1] > 1:
            return output
        else:
            p_ai = probability(output)
        return np.stack([1 - p_ai, p_ai], axis=1)


def open_run(folder):
    """Open a finished run of any recipe.

    Raises
    ------
    DataError
        If there is none, or it is one of a generator.
    """
    folder = Path(folder)
    if not (folder / "run.json").is_file():
        raise DataError(f"{folder}: no finished run there; make one with "
                        f"`python -m training fit RECIPE --out {folder}`.")
    facts = json.loads((folder / "run.json").read_text())
    recipe = RECIPES[facts["name"]]
    machine, network = (folder / f"{recipe.name}.{ending}" for ending in ("joblib", "keras"))
    if machine.is_file():
        return Run(folder, facts, recipe, svm.load(machine))
    if not network.is_file():
        raise DataError(f"{folder}: that run made a generator, which judges nothing.")
    return Run(folder, facts, recipe, keras.models.load_model(network, compile=False))


def predict(run, files):
    """A run's probabilities for many files, float64 [N, classes]; a progress bar."""
    probabilities = []
    with tqdm(total=len(files), desc="judge", unit="img", mininterval=1) as bar:
        for images in files.batches(run.size):
            probabilities.append(run.predict(images))
            bar.update(len(images))
    return np.concatenate(probabilities).astype(np.float64)
