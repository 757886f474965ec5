"""The cases by number: first the files that are built, then damaged ones without end."""

import pickle
from pathlib import Path

import numpy as np

from tests.fuzz import built
from tests.fuzz.mutations import damaged

SIGNED = 0.01  # share of files with Content Credentials: reading them takes a process of its own


class Cases:
    """Name and bytes of each case.

    Parameters
    ----------
    path : path
        A file of seeds, which `write` has written.
    seed : int
        Of the damages.
    """

    def __init__(self, path, seed):
        self.seeds = pickle.loads(Path(path).read_bytes())
        self.built, self.seed = list(built.make().items()), seed
        self.signed = [name for name in self.seeds if "signed" in name]
        self.unsigned = [name for name in self.seeds if "signed" not in name]

    def __getitem__(self, number):
        if number < len(self.built):
            name, make = self.built[number]
            return name, make()
        rng = np.random.default_rng((self.seed, number))
        first, second = (names[rng.integers(len(names))] for names in (
            self.signed if rng.random() < SIGNED else self.unsigned for _ in range(2)))
        data, damages = damaged(self.seeds[first], self.seeds[second], rng)
        return f"{first}: {', '.join(damages)}", data


def write(seeds, path):
    """Write seeds, by name, where `Cases` finds them: signing makes them new each time."""
    Path(path).write_bytes(pickle.dumps(seeds))
