"""Many thumbnails through the command line, beside the members alone on batches in memory."""

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.pictures import FORMATS, encoded, picture
from benchmarks.serving import ROOT
from benchmarks.timing import in_turn
from ensemble import BATCH, Ensemble

MANY = 10_000


def measure(files=2000, few=100, rounds=3):
    """How near the command line comes to what its members allow.

    Parameters
    ----------
    files, few : int
        Both numbers are judged: their difference is what files take, the rest is the start.
    rounds : int

    Returns
    -------
    dict
        Thumbnails a second; the shares are of 10,000 files, the start of the process included.
    """
    with tempfile.TemporaryDirectory() as folder:
        names = thumbnails(Path(folder), files)
        calls = {"members": members(files)}
        for door in DOORS:
            for count in (files, few):
                calls[door, count] = lambda door=door, count=count: DOORS[door](
                    names[:count], Path(folder))
        took = {call: statistics.median(seconds)
                for call, seconds in in_turn(calls, rounds, warm_up=0).items()}
    alone = took["members"] / files
    report = {"files": files, "members alone, a second": round(1 / alone, 1)}
    for door in DOORS:
        each = (took[door, files] - took[door, few]) / (files - few)
        all_of_them = took[door, few] + (MANY - few) * each
        report |= {f"{door}, a second": round(MANY / all_of_them, 1),
                   f"{door}, start in s": round(took[door, few] - few * each, 2),
                   f"{door} / members": round(MANY * alone / all_of_them, 3)}
    return report


def thumbnails(folder, count, seed=0):
    """Write JPEGs of 32 × 32 pixels, each another one; their names, a list of str."""
    rng = np.random.default_rng(seed)
    names = [str(folder / f"{place:05}.jpg") for place in range(count)]
    for name in names:
        Path(name).write_bytes(encoded(picture(rng, 32, 32), *FORMATS[0]))
    return names


def members(count):
    """A call in which the members judge so many thumbnails that are in memory, in batches."""
    images = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    ensemble = Ensemble.load()
    models = ensemble.pack_for(ensemble.open(images[0]))

    def call():
        for first in range(0, count, BATCH):
            for member in models.members:
                member(images[first:first + BATCH])

    return call


def as_lines(names, folder):
    """`python -m ensemble --json`."""
    _run("--json", *names)


def as_table(names, folder):
    """`python -m ensemble score`, into a table that isn't there yet."""
    listing, table = folder / "names.txt", folder / "verdicts.parquet"
    listing.write_text("\n".join(names))
    shutil.rmtree(table, ignore_errors=True)
    _run("score", listing, "--out", table)


def _run(*arguments):
    subprocess.run([sys.executable, "-m", "ensemble", *arguments], cwd=ROOT, check=True,
                   capture_output=True)


DOORS = {"--json": as_lines, "score": as_table}
