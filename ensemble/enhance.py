"""A poor photo made easier to see: sharper, cleaner, brighter.

Every function takes and gives one image, uint8 [H, W, 3], and a strength from 0 (unchanged) to 1.
A megapixel takes one core 1 s to denoise, 0.6 s to sharpen, and not over 90 MB.
"""

from numbers import Real

import numpy as np
import pywt
from PIL import Image, ImageFilter

from ensemble.images import open_picture

WAVELET, LEVELS = "sym4", 3
MARGIN = 16  # mirrored pixels on each side, since the transform joins opposite edges
# Red, green, blue → brightness and two colour differences; the noise of each stays what it was.
COLOURS = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32)
COLOURS /= np.linalg.norm(COLOURS, axis=1, keepdims=True)
NOISE_LIMIT = 2.8  # coefficients below this many standard deviations of the noise are noise
LEAST_NOISE = 1  # of 255; a saved JPEG has lost the finest noise, by which it is measured
GAINS = (1.4, 3, 3)  # of full sharpening, for coarse to fine detail; undo a blur of 1.5 pixels best
REACH = 5  # pixels across, whose darkest and brightest bound a sharpened one
LIFT = 5  # how many times brighter the darkest shadows become at full strength


def sharpen(rgb, strength):
    """Undo a slight blur, without halos and without raising the noise.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    strength : float in [0, 1]
        0 changes nothing, 1 undoes a Gaussian blur of 1.5 pixels as far as it can be undone.

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]

    Raises
    ------
    TypeError, ValueError, ensemble.images.TooManyPixels
        For another kind of array, a strength outside [0, 1], over 50 megapixels.

    Notes
    -----
    Raises the brightness's wavelet coefficients, but for those that may be noise. No pixel leaves
    the range of its neighbours, so edges don't overshoot. Not for pictures that are sharp already.
    """
    _check(rgb, strength)
    grey = rgb.mean(axis=2, dtype=np.float32)
    sharp = _scaled(grey, NOISE_LIMIT, 1, [1 + strength * (gain - 1) for gain in GAINS])
    least, most = (Image.fromarray(grey).filter(extreme(REACH))
                   for extreme in (ImageFilter.MinFilter, ImageFilter.MaxFilter))
    return np.rint(rgb + (sharp.clip(least, most) - grey)[..., None]).clip(0, 255).astype(np.uint8)


def denoise(rgb, strength):
    """Reduce noise and keep edges; parameters, result and errors are those of `sharpen`.

    A strength of 0.5 is right for the noise as measured, 1 for twice as much, as in JPEGs, whose
    compression has hidden part of it.

    Notes
    -----
    Small coefficients of a stationary wavelet transform become 0, in decorrelated colours: Coifman
    and Donoho 1995, "Translation-invariant de-noising".
    """
    _check(rgb, strength)
    limit = 2 * strength * NOISE_LIMIT
    planes = [_scaled(rgb @ colour, limit, 0, [1] * LEVELS) for colour in COLOURS]
    return np.rint(np.stack(planes, axis=2) @ COLOURS).clip(0, 255).astype(np.uint8)


def brighten(rgb, strength):
    """Lift shadows, clip nothing; parameters, result and errors are those of `sharpen`.

    A strength of 1 makes the darkest shadows five times as bright, and their noise.

    Notes
    -----
    The rational curve of Schlick 1994, "Quantization techniques for visualization of high dynamic
    range pictures", on the largest channel of a pixel; the others follow, which keeps its hue.
    """
    _check(rgb, strength)
    lift = 1 + strength * (LIFT - 1)
    gain = (lift / ((lift - 1) * np.arange(256) / 255 + 1)).astype(np.float32)
    return (rgb * gain[rgb.max(axis=2)][..., None]).astype(np.uint8)  # down, so nothing burns


def _check(rgb, strength):
    if not isinstance(rgb, np.ndarray):
        raise TypeError(f"An image is a uint8 array [H, W, 3]; given {type(rgb).__name__}.")
    open_picture(rgb)
    if not isinstance(strength, Real) or not 0 <= strength <= 1:
        raise ValueError(f"The strength is a number from 0 to 1; given {strength!r}.")


def _scaled(plane, limit, small, large):
    # Wavelet coefficients under `limit` times the noise × `small`, others × their level's `large`.
    # The noise as by Donoho and Johnstone 1994: few of the finest diagonals are anything else.
    height, width = plane.shape
    sides = [(MARGIN, MARGIN + -length % 2 ** LEVELS) for length in plane.shape]
    mirrored = np.pad(plane, sides, "symmetric")
    rest, *levels = pywt.swt2(mirrored, WAVELET, LEVELS, trim_approx=True)
    limit *= max(np.median(np.abs(levels[-1][-1])) / 0.6745, LEAST_NOISE)
    for level, factor in enumerate(large):
        levels[level] = tuple(np.where(np.abs(detail) < limit, small * detail, factor * detail)
                              for detail in levels[level])
    return pywt.iswt2([rest, *levels], WAVELET)[MARGIN:MARGIN + height, MARGIN:MARGIN + width]
