"""The verdicts on the example pictures are those that were written down."""

import json

import pytest

from tests.verdicts import STORED, packs, runtime, verdicts

REMAKE = "A pack has changed: look at its verdicts, then `python -m tests.verdicts`."


@pytest.fixture(scope="module")
def stored():
    return json.loads(STORED.read_text("utf-8"))


@pytest.fixture(autouse=True)
def shipped(monkeypatch):
    """The shipped packs, whatever the environment says."""
    for variable in ("PACK_REPO", "PHOTOS_REPO"):
        monkeypatch.delenv(variable, raising=False)


def test_they_are_of_the_packs_that_are_shipped(stored):
    assert packs() == stored["packs"], REMAKE


def test_every_example_is_judged_as_it_was(stored):
    """To 1e-6; to 1e-4 where another processor or runtime adds up in another order."""
    tolerance = 1e-6 if runtime() == stored["runtime"] else 1e-4
    now = verdicts()
    assert list(now) == list(stored["verdicts"])
    assert {verdict["pack"] for verdict in now.values()} == set(stored["packs"])
    for name, before in stored["verdicts"].items():
        verdict = now[name]
        numbers = [[part.pop("p_ai") for part in (outcome, *outcome["votes"])]
                   for outcome in (verdict, before)]
        assert numbers[0] == pytest.approx(numbers[1], abs=tolerance), name
        assert verdict == before, name
