"""What a request holds: fetched one after the other, and no more than is accepted."""

import pytest

from ensemble.errors import FileTooLarge, NotAFile
from page import uploads

ADDRESS = "https://example.com/a.png"


@pytest.fixture
def fetched(monkeypatch):
    """The addresses that were asked for, each of which gives six bytes."""
    asked = []
    monkeypatch.setattr(uploads, "fetch", lambda address: asked.append(address) or b"123456")
    return asked


def test_addresses_are_fetched_when_they_are_needed(fetched):
    for count, content in enumerate(uploads.sources([ADDRESS] * 3), start=1):
        assert content == b"123456" and len(fetched) == count


def test_what_is_more_than_a_request_may_have_fetched_is_an_error_in_its_place(
        fetched, monkeypatch, ensemble):
    monkeypatch.setattr(uploads, "MAX_TOGETHER", 11)
    monkeypatch.setattr(uploads, "is_in_or_equal", lambda *_: True)
    first, second, refused, upload, last = uploads.sources(
        [ADDRESS, "data:;base64,MTIzNDU2", ADDRESS, {"path": "a.png"}, "data:,?"])
    assert (first, second, upload) == (b"123456", b"123456", "a.png")
    assert isinstance(refused, FileTooLarge) and isinstance(last, FileTooLarge)
    assert fetched == [ADDRESS]
    outcomes = list(ensemble.judge_many([refused, b"", last]))
    assert outcomes[0] is refused and outcomes[2] is last


def test_a_uri_that_is_too_long_is_not_decoded():
    with pytest.raises(FileTooLarge, match="26.7 MB"):
        uploads.source("data:;base64," + "?" * (28_000_000 // 3 * 4))
    with pytest.raises(NotAFile, match="base64"):
        uploads.source("data:;base64,????")
