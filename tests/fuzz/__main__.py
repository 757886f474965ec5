"""python -m tests.fuzz [--count N] [--seed N]: judge bad files, or refuse them, at a bounded cost.

A file that fails is kept in runs/fuzz/failing, and the report says how to judge it again.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean

from tests.fuzz import cases, judging, seeds
from tests.servers import ROOT

GROWTH = 32 * 2**20  # bytes by which a process may grow in the second half of its cases
COSTLIEST = 5  # cases that the report names
MOST_DEATHS = 20  # of a job, which ends then


def main(arguments=None):
    """Judge the cases; 0 if none failed, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="cases (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=int(time.time()),
                        help="of the damages (default: the time)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--seeds", metavar="FOLDER", help="of more whole files to be damaged")
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "fuzz", metavar="FOLDER",
                        help="for report.json and files that fail (default: runs/fuzz)")
    parser.add_argument("--file", type=Path, help="judge this file alone")
    options = parser.parse_args(arguments)
    if options.file:
        line = judging.judge_alone(options.file)
        print(line.get("failing") or json.dumps(line))
        return int("failing" in line)
    (options.out / "failing").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seeds"
        cases.write(seeds.make() | (seeds.taken(options.seeds) if options.seeds else {}), path)
        with ThreadPoolExecutor(options.jobs) as pool:
            jobs = list(pool.map(lambda job: judge_job(options, path, job), range(options.jobs)))
    report = summary(options, jobs)
    text = json.dumps(report, indent=2)
    (options.out / "report.json").write_text(text + "\n")
    print(text)
    return int(bool(report["failing"]))


def judge_job(options, seeds_path, job):
    """What became of every so manieth case; after one that its process dies of, another goes on."""
    lines, first, deaths = [], job, 0
    while first < options.count and deaths < MOST_DEATHS:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as errors:
            command = [sys.executable, "-m", "tests.fuzz.judging", seeds_path, folder,
                       *map(str, (options.seed, first, options.count, options.jobs))]
            with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                                  stderr=errors) as process:
                for text in process.stdout:
                    lines.append(json.loads(text))
                    first = lines[-1]["number"] + options.jobs
                    if "failing" in lines[-1]:
                        keep(lines[-1], folder, options)
                    if job == 0 and len(lines) % 1000 == 0:
                        print(f"{first:,} of {options.count:,}", file=sys.stderr, flush=True)
            errors.seek(0)
            printed = errors.read()[-4000:]  # libtiff complains of damages there, which is well
            if process.returncode or "Traceback" in printed:
                lines.append({"number": first, "name": "?", "outcome": "died",
                              "failing": f"Ended with {process.returncode}: {printed}"})
                keep(lines[-1], folder, options)
                first, deaths = first + options.jobs, deaths + 1
    return lines


def keep(line, folder, options):
    """Move the file that failed to where it can be judged again."""
    for path in Path(folder).iterdir():
        kept = options.out.resolve() / "failing" / f"{options.seed}-{line['number']}"
        shutil.move(path, kept)
        line["again"] = f"{sys.executable} -m tests.fuzz --file {kept}"


def summary(options, jobs):
    """The report of what became of the cases, by job."""
    lines = [line for job in jobs for line in job]
    whole = [line for line in lines if "seconds" in line]
    failing = [line for line in lines if "failing" in line]
    resident = []
    for job in jobs:
        sizes = [line["resident"] for line in job if "resident" in line]
        tenth = len(sizes) // 10
        if tenth:
            middle, last = mean(sizes[5 * tenth:6 * tenth]), mean(sizes[-tenth:])
            resident.append([round(size / 2**20) for size in (mean(sizes[:tenth]), middle, last)])
            if last > middle + GROWTH:
                failing.append({"failing": "A process grew.", "resident": resident[-1]})
    outcomes = defaultdict(Counter)
    for line in lines:
        outcomes[line["name"].split()[0]][line["outcome"]] += 1

    def costliest(name):
        lines = sorted(whole, key=lambda line: line[name], reverse=True)[:COSTLIEST]
        return [{key: line[key] for key in ("number", "name", name)} for line in lines]

    return {"seed": options.seed, "cases": len(whole),
            "by_models": sum(line.get("by_models", 0) for line in lines),
            "processor_seconds": round(sum(line["seconds"] for line in whole), 1),
            "outcomes": dict(sum(outcomes.values(), Counter())),
            "outcomes_by_seed": {name: dict(outcomes[name]) for name in sorted(outcomes)},
            "slowest": costliest("seconds"), "largest": costliest("extra"),
            "resident_mb_at_first_in_the_middle_at_last": resident, "failing": failing}


if __name__ == "__main__":
    sys.exit(main())
