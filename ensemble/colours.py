"""Decoded image of any mode → RGB in sRGB, alpha over white."""

import io
from contextlib import suppress

import numpy as np
from PIL import Image, ImageCms

BAND = 2**20  # pixels that are converted at a time, as each is held several times meanwhile


def to_rgb(image, out):
    """Convert whatever Pillow has decoded, a band of rows after the other.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode, its `info` as it was read.
    out : ndarray of uint8, shape [H, W, 3]
        Is filled: of the image's height and width, and of any strides.
    """
    deep = image.mode.startswith("I") or image.mode == "F"
    top = max(float(_values(band).max(initial=0)) for _, band in _bands(image)) if deep else 0
    transform = None
    for row, band in _bands(image):
        band = _opaque(_to_8_bit(band, top) if deep else band)
        if row == 0:
            transform = _transform(band.mode, image.info.get("icc_profile"))
        out[row:row + band.height] = np.asarray(
            ImageCms.applyTransform(band, transform) if transform else band.convert("RGB"))


def _bands(image):
    """(first row, rows) of an image, from the top."""
    height = max(1, BAND // max(image.width, 1))
    if image.height <= height:
        yield 0, image
        return
    for row in range(0, image.height, height):
        yield row, image.crop((0, row, image.width, min(row + height, image.height)))


def _opaque(image):
    """A mode that a colour profile may be of, without transparency."""
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    return image if image.mode in ("L", "RGB", "CMYK", "LAB") else image.convert("RGB")


def _transform(mode, profile):
    """From the profile to sRGB; None if there is none, or it is broken or unfit for the mode."""
    with suppress(Exception):
        if mode == "LAB":
            profile = ImageCms.createProfile("LAB")
        elif profile:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if profile:
            return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    return None


def _values(image):
    """16-bit, 32-bit and floating-point greyscale, as finite numbers of 32 bits."""
    return np.nan_to_num(np.asarray(image, dtype=np.float32))


def _to_8_bit(image, top):
    """Deep greyscale → 8 bits, by the range that the values of the whole picture use."""
    values = _values(image)
    transparent = values == image.info.get("transparency")
    scales = {"F": (1, 255, 65535), "I": (255, 65535)}.get(image.mode, (65535,))
    full = next((f for f in scales if top <= f), top)
    values *= 255 / full
    np.rint(values, out=values).clip(0, 255, out=values)
    values[transparent] = 255
    return Image.fromarray(values.astype(np.uint8))
