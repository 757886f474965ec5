"""Labelled image files of any size, read when they are needed: a folder or parquet.

Nothing but names, labels and digests is kept, so a data set may be larger than the memory.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from ensemble import OVERSAMPLING
from ensemble.errors import ImageError
from ensemble.images import file_digest, fit_square, open_picture
from ensemble.member import cores
from training.errors import DataError
from training.images.data import LEFT_OUT, Data, deduplicate, labelled
from training.images.sources import Joined, Pixels

BLOCK = 256  # files that are read at a time
NAMED = 10  # unreadable files whose names are printed; all of them stand in the run's folder


@dataclass(frozen=True)
class Files:
    """Labelled image files.

    Attributes
    ----------
    source : sequence
        Gives a file's bytes (or its pixels) by row, and `source.name(row)`.
    rows : ndarray of int64, shape [N]
    labels : ndarray of uint8, shape [N]
        0 for real, 1 for AI-generated, 2 for a GAN's where those are a class of their own.
    digests : ndarray of uint64, shape [N]
        As `training.images.data.Data` has them; zero until the files were checked.
    """

    source: Any
    rows: np.ndarray
    labels: np.ndarray
    digests: np.ndarray

    def __len__(self):
        return len(self.rows)

    def take(self, index):
        """The files of an index or mask."""
        return Files(self.source, self.rows[index], self.labels[index], self.digests[index])

    def join(self, other):
        """These files, then the other's."""
        return Files(Joined(self.source, other.source),
                     np.concatenate([self.rows, other.rows + len(self.source)]),
                     np.concatenate([self.labels, other.labels]),
                     np.concatenate([self.digests, other.digests]))

    def name(self, i):
        """What file `i` is called."""
        return self.source.name(self.rows[i])

    def image(self, i, size):
        """File `i` as the members see it, uint8 [size, size, 3].

        Raises
        ------
        DataError
            If it can't be read, with its name.
        """
        try:
            return fit_square(_picture(self.source[self.rows[i]], size).rgb, size)
        except ImageError as error:
            raise DataError(f"{self.name(i)}: {error}") from error

    def images(self, rows, size):
        """The files of some rows as the members see them, uint8 [N, size, size, 3]."""
        return np.stack([self.image(i, size) for i in rows])

    def batches(self, size, batch=100):
        """All files in their order, as arrays of up to `batch` images."""
        for start in range(0, len(self), batch):
            yield self.images(range(start, min(start + batch, len(self))), size)


def find(path, real=None, ai=None):
    """All files of `training.images.data.labelled`, which says what is taken and raised."""
    source, labels = labelled(path, real, ai)
    files = Files(source, np.arange(len(source)), labels, np.zeros(len(source), np.uint64))
    return files.take(labels != LEFT_OUT)


def check(files, size, once=True):
    """Decode every file once: which can be read, which are there twice.

    Parameters
    ----------
    files : Files
    size : int
        Side in pixels that they will be read at.
    once : bool
        Keep the first of byte-identical files only.

    Returns
    -------
    files : Files
        Those that can be read, with digests.
    facts : dict
        `unreadable`, a list of [name, reason]; `duplicates`, how many were left out; and
        `max_side`, the longest side among the files that are left.
    """
    digests, sides = np.zeros(len(files), np.uint64), np.zeros(len(files), np.int32)
    unreadable = []

    def one(i):
        try:
            data = files.source[files.rows[i]]
            picture = _picture(data, size)
        except (ImageError, OSError) as error:
            return str(error)
        digest = file_digest(data) if isinstance(data, bytes) else file_digest(data.tobytes())
        digests[i] = int.from_bytes(digest, "big")
        sides[i] = max(picture.width, picture.height)

    with ThreadPoolExecutor(cores()) as pool, tqdm(total=len(files), desc="check", unit="img",
                                                   mininterval=1) as bar:
        # In blocks: a pool that is given all files at once holds a task for each of them.
        for start in range(0, len(files), BLOCK):
            block = range(start, min(start + BLOCK, len(files)))
            unreadable += [(i, why) for i, why in zip(block, pool.map(one, block)) if why]
            bar.update(len(block))
    good = np.ones(len(files), bool)
    good[[i for i, _ in unreadable]] = False
    readable = Files(files.source, files.rows, files.labels, digests).take(good)
    kept = deduplicate(readable) if once else readable
    return kept, {"unreadable": [[files.name(i), why] for i, why in unreadable],
                  "duplicates": len(readable) - len(kept),
                  "max_side": int(sides.max(initial=0))}


def load_files(path, size, real=None, ai=None, once=True):
    """`find`, then `check`, and say what was left out and what was read as what.

    Returns
    -------
    files : Files
    facts : dict
        Of `check`.

    Raises
    ------
    DataError
        As `find`, and if no file of a class can be read.
    """
    files, facts = check(find(path, real, ai), size, once)
    bad = facts["unreadable"]
    for name, why in bad[:NAMED]:
        print(f"skipped {name}: {why}")
    if len(bad) > NAMED:
        print(f"skipped {len(bad) - NAMED} more")
    counts = np.bincount(files.labels, minlength=2)
    if not counts[:2].all():
        raise DataError(f"{path}: of a class no file can be read; {len(bad)} files are no image.")
    print(f"{path}: {counts[0]:,} real and {counts[1:].sum():,} AI-generated images; skipped "
          f"{len(bad):,} unreadable and {facts['duplicates']:,} duplicate files")
    return files, facts


def in_memory(files, size):
    """The images of a few files, as data."""
    images = files.images(range(len(files)), size)
    return Data(images, files.labels, files.digests, np.zeros(len(files), np.uint8))


def of_data(data, label):
    """Images in memory, as files of one label."""
    return Files(Pixels(data.images), np.arange(len(data)),
                 np.full(len(data), label, np.uint8), data.digests)


def _picture(data, size):
    # As the app reads an upload, large JPEGs at a reduced scale.
    return open_picture(data, at_least=OVERSAMPLING * size)
