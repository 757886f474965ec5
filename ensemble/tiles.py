"""What members see of a picture: the whole, reduced, and tiles cut at the picture's own size.

A generator leaves its traces in the finest pixels, which are gone from the whole once it is
reduced; the tiles keep them. Training cuts them here too, so what is trained is what is served.
"""

import numpy as np
from PIL import Image

from ensemble.images import fit_square

# Pixels: a larger picture is halved for its tiles as long as its shorter side stays this long.
# Large files are photographs that nobody looks at pixel by pixel, and their decoder can halve them.
OWN_SIDE = 1024


def cut(rgb, size, resample, grid):
    """The whole and the tiles of a picture.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    size : int
        Side of what the members see, in pixels.
    resample : str
        Filter that reduces the whole; see `fit_square`.
    grid : int
        Tiles along each side of the picture's centre square, spread evenly from edge to edge.

    Returns
    -------
    ndarray of uint8, shape [1 + grid², size, size, 3]
        The centre square as a whole, then its tiles, row by row. A picture with a side below
        `size` is enlarged for its tiles.
    """
    whole = fit_square(rgb, size, resample)
    square = _centre_square(rgb, size, resample)
    starts = np.linspace(0, len(square) - size, grid).round().astype(int)
    tiles = [square[top:top + size, left:left + size] for top in starts for left in starts]
    return np.stack([whole, *tiles])


def _centre_square(rgb, size, resample):
    """The centre square at the size that its tiles are cut from."""
    halvings = max(0, (min(rgb.shape[:2]) // OWN_SIDE).bit_length() - 1)
    if halvings:
        rgb = np.asarray(Image.fromarray(rgb).reduce(2 ** halvings))
    height, width = rgb.shape[:2]
    side = min(height, width)
    if side < size:
        return fit_square(rgb, size, resample)
    top, left = (height - side) // 2, (width - side) // 2
    return rgb[top:top + side, left:left + side]
