"""Fakes of the generators trained here, stored as CIFAKE stores its images."""

from pathlib import Path

import keras
import numpy as np
from PIL import Image

from training.errors import DataError
from training.generators import dcgan, ddpm
from training.images.data import OBJECTS, Data, as_cifake_jpeg

# Seeds below the first are the examples'; then come the fakes that packs are measured on, then
# those that are trained on. So no image is of two of them.
MEASURING_SEEDS, TRAINING_SEEDS = 500_000, 1_000_000


def fakes(path, count, first=TRAINING_SEEDS):
    """Images of a trained generator, as data.

    Parameters
    ----------
    path : path
        `generator.keras` of `dcgan` or `ddpm`.
    count : int
    first : int
        Seed of the first.

    Returns
    -------
    Data
    """
    images = generate(path, range(first, first + count))
    stored = [as_cifake_jpeg(image) for image in images]
    return Data(np.stack([rgb for rgb, _ in stored]), np.ones(count, np.uint8),
                np.array([digest for _, digest in stored], np.uint64),
                (np.arange(first, first + count) % len(OBJECTS)).astype(np.uint8))


def save_samples(path, seeds, out):
    """Write the images of some seeds as `seed-<seed>-<class>.png`, stored as CIFAKE stores its own.

    Raises
    ------
    DataError
        If a seed is one of the training fakes'.
    """
    if max(seeds) >= TRAINING_SEEDS:
        raise DataError(f"Seeds from {TRAINING_SEEDS} on are kept for training; "
                        f"given {max(seeds)}.")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for seed, image in zip(seeds, generate(path, seeds)):
        rgb, _ = as_cifake_jpeg(image)
        Image.fromarray(rgb).save(out / f"seed-{seed}-{OBJECTS[seed % len(OBJECTS)]}.png")


def generate(path, seeds):
    """A trained generator's images of these seeds, uint8 [N, 32, 32, 3].

    Raises
    ------
    DataError
        If there is no generator at `path`.
    """
    if not Path(path).is_file():
        raise DataError(f"{path}: there is no such generator; train one with "
                        f"`python -m training dcgan` or `ddpm`.")
    model = keras.models.load_model(path)
    return (ddpm if model.name == "denoiser" else dcgan).generate(model, list(seeds))
