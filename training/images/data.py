"""Labelled images: told apart, read, de-duplicated, split, fingerprinted.

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
from tqdm import trange

from ensemble.errors import ImageError
from ensemble.images import file_digest, open_picture
from training.errors import DataError
from training.images.sources import Folder, from_parquet

FAKE, REAL = 0, 1
# What CIFAKE's images show: CIFAR-10's classes. "0001.jpg" is of the first, "0001 (4).jpg" of the
# fourth.
OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIZE = 32
# How data sets spell their classes: CIFAKE's numbers, and words in small letters.
SPELLINGS = {
    0: {"real", "reals", "realart", "realimages", "realfaces", "trainingreal", "photo", "photos",
        "human", "authentic", str(REAL)},
    1: {"fake", "fakes", "ai", "aiart", "aiartdata", "aigenerated", "aiimages", "generated",
        "synthetic", "diffusion", "fakeimages", "fakefaces", "trainingfake", str(FAKE)},
    2: {"gan", "gans", "dcgan"},
}
LEFT_OUT = 255  # a class that is neither of the two that were named


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
    objects : ndarray of uint8, shape [N]
        What is shown, an index into `OBJECTS`.
    """

    images: np.ndarray
    labels: np.ndarray
    digests: np.ndarray
    objects: np.ndarray

    def __len__(self):
        return len(self.labels)

    def take(self, index):
        """The rows of an index or mask."""
        return Data(*(column[index] for column in self._columns()))

    def join(self, other):
        """These rows, then the other's."""
        return Data(*(np.concatenate(pair) for pair in zip(self._columns(), other._columns())))

    def _columns(self):
        return self.images, self.labels, self.digests, self.objects


def load(path, size=SIZE):
    """Read one split of CIFAKE, or of data of one size as it has.

    Parameters
    ----------
    path : path
        As for `labelled`: Kaggle's layout is such a folder, the Hub's such a parquet file.
    size : int
        Side of the images in pixels.

    Returns
    -------
    Data
        In the order of the file, or by name within a folder.

    Raises
    ------
    DataError
        As `labelled`, and if an image can't be read or is of another size (named).
    """
    path = Path(path)
    source, labels = labelled(path)
    images = np.empty((len(source), size, size, 3), np.uint8)
    digests, objects = np.empty(len(source), np.uint64), np.empty(len(source), np.uint8)
    for i in trange(len(source), desc=f"read {path.name}", unit="img", mininterval=1):
        data, name = source[i], source.name(i)
        try:
            rgb = open_picture(data).rgb
        except ImageError as error:
            raise DataError(f"{path}: {name}: {error}") from error
        if rgb.shape != (size, size, 3):
            raise DataError(f"{path}: {name}: the image has {rgb.shape[1]} × {rgb.shape[0]} "
                            f"pixels, not {size} × {size}.")
        images[i], objects[i] = rgb, _object(name)
        digests[i] = int.from_bytes(file_digest(data), "big")
    return Data(images, np.minimum(labels, 1), digests, objects)


def labelled(path, real=None, ai=None):
    """Image files of a folder or a parquet file, unread, and what each of them is.

    Parameters
    ----------
    path : path
        A folder with one sub-folder a class, searched through all levels, or a parquet file with
        the columns `image{bytes, path}` and `label`.
    real, ai : str, optional
        What the two classes are called, where `class_labels` can't know.

    Returns
    -------
    source : Folder or Packed
        Of `training.images.sources`.
    labels : ndarray of uint8, shape [N]
        0 for real, 1 for AI-generated, 2 for a GAN's where those are a class of their own;
        `LEFT_OUT` for other classes.

    Raises
    ------
    DataError
        Missing path, classes that can't be told, wrong columns, or a class without files.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder.")
    if path.is_dir():
        folders = sorted(p.name for p in path.iterdir() if p.is_dir())
        known = class_labels(folders, real, ai, path)
        of_class = {name: sorted(p for p in (path / name).rglob("*") if p.is_file())
                    for name in known}
        source = Folder([p for paths in of_class.values() for p in paths], path)
        labels = np.repeat([known[name] for name in of_class], [len(p) for p in of_class.values()])
    else:
        source, words = from_parquet(path)
        known = class_labels(sorted(set(words)), real, ai, path)
        labels = np.array([known.get(word, LEFT_OUT) for word in words])
    for label, word in ((0, "real"), (1, "AI-generated")):
        if not (labels == label).any():
            raise DataError(f"{path}: the class of {word} images has no files.")
    return source, labels.astype(np.uint8)


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


def load_parts(path):
    """CIFAKE's train split without its duplicates, cut into what is trained on and validation.

    Parameters
    ----------
    path : path
        As for `load`.

    Returns
    -------
    train, validation : Data
    """
    return split(deduplicate(load(path)))


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


def _object(name):
    number = re.search(r"\((\d+)\)\.\w+$", name)
    index = int(number[1]) - 1 if number else 0
    return index if index < len(OBJECTS) else 0


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
