"""Runtimes of one model, run in turn on the same images: how long, and how near."""

import os
import platform
import time
from pathlib import Path

import numpy as np
from tqdm import trange

BATCH = 100
PER = 10_000  # images that the times in a report are for


def side_by_side(runtimes, images, name="judge"):
    """Judge every batch with all runtimes; who is first changes with every batch.

    Parameters
    ----------
    runtimes : dict of str to function
        By its name, each `uint8 [N, H, W, 3] → p_ai [N]`.
    images : ndarray of uint8, shape [N, H, W, 3]
    name : str
        For the progress bar.

    Returns
    -------
    p_ai : dict of str to ndarray, shape [N]
    took : dict of str to dict
        `seconds` on the clock and `cpu_seconds` of all threads for `PER` images: medians over
        the batches.
    """
    order = list(runtimes)
    p_ai, took = ({engine: [] for engine in order} for _ in range(2))
    for engine in order:
        runtimes[engine](images[:BATCH])  # the first call makes room for a batch of this size
    for start in trange(0, len(images), BATCH, desc=name, mininterval=1):
        batch = images[start:start + BATCH]
        for engine in order:
            clock, cpu = time.perf_counter(), time.process_time()
            p_ai[engine].append(runtimes[engine](batch))
            spent = time.perf_counter() - clock, time.process_time() - cpu
            took[engine].append(np.array(spent) / len(batch))
        order = order[1:] + order[:1]
    return ({engine: np.concatenate(parts) for engine, parts in p_ai.items()},
            {engine: dict(zip(("seconds", "cpu_seconds"),
                            (PER * np.median(times, axis=0)).tolist()))
             for engine, times in took.items()})


def agreement(expected, given):
    """How near the probabilities of two runtimes are.

    Parameters
    ----------
    expected, given : ndarray, shape [N]

    Returns
    -------
    dict
        `largest` and `mean` difference of `p_ai`, and the share of the `same_labels`.
    """
    apart = np.abs(expected.astype(np.float64) - given)
    return {"largest": float(apart.max()), "mean": float(apart.mean()),
            "same_labels": float(np.mean((expected >= 0.5) == (given >= 0.5)))}


def machine():
    """The processor's name where Linux tells it, else its architecture; and how many cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"
