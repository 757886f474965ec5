"""python -m ensemble IMAGE ... [--json]: judge images on the command line.

python -m ensemble score SOURCE ... --out TABLE: judge millions, see ensemble/score.
"""

import argparse
import io
import json
import sys

from ensemble import Ensemble, ImageError, score
from ensemble.evidence import trust
from ensemble.evidence.trust import TrustError
from ensemble.pack import PackError
from ensemble.vocabulary import CREDENTIALS, MARK, MODELS, NOTES
from ensemble.vote import percent

# What an answer rests on, in words.
BECAUSE = {CREDENTIALS: "because of its Content Credentials",
           MARK: "because of a mark in its pixels", NOTES: "because of notes in the file",
           MODELS: "going by the models"}


def main(arguments=None, prog="python -m ensemble",
         epilog="`python -m ensemble score --help`: judge millions of files into a table."):
    """Judge the images; 0 if all could be judged, 1 if not, 2 if the command was wrong."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["score"]:
        return score.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog=prog, epilog=epilog,
        description="Real or AI? First what a file proves, then the vote of three models.")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="image file")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--pack", metavar="FOLDER",
                        help="pack to judge with (default: PACK_REPO on the Hub if set, "
                             "else the shipped one)")
    options = parser.parse_args(arguments)
    try:
        trust.anchors()  # if C2PA_TRUST can't be read, stop before the first image
        ensemble = Ensemble.load(options.pack)
    except (PackError, TrustError) as error:
        print(error, file=sys.stderr)
        return 2
    if ensemble.notice:
        print(ensemble.notice, file=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):  # not every file has a name in Unicode
        sys.stdout.reconfigure(errors="surrogateescape")
    failed = False
    for name, outcome in zip(options.images, ensemble.judge_many(options.images)):
        failed |= isinstance(outcome, ImageError)
        print(as_json(name, outcome) if options.json else as_text(name, outcome))
    return int(failed)


def as_json(name, outcome):
    """One line of JSON for a verdict or an error."""
    return json.dumps({"file": name, **outcome.as_dict()}, ensure_ascii=False)


def as_text(name, outcome):
    """A few lines for people for a verdict or an error."""
    name = one_line(name)
    if isinstance(outcome, ImageError):
        return f"{name}: not judged. {one_line(str(outcome))}"
    votes = ", ".join(f"{vote.member} {percent(vote.p_ai)}" for vote in outcome.votes)
    return "\n  ".join([
        f"{name}: {outcome.answer}, {BECAUSE[outcome.because]}",
        *(note.sentence() for note in outcome.evidence),
        f"The models vote {outcome.label} {outcome.agreement}, {outcome.certainty}; probability "
        f"of AI {percent(outcome.p_ai)} ({votes}).",
        *map(str, outcome.reasons)])


def one_line(text):
    """A text that may come from a file's name, without what would break or forge a line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


if __name__ == "__main__":
    sys.exit(main())
