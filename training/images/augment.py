"""Offline augmentation: changed copies of a folder's images, as files."""

from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import affine_transform
from tqdm import tqdm

from ensemble.errors import ImageError
from ensemble.images import open_picture
from training.errors import DataError

ROTATION, SHIFT, SHEAR, ZOOM = 40, 0.2, 0.2, 0.2  # degrees; of the side; tangent; of the size


def augment(data, out, copies=1, seed=0):
    """Write changed copies of all images of a folder, in the same sub-folders, as PNG.

    Augment training images only: a copy of a validation image would give its answer away.

    Parameters
    ----------
    data, out : path
        Folders; the second must not lie in the first.
    copies : int
        Of each image.
    seed : int

    Returns
    -------
    dict
        `written`, how many, and `unreadable`, a list of [name, reason].

    Raises
    ------
    DataError
        If there is no such folder, nothing in it can be read, or `out` lies in it.
    """
    data, out = Path(data), Path(out)
    if not data.is_dir():
        raise DataError(f"{data}: there is no such folder.")
    if out.resolve().is_relative_to(data.resolve()):
        raise DataError(f"{out} lies in {data}; the copies would be taken for originals.")
    written, unreadable = 0, []
    paths = sorted(path for path in data.rglob("*") if path.is_file())
    for i, path in enumerate(tqdm(paths, "augment", unit="img", mininterval=1)):
        name = path.relative_to(data)
        try:
            rgb = open_picture(path).rgb
        except ImageError as error:
            unreadable.append([str(name), str(error)])
            continue
        (out / name.parent).mkdir(parents=True, exist_ok=True)
        for copy in range(copies):
            changed = change(rgb, np.random.default_rng((seed, i, copy)))
            # The whole name, so that a.jpg and a.png stay two images.
            Image.fromarray(changed).save(out / name.parent / f"{name.name}-{copy + 1}.png")
            written += 1
    for name, why in unreadable:
        print(f"skipped {name}: {why}")
    if not written:
        raise DataError(f"{data}: no image in it can be read.")
    print(f"{out}: {written:,} images; skipped {len(unreadable):,} unreadable files")
    return {"written": written, "unreadable": unreadable}


def change(rgb, rng):
    """Rotate, shift, shear, zoom and perhaps mirror an image, edges repeated.

    All in one step, so that it is resampled once.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]
    """
    angle = np.deg2rad(rng.uniform(-ROTATION, ROTATION))
    shear, zoom = rng.uniform(-SHEAR, SHEAR), rng.uniform(1 - ZOOM, 1 + ZOOM)
    mirror = rng.choice([-1, 1])
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotate @ [[1, shear], [0, 1]] @ np.diag([1, mirror]) / zoom
    size = np.array(rgb.shape[:2])
    shift = rng.uniform(-SHIFT, SHIFT, 2) * size
    middle = (size - 1) / 2
    # Where the pixels of the result come from: around the middle, then shifted.
    offset = middle - matrix @ middle + shift
    planes = [affine_transform(rgb[..., c].astype(np.float32), matrix, offset, order=1,
                               mode="nearest") for c in range(3)]
    return np.stack(planes, axis=-1).round().clip(0, 255).astype(np.uint8)
