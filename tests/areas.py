"""Which worker runs what, where `pytest -n` runs the tests in several processes."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VISITS = re.compile(r"^def \w+\([^)]*\b(?:browser|server|visit)\b", re.MULTILINE)
# Takes long, and asks the page's browser alone, which starts in a second, not its server.
ALONE = "tests/test_web.py"
# What takes longest is begun first, so that all workers end together.
LONGEST = ("page", "training", ALONE, "tests/score/test_far.py", "tests/test_fuzz.py",
           "tests/score/test_score.py", "tests/test_faults.py", "tests/test_package.py",
           "tests/test_trust.py", "tests/test_pack_from_hub.py", "tests/test_marks.py",
           "tests/test_credentials.py")


@cache
def area(path):
    """The tests of one area share what is slow to start, so one worker runs them all.

    Those of the page share a server and a browser, those of training TensorFlow.

    Parameters
    ----------
    path : str
        Of a test file, from the repository's root; the first part of a test's id.

    Returns
    -------
    str
        "page" or "training"; other files are areas of their own.
    """
    if path.startswith("tests/training/"):
        return "training"
    file = ROOT / path
    return "page" if (path != ALONE and file.is_file()
                      and VISITS.search(file.read_text("utf-8"))) else path


def turn(item):
    """The place of a test in the order in which areas are begun."""
    name = area(item.nodeid.partition("::")[0])
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def scheduler(config, log):
    """Hand out whole areas, in the order of the tests.

    xdist's own marks for this, `--dist loadgroup`, are lost with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Areas(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return area(nodeid.partition("::")[0])

    config.option.loadscopereorder = False  # by their number of tests, which says little
    return Areas(config, log)
