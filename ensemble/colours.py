"""Decoded image of any mode → RGB in sRGB, alpha over white."""

import io
from contextlib import suppress

import numpy as np
from PIL import Image, ImageCms


def to_rgb(image):
    """Convert whatever Pillow has decoded.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode, its `info` as it was read.

    Returns
    -------
    PIL.Image.Image
        Of mode RGB.
    """
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    elif image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("RGB")
    with suppress(Exception):  # a profile that is broken or unfit for the image changes nothing
        if image.mode == "LAB":
            profile = ImageCms.createProfile("LAB")
        elif profile:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if profile:
            return ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"),
                                             outputMode="RGB")
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it


def _to_8_bit(image):
    """16-bit, 32-bit and floating-point greyscale → 8 bits, by the range that the values use."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    transparent = values == image.info.get("transparency")
    top = float(values.max(initial=0))
    scales = {"F": (1, 255, 65535), "I": (255, 65535)}.get(image.mode, (65535,))
    full = next((f for f in scales if top <= f), top)
    values *= 255 / full
    np.rint(values, out=values).clip(0, 255, out=values)
    values[transparent] = 255
    return Image.fromarray(values.astype(np.uint8))
