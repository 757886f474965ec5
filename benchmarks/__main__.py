"""python -m benchmarks [PART ...]: speed, each figure beside another of the same run.

Writes benchmarks/speed.json, and from there README's table and benchmarks/PROFILE.md. Parts that
are not named keep the figures that they have.
"""

import argparse
import json
import sys

from benchmarks import many, profile, server, speed, start, twin, usual
from benchmarks.serving import ROOT
from training.markdown import write_between
from training.records import write_json

REPORT, PAGE = ROOT / "benchmarks" / "speed.json", ROOT / "benchmarks" / "PROFILE.md"
README = ROOT / "README.md"
# TensorFlow stays in a process and keeps its threads, so what needs it comes last.
PARTS = {"start": start, "many": many, "server": server, "profile": profile, "twin": twin,
         "verdict": usual}


def main(arguments=None):
    """Measure the parts, write what came of them down, and print README's table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    report = json.loads(REPORT.read_text("utf-8")) if REPORT.exists() else {}
    for name, part in PARTS.items():
        if name in options.parts or not options.parts:
            print(f"measuring: {name}", file=sys.stderr)
            report[name] = part.measure()
            write_json(REPORT, report)
    PAGE.write_text(speed.profiles(report), "utf-8")
    write_between(README, speed.BEGIN, speed.END, speed.in_words(report))
    print(speed.in_words(report))


if __name__ == "__main__":
    main()
