"""What happens to an image between its maker and a visitor, one function each.

Every function takes and gives one image, uint8 [H, W, 3]. `CORRUPTIONS` is the test-time matrix
of the robustness report; `any_corruption` draws one for training, of continuous strength.
"""

import io
from functools import partial

import numpy as np
from PIL import Image, ImageEnhance
from scipy.ndimage import gaussian_filter


def jpeg(rgb, quality):
    """Save as JPEG (Pillow's 4:2:0 chroma) and read again."""
    return _saved(rgb, "JPEG", quality)


def webp(rgb, quality):
    """Save as lossy WebP and read again."""
    return _saved(rgb, "WEBP", quality)


def blur(rgb, sigma):
    """Gaussian blur, `sigma` in pixels."""
    return _bytes(gaussian_filter(rgb.astype(np.float32), (sigma, sigma, 0), mode="nearest"))


def noise(rgb, sigma, rng):
    """Gaussian noise for each pixel and channel, `sigma` in steps of 255."""
    return _bytes(rgb + rng.normal(0, sigma, rgb.shape))


def rescale(rgb, side):
    """Reduce (or enlarge) to `side` pixels and bring back, both with Pillow's bicubic filter."""
    small = Image.fromarray(rgb).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(small.resize((rgb.shape[1], rgb.shape[0]), Image.Resampling.BICUBIC))


def crop(rgb, side):
    """Cut the middle out, `side` pixels wide, and enlarge it to the old size, bicubic."""
    top, left = ((length - side) // 2 for length in rgb.shape[:2])
    middle = Image.fromarray(rgb[top:top + side, left:left + side])
    return np.asarray(middle.resize((rgb.shape[1], rgb.shape[0]), Image.Resampling.BICUBIC))


def enhance(rgb, enhancer, factor):
    """Pillow's `Brightness`, `Contrast` or `Color` (saturation) by a factor; 1 changes nothing."""
    return np.asarray(getattr(ImageEnhance, enhancer)(Image.fromarray(rgb)).enhance(factor))


def mirror(rgb):
    """Left becomes right."""
    return np.ascontiguousarray(rgb[:, ::-1])


# The first 19 are the battery of leyixu26/cifake-detection. JPEG q75 is CIFAKE's own setting
# (`data.as_cifake_jpeg`), so it is also the plain re-save.
CORRUPTIONS = {
    **{f"JPEG q{q}": partial(jpeg, quality=q) for q in (90, 75, 60, 40, 25, 10)},
    **{f"blur {s}": partial(blur, sigma=s) for s in (0.3, 0.5, 0.8, 1.0, 1.5)},
    **{f"noise {s}": partial(noise, sigma=s) for s in (2, 4, 8, 16, 32)},
    **{f"rescale {n}": partial(rescale, side=n) for n in (24, 16, 12)},
    **{f"WebP q{q}": partial(webp, quality=q) for q in (80, 50)},
    "darker": partial(enhance, enhancer="Brightness", factor=0.7),
    "brighter": partial(enhance, enhancer="Brightness", factor=1.3),
    "less contrast": partial(enhance, enhancer="Contrast", factor=0.7),
    "more contrast": partial(enhance, enhancer="Contrast", factor=1.3),
    "less colour": partial(enhance, enhancer="Color", factor=0.7),
    "more colour": partial(enhance, enhancer="Color", factor=1.3),
    "crop 28": partial(crop, side=28),
    "mirror": partial(mirror),
}
STRONGEST = ("JPEG q10", "noise 32", "rescale 12")


def corrupted(images, name, seed=0):
    """Every image under one corruption of the matrix.

    Parameters
    ----------
    images : ndarray of uint8, shape [N, H, W, 3]
    name : str
        A key of `CORRUPTIONS`.
    seed : int
        Of the noise.

    Returns
    -------
    ndarray of uint8, shape [N, H, W, 3]
    """
    change = CORRUPTIONS[name]
    if change.func is noise:
        change = partial(change, rng=np.random.default_rng(seed))
    return np.stack([change(rgb) for rgb in images])


def any_corruption(rgb, rng):
    """One image under a random corruption of random strength, for training.

    The ranges take in the matrix without its three strongest.
    """
    choice = rng.integers(7)
    if choice == 0:
        return jpeg(rgb, int(rng.integers(20, 96)))
    if choice == 1:
        return webp(rgb, int(rng.integers(40, 96)))
    if choice == 2:
        return blur(rgb, rng.uniform(0.2, 1.6))
    if choice == 3:
        return noise(rgb, np.exp(rng.uniform(np.log(1), np.log(18))), rng)
    if choice == 4:
        return rescale(rgb, int(rng.integers(15, 31)))
    if choice == 5:
        return crop(rgb, int(rng.integers(26, 32)))
    for name in ("Brightness", "Contrast", "Color"):
        rgb = enhance(rgb, name, rng.uniform(0.65, 1.35))
    return rgb


def _saved(rgb, file_format, quality):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, file_format, quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def _bytes(values):
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
