"""Where a network looked: its class-activation map laid over the image."""

import numpy as np
from PIL import Image

# Orange where the network sees AI, blue where it sees a camera: told apart by every common
# form of colour blindness, and by lightness in greyscale.
AI_COLOUR = np.array([230, 97, 1], np.float32)
REAL_COLOUR = np.array([5, 113, 176], np.float32)
OPAQUE = 0.6
# The logit that is shown in full colour: 98% AI if every cell had it. It is fixed, not taken from
# each map, so that two images can be compared.
FULL_LOGIT = 4.0


def overlay(rgb, logits, side=384):
    """Colour an image by where a network saw AI or a camera.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    logits : ndarray of float32, shape [h, w]
        Class-activation map of the centre square, as `Verdict.maps` holds it.
    side : int
        Of the result, in pixels.

    Returns
    -------
    ndarray of uint8, shape [side, side, 3]
        The centre square of the image under the map.

    Notes
    -----
    Zhou et al. 2016, "Learning deep features for discriminative localization"
    (arXiv 1512.04150). The map's mean is the network's logit: the map explains all of it.
    """
    square = np.asarray(magnified(rgb, side), np.float32)
    grid = Image.fromarray(np.asarray(logits, np.float32))
    smooth = np.asarray(grid.resize((side, side), Image.Resampling.BICUBIC))
    strength = np.clip(smooth / FULL_LOGIT, -1, 1)[..., None]
    colour = np.where(strength > 0, AI_COLOUR, REAL_COLOUR)
    weight = np.abs(strength) * OPAQUE
    return (square * (1 - weight) + colour * weight).round().astype(np.uint8)


def magnified(rgb, side):
    """The centre square of an image at this side; a thumbnail shows its true pixels.

    Returns
    -------
    PIL.Image.Image
    """
    height, width = rgb.shape[:2]
    if (height, width) == (side, side):
        return Image.fromarray(rgb)
    short = min(height, width)
    left, top = (width - short) / 2, (height - short) / 2
    resample = Image.Resampling.NEAREST if short < side else Image.Resampling.LANCZOS
    return Image.fromarray(rgb).resize((side, side), resample,
                                       box=(left, top, left + short, top + short))
