"""The words of the page: every text in every language, and which language a visitor gets."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from ensemble import Picture
from ensemble.provenance import SENTENCES
from ensemble.vocabulary import AI, REAL
from ensemble.vote import decide
from page import words
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, read_manifest

ENTRIES = {f"{path.stem}.{name}": entry for path in sorted(words.FOLDER.glob("*.json"))
           for name, entry in json.loads(path.read_text("utf-8")).items()}


def asking(header):
    """A request with this Accept-Language."""
    return SimpleNamespace(headers={"accept-language": header} if header else {})


@pytest.mark.parametrize("key", ENTRIES)
def test_every_text_is_there_in_every_language_with_the_same_fields(key):
    entry = ENTRIES[key]
    assert set(entry) == set(words.LANGUAGES)
    fields = {language: sorted(set(words.FIELD.findall(text))) for language, text in entry.items()}
    assert all(found == fields["en"] for found in fields.values()), fields
    tags = {language: sorted(re.findall(r"<[^>]+>", text)) for language, text in entry.items()}
    assert all(found == tags["en"] for found in tags.values()), tags
    assert all(text.strip() for text in entry.values())


def test_thai_and_chinese_are_written_in_their_scripts():
    scripts = {"th": "[\u0e00-\u0e7f]", "zh-TW": "[\u4e00-\u9fff]"}
    for language, script in scripts.items():
        foreign = [key for key, entry in ENTRIES.items() if not re.search(script, entry[language])
                   and re.search("[a-z]{4} [a-z]{2}", entry[language])]
        assert foreign == []


def test_every_key_that_the_code_names_exists():
    named = set()
    for path in [ROOT / "app.py", *(ROOT / "page").glob("*.py")]:
        named |= set(re.findall(r"(?:text|label)\(\s*\"([a-z]+\.[a-z_]+)\"", path.read_text()))
    assert len(named) > 50 and named <= set(ENTRIES)


def test_a_text_is_filled_in():
    assert words.text("panel.leans", label="Real") == "Leans Real"
    assert words.text("panel.leans", "es", label="Real") == "Más bien Real"
    with pytest.raises(KeyError):
        words.text("panel.leans")
    with pytest.raises(KeyError):
        words.text("panel.nothing")
    with pytest.raises(KeyError):
        words.label("panel.nothing")


@pytest.mark.parametrize("header, expected", [
    ("th-TH,th;q=0.9,en;q=0.8", "th"), ("th", "th"), ("zh-TW", "zh-TW"), ("es-MX,en", "es"),
    ("en-GB,th", "en"), ("de-DE,th;q=0.5", "en"), ("zh-CN,zh", "en"), ("", "en"), (None, "en"),
    ("*", "en"), (";;,", "en")])
def test_the_language_is_the_first_that_the_visitor_accepts(header, expected):
    assert words.language(asking(header)) == expected


def test_without_a_request_the_language_is_english():
    assert words.language(None) == "en"


def test_the_browser_gets_every_text_and_every_html_in_its_language():
    marker = words.everywhere(lambda language: f"<p>{words.text('panel.even', language)}</p>")
    key = json.loads(marker.removeprefix("__i18n__"))["key"]
    for language, texts in words.translations().items():
        assert texts[key] == f"<p>{ENTRIES['panel.even'][language]}</p>"
        assert texts["panel.even"] == ENTRIES["panel.even"][language]


def test_every_reason_of_a_verdict_is_translated(tmp_path):
    """All that `decide` can say comes out in the words of the page, the fields in place."""
    manifest = read_manifest(build_tiny_pack(tmp_path))
    manifest["calibration"] = {"weights": [5, 0.1, 0.1], "bias": 0, "confident_from": 0.99}
    large = Picture(np.zeros((1, 1, 3), np.uint8), 900, 700)
    labels = {AI: "generada", REAL: "real"}
    said = {}
    larger = manifest | {"domain": {"min_side": 1000}}
    for p_ai in ([0.9, 0.3, 0.3], [0.6, 0.6, 0.6]):
        for of in (manifest, larger):
            for reason in decide(of, large, p_ai, {}, known=True).reasons:
                said[reason] = words.translated("panel.reason_", reason, "es", labels)
    assert len(said) == 5
    for english, spanish in said.items():
        assert spanish != english
        numbers = [re.findall(r"[\d.]*\d", sentence) for sentence in (english, spanish)]
        assert numbers[0] == numbers[1]
        assert words.translated("panel.reason_", english, "en") == english
    assert "La mayoría de los modelos dice «real»" in " ".join(said.values())


def test_every_sentence_about_a_files_own_notes_is_translated():
    """The English ones are those of the library, word for word."""
    assert {key: words.text(f"provenance.{key}", **dict.fromkeys(words.FIELD.findall(said), "x"))
            for key, said in SENTENCES.items()} == {
        key: words.FIELD.sub("x", said) for key, said in SENTENCES.items()}


def test_an_unknown_sentence_stays_as_it_is():
    assert words.translated("panel.reason_", "Something new.", "th") == "Something new."
