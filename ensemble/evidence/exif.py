"""EXIF: the tags of a TIFF structure that say where a picture comes from, and their text."""

import struct
from contextlib import suppress

MAX_VALUE, MAX_ENTRIES = 2**20, 1000  # bytes of one value, entries of a directory
# The tags that are read. The latitude only tells whether the file has a place at all.
TAGS = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software",
        0x013B: "Artist", 0x02BC: "XMP", 0x8769: "Exif", 0x8825: "GPS",
        0x9003: "DateTimeOriginal", 0x9286: "UserComment", 0x0002: "GPSLatitude"}
SHOWN = set(TAGS.values()) - {"XMP", "Exif", "GPS"}
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8, 13: 4, 129: 1}  # bytes, by EXIF type


def read_tags(block):
    """Read a TIFF structure, with or without EXIF's own header.

    Parameters
    ----------
    block : bytes
        Untrusted; what is damaged is left out.

    Returns
    -------
    dict of str to bytes
        Values of `TAGS`, by name; `GPSLatitude` is empty.
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if not order or len(block) < 8:
        return {}

    def number(value):
        return int.from_bytes(value[:4], "little" if order == "<" else "big")
    values = _directory(block, number(block[4:8]), order)
    if "Exif" in values:
        values = _directory(block, number(values.pop("Exif")), order) | values
    place = "GPS" in values and _directory(block, number(values.pop("GPS")), order)
    values.pop("GPSLatitude", None)
    return values | ({"GPSLatitude": b""} if place and "GPSLatitude" in place else {})


def decoded(value):
    """The text of a value; a comment names its encoding in its first eight bytes."""
    if value.startswith(b"UNICODE\0"):  # in either byte order, whatever the file's own is
        texts = [value[8:].decode(name, "replace") for name in ("utf-16-be", "utf-16-le")]
        return max(texts, key=lambda text: sum(map(str.isascii, text)))
    if value.startswith((b"ASCII\0\0\0", bytes(8))):
        value = value[8:]
    return value.partition(b"\0")[0].decode("utf-8", "replace")


def _directory(block, start, order):
    values = {}
    with suppress(struct.error):  # cut short, or not where it should be
        count, = struct.unpack_from(order + "H", block, start)
        for entry in range(start + 2, start + 2 + 12 * min(count, MAX_ENTRIES), 12):
            tag, value_type, number, value = struct.unpack_from(order + "HHII", block, entry)
            size = number * SIZES.get(value_type, 0)
            start_of_value = entry + 8 if size <= 4 else value
            if tag in TAGS and TAGS[tag] not in values:
                values[TAGS[tag]] = block[start_of_value:start_of_value + min(size, MAX_VALUE)]
    return values
