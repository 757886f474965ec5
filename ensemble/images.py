"""Untrusted file → RGB array, and RGB array → what the members see.

This is the only preprocessing in the project: training reads its files through
`open_picture` and `fit_square` too, so what is trained is what is served.
"""

import hashlib
import io
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import ExifTags, Image

from ensemble import guards
from ensemble.colours import to_rgb

pillow_heif.register_heif_opener()

MAX_BYTES = 25 * 2**20
MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "HEIF")
ACCEPTED = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or HEIC"
# Starts of files that people do send.
OTHER_FILES = {b"%PDF": "a PDF document", b"<": "an SVG drawing or a web page",
               b"8BPS": "a Photoshop document", b"PK\3\4": "a ZIP archive or office document",
               b"\0\0\0\x0cJXL ": "a JPEG XL image", b"\xff\x0a": "a JPEG XL image"}
UPRIGHT = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
           4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
           6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
           8: Image.Transpose.ROTATE_90}
FILTERS = {f.name.lower(): f for f in Image.Resampling}
FILE = str, Path, bytes, bytearray, memoryview


class ImageError(ValueError):
    """An image that can't be judged; the message is written for the visitor."""


class NotAFile(ImageError):
    """The path names nothing that can be read."""


class EmptyFile(ImageError):
    """The file has no bytes."""


class FileTooLarge(ImageError):
    """More than `MAX_BYTES` bytes."""


class UnsupportedFormat(ImageError):
    """Not one of `FORMATS`, or not an image at all."""


class TooManyPixels(ImageError):
    """More than `MAX_PIXELS` pixels."""


class DamagedImage(ImageError):
    """Of an accepted format, but its content can't be decoded."""


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
    """

    rgb: np.ndarray
    width: int
    height: int
    digest: bytes | None = None


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
        rgb, width, height = _from_pil(source)
        return Picture(rgb, width, height)
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
        raise EmptyFile("The file is empty.")
    _check_bytes(len(data))
    return data


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


def _from_array(array):
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise TypeError(f"An image array is uint8 [H, W, 3]; "
                        f"given {array.dtype} {list(array.shape)}.")
    _check_pixels(array.shape[1], array.shape[0])
    return Picture(array, array.shape[1], array.shape[0])


def _read(path):
    try:
        if path.is_dir():
            raise NotAFile(f"{path.name} is a folder; give an image file.")
        _check_bytes(path.stat().st_size)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # a pipe or device has no size to check before
    except (OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise NotAFile(f"{path.name} can't be read: {reason}.") from error


def _check_bytes(size):
    if size > MAX_BYTES:
        raise FileTooLarge(f"The file has {size / 2**20:.1f} MB; "
                           f"at most {MAX_BYTES // 2**20} MB are accepted.")


def _check_pixels(width, height):
    if width * height == 0:
        raise DamagedImage(f"The image has {width} × {height} pixels; there is nothing to see.")
    if width * height > MAX_PIXELS:
        raise TooManyPixels(f"The image has {width} × {height} pixels; "
                            f"at most {MAX_PIXELS // 10**6} megapixels are accepted.")


def _decode(data, at_least):
    if data.startswith(b"\xff\xd8") and guards.repeats_itself(data):
        raise DamagedImage("The JPEG file repeats its parts more often than any camera or editor "
                           "does; it is not decoded.")
    with warnings.catch_warnings():
        # Pillow warns of broken metadata and large pictures; neither is news to the visitor.
        warnings.filterwarnings("ignore", module="PIL")
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError as error:
            many, most = 2 * Image.MAX_IMAGE_PIXELS // 10**6, MAX_PIXELS // 10**6
            raise TooManyPixels(f"The image has over {many} megapixels; "
                                f"at most {most} are accepted.") from error
        except Exception as error:  # decoders of untrusted bytes raise whatever they meet
            raise _unreadable(data) from error
        with image:
            return Picture(*_from_pil(image, at_least), file_digest(data))


def _unreadable(data):
    """The error for a file that no decoder opens: damaged, or something else altogether."""
    for name in FORMATS:
        if Image.OPEN[name][1](data[:16]):
            return _damaged(name)
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    plain = text[:512].isascii() and b"\0" not in text[:512]
    kind = next((kind for start, kind in OTHER_FILES.items() if text.startswith(start)),
                "text" if plain else "of an unknown kind")
    return UnsupportedFormat(f"The file is {kind}; accepted are {ACCEPTED}.")


def _damaged(name):
    return DamagedImage(f"The {name} is damaged, cut short or of a rare kind: it can't be decoded.")


def _from_pil(image, at_least=None):
    """PIL image → uint8 [H, W, 3], and the width and height that it has in full."""
    width, height = image.size
    _check_pixels(width, height)
    try:
        if at_least and image.format in ("JPEG", "MPO"):
            image.draft(None, (at_least, at_least))
        image.load()  # before its EXIF is read: a TIFF turns itself upright here
        orientation = None
        with suppress(Exception):  # broken EXIF is no reason to refuse the picture
            orientation = image.getexif().get(ExifTags.Base.Orientation)
        image = to_rgb(image)
    except Exception as error:
        raise _damaged(image.format or "image") from error
    if orientation in UPRIGHT:
        image = image.transpose(UPRIGHT[orientation])
        if orientation > 4:
            width, height = height, width
    return np.asarray(image), width, height
