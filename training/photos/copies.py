"""Pictures as they are met: reduced, saved again, photographed off a screen.

Both labels pass through the same draws, so that no size or file format gives a label away.
"""

import io

import numpy as np
from PIL import Image

SIDES = 320, 1280  # pixels that the shorter side of a picture as it is met has
QUALITIES = 60, 95  # of JPEG and WebP


def resized(rgb, factor):
    """A picture resized by a factor."""
    height, width = (max(round(side * factor), 1) for side in rgb.shape[:2])
    if (height, width) == rgb.shape[:2]:
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))


def saved_again(rgb, rng):
    """A picture saved as JPEG (three in five), WebP or PNG.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]
    """
    # Always three draws, so that what follows doesn't depend on the format.
    least, most = QUALITIES
    share, quality = rng.random(), int(rng.integers(least, most + 1))
    chroma = int(rng.integers(3))
    if share < 0.6:
        return _saved(rgb, "JPEG", quality=quality, subsampling=chroma)
    return _saved(rgb, "WEBP", quality=quality) if share < 0.8 else rgb


def as_met(rgb, rng):
    """A whole picture as it is met: reduced to a random size, never enlarged, and saved again."""
    side = int(rng.integers(SIDES[0], SIDES[1] + 1))
    return saved_again(resized(rgb, min(1, side / min(rgb.shape[:2]))), rng)


# What a picture's answer should not depend on.
COPIES = {
    "resaved": lambda rgb: _saved(rgb, "JPEG", quality=80),
    "halved": lambda rgb: resized(rgb, 0.5),
    "screenshot": lambda rgb: resized(rgb, 0.8),  # a PNG, which keeps every pixel
}


def _saved(rgb, file_format, **options):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, file_format, **options)
    return np.asarray(Image.open(file).convert("RGB"))
