"""python -m benchmarks.scale NAME=FOLDER ...: what a million pictures cost.

`python -m ensemble score` judges some pictures of each folder, drawn at random. What was measured
goes to benchmarks/scale.json, and from there into docs/scale.md. Processor seconds are counted, not
those that pass, so that other work on the machine changes little.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ensemble.member import cores
from training.markdown import count, table, write_between

ROOT = Path(__file__).parent.parent
REPORT, PAGE = ROOT / "benchmarks" / "scale.json", ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
MILLION = 1_000_000


def main(arguments=None):
    """Measure, and write the report and the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("folders", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--files", type=int, default=1000, help="of each (default: %(default)s)")
    options = parser.parse_args(arguments)
    report = {"cores": cores(), "pictures": {
        name: measure(folder, options.files)
        for name, folder in (pair.split("=", 1) for pair in options.folders)}}
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    write_between(PAGE, BEGIN, END, in_words(report))


def measure(folder, files):
    """Judge some of a folder's pictures.

    Parameters
    ----------
    folder : path
    files : int

    Returns
    -------
    dict
        What they are and what they took, all processes together; of the memory, the largest one's.
    """
    names = sorted(str(path) for path in Path(folder).resolve().rglob("*") if path.is_file())
    names = random.Random(0).sample(names, min(files, len(names)))
    with tempfile.TemporaryDirectory() as place:
        listing, out = Path(place, "names.txt"), Path(place, "verdicts.parquet")
        listing.write_text("\n".join(names))
        start, before = time.perf_counter(), _processor_seconds()
        subprocess.run([sys.executable, "-m", "ensemble", "score", listing, "--out", out],
                       cwd=ROOT, check=False)
        seconds, processor = time.perf_counter() - start, _processor_seconds() - before
        written = sum(part.stat().st_size for part in out.glob("*.parquet"))
    return {"files": len(names), "bytes": sum(os.path.getsize(name) for name in names),
            "seconds": round(seconds, 1), "processor_seconds": round(processor, 1),
            "table_bytes": written,
            "peak_megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024}


def in_words(report):
    """The report as a table in Markdown, each row scaled up to a million pictures."""
    rows = []
    for name, measured in report["pictures"].items():
        scale = MILLION / measured["files"]
        rows.append([
            name, count(measured["files"]), f"{measured['bytes'] / measured['files'] / 1000:,.0f}",
            f"{measured['processor_seconds'] / measured['files'] * 1000:,.0f}",
            f"{measured['processor_seconds'] * scale / 3600:,.1f}",
            f"{measured['bytes'] * scale / 1e9:,.0f}",
            f"{measured['table_bytes'] * scale / 1e6:,.0f}",
            count(measured["peak_megabytes"])])
    return table(["pictures", "measured", "kB each", "ms of a core each", "core hours a million",
                  "GB read", "MB of table", "MB of memory a process"], rows)


def _processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
