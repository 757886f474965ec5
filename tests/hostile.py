"""Files made to do harm, and what they cost."""

import json
import struct
import subprocess
import sys
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

from ensemble.images import MAX_BYTES

JUDGED = """if True:
    import json, resource, sys, time
    from ensemble.errors import ImageError
    from ensemble.images import open_picture
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    open_picture(sys.argv[1])
    costs = {}
    for path in sys.argv[2:]:
        before, start = peak(), time.process_time()
        try:
            open_picture(path)
            outcome = "decoded"
        except ImageError as error:
            outcome = type(error).__name__
        costs[path] = outcome, peak() - before, time.process_time() - start
    print(json.dumps(costs))"""


def costs_of_opening(small, files):
    """What `open_picture` makes of files, in a process of its own.

    Parameters
    ----------
    small : path
        A harmless file, opened first.
    files : iterable of path

    Returns
    -------
    dict of str to (str, int, float)
        Of each path "decoded" or the error's name, the bytes by which the memory's peak rose, and
        seconds of the processor.
    """
    result = subprocess.run([sys.executable, "-c", JUDGED, small, *files], text=True, check=True,
                            capture_output=True, cwd=Path(__file__).parent.parent)
    assert not result.stderr
    return json.loads(result.stdout)


def damages(data, count, rng, head=None):
    """Files with bytes changed.

    Of four one is that alone; in the others a part is cut out, repeated or cut off too.

    Parameters
    ----------
    data : bytes
    count : int
    rng : numpy.random.Generator
    head : int, optional
        Only so many of the first bytes are changed.

    Yields
    ------
    bytes
    """
    for case in range(count):
        damaged = bytearray(data)
        for at in rng.integers(0, min(len(data), head or len(data)), rng.integers(1, 9)):
            damaged[at] = rng.integers(256)
        start, stop = sorted(rng.integers(0, len(data), 2))
        if case % 4 == 1:
            del damaged[start:stop]
        elif case % 4 == 2:
            damaged[start:start] = damaged[start:stop]
        elif case % 4 == 3:
            del damaged[max(start, 20):]
        yield bytes(damaged)


@contextmanager
def little_memory():
    """Twice the largest file at most, over what was there."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * MAX_BYTES


def directory(*entries, rest=b""):
    """A TIFF structure of one directory of (tag, type, count, value), and what follows it."""
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + rows + bytes(4) + rest
