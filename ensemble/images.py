"""Untrusted file → RGB array, and RGB array → what the members see.

This is the only preprocessing in the project: training reads its files through
`open_picture` and `fit_square` too, so what is trained is what is served.
"""

import hashlib
import io
import math
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import ExifTags, Image

from ensemble import guards
from ensemble.colours import to_rgb
from ensemble.errors import (
    DamagedImage,
    EmptyFile,
    FileTooLarge,
    ImageError,
    NotAFile,
    NothingToSee,
    TooManyPixels,
    UnsupportedFormat,
)

pillow_heif.register_heif_opener()

MAX_BYTES = 25 * 2**20
MAX_PIXELS = 50_000_000
MAX_SIDE = 2**16  # pixels; no JPEG, WebP or GIF is longer, and rows cost more than their pixels
MIN_SIDE = 16  # pixels; of fewer, members would see nothing but interpolation
# A picture whose channels all deviate less than this from their mean, in levels of 255, is flat.
FLAT = 1.0
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "HEIF")
# First bytes of other files that people send, and the key of the error for each.
OTHER_FILES = {b"%PDF": "pdf", b"<": "markup", b"8BPS": "photoshop", b"PK\3\4": "archive",
               b"\0\0\0\x0cJXL ": "jpeg_xl", b"\xff\x0a": "jpeg_xl"}
# EXIF's orientation → an upright picture's pixels in the order in which its file has them.
STORED: dict[int, Callable] = {
    2: lambda rgb: rgb[:, ::-1], 3: lambda rgb: rgb[::-1, ::-1], 4: lambda rgb: rgb[::-1],
    5: lambda rgb: rgb.swapaxes(0, 1), 6: np.rot90,
    7: lambda rgb: rgb[::-1, ::-1].swapaxes(0, 1), 8: lambda rgb: np.rot90(rgb, -1)}
FILTERS = {f.name.lower(): f for f in Image.Resampling}
FILE = str, Path, bytes, bytearray, memoryview
# Pillow warns of broken metadata and large pictures; neither is news to the visitor. Once for the
# process: `warnings.catch_warnings` is not thread-safe and would leave filters behind.
warnings.filterwarnings("ignore", module="PIL")


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
        sRGB values, upright; a large JPEG may be smaller than `width` × `height`.
    width, height : int
        Size in pixels as the viewer sees it, after the EXIF orientation.
    digest : bytes or None
        First 8 bytes of the file's SHA-256; None if there was no file.
    alpha : ndarray of uint8, shape [H, W], or None
        The alpha channel as it is stored, for what may be hidden in it; None if the picture has
        none or is opaque.
    evidence : tuple of ensemble.evidence.provenance.Note
        What the file says of its origin; see `ensemble.evidence`.
    """

    rgb: np.ndarray
    width: int
    height: int
    digest: bytes | None = None
    alpha: np.ndarray | None = None
    evidence: tuple = ()


def file_digest(data):
    """First 8 bytes of the SHA-256 of a file's bytes: the name of a training file in a pack."""
    return hashlib.sha256(data).digest()[:8]


def open_picture(source, at_least=None):
    """Check and decode one image.

    Parameters
    ----------
    source : path, bytes, PIL.Image.Image or ndarray of uint8 [H, W, 3]
        The image. Files and bytes are untrusted: size, format and pixel count are
        checked on the header, before anything is decoded.
    at_least : int, optional
        Decode a JPEG at 1/2, 1/4 or 1/8 scale (in its DCT, so without aliasing)
        as long as both sides stay at least this many pixels.

    Returns
    -------
    Picture

    Raises
    ------
    NotAFile, EmptyFile, FileTooLarge, UnsupportedFormat, TooManyPixels, DamagedImage
        All of them `ImageError`, with a message for people.
    TypeError
        If `source` is of none of the types above.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _from_pil(source)
    if not isinstance(source, FILE):
        raise TypeError(f"An image is a path, bytes, a PIL image or a uint8 array [H, W, 3]; "
                        f"given {type(source).__name__}.")
    return _decode(read_bytes(source), at_least)


def read_bytes(source):
    """The bytes of an untrusted file.

    Parameters
    ----------
    source : path or bytes

    Returns
    -------
    bytes
        At least one, at most `MAX_BYTES`.

    Raises
    ------
    NotAFile, EmptyFile, FileTooLarge
        All of them `ImageError`, with a message for people.
    TypeError
        If `source` is of neither type.
    """
    if not isinstance(source, FILE):
        raise TypeError(f"A file is a path or bytes; given {type(source).__name__}.")
    data = _read(Path(source)) if isinstance(source, (str, Path)) else bytes(source)
    if not data:
        raise EmptyFile("empty")
    check_bytes(len(data))
    return data


def check_bytes(size):
    """Refuse a file of more than `MAX_BYTES` bytes.

    Raises
    ------
    FileTooLarge
    """
    if size > MAX_BYTES:
        raise FileTooLarge("file_too_large", megabytes=f"{size / 2**20:.1f}",
                           most=MAX_BYTES // 2**20)


def fit_square(rgb, size, resample="bilinear"):
    """Bring an image to the members' input size.

    An image that is already `size` × `size` passes untouched. Of any other the centre
    square is resized in one step with an antialiasing filter (Pillow widens the filter's
    support with the reduction, so every source pixel counts).

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    size : int
        Side of the result in pixels.
    resample : {"bilinear", "hamming", "bicubic", "box", "lanczos", "nearest"}
        The filter. It matters more than the model: see the pack's manifest.

    Returns
    -------
    ndarray of uint8, shape [size, size, 3]
    """
    height, width = rgb.shape[:2]
    if (height, width) == (size, size):
        return rgb
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    square = Image.fromarray(rgb).resize((size, size), FILTERS[resample],
                                         box=(left, top, left + side, top + side))
    return np.asarray(square)


def check_content(picture):
    """Refuse a picture in which there is nothing to judge.

    Parameters
    ----------
    picture : Picture

    Raises
    ------
    NothingToSee
        If a side has fewer than `MIN_SIDE` pixels, or the picture is practically of one colour.
    """
    if min(picture.width, picture.height) < MIN_SIDE:
        raise NothingToSee("too_few_pixels", width=picture.width, height=picture.height,
                           least=MIN_SIDE)
    # A grid of at most 128 pixels a side tells as much as all of them.
    rows, columns = (math.ceil(side / 128) for side in picture.rgb.shape[:2])
    if picture.rgb[::rows, ::columns].std(axis=(0, 1)).max() < FLAT:
        raise NothingToSee("flat")


def _from_array(array):
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise TypeError(f"An image array is uint8 [H, W, 3]; "
                        f"given {array.dtype} {list(array.shape)}.")
    _check_pixels(array.shape[1], array.shape[0])
    return Picture(array, array.shape[1], array.shape[0])


def _read(path):
    try:
        if path.is_dir():
            raise NotAFile("folder", name=path.name)
        check_bytes(path.stat().st_size)
        with open(path, "rb", opener=_at_once) as file:
            return file.read(MAX_BYTES + 1)  # a pipe or device has no size to check before
    except (OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise NotAFile("unreadable", name=path.name, reason=reason) from error


def _at_once(path, flags):
    """Open a file without waiting: into a pipe that has no writer nobody may ever write."""
    os.set_blocking(file := os.open(path, flags | getattr(os, "O_NONBLOCK", 0)), True)
    return file


def _check_pixels(width, height):
    if width * height == 0:
        raise DamagedImage("no_pixels", width=width, height=height)
    if width * height > MAX_PIXELS:
        raise TooManyPixels("too_many_pixels", width=width, height=height,
                            most=MAX_PIXELS // 10**6)


def _decode(data, at_least):
    if data.startswith(b"\xff\xd8") and guards.repeats_itself(data):
        raise DamagedImage("repetitive")
    if name := guards.flooded(data):
        raise DamagedImage("damaged", format=name)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise TooManyPixels("far_too_many_pixels", most=MAX_PIXELS // 10**6,
                            megapixels=2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6) from error
    except Exception as error:  # decoders of untrusted bytes raise whatever they meet
        raise _unreadable(data) from error
    with image:
        if max(image.size) > MAX_SIDE and math.prod(image.size) <= MAX_PIXELS:
            raise DamagedImage("damaged", format=image.format)
        return replace(_from_pil(image, at_least), digest=file_digest(data))


def _unreadable(data):
    """The error for a file that no decoder opens: damaged, or something else altogether."""
    for name in FORMATS:
        accepts = Image.OPEN[name][1]
        if accepts and accepts(data[:16]):
            return DamagedImage("damaged", format=name)
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    plain = text[:512].isascii() and b"\0" not in text[:512]
    return UnsupportedFormat(next((key for start, key in OTHER_FILES.items()
                                   if text.startswith(start)),
                                  "text" if plain else "unknown_format"))


def _from_pil(image, at_least=None):
    """PIL image → Picture, upright, with the size that it has in full."""
    width, height = image.size
    _check_pixels(width, height)
    try:
        if at_least and image.format in ("JPEG", "MPO"):
            image.draft(None, (at_least, at_least))
        image.load()  # before its EXIF is read: a TIFF turns itself upright here
        orientation = None
        with suppress(Exception):  # broken EXIF is no reason to refuse the picture
            orientation = image.getexif().get(ExifTags.Base.Orientation)
        lying = orientation in (5, 6, 7, 8)
        rgb = np.empty((*(image.size if lying else image.size[::-1]), 3), np.uint8)
        to_rgb(image, STORED[orientation](rgb) if orientation in STORED else rgb)
        alpha = _alpha(image)
    except Exception as error:
        raise DamagedImage("damaged", format=image.format or "image") from error
    return Picture(rgb, *((height, width) if lying else (width, height)), alpha=alpha)


def _alpha(image):
    """The alpha channel as it is stored; None if there is none or it hides nothing."""
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    return None if alpha is None or alpha.getextrema() == (255, 255) else np.asarray(alpha)
