"""Pixels → spectrum, as the SVM and the networks see it."""

import numpy as np
from scipy.fft import dct

# ITU-R BT.601, the colour space of JPEG: fakes and photographs differ most in chroma.
RGB_TO_YCC = np.array([[0.299, 0.587, 0.114],
                       [-0.168736, -0.331264, 0.5],
                       [0.5, -0.418688, -0.081312]], np.float32)


def pixels_and_spectrum(images):
    """Flattened pixels and, beside them, the log-magnitude of their DCT in YCbCr, twice.

    One spectrum is of the whole image; the other is of its 8×8 blocks, on the grid on which
    JPEG has quantised them.

    Parameters
    ----------
    images : ndarray of uint8, shape [N, H, W, 3]
        H = W, a multiple of 8.

    Returns
    -------
    ndarray of float32, shape [N, 9·H·W]
    """
    planes = images.astype(np.float32).transpose(0, 3, 1, 2)
    ycc = np.einsum("kc,nchw->nkhw", RGB_TO_YCC, planes)
    spectra = [np.log1p(np.abs(m @ ycc @ m.T)) for m in dct_matrices(images.shape[1])]
    return np.concatenate([part.reshape(len(images), -1) for part in (planes / 255, *spectra)],
                          axis=1)


def dct_matrices(size):
    """Orthonormal DCT-II of a whole side and of its blocks of 8, float32 [size, size] each."""
    whole = dct(np.eye(size), axis=0, norm="ortho")
    blocks = np.kron(np.eye(size // 8), dct(np.eye(8), axis=0, norm="ortho"))
    return whole.astype(np.float32), blocks.astype(np.float32)
