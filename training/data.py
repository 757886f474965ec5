"""CIFAKE in memory: read, de-duplicate, split, fingerprint.

The only module that knows CIFAKE's class order, FAKE = 0 and REAL = 1; everywhere else
the label is 1 for AI-generated, so that it compares with `p_ai`.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ensemble.images import ImageError, file_digest, open_picture

FAKE, REAL = 0, 1
# CIFAR-10's classes in CIFAKE's file names: "0001.jpg" is the first, "0001 (4).jpg" the fourth.
KINDS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIZE = 32
# How data sets spell their classes: CIFAKE's numbers, and words in small letters.
SPELLINGS = {
    0: {"real", "reals", "realart", "realimages", "realfaces", "trainingreal", "photo", "photos",
        "human", "authentic", str(REAL)},
    1: {"fake", "fakes", "ai", "aiart", "aiartdata", "aigenerated", "aiimages", "generated",
        "synthetic", "diffusion", "fakeimages", "fakefaces", "trainingfake", str(FAKE)},
    2: {"gan", "gans", "dcgan"},
}
FAKE_SEEDS = 1_000_000  # seeds of a generator's training fakes begin here, the examples' lie below


class DataError(ValueError):
    """Data that can't be used; the message says where, what was found and what is accepted."""


class WeightsError(RuntimeError):
    """ImageNet weights that can't be had; the message says why and what can be done."""


@dataclass(frozen=True)
class Data:
    """Labelled images.

    Attributes
    ----------
    images : ndarray of uint8, shape [N, 32, 32, 3]
    labels : ndarray of uint8, shape [N]
        1 for AI-generated, 0 for real.
    digests : ndarray of uint64, shape [N]
        First 8 bytes of each file's SHA-256, big-endian.
    kinds : ndarray of uint8, shape [N]
        What is shown, an index into `KINDS`.
    """

    images: np.ndarray
    labels: np.ndarray
    digests: np.ndarray
    kinds: np.ndarray

    def __len__(self):
        return len(self.labels)

    def take(self, index):
        """The rows of an index or mask."""
        return Data(*(column[index] for column in self._columns()))

    def join(self, other):
        """These rows, then the other's."""
        return Data(*(np.concatenate(pair) for pair in zip(self._columns(), other._columns())))

    def _columns(self):
        return self.images, self.labels, self.digests, self.kinds


def load(path, size=SIZE):
    """Read one split of CIFAKE.

    Parameters
    ----------
    path : path
        A folder with `REAL/` and `FAKE/` inside (Kaggle's layout), or a parquet file with the
        columns `image{bytes, path}` and `label` (the Hub's).
    size : int
        Side of the images in pixels.

    Returns
    -------
    Data
        In the order of the file, or FAKE before REAL and by name within a folder.

    Raises
    ------
    DataError
        Missing path, wrong folders or columns, an image that can't be read (named), an
        image of another size (named), or a class without images.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder.")
    names, files, classes = _from_folder(path) if path.is_dir() else _from_parquet(path)
    for value, word in ((FAKE, "FAKE"), (REAL, "REAL")):
        if value not in classes:
            raise DataError(f"{path}: the class {word} has no images.")
    images = np.empty((len(names), size, size, 3), np.uint8)
    digests = np.empty(len(names), np.uint64)
    for i, (name, data) in enumerate(zip(names, tqdm(files, f"read {path.name}", len(names),
                                                     unit="img", mininterval=1))):
        try:
            rgb = open_picture(data).rgb
        except ImageError as error:
            raise DataError(f"{path}: {name}: {error}") from error
        if rgb.shape != (size, size, 3):
            raise DataError(f"{path}: {name}: the image has {rgb.shape[1]} × {rgb.shape[0]} "
                            f"pixels, not {size} × {size}.")
        images[i] = rgb
        digests[i] = int.from_bytes(file_digest(data), "big")
    labels = (np.asarray(classes) == FAKE).astype(np.uint8)
    return Data(images, labels, digests, np.array([_kind(name) for name in names], np.uint8))


def class_labels(names, real=None, ai=None, where="data"):
    """What each class of a data set is.

    Parameters
    ----------
    names : sequence of str
        Of the classes: two, or three with a GAN's images apart.
    real, ai : str, optional
        Which of them is which; without them it is told by `SPELLINGS`. With both, other classes
        but a GAN's are left out.
    where : path
        For the message.

    Returns
    -------
    dict of str to int
        By name: 0 for real, 1 for AI-generated, 2 for a GAN's.

    Raises
    ------
    DataError
        If a class isn't there or can't be told.
    """
    given = {name: label for name, label in ((real, 0), (ai, 1)) if name is not None}
    missing = [name for name in given if name not in names]
    told = {name: given.get(name, _spelt(name)) for name in names}
    if len(given) == 1 and len(names) == 2:
        told = {name: given.get(name, 1 - next(iter(given.values()))) for name in names}
    elif len(given) == 2:
        told = {name: label for name, label in told.items() if name in given or label == 2}
    if missing or sorted(map(str, told.values())) not in (["0", "1"], ["0", "1", "2"]):
        raise DataError(f"{where}: one class of real and one of AI-generated images were expected "
                        f"(and a third, GAN, if you like), found {', '.join(names) or 'none'}. "
                        f"Say which is which with --real NAME --ai NAME.")
    return told


def deduplicate(data):
    """Keep the first of byte-identical files.

    In CIFAKE 920 pairs of the train split's fakes are identical, so a random validation
    split would share images with training.
    """
    _, first = np.unique(data.digests, return_index=True)
    return data.take(np.sort(first))


def split(data, validation=5000, seed=0):
    """Cut a stratified validation part off.

    Parameters
    ----------
    data : Data
    validation : int
        Images in the validation part, half of each class; at most half of a class is taken.
    seed : int

    Returns
    -------
    train, validation : Data
    """
    rng = np.random.default_rng(seed)
    held = np.zeros(len(data), bool)
    for label in np.unique(data.labels):
        rows = np.flatnonzero(data.labels == label)
        count = min(validation // 2, len(rows) // 2)
        held[rng.permutation(rows)[:count]] = True
    return data.take(~held), data.take(held)


def balanced(labels, count, rng):
    """Rows of a random subset of at most `count` images, as many of each class, in order."""
    classes = np.unique(labels)
    rows = [rng.permutation(np.flatnonzero(labels == label))[:count // len(classes)]
            for label in classes]
    return np.sort(np.concatenate(rows))


def fingerprint(data):
    """SHA-256 over the sorted pairs of digest and label: the same files, the same name."""
    order = np.argsort(data.digests, kind="stable")
    digest = hashlib.sha256(data.digests[order].astype(">u8").tobytes())
    digest.update(data.labels[order].tobytes())
    return digest.hexdigest()


def _spelt(name):
    word = re.sub(r"[\W_]", "", name.lower())
    return next((label for label, words in SPELLINGS.items() if word in words), None)


def _kind(name):
    number = re.search(r"\((\d+)\)\.\w+$", name)
    kind = int(number[1]) - 1 if number else 0
    return kind if kind < len(KINDS) else 0


def as_cifake_jpeg(rgb):
    """Store an image as every file of CIFAKE is stored.

    Pillow's default, quality 75 with 4:2:0 chroma, has CIFAKE's very tables (sums 1858 and
    2780), so compression can't tell added fakes from CIFAKE's images.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]

    Returns
    -------
    rgb : ndarray of uint8, shape [H, W, 3]
        Decoded again.
    digest : int
        Of the JPEG file.
    """
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=75)
    data = file.getvalue()
    return open_picture(data).rgb, int.from_bytes(file_digest(data), "big")


def _from_folder(path):
    folders = {"FAKE": FAKE, "REAL": REAL}
    found = sorted(p.name for p in path.iterdir() if p.is_dir())
    if found != sorted(folders):
        raise DataError(f"{path}: the folders FAKE and REAL were expected, "
                        f"found {', '.join(found) or 'none'}.")
    paths, classes = [], []
    for word, value in folders.items():
        of_class = sorted(p for p in (path / word).iterdir() if p.is_file())
        paths += of_class
        classes += [value] * len(of_class)
    return [f"{p.parent.name}/{p.name}" for p in paths], (p.read_bytes() for p in paths), classes


def _from_parquet(path):
    import pyarrow.parquet as parquet
    from pyarrow import ArrowInvalid

    try:
        table = parquet.read_table(path)
    except ArrowInvalid as error:
        raise DataError(f"{path}: not a parquet file: {error}") from error
    missing = {"image", "label"} - set(table.column_names)
    if missing:
        raise DataError(f"{path}: the column {' and '.join(sorted(missing))} is missing; "
                        f"found {', '.join(table.column_names)}.")
    rows = table.column("image").to_pylist()
    if not all(isinstance(row, dict) and isinstance(row.get("bytes"), bytes) for row in rows):
        raise DataError(f"{path}: the column image must hold {{bytes, path}} in every row.")
    classes = table.column("label").to_pylist()
    if not set(classes) <= {FAKE, REAL}:
        raise DataError(f"{path}: labels are {FAKE} (FAKE) and {REAL} (REAL); "
                        f"found {sorted(set(classes))}.")
    names = [row.get("path") or f"row {i}" for i, row in enumerate(rows)]
    return names, [row["bytes"] for row in rows], classes
