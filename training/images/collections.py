"""Pictures of many collections: read, put into folds, weighed.

A model learns the look of a collection sooner than that of a generator, so everything here keeps
whole collections together.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from pyarrow import ArrowInvalid
from tqdm import tqdm

from ensemble.errors import ImageError
from ensemble.images import open_picture
from training.errors import DataError
from training.images.data import FAKE, REAL

FOLDS = 5
# The share of AI-generated pictures that visitors are expected to bring. The training data has
# more, but to call a real picture AI-generated is the worse mistake.
AI_SHARE = 1 / 3
COLUMNS = ("label", "source", "generator")
SD1 = "Stable Diffusion 1.x"
# Names of generators, the first that fits; the rest keep the name that the data gives them.
NAMES = {
    SD1: r"stable[ -]diffusion[ -](1|v1)|\bSD ?1\.(x|\d+$)|stable-diffusion-v1",
    "Stable Diffusion 2.1": r"stable-diffusion-2|\bSD ?2",
}
# What reports call them, the first that fits: collections write much about few pictures.
REPORTED = {
    "Lovable's own generator": r"\bLovable\b(?!.*\bGemini\b)|rest Lovable default",
    "Google Gemini, Imagen, Nano Banana": r"Google|Gemini|Nano Banana|Imagen",
    "GPT-4o, GPT-Image": r"GPT|8 of 8 marked",
    "DALL-E 3": r"DALL-E 3",
    "DALL-E 2": r"DALL-E 2|DALL-E$",
    "Midjourney": r"Midjourney",
    "SDXL": r"SDXL",
    SD1: SD1,
    "Stable Diffusion 2.1": r"Stable Diffusion 2",
    "Stable Diffusion, version unknown": r"^Stable Diffusion",
    "FLUX": r"by path: flux|^Flux",
    "latent diffusion before Stable Diffusion": r"\bLDM\b",
    "GLID-3-XL": r"GLID",
    "StyleGAN and other GANs": r"StyleGAN|doesnotexist|facenotexist",
    "Seedream 5": r"Seedream",
    "HunyuanDiT": r"Hunyuan",
    "other open models": r"by path",
}
UNNAMED = "not named"
# Generators that share their last step, the one that leaves traces, are of one family.
FAMILIES = {
    "GPT and Gemini": r"GPT|Gemini|Google|Imagen|Nano Banana",
    "Stable Diffusion": r"Stable Diffusion|\bSD ?\d|\bLDM\b",
    "DALL-E": r"DALL-E",
    "Midjourney": r"Midjourney",
    "StyleGAN": r"StyleGAN|doesnotexist|facenotexist",
    "FLUX": r"FLUX",
}
# Generators that a collection's column doesn't name. Without them its faces and their real
# counterparts would be in another fold than those of the other collection of such faces.
MADE_BY = {"dinablachman": "StyleGAN2"}


@dataclass(frozen=True)
class Photos:
    """Labelled pictures of many sources, of any size.

    Attributes
    ----------
    pictures : ndarray of object, shape [N]
        Each uint8 [H, W, 3].
    labels : ndarray of uint8, shape [N]
        1 for AI-generated, 0 for real.
    sources, generators : ndarray of str, shape [N]
        The collection that a picture is of, and what made it; "" for a real one.
    groups : ndarray of str, shape [N]
        Collections of one origin or one builder, which are never parted; the collection itself
        where the data names no group.
    digests : ndarray of uint64, shape [N]
        First 8 bytes of each file's SHA-256, big-endian.
    """

    pictures: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    generators: np.ndarray
    groups: np.ndarray
    digests: np.ndarray

    def __len__(self):
        return len(self.labels)

    def take(self, index):
        """The rows of an index or mask."""
        return Photos(self.pictures[index], self.labels[index], self.sources[index],
                      self.generators[index], self.groups[index], self.digests[index])


def load(path, column=None):
    """Read a parquet of pictures.

    Parameters
    ----------
    path : path
        Parquet with `image{bytes, path}`, `label` (FAKE = 0, REAL = 1), `source`, `generator`
        and, if it has one, `group`.
    column : str, optional
        Of the pictures; by default `whole` where the data has it, else `image`.

    Returns
    -------
    Photos
        In the order of the file.

    Raises
    ------
    DataError
        No such file, not a parquet, a column missing, another label, a source without a
        name, or a picture that can't be read (named).
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.")
    try:
        table = parquet.read_table(path)
    except ArrowInvalid as error:
        raise DataError(f"{path}: not a parquet file: {error}") from error
    column = column or ("whole" if "whole" in table.column_names else "image")
    if missing := {column, *COLUMNS} - set(table.column_names):
        raise DataError(f"{path}: the column {' and '.join(sorted(missing))} is missing; "
                        f"found {', '.join(table.column_names)}.")
    classes, sources = table["label"].to_pylist(), table["source"].to_pylist()
    if not set(classes) <= {FAKE, REAL}:
        raise DataError(f"{path}: labels are {FAKE} (FAKE) and {REAL} (REAL); "
                        f"found {sorted(set(classes), key=str)}.")
    if not all(sources):
        raise DataError(f"{path}: row {[bool(s) for s in sources].index(False)} names no source.")
    pictures, digests = np.empty(table.num_rows, object), np.zeros(table.num_rows, np.uint64)
    for i, row in enumerate(tqdm(table[column].to_pylist(), f"read {path.name}", mininterval=1)):
        try:
            picture = open_picture(row["bytes"])
        except (ImageError, TypeError) as error:
            raise DataError(f"{path}: row {i}, {row.get('path')}: {error}") from error
        pictures[i], digests[i] = picture.rgb, int.from_bytes(picture.digest, "big")
    groups = table["group"].to_pylist() if "group" in table.column_names else sources
    columns = zip(table["generator"].to_pylist(), sources, classes)
    generators = [name_of(generator or "", source) if label == FAKE else ""
                  for generator, source, label in columns]
    return Photos(pictures, (np.asarray(classes) == FAKE).astype(np.uint8), np.array(sources),
                  np.array(generators), np.array(groups), digests)


def name_of(generator, source=""):
    """One name for a generator that collections write in different ways, or not at all."""
    generator = MADE_BY.get(source, generator)
    return _first(NAMES, generator) or generator


def reported_name(generator):
    """The name by which a report counts a generator, as `name_of` gives it."""
    return _first(REPORTED, generator) or UNNAMED


def family_of(generator):
    """The family of a generator; its own name if it is of none of `FAMILIES`."""
    return _first(FAMILIES, generator) or generator


def fold(photos, count=FOLDS):
    """Put every group of collections into one of `count` folds, those of one family into the same.

    A group of several families goes with the one that made most of its pictures (the first of
    `FAMILIES` if two did). The largest family comes first and goes where its label has the
    fewest pictures; so the same groups give the same folds.

    Parameters
    ----------
    photos : Photos or Originals
    count : int

    Returns
    -------
    ndarray of int, shape [N]

    Raises
    ------
    DataError
        If a fold gets no real picture or none that is AI-generated.
    """
    families = {}
    for group in np.unique(photos.groups):
        made = photos.generators[(photos.groups == group) & (photos.labels == 1)]
        families.setdefault(_family(made, group), []).append(group)
    folds, sizes = np.full(len(photos), -1), np.zeros((count, 2), int)
    masks = [np.isin(photos.groups, groups) for groups in families.values()]
    counts = [np.bincount(photos.labels[mask], minlength=2) for mask in masks]
    # Those with AI-generated pictures first, since real pictures can fill up any fold.
    for i in sorted(range(len(masks)), key=lambda i: (-counts[i][1], -counts[i][0])):
        emptiest = np.lexsort((sizes[:, 0], sizes[:, 1] if counts[i][1] else sizes[:, 0]))[0]
        folds[masks[i]] = emptiest
        sizes[emptiest] += counts[i]
    if (sizes == 0).any():
        raise DataError(f"{len(families)} families and groups can't fill {count} folds with real "
                        f"and AI-generated pictures each; they got {sizes.tolist()} (real, AI).")
    return folds


def source_weights(labels, sources):
    """Weights that give AI-generated pictures `AI_SHARE`, and each source the root of its size.

    Equal weights would let the largest source rule; equal sources would let sixteen pictures
    count as much as a thousand.

    Parameters
    ----------
    labels : ndarray of {0, 1}, shape [N]
    sources : ndarray of str, shape [N]

    Returns
    -------
    ndarray of float64, shape [N]
        Of mean 1.
    """
    weights = np.zeros(len(labels))
    for label, share in ((0, 1 - AI_SHARE), (1, AI_SHARE)):
        of_label = labels == label
        _, source, sizes = np.unique(sources[of_label], return_inverse=True, return_counts=True)
        weights[of_label] = 1 / np.sqrt(sizes[source])
        weights[of_label] *= len(labels) * share / max(weights[of_label].sum(), 1e-12)
    return weights


def _first(patterns, generator):
    return next((name for name, pattern in patterns.items()
                 if re.search(pattern, generator, re.IGNORECASE)), None)


def _family(generators, group):
    """The family that made most of a group's pictures, or the group's name if it is of none."""
    names = [family_of(generator) for generator in generators]
    known = [name for name in FAMILIES if name in names]
    return max(known, key=names.count) if known else str(group)
