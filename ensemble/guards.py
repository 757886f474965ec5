"""What Pillow leaves to its caller: small files that would fill the memory or never end."""

import re

from PIL import TiffImagePlugin

# The next segment of a JPEG: its marker, and its length unless it is the end of the image.
SEGMENT = re.compile(rb"\xff(?:(\xd9)|([\xc0-\xcf\xda-\xfe])(..))", re.DOTALL)
MAX_SEGMENTS, MAX_SCANS = 1000, 100
# Parts of a PNG, or of a GIF before its picture, and such that belong to comments.
MAX_PARTS, MAX_COMMENTS = 100_000, 2000


def repeats_itself(jpeg):
    """Whether a JPEG has more parts than any camera or editor writes.

    Each scan costs a pass over the whole picture, each EXIF segment a copy of those before it.
    """
    at = scans = 0
    for _ in range(MAX_SEGMENTS):
        segment = SEGMENT.search(jpeg, at)
        if not segment or segment[1] and scans:
            return False
        scans += segment[2] == b"\xda"
        if scans > MAX_SCANS:
            return True
        at = segment.end() + (max(int.from_bytes(segment[3], "big") - 2, 0) if segment[3] else 0)
    return True


def flooded(data):
    """"PNG" or "GIF" if a file of these has more parts than any program writes, else None.

    Pillow takes a microsecond or two for each; and it joins a GIF's comments one by one, so that
    those of 5 MB take minutes.
    """
    for name, start, counts in (("PNG", b"\x89PNG", _png_parts), ("GIF", b"GIF8", _gif_parts)):
        if data.startswith(start) and any(
                count > most for count, most in zip(counts(data), (MAX_PARTS, MAX_COMMENTS))):
            return name
    return None


def _png_parts(data):
    """How many chunks a PNG has."""
    at, parts = 8, 0
    while data[at + 4:at + 8] not in (b"IEND", b"") and parts <= MAX_PARTS:
        at += 12 + int.from_bytes(data[at:at + 4], "big")
        parts += 1
    return parts,


def _gif_parts(data):
    """How many parts there are before a GIF's first picture, and how many in comments.

    A part is a block of an extension, or a byte that means nothing.
    """
    at, parts, comments = 13 + (3 << data[10] % 8 + 1 if data[10:11] > b"\x7f" else 0), 0, 0
    while at + 1 < len(data) and data[at] not in b",;" and parts <= MAX_PARTS:
        parts += 1
        if data[at] != 0x21:
            at += 1
            continue
        in_comment, at = data[at + 1] == 0xFE, at + 2
        while at < len(data) and data[at] and parts <= MAX_PARTS:
            at += 1 + data[at]
            parts += 1
            comments += in_comment
        at += 1
        comments += in_comment
    return parts, comments


class Directory(TiffImagePlugin.ImageFileDirectory_v2):
    """A TIFF or EXIF directory whose entries, together, are no larger than the file.

    Pillow copies what each entry points to, though thousands may point to the same megabytes.
    """

    def load(self, fp):
        """Read the entries; ValueError if they overlap by far."""
        super().load(_Metered(fp))


# For every format, and for the directories that Pillow reads while it opens a file.
TiffImagePlugin.ImageFileDirectory_v2 = Directory


class _Metered:
    """A file of which no more can be read than twice its size."""

    def __init__(self, file):
        self.seek, self.tell, self._file = file.seek, file.tell, file
        here = file.tell()
        self._left = 2 * file.seek(0, 2) + 2**20
        file.seek(here)

    def read(self, count):
        """Read as a file does; each call counts as 100 bytes more, for the time that it takes."""
        self._left -= count + 100
        if self._left < 0:
            raise ValueError("The entries of the directory repeat the file's content.")
        return self._file.read(count)
