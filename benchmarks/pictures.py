"""Pictures made of chance, for loads: they hold nothing to see, but cost what pictures cost."""

import io

import numpy as np
from PIL import Image

FORMATS = (("JPEG", {"quality": 90}), ("PNG", {"compress_level": 1}),
           ("WEBP", {"quality": 80, "method": 0}))


def small_files(seed=0):
    """Files of all sorts and of two packs' sizes, the last four of which can't be judged.

    Returns
    -------
    list of bytes
    """
    rng = np.random.default_rng(seed)
    files = [encoded(picture(rng, width, height), format, options)
             for width, height in ((32, 32), (64, 48), (320, 240), (640, 480))
             for format, options in FORMATS]
    photograph = files[-3]  # a JPEG
    return [*files, photograph[:len(photograph) // 3], b"<p>not an image</p>", b"",
            encoded(Image.new("RGB", (64, 64), "gray"), "PNG", {})]


def photographs(megapixels, seed=0):
    """A dozen files in three formats, from one twelfth of the largest size up to it.

    Parameters
    ----------
    megapixels : float
        Of the largest; each format has one of nearly that size.

    Returns
    -------
    list of bytes
    """
    rng = np.random.default_rng(seed)
    files = []
    for step in range(1, 13):
        pixels = megapixels * 1e6 * step / 12
        height = round((pixels * 3 / 4) ** 0.5)
        format, options = FORMATS[step % len(FORMATS)]
        files.append(encoded(picture(rng, round(pixels / height), height), format, options))
    return files


def picture(rng, width, height, grain=3):
    """Soft shapes with a little noise.

    Parameters
    ----------
    rng : numpy.random.Generator
    width, height : int
        In pixels.
    grain : int
        The noise's levels of 255, up and down; with 12, a JPEG is as large as a camera's.

    Returns
    -------
    PIL.Image.Image
    """
    shapes = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    soft = np.asarray(shapes.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noise = rng.integers(-grain, grain + 1, (64, 64, 3), dtype=np.int16)
    noise = np.tile(noise, (height // 64 + 1, width // 64 + 1, 1))[:height, :width]
    return Image.fromarray((soft + noise).clip(0, 255).astype(np.uint8))


def encoded(image, format, options):
    """The bytes of an image file."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()
