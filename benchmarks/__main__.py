"""python -m benchmarks: speed, each pair measured in turn in one run, so the ratio counts."""

import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from ensemble import Ensemble

ROOT = Path(__file__).parent.parent
EXAMPLE = next(iter(sorted((ROOT / "examples").glob("*/*.png"))))
PHOTOGRAPHS = sorted((ROOT / "examples" / "real" / "full").iterdir())
RUNS = 5


def main():
    """Print the table."""
    first_verdict()
    one_image()
    twin()


def first_verdict():
    """Process start to the first verdict, beside the import of TensorFlow alone."""
    verdict = [sys.executable, "-m", "ensemble", str(EXAMPLE), "--json"]
    usual = [sys.executable, "-c", "import tensorflow"]
    pairs = [(_seconds(verdict), _seconds(usual)) for _ in range(RUNS + 1)][1:]  # first warms up
    ours, theirs = (statistics.median(column) for column in zip(*pairs))
    print(f"process start to first verdict   {ours:.2f} s\n"
          f"import tensorflow                {theirs:.2f} s\n"
          f"ratio, median of {RUNS} pairs       "
          f"{statistics.median(a / b for a, b in pairs):.2f}")


def one_image():
    """One image through each member of each pack and through all, in one warm process."""
    for models in Ensemble.load().packs:
        size = models.manifest["input_size"]
        image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
        print(f"pack {models.manifest['name']}, one image of {size} × {size} pixels")
        judge = Ensemble([models]).judge
        for member in models.members:
            print(f"{member.name:<10} {_milliseconds(partial(member, image)):.2f} ms")
        print(f"{'verdict':<10} {_milliseconds(partial(judge, image[0])):.2f} ms")


def twin():
    """The page without a server: what it loads, and a photograph there and here."""
    from web import parity
    from web.build import DIST, build, first_load

    for name, size in first_load(build()).items():
        print(f"twin, before the first answer of {name:<8} {size / 1e6:.1f} MB")
    photographs = {path.name: path.read_bytes() for path in PHOTOGRAPHS}
    with parity.showing(DIST, "chromium") as page:
        parity.by_twin(page, PHOTOGRAPHS[0].read_bytes())  # loads the models
        took = parity.compare(page, Ensemble.load(), photographs)["milliseconds"]
    print(f"twin, a photograph   {took['median']} ms, in the server {took['median_of_server']} ms")


def _seconds(command):
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


def _milliseconds(call, times=200):
    for _ in range(20):
        call()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1000


if __name__ == "__main__":
    main()
