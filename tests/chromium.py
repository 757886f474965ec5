"""The browser of the tests: `CHROMIUM`, else what is installed, else Playwright's own."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = ("/Applications/Chromium.app/Contents/MacOS/Chromium",
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
INSTALL_SECONDS = 300
MISSING = ("The tests of the page need Chromium or Chrome: install it (apt, dnf or brew install "
           "chromium, or .venv/bin/python -m playwright install --with-deps chromium), or name "
           "the program in the environment variable CHROMIUM{given}.")


def find():
    """The path of a browser that starts, installing Playwright's if there is no other.

    Returns
    -------
    str or None
        Where `CHROMIUM` names a program, that one or none.
    """
    if given := os.environ.get("CHROMIUM"):
        return _started([shutil.which(given)])
    return (_started([*map(shutil.which, NAMES), *APPLICATIONS]) or _started([_playwrights()])
            or _install() and _started([_playwrights()]) or None)


def missing():
    """What to tell somebody without a browser, in one sentence."""
    given = os.environ.get("CHROMIUM")
    return MISSING.format(given=f" ({given!r} doesn't start)" if given else "")


def _started(paths):
    """The first that says which version it is: a browser may be there without its libraries."""
    for path in filter(None, paths):
        with suppress(OSError, subprocess.SubprocessError):
            if subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0:
                return path
    return None


def _playwrights():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _install():
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    with suppress(subprocess.SubprocessError):  # no network, or none that is fast enough
        done = subprocess.run(command, capture_output=True, timeout=INSTALL_SECONDS)
        return done.returncode == 0
    return False
