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
    from ensemble.images import ImageError, open_picture
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
