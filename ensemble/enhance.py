"""A poor photo made easier to see: sharper, cleaner, brighter.

Every function takes and gives one image, uint8 [H, W, 3], and a strength from 0 (unchanged) to 1.
`sharpen` and `denoise` work on the coefficients of 8 × 8 blocks, strip by strip, so that a photo
of 50 megapixels needs no more than 120 MB besides itself and the result. A megapixel takes two
cores about 0.25 s to denoise, half as long to sharpen and 0.03 s to brighten.
"""

from numbers import Real

import numpy as np

from ensemble.images import open_picture

BLOCK = 8
# Where the blocks start, in eight passes: no two share a row or a column, so no grid shows.
SHIFTS = [(i, 3 * i % BLOCK) for i in range(BLOCK)]
STRIP, MARGIN = 256, 16  # rows; both multiples of BLOCK, to cut the same blocks in every strip
# Coefficients below this many standard deviations of the noise are noise (Yu and Sapiro use 3;
# with eight passes 2.7 gave the best PSNR).
NOISE_LIMIT = 2.7
LEAST_NOISE = 1  # levels of 255; a saved JPEG has lost the finest noise, by which it is measured
# The blur that full sharpening undoes: its standard deviation in pixels, and the Wiener filter's
# ratio of noise to signal, which bounds the gain.
BLUR, NOISE_TO_SIGNAL = 1.5, 0.02
REACH = 2  # pixels around, whose darkest and brightest bound a sharpened one
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
    The inverse (Wiener) filter of a Gaussian in the DCT of overlapping blocks, of the brightness
    alone. Coefficients that may be noise stay as they are, and no pixel leaves the range of its
    neighbours, so edges get steeper but don't overshoot. Not for pictures that are sharp already:
    it adds contrast to their finest detail.
    """
    _check(rgb, strength)
    noise = _noise(rgb)[0]
    gain = 1 + strength * (_unblurring() - 1)

    def change(planes):
        brightness = planes[..., 0]
        sharp = _in_blocks(brightness,
                           lambda c: np.where(np.abs(c) > NOISE_LIMIT * noise, c * gain, c))
        planes[..., 0] = np.clip(sharp, _around(brightness, np.minimum),
                                 _around(brightness, np.maximum))
    return _in_strips(rgb, change) if strength else rgb.copy()


def denoise(rgb, strength):
    """Reduce noise and keep edges.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    strength : float in [0, 1]
        0 changes nothing, 0.5 is right for the noise as measured, 1 smooths twice as much: for
        noise that a JPEG's compression has partly hidden.

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]

    Raises
    ------
    TypeError, ValueError, ensemble.images.TooManyPixels
        As `sharpen`.

    Notes
    -----
    DCT denoising: Yu and Sapiro 2011, "DCT image denoising: a simple and effective image
    denoising algorithm", Image Processing On Line 1. In decorrelated colours, small coefficients
    of overlapping blocks become 0; the mean of the overlapping results is kept.
    """
    _check(rgb, strength)
    limits = 2 * strength * NOISE_LIMIT * np.maximum(_noise(rgb), LEAST_NOISE)

    def change(planes):
        for plane, limit in zip(np.moveaxis(planes, 2, 0), limits):
            def keep(coefficients, limit=limit):
                mean = coefficients[:, 0].copy()
                coefficients[np.abs(coefficients) < limit] = 0
                coefficients[:, 0] = mean
                return coefficients
            plane[:] = _in_blocks(plane, keep)
    return _in_strips(rgb, change) if strength else rgb.copy()


def brighten(rgb, strength):
    """Lift shadows; highlights stay where they are, and nothing is clipped.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    strength : float in [0, 1]
        0 changes nothing, 1 makes the darkest shadows five times as bright. Their noise too:
        `denoise` first.

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]

    Raises
    ------
    TypeError, ValueError, ensemble.images.TooManyPixels
        As `sharpen`.

    Notes
    -----
    The rational curve of Schlick 1994, "Quantization techniques for visualization of high dynamic
    range pictures", on each pixel's largest channel; the others are scaled with it, which keeps
    hue and saturation.
    """
    _check(rgb, strength)
    lift = 1 + strength * (LIFT - 1)
    gain = (lift / ((lift - 1) * np.arange(256) / 255 + 1)).astype(np.float32)
    bright = np.empty_like(rgb)
    for top in range(0, len(rgb), STRIP):
        strip = rgb[top:top + STRIP]
        # Rounded down, by the assignment: nothing but white becomes white.
        bright[top:top + STRIP] = strip * gain[strip.max(axis=2)][..., None]
    return bright


def _check(rgb, strength):
    if not isinstance(rgb, np.ndarray):
        raise TypeError(f"An image is a uint8 array [H, W, 3]; given {type(rgb).__name__}.")
    open_picture(rgb)
    if not isinstance(strength, Real) or not 0 <= strength <= 1:
        raise ValueError(f"The strength is a number from 0 to 1; given {strength!r}.")


def _cosines(size):
    """The orthonormal DCT-II, [size, size], one basis function a row."""
    k = np.arange(size)
    basis = np.sqrt(2 / size) * np.cos(np.pi * (2 * k + 1) * k[:, None] / (2 * size))
    basis[0] /= np.sqrt(2)
    return basis.astype(np.float32)


# Red, green, blue → brightness and two colour differences; the noise of each stays what it was.
COLOURS = _cosines(3)
BASIS = np.kron(_cosines(BLOCK), _cosines(BLOCK))  # of a block, flattened: [64, 64]


def _unblurring():
    """Gain of each coefficient of a block, [64]: 1 for the mean, more for detail."""
    frequency = np.pi * np.arange(BLOCK) / BLOCK
    blur = np.exp(-BLUR ** 2 * (frequency[:, None] ** 2 + frequency ** 2) / 2).ravel()
    gain = blur * (1 + NOISE_TO_SIGNAL) / (blur ** 2 + NOISE_TO_SIGNAL)
    return np.maximum(gain, 1).astype(np.float32)


def _noise(rgb):
    """Standard deviation of the noise in each of `COLOURS`.

    Immerkær 1996, "Fast noise variance estimation", whose mask answers to neither flat areas nor
    slopes, with the median of the answers in place of the mean, so that detail doesn't count.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < 3:
        return np.zeros(3, np.float32)
    step = int(np.ceil(np.sqrt(height * width / 1e6)))  # a million places tell enough
    answer = sum(a * b * rgb[i:height - 2 + i:step, j:width - 2 + j:step].astype(np.float32)
                 for i, a in enumerate((1, -2, 1)) for j, b in enumerate((1, -2, 1)))
    return np.median(np.abs(answer @ COLOURS.T), axis=(0, 1)) / 0.6745 / 6


def _in_strips(rgb, change):
    """Let `change` work on the colour planes, float32 [h, W, 3], of one strip after the other."""
    result = np.empty_like(rgb)
    for top in range(0, len(rgb), STRIP):
        start = max(top - MARGIN, 0)
        planes = rgb[start:top + STRIP + MARGIN].astype(np.float32) @ COLOURS.T
        change(planes)
        strip = planes[top - start:top - start + STRIP] @ COLOURS
        result[top:top + STRIP] = np.rint(strip, out=strip).clip(0, 255, out=strip)
    return result


def _in_blocks(plane, change):
    """Mean over `SHIFTS` of the plane with the DCT of its blocks, [blocks, 64], changed."""
    height, width = plane.shape
    high, wide = (BLOCK * -(-length // BLOCK) + BLOCK for length in plane.shape)
    padded = np.pad(plane, ((BLOCK, high - height), (BLOCK, wide - width)), "symmetric")
    total = np.zeros_like(padded)
    cut = (high // BLOCK, BLOCK, wide // BLOCK, BLOCK)
    for i, j in SHIFTS:
        blocks = padded[i:i + high, j:j + wide].reshape(cut).swapaxes(1, 2)
        coefficients = change(blocks.reshape(-1, BLOCK ** 2) @ BASIS.T)
        blocks = (coefficients @ BASIS).reshape(blocks.shape).swapaxes(1, 2)
        total[i:i + high, j:j + wide] += blocks.reshape(high, wide)
    return total[BLOCK:BLOCK + height, BLOCK:BLOCK + width] / len(SHIFTS)


def _around(plane, extreme):
    """The least or greatest value within `REACH` of each pixel."""
    for axis in (0, 1):
        padded = np.pad(plane, [(REACH, REACH) if a == axis else (0, 0) for a in (0, 1)], "edge")
        length = plane.shape[axis]
        plane = padded.take(range(length), axis)
        for start in range(1, 2 * REACH + 1):
            plane = extreme(plane, padded.take(range(start, start + length), axis))
    return plane
