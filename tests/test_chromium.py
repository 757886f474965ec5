"""The tests' own browser: which one is taken, and what is said where there is none."""

import os
import subprocess
import sys

import pytest

from tests import chromium
from tests.servers import ROOT


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Make a program on a PATH that has no other: `programs(name, status)`."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "APPLICATIONS", ())

    def make(name, status=0):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\nexit {status}\n")
        path.chmod(0o755)
        return str(path)

    return make


def test_the_browser_that_is_named_is_taken_or_none(programs, monkeypatch):
    programs("chromium")
    mine, broken = programs("mine"), programs("broken", status=127)
    for given, taken in (("mine", mine), (mine, mine), (broken, None), ("/no/such", None)):
        monkeypatch.setenv("CHROMIUM", given)
        assert chromium.find() == taken
        assert (repr(given) in chromium.missing())


def test_the_first_that_starts_is_taken(programs):
    programs("chromium", status=1)  # Ubuntu's, which only says how to install another
    chrome = programs("google-chrome")
    assert chromium.find() == chrome


@pytest.mark.parametrize("can_install", [True, False])
def test_playwrights_own_is_installed_where_there_is_no_other(programs, monkeypatch, can_install):
    own, asked = f"{os.environ['PATH']}/own", []
    monkeypatch.setattr(chromium, "_playwrights", lambda: own)
    run = subprocess.run

    def install(command, **options):
        if command[1:] != ["-m", "playwright", "install", "chromium"]:
            return run(command, **options)
        asked.append(command)
        if can_install:
            programs("own")
        return subprocess.CompletedProcess(command, not can_install)

    monkeypatch.setattr(subprocess, "run", install)
    assert chromium.find() == (own if can_install else None) and len(asked) == 1
    assert chromium.find() == (own if can_install else None) and len(asked) == 1 + (
        not can_install)


@pytest.mark.parametrize("parallel", [[], ["-n", "2"]])
def test_without_a_browser_no_test_starts_and_one_sentence_says_what_to_install(parallel):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *parallel,
         "tests/test_about.py"], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"CHROMIUM": "/no/such/browser"})
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    told = done.stdout + done.stderr
    assert "'/no/such/browser' doesn't start" in told and "install chromium" in told
    assert "passed" not in told and "failed" not in told and "Traceback" not in told
