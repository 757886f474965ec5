"""Fakes of the generators trained here, stored as CIFAKE stores its images."""

from pathlib import Path

import keras
import numpy as np
from PIL import Image

from training.generators import dcgan, ddpm
from training.images.data import FAKE_SEEDS, KINDS, Data, DataError, as_cifake_jpeg


def fakes(path, count, first=FAKE_SEEDS):
    """Images of a trained generator, as data.

    The seeds of training fakes begin at `FAKE_SEEDS`; examples and the fakes that a pack is
    measured on are of lower seeds.

    Parameters
    ----------
    path : path
        `generator.keras` of `dcgan` or `ddpm`.
    count : int
    first : int
        First seed.

    Returns
    -------
    Data
    """
    images = generate(path, range(first, first + count))
    stored = [as_cifake_jpeg(image) for image in images]
    return Data(np.stack([rgb for rgb, _ in stored]), np.ones(count, np.uint8),
                np.array([digest for _, digest in stored], np.uint64),
                (np.arange(first, first + count) % len(KINDS)).astype(np.uint8))


def save_samples(path, seeds, out):
    """Write the images of some seeds as `seed-<seed>-<class>.png`, stored as CIFAKE stores its own.

    Raises
    ------
    DataError
        If a seed is one of the training fakes'.
    """
    if max(seeds) >= FAKE_SEEDS:
        raise DataError(f"Seeds from {FAKE_SEEDS} on are kept for training; given {max(seeds)}.")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for seed, image in zip(seeds, generate(path, seeds)):
        rgb, _ = as_cifake_jpeg(image)
        Image.fromarray(rgb).save(out / f"seed-{seed}-{KINDS[seed % len(KINDS)]}.png")


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
