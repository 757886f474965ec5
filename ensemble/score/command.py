"""The command: lists, plans, judges, writes, and says what came of it."""

import argparse
import os
import signal
import sys
from collections import Counter
from functools import partial

from joblib import effective_n_jobs
from tqdm import tqdm

from ensemble.evidence import trust
from ensemble.evidence.trust import TrustError
from ensemble.pack import PackError
from ensemble.score import rows, work
from ensemble.score.errors import ScoreError
from ensemble.score.listing import listed
from ensemble.score.parts import Parts
from ensemble.score.plan import Plan
from ensemble.score.pool import judged, workers
from ensemble.vocabulary import AI, CANT_TELL, PARTLY, REAL

# Files in a part; fewer where there are few, so that each worker has some of them.
MOST, LEAST = 512, 16
INTERRUPTED = 130  # what a shell gives for Ctrl+C


def main(arguments):
    """Run the command; parameters and result as for `ensemble.score.main`."""
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _score(options)
    except KeyboardInterrupt:
        print(f"Stopped. What was judged is in {options.out}; the same command goes on from there.",
              file=sys.stderr)
        return INTERRUPTED
    except (ScoreError, PackError, TrustError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        signal.signal(signal.SIGTERM, before)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m ensemble score",
        description="Judge many files into a table. A second run judges only what is missing.",
        epilog="Exit status: 0 if all files in the table could be judged, 1 if not, 2 if the "
               "command was wrong, 130 if it was stopped.")
    parser.add_argument("sources", nargs="+", metavar="SOURCE",
                        help="folder, quoted glob, list (.txt or .lst, or - for the standard "
                             "input) or file; a path or an address, as s3://bucket/folder")
    parser.add_argument("--out", required=True, metavar="TABLE",
                        help="folder for the table's parts, as verdicts.parquet; a path or address")
    parser.add_argument("--pack", metavar="FOLDER", type=os.path.abspath,
                        help="pack to judge with (default: as without `score`)")
    parser.add_argument("--jobs", type=_positive, metavar="N",
                        help="files judged at a time (default: as many as there are cores)")
    parser.add_argument("--dask", metavar="ADDRESS",
                        help="scheduler of a Dask cluster that judges, as tcp://HOST:8786")
    return parser


def _score(options):
    trust.anchors()  # if C2PA_TRUST can't be read, stop before the first file
    ensemble = work.load(options.pack)
    if ensemble.notice:
        print(ensemble.notice, file=sys.stderr)
    packs = work.fingerprint(ensemble)
    parts = Parts(options.out, packs)
    with parts.locked(), workers(options.dask):
        plan = _plan(options.sources, parts)
        count, missing = plan.counts()
        print(f"{count:,} files listed, {missing:,} of them to judge", file=sys.stderr)
        # At least two, as joblib takes this process for one, and a file may kill it.
        jobs = options.jobs or max(2, effective_n_jobs(-1))
        chunks = plan.chunks(min(MOST, max(LEAST, missing // (4 * jobs))))
        judge = partial(work.judge, folder=os.getcwd(), pack=options.pack)
        with _progress("judged", missing) as progress:
            for table in judged(judge, chunks, jobs, partial(_died, packs)):
                parts.write(table)
                progress.update(len(table))
    return _summarise(options.out, parts.answers())


def _plan(sources, parts):
    """What is to do; rows of files that have changed since are taken out of the table here."""
    plan = Plan()
    for part, held in parts.held():
        plan.hold(part, held)
    with _progress("listed") as progress:
        for file in listed(sources):
            if not parts.holds(file.name):
                plan.list(file)
                progress.update()
    # Before they are judged anew, so that no moment knows two rows of a file.
    for part, names in plan.stale():
        parts.remove(part, names)
    plan.forget_stale()
    return plan


def _died(packs, file):
    error = ScoreError("The process that judged it died, perhaps for want of memory.")
    return rows.table([file], [error], packs)


def _progress(what, total=None):
    # A log file gets a line now and then.
    return tqdm(total=total, desc=what, unit=" files", disable=total == 0,
                mininterval=0.5 if sys.stderr.isatty() else 30)


def _summarise(out, answers: Counter):
    failed = answers.pop(None, 0)
    print(f"{out}: {answers.total() + failed:,} files")
    for answer in (AI, PARTLY, REAL, CANT_TELL):
        print(f"{answers[answer]:>12,}  {answer}")
    if failed:
        print(f"{failed:>12,}  not judged; columns error and message say why")
    return int(failed > 0)


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not {number}")
    return number
