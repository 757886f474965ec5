"""What the SVM of the photo pack is told of a picture: statistics that outlive a re-save.

All of it can be a graph of ONNX: matrix products, comparisons, logarithms and means. What each
part is worth is in LEDGER.md.
"""

import numpy as np
from scipy.fft import dct

from training.recipes import RGB_TO_YCC

BLOCK = 8
LEVELS = 2  # differences of neighbours are kept as -2 to 2 steps
STEPS = (3, 5)  # size of a step at each scale, the second half as large as the first
BINS = 8  # of a chroma channel's histogram


def features(images, batch=64):
    """Statistics of block spectra, neighbouring differences, chroma and layout.

    Parameters
    ----------
    images : ndarray of uint8, shape [N, H, W, 3]
        H = W, a multiple of 32.
    batch : int
        Pictures at a time, to bound the memory.

    Returns
    -------
    ndarray of float32, shape [N, 1184]
    """
    return np.concatenate([_features(images[i:i + batch]) for i in range(0, len(images), batch)])


def block_spectrum(planes):
    """Mean and deviation of the log-magnitude of the 8×8 blocks' DCT, [N, 2, C, 64]."""
    n, channels, height, width = planes.shape
    wave = dct(np.eye(BLOCK), axis=0, norm="ortho").astype(np.float32)
    blocks = planes.reshape(n, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    waves = wave @ blocks.swapaxes(3, 4) @ wave.T
    sizes = np.log1p(np.abs(waves)).reshape(n, channels, -1, BLOCK**2)
    return np.stack([sizes.mean(axis=2), sizes.std(axis=2)], axis=1)


def co_occurrence(plane, step):
    """How often each triple of neighbouring differences occurs, along rows and columns.

    Parameters
    ----------
    plane : ndarray, shape [N, H, W]
    step : float
        A difference is rounded to so many of these, at most `LEVELS`.

    Returns
    -------
    ndarray, shape [N, 125]
        Roots of the shares, which are less skewed.

    Notes
    -----
    Fridrich and Kodovsky 2012, "Rich models for steganalysis of digital images".
    """
    kinds, found = 2 * LEVELS + 1, 0
    for along in (plane, plane.swapaxes(1, 2)):
        steps = np.rint(np.diff(along, axis=2) / step).clip(-LEVELS, LEVELS).astype(int) + LEVELS
        triples = (steps[..., :-2] * kinds + steps[..., 1:-1]) * kinds + steps[..., 2:]
        found = found + _shares(triples, kinds**3) / 2
    return np.sqrt(found)


def _features(images):
    ycc = np.einsum("kc,nhwc->nkhw", RGB_TO_YCC, images.astype(np.float32))
    half = _pooled(ycc, 2)
    chroma = np.clip((half[:, 1:] + 64) // (128 // BINS), 0, BINS - 1).astype(int)
    local = _pooled(half**2, 4) - _pooled(half, 4)**2
    found = [block_spectrum(ycc), block_spectrum(half),
             *(co_occurrence(planes[:, 0], step) for planes, step in zip((ycc, half), STEPS)),
             np.sqrt(_shares(chroma[:, 0] * BINS + chroma[:, 1], BINS**2)),
             half.mean(axis=(2, 3)), half.std(axis=(2, 3)),
             _pooled(ycc, ycc.shape[2] // 4),
             np.log(0.3 + _pooled(np.sqrt(np.maximum(local, 0) + 0.01), local.shape[2] // 4))]
    return np.concatenate([part.reshape(len(images), -1) for part in found],
                          axis=1).astype(np.float32)


def _pooled(planes, side):
    """Means of squares of so many pixels."""
    n, channels, height, width = planes.shape
    return planes.reshape(n, channels, height // side, side, width // side, side).mean(axis=(3, 5))


def _shares(kinds, count):
    """How often each of `count` kinds occurs in each picture, [N, H, W] → [N, count]."""
    at = kinds.reshape(len(kinds), -1) + count * np.arange(len(kinds))[:, None]
    counted = np.bincount(at.ravel(), minlength=count * len(kinds))
    return counted.reshape(len(kinds), count) / at.shape[1]
