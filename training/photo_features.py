"""What the SVM of the photo pack is told of a picture: matrix products, logarithms and means.

Statistics that outlive a re-save or a reduction, at three scales. All of it can be a graph of
ONNX: scaling is average pooling, the DCT is a product with a matrix from both sides.
"""

import numpy as np
from scipy.fft import dct

from training.recipes import RGB_TO_YCC

SCALES = 3  # each half as large as the one before
BLOCK = 8


def features(images, batch=64):
    """Statistics of block spectra, cross-channel correlation, colour and layout.

    Parameters
    ----------
    images : ndarray of uint8, shape [N, H, W, 3]
        H = W, a multiple of 32.
    batch : int
        Pictures at a time, to bound the memory.

    Returns
    -------
    ndarray of float32, shape [N, features]
    """
    return np.concatenate([_features(images[i:i + batch]) for i in range(0, len(images), batch)])


def _features(images):
    ycc = np.einsum("kc,nhwc->nkhw", RGB_TO_YCC, images.astype(np.float32))
    found, plane = [], ycc
    for _ in range(SCALES):
        found += _spectra(plane)
        plane = _halved(plane)
    return np.concatenate([part.reshape(len(images), -1) for part in found],
                          axis=1).astype(np.float32)


def _spectra(planes):
    """Of the blocks' DCT: mean and spread of the log-magnitude, and how heavy its tail is."""
    waves = block_dct(planes)
    sizes = np.log1p(np.abs(waves))
    mean = sizes.mean(axis=-1)
    return mean, sizes.std(axis=-1), np.log1p(np.sqrt((waves**2).mean(axis=-1))) - mean


def block_dct(planes):
    """Orthonormal DCT-II of the 8×8 blocks, [N, C, H, W] → [N, C, 64, blocks]."""
    n, channels, height, width = planes.shape
    wave = dct(np.eye(BLOCK), axis=0, norm="ortho").astype(np.float32)
    blocks = planes.reshape(n, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    rows = np.einsum("uy,ncaybx->ncuabx", wave, blocks)
    return (rows @ wave.T).transpose(0, 1, 2, 5, 3, 4).reshape(n, channels, BLOCK**2, -1)


def _halved(planes):
    n, channels, height, width = planes.shape
    return planes.reshape(n, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))
