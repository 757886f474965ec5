"""What the members see, computed once and kept: training and benchmark take it from disk."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ensemble.tiles import cut
from training.photos.copies import COPIES, as_met
from training.photos.members import Front
from training.photos.originals import open_original

RESAMPLE = "lanczos"
MET = "met"  # the variant of an original that is scored; the others are its copies
CHUNK = 32  # pictures whose values lie in one file
SPREAD, REPRESENTATIVE = 70, 60  # every so many originals, and how many, set the scales
EVERY = 6  # of the originals, so many are seen as copies too


def fronts(members, originals, size, grid, seed):
    """What each member sees, its integers' scales set by the first originals that can be opened.

    Parameters
    ----------
    members : dict of str to Member
    originals : Originals
    size, grid, seed : int
        As `of_originals` takes them.

    Returns
    -------
    dict of str to Front
    """
    rows = (met(originals, row, seed) for row in range(0, len(originals), SPREAD))
    pictures = islice((rgb for rgb in rows if rgb is not None), REPRESENTATIVE)
    tiles = np.concatenate([cut(rgb, size, RESAMPLE, grid) for rgb in pictures])
    return {name: Front(member, tiles) for name, member in members.items()}


def of_originals(fronts, originals, size, grid, seed, folder):
    """What the members see of the originals as they are met, and of some of their copies.

    Parameters
    ----------
    fronts : dict of str to Front
    originals : Originals
    size : int
        Side of a tile in pixels.
    grid : int
        Tiles along each side of a picture.
    seed : int
    folder : path
        What was computed is kept there; a broken run goes on.

    Returns
    -------
    dict of str to (ndarray of int, dict of str to ndarray of float16)
        By variant (`met` and `COPIES`): which rows of the originals were seen, shape [K], and what
        each member saw of them, shape [K, tiles, F]. An original that can't be opened is left out.
    """
    def images(row):
        rgb = met(originals, row, seed)
        return None if rgb is None else cut(rgb, size, RESAMPLE, grid)

    def copied(row):
        rgb = met(originals, row, seed)
        return None if rgb is None else np.stack([cut(change(rgb), size, RESAMPLE, grid)
                                                  for change in COPIES.values()])

    rows, values = _kept(fronts, images, range(len(originals)), Path(folder) / MET,
                         "see the originals")
    every, copies = _kept(fronts, copied, range(0, len(originals), EVERY),
                          Path(folder) / "copies", "see their copies")
    return {MET: (rows, values)} | {
        name: (every, {member: seen[:, column] for member, seen in copies.items()})
        for column, name in enumerate(COPIES)}


def met(originals, row, seed):
    """An original as it is met, uint8 [H, W, 3]; None if it can't be opened."""
    rgb = open_original(originals.paths[row], originals.places[row])
    return None if rgb is None else as_met(rgb, np.random.default_rng((seed, row)))


def of_images(fronts, images):
    """What the members see of tiles: uint8 [..., H, W, 3] → by member, float16 [..., F]."""
    flat = images.reshape(-1, *images.shape[-3:])
    return {name: front.see(flat).astype(np.float16).reshape(*images.shape[:-3], -1)
            for name, front in fronts.items()}


def _kept(fronts, images, rows, folder, title):
    """Values of `images(row)`, which is None or tiles, chunk by chunk from disk or computed."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {}
    with ThreadPoolExecutor(2) as pool:  # decoding lets other threads work
        for start in tqdm(range(0, len(rows), CHUNK), title, mininterval=1):
            path, chunk = folder / f"{start:06}.npz", rows[start:start + CHUNK]
            if not path.is_file():
                seen = {f"{name}/{row}": given
                        for row, tiles in zip(chunk, pool.map(images, chunk)) if tiles is not None
                        for name, given in of_images(fronts, tiles).items()}
                half = path.with_suffix(".half.npz")
                np.savez(half, **seen)
                half.replace(path)
            with np.load(path) as file:
                values |= {key: file[key] for key in file.files}
    name = next(iter(fronts))
    known = np.array([row for row in rows if f"{name}/{row}" in values])
    return known, {name: np.stack([values.pop(f"{name}/{row}") for row in known])
                   for name in fronts}
