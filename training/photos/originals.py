"""The original files of the list of pictures: what the pack for photographs is measured on."""

import re
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from ensemble.errors import ImageError
from ensemble.images import file_digest, open_picture
from training.errors import DataError
from training.images.collections import name_of
from training.photos.collect import LIST, file_name, read_list
from training.photos.copies import SIDES

LABELS = {"real": 0, "ai": 1}


@dataclass(frozen=True)
class Originals:
    """Labelled files of many collections.

    Attributes
    ----------
    paths : ndarray of Path, shape [N]
    places : ndarray of str, shape [N]
        Which part of a sheet a picture is: "0,1 of 2x2" is row 0, column 1 of two rows and
        columns; "" for a whole file.
    labels : ndarray of uint8, shape [N]
        1 for AI-generated, 0 for real.
    sources, generators, groups : ndarray of str, shape [N]
        The collection that a picture is of, what made it ("" for a real one), and the collections
        of one origin or one builder, which are never parted.
    """

    paths: np.ndarray
    places: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    generators: np.ndarray
    groups: np.ndarray

    def __len__(self):
        return len(self.labels)

    @cached_property
    def digests(self):
        """First 8 bytes of the SHA-256 of each file, big-endian, uint64 [N]."""
        return np.array([int.from_bytes(file_digest(path.read_bytes()), "big")
                         for path in self.paths], np.uint64)

    def take(self, index):
        """The rows of an index or mask."""
        return Originals(*(getattr(self, column.name)[index] for column in fields(self)))


def read(folder, pictures=LIST):
    """The pictures of a list whose files are in a folder, in the order of the list.

    Parameters
    ----------
    folder : path
        As `collect` fills it.
    pictures : path
        CSV, gzipped or not, with `group`, `collection`, `label`, `generator`, `tile` and what
        `collect` reads.

    Returns
    -------
    Originals

    Raises
    ------
    DataError
        If the list can't be read, or none of its files is in the folder.
    """
    folder = Path(folder)
    rows = [row for row in read_list(pictures) if (folder / file_name(row)).is_file()]
    if not rows:
        raise DataError(f"{folder} holds none of the listed pictures; python -m training collect "
                        f"brings them.")

    def column(name):
        return np.array([row[name] for row in rows])

    return Originals(
        np.array([folder / file_name(row) for row in rows], object), column("tile"),
        np.array([LABELS[row["label"]] for row in rows], np.uint8), column("collection"),
        np.array([name_of(row["generator"], row["collection"]) if row["label"] == "ai" else ""
                  for row in rows]),
        column("group"))


def open_original(path, place=""):
    """The pixels of a file, or of its part of a sheet.

    Returns
    -------
    ndarray of uint8, shape [H, W, 3], or None
        None for a file that visitors can't have judged either: it is too large.
    """
    try:
        # A sheet has parts of its own size; of another file no more is used than the longest side.
        rgb = open_picture(path, None if place else SIDES[1]).rgb
    except ImageError:
        return None
    if not place:
        return rgb
    row, column, rows, columns = map(int, re.findall(r"\d+", place))
    height, width = rgb.shape[0] // rows, rgb.shape[1] // columns
    return rgb[row * height:(row + 1) * height, column * width:(column + 1) * width]
