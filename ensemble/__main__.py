"""python -m ensemble IMAGE ... [--json]: judge images on the command line."""

import argparse
import json
import sys

from ensemble import Ensemble, ImageError
from ensemble.evidence import trust
from ensemble.evidence.trust import TrustError
from ensemble.pack import PackError
from ensemble.vocabulary import CREDENTIALS, MARK, MODELS, NOTES
from ensemble.vote import percent

# What an answer rests on, in words.
BECAUSE = {CREDENTIALS: "because of its Content Credentials",
           MARK: "because of a mark in its pixels", NOTES: "because of notes in the file",
           MODELS: "going by the models"}


def main(arguments=None):
    """Judge the images; 0 if all could be judged, 1 if not, 2 if the command was wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m ensemble", description="Real or AI? Three models vote on each image.")
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
    if isinstance(outcome, ImageError):
        return f"{name}: not judged. {outcome}"
    votes = ", ".join(f"{vote.member} {percent(vote.p_ai)}" for vote in outcome.votes)
    return "\n  ".join([
        f"{name}: {outcome.answer}, {BECAUSE[outcome.because]}",
        *(note.sentence() for note in outcome.evidence),
        f"The models vote {outcome.label} {outcome.agreement}, {outcome.certainty}; probability "
        f"of AI {percent(outcome.p_ai)} ({votes}).",
        *map(str, outcome.reasons)])


if __name__ == "__main__":
    sys.exit(main())
