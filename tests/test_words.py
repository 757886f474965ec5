"""The words of the page: every text in every language, and which language a visitor gets."""

import json
import re
from types import SimpleNamespace

import pytest

from ensemble import Picture, Reason
from ensemble.errors import SENTENCES, ImageError
from ensemble.evidence.provenance import SENTENCES as NOTES
from ensemble.sentences import FIELD
from ensemble.verdict import REASONS
from ensemble.vocabulary import AI, CANT_TELL, PARTLY, REAL
from ensemble.vote import decide
from page import words
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, read_manifest

ENTRIES = {f"{path.stem}.{name}": entry for path in sorted(words.FOLDER.glob("*.json"))
           for name, entry in json.loads(path.read_text("utf-8")).items()}


def asking(header, address=None):
    """A request with this Accept-Language, of a page whose address names this language."""
    return SimpleNamespace(headers={"accept-language": header} if header else {},
                           query_params={"language": address} if address else {})


@pytest.mark.parametrize("key", ENTRIES)
def test_every_text_is_there_in_every_language_with_the_same_fields(key):
    entry = ENTRIES[key]
    assert set(entry) == set(words.LANGUAGES)
    fields = {language: sorted(set(FIELD.findall(text))) for language, text in entry.items()}
    assert all(field_names == fields["en"] for field_names in fields.values()), fields
    tags = {language: sorted(re.findall(r"<[^>]+>", text)) for language, text in entry.items()}
    assert all(own_tags == tags["en"] for own_tags in tags.values()), tags
    assert all(text.strip() for text in entry.values())


def test_thai_and_chinese_are_written_in_their_scripts():
    scripts = {"th": "[\u0e00-\u0e7f]", "zh-TW": "[\u4e00-\u9fff]"}
    for language, script in scripts.items():
        foreign = [key for key, entry in ENTRIES.items() if not re.search(script, entry[language])
                   and re.search("[a-z]{4} [a-z]{2}", entry[language])]
        assert foreign == []


def test_every_key_that_the_code_names_exists():
    named = set()
    for path in (ROOT / "app.py", *(ROOT / "page").rglob("*.py"), *(ROOT / "page").rglob("*.html")):
        named |= set(re.findall(r"\b(?:text|label|markup)\(\s*[\"']([a-z]+\.[a-z_]*[a-z])[\"']",
                                path.read_text("utf-8")))
    named -= {"tab.key"}  # of a docstring
    assert len(named) > 100 and named <= set(ENTRIES)


def test_a_text_is_filled_in():
    assert words.text("reasons.silent", label="Real", p_label="9%").startswith(
        "The models give Real a probability of 9%;")
    assert words.text("errors.folder", "es", name="{name}").startswith("{name} es una carpeta")
    for wrong in ("errors.folder", "panel.nothing", "nothing"):
        with pytest.raises(KeyError):
            words.text(wrong)
    with pytest.raises(KeyError):
        words.label("panel.nothing")


@pytest.mark.parametrize("header, expected", [
    ("th-TH,th;q=0.9,en;q=0.8", "th"), ("th", "th"), ("zh-TW", "zh-TW"), ("es-MX,en", "es"),
    ("en-GB,th", "en"), ("de-DE,th;q=0.5", "en"), ("", "en"), (None, "en"), ("*", "en"),
    (";;,", "en"),
    # All Chinese is written as in Taiwan.
    ("zh-CN,zh;q=0.9,en", "zh-TW"), ("zh-HK", "zh-TW"), ("zh", "zh-TW"), ("zh-Hans-CN", "zh-TW")])
def test_the_language_is_the_first_that_the_visitor_accepts(header, expected):
    assert words.language(asking(header)) == expected


@pytest.mark.parametrize("address, expected", [
    ("es", "es"), ("zh-TW", "zh-TW"), ("zh-CN", "zh-TW"), ("en", "en"), ("en-GB", "en"),
    (" th", "th"), ("de", "th"), ("<script>", "th"), ("", "th")])
def test_the_language_in_the_address_goes_before_the_browsers(address, expected):
    assert words.language(asking("th,en", address)) == expected


def test_without_a_request_the_language_is_english():
    assert words.language(None) == "en"


def test_the_browser_gets_every_text_and_every_html_in_its_language():
    marker = words.everywhere(lambda language: f"<p>{words.text('common.real', language)}</p>")
    key = json.loads(marker.removeprefix("__i18n__"))["key"]
    given = words.translations()
    assert set(given) == {*words.LANGUAGES, *words.ALIASES}
    for language, texts in given.items():
        own = ENTRIES["common.real"][words.ALIASES.get(language, language)]
        assert texts[key] == f"<p>{own}</p>" and texts["common.real"] == own


@pytest.mark.parametrize("tab, sentences", [("errors", SENTENCES), ("reasons", REASONS),
                                            ("provenance", NOTES)])
def test_every_sentence_of_the_library_is_translated(tab, sentences):
    """The English ones are the library's, word for word, and there are no others."""
    assert {key: entry["en"] for key, entry in ENTRIES.items() if key.startswith(f"{tab}.")} == {
        f"{tab}.{key}": sentence for key, sentence in sentences.items()}


def test_labels_and_answers_have_words():
    assert {label: words.text(key) for label, key in words.LABELS.items()} == {
        AI: AI, PARTLY: PARTLY, REAL: REAL, CANT_TELL: "Can’t tell"}


def test_every_reason_of_a_verdict_is_put_into_words(tmp_path):
    """All that `decide` can say, the fields in place, the label in the reader's language."""
    manifest = read_manifest(build_tiny_pack(tmp_path))
    manifest["calibration"] = {"weights": [5, 0.1, 0.1], "bias": 0}
    given = {}
    for domain in ({"max_side": 64}, {"min_side": 1000}):
        for bounds in (manifest["bounds"], {AI: {}, REAL: {}}):
            for p_ai in ([0.9, 0.3, 0.3], [0.51, 0.51, 0.51]):
                verdict = decide(manifest | {"domain": domain, "bounds": bounds},
                                 Picture(None, 900, 700), p_ai, {}, known=True)
                given |= {reason.key: reason for reason in verdict.reasons}
    assert set(given) == set(REASONS)
    for reason in given.values():
        assert words.reason_text(reason) == str(reason)
        numbers = [re.findall(r"[\d.]*\d", sentence)
                   for sentence in (str(reason), words.reason_text(reason, "es"))]
        assert numbers[0] == numbers[1]
    assert words.reason_text(given["contradiction"], "es").startswith(
        "La mayoría de los modelos vota «Real», pero")
    assert words.reason_text(Reason("trained_on"), "th") == ENTRIES["reasons.trained_on"]["th"]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_error_is_put_into_words(language):
    for key, sentence in SENTENCES.items():
        error = ImageError(key, **{name: f"<{name}>" for name in FIELD.findall(sentence)})
        translated = words.error_text(error, language)
        assert all(f"<{name}>" in translated for name in error.fields) and "{" not in translated
        assert (translated == str(error)) == (language == "en")


def test_members_have_names_for_people():
    name, about = words.member_text({"name": "svm", "kind": "svm-rbf"}, "es")
    assert name == "Máquina de vectores de soporte" and about.startswith("Núcleo RBF")
    assert words.member_text({"name": "x", "kind": "new", "description": "y"}, "es") == ("x", "y")
    assert words.member_text({"name": "x"}) == ("x", "")
    for folder in ("cifake", "photos"):
        for entry in read_manifest(ROOT / "weights" / folder)["members"]:
            assert f"members.{entry['kind']}" in ENTRIES
