"""A poor photo made easier to see: sharper, cleaner, brighter.

Every function takes and gives one image, uint8 [H, W, 3], and a strength from 0 (unchanged) to 1.
Four megapixels take one core 0.4 s to denoise, 0.2 s to sharpen and 0.1 s to brighten.
"""

from numbers import Real

import numpy as np

from ensemble.images import open_picture

LEVELS = 3  # of the wavelet transform: details of 2, 4 and 8 pixels
MARGIN = 2 ** LEVELS - 1  # mirrored pixels that the transform needs on each side
STRIP = 64  # rows that are transformed at once: they fit in a processor's cache
# Red, green, blue → brightness and two colour differences; the noise of each stays what it was.
COLOURS = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32)
COLOURS /= np.linalg.norm(COLOURS, axis=1, keepdims=True)
GREY = np.full(3, 1 / 3, np.float32)
NOISE_LIMIT = 2.5  # coefficients below this many standard deviations of the noise are noise
LEAST_NOISE = 1  # of 255; JPEG removes the finest noise, from which the estimate is made
GAINS = (2.5, 2.5, 1.3)  # of full sharpening, fine to coarse; best for a blur of 1.5 pixels
REACH = 5  # side of the square, in pixels, whose darkest and brightest limit its sharpened centre
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
    TypeError, ValueError, ensemble.errors.TooManyPixels
        For another kind of array, a strength outside [0, 1], over 50 megapixels.

    Notes
    -----
    Raises the brightness's wavelet coefficients, but for those that may be noise. No pixel leaves
    the range of its neighbours, so edges don't overshoot. Not for pictures that are sharp already.
    """
    _check(rgb, strength)
    limit = NOISE_LIMIT * _noise(rgb, GREY)
    gains = [1 + strength * (gain - 1) for gain in GAINS]

    def sharpened(strip):
        grey = strip @ GREY
        sharp = _scaled(grey, limit, 1, gains)
        neighbours = _inner(grey, MARGIN - REACH // 2)
        sharp = sharp.clip(_extreme(np.minimum, neighbours), _extreme(np.maximum, neighbours))
        return _inner(strip, MARGIN) + (sharp - _inner(grey, MARGIN))[..., None]

    return _by_strips(rgb, sharpened)


def denoise(rgb, strength):
    """Reduce noise and keep edges; parameters, result and errors are those of `sharpen`.

    A strength of 0.5 is right for the noise as measured, 1 for twice as much, as in JPEGs, whose
    compression has hidden part of it.

    Notes
    -----
    Small coefficients of Haar's wavelet transform become 0, in decorrelated colours and averaged
    over all shifts: Coifman and Donoho 1995, "Translation-invariant de-noising".
    """
    _check(rgb, strength)
    limits = [2 * strength * NOISE_LIMIT * _noise(rgb, colour) for colour in COLOURS]

    def denoised(strip):
        planes = [_scaled(strip @ colour, limit, 0, [1] * LEVELS)
                  for colour, limit in zip(COLOURS, limits)]
        return np.stack(planes, axis=2) @ COLOURS

    return _by_strips(rgb, denoised)


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
    if not isinstance(strength, Real) or not 0 <= float(strength) <= 1:
        raise ValueError(f"The strength is a number from 0 to 1; given {strength!r}.")


def _by_strips(rgb, change):
    """Apply `change`, which takes float32 rows with a mirrored `MARGIN` and gives them without."""
    padded = np.pad(rgb, [(MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)], "symmetric")
    changed = np.empty(rgb.shape, np.uint8)
    for top in range(0, len(rgb), STRIP):
        # In one order of memory, as sums in another may be rounded differently.
        strip = padded[top:top + STRIP + 2 * MARGIN].astype(np.float32, order="C")
        changed[top:top + STRIP] = np.rint(change(strip)).clip(0, 255)
    return changed


def _noise(rgb, colour):
    """Standard deviation of the noise in a colour.

    Estimated from the diagonal differences within squares of 2 × 2 pixels, few of which hold
    anything but noise: Donoho and Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage".
    """
    even = rgb[:len(rgb) // 2 * 2, :rgb.shape[1] // 2 * 2].astype(np.int16, order="C")
    diagonal = even[::2, ::2] - even[1::2, ::2] - even[::2, 1::2] + even[1::2, 1::2]
    if not diagonal.size:
        return LEAST_NOISE
    return max(np.median(np.abs(diagonal @ colour)) / 2 / 0.6745, LEAST_NOISE)


def _scaled(plane, limit, small, large, level=0):
    """A plane whose wavelet details are scaled: by `small` below `limit`, else by `large[level]`.

    The result lacks on each side the pixels into which its levels reach, `MARGIN` for all of them.
    Values are kept four times as large until the end, which saves passes over the pixels.
    """
    if level == LEVELS:
        return plane
    gap = 2 ** level
    low, high = _halves(plane, gap, 0)
    rest, detail = _halves(low, gap, 1)
    details = [detail, *_halves(high, gap, 1)]
    for detail in details:
        # White noise is half as strong at each level as at the one before.
        detail *= np.where(np.abs(detail) < limit * 2 / gap, np.float32(small),
                           np.float32(large[level]))
    rest = 4 * _scaled(rest / 4, limit, small, large, level + 1)
    horizontal, vertical, diagonal = (_inner(detail, MARGIN + 1 - 2 * gap) for detail in details)
    low, high = _joined(rest, horizontal, gap, 1), _joined(vertical, diagonal, gap, 1)
    return _joined(low, high, gap, 0) / 16


def _halves(plane, gap, axis):
    """Sums and differences of pixels `gap` apart."""
    first, second = _shifted(plane, gap, axis)
    return first + second, first - second


def _joined(low, high, gap, axis):
    """Four times the mean of the two ways to get a pixel back from `_halves`."""
    second, first = low - high, low + high
    return _shifted(first, gap, axis)[1] + _shifted(second, gap, axis)[0]


def _shifted(plane, gap, axis):
    return (plane[:-gap], plane[gap:]) if axis == 0 else (plane[:, :-gap], plane[:, gap:])


def _extreme(function, plane):
    """The minimum or maximum of the `REACH` × `REACH` pixels around each pixel."""
    for axis in (0, 1):
        pair = function(*_shifted(plane, 1, axis))
        plane = function(_shifted(function(*_shifted(pair, 2, axis)), 1, axis)[0],
                         _shifted(plane, REACH - 1, axis)[1])
    return plane


def _inner(plane, margin):
    return plane[margin:-margin, margin:-margin] if margin else plane
