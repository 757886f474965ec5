"""All words of the page, in every language: `words/TAB.json`, key → language → text.

A key is `TAB.NAME`. Components translate a `label` in the browser; HTML is made on the server,
in the language that the request asks for (`text`) or in all of them at once (`everywhere`).
"""

import hashlib
import json
import re
from functools import cache
from pathlib import Path

from gradio.i18n import I18nData

from ensemble.sentences import fill
from ensemble.vocabulary import AI, CANT_TELL, PARTLY, REAL

FOLDER = Path(__file__).with_name("words")
# By code, each called as its speakers call it.
LANGUAGES = {"en": "English", "th": "ไทย", "zh-TW": "繁體中文", "es": "Español"}
# What else a browser may call a language that the page has: all Chinese is written as in Taiwan.
ALIASES = {"zh": "zh-TW", "zh-CN": "zh-TW", "zh-HK": "zh-TW", "zh-SG": "zh-TW", "zh-Hans": "zh-TW",
           "zh-Hant": "zh-TW"}
# An answer or a label → the key of its word.
LABELS = {AI: "common.ai", REAL: "common.real", PARTLY: "common.partly",
          CANT_TELL: "common.cant_tell"}
_rendered = {language: {} for language in LANGUAGES}


def text(key, language="en", **fields):
    """One text of the page.

    Parameters
    ----------
    key : str
        `TAB.NAME`.
    language : str
        One of `LANGUAGES`.
    **fields : str or number
        What stands for the `{names}` in it. HTML is not escaped here.

    Raises
    ------
    KeyError
        If there is no such text, or it holds a field that is not given.
    """
    return fill(_texts()[key][language], fields)


def label(key):
    """The same text for a label, a button or a tab: the browser translates it."""
    if key not in _texts():
        raise KeyError(key)
    return I18nData(key)


def everywhere(render):
    """HTML that is the same for every visitor but for its language.

    Parameters
    ----------
    render : callable
        Takes a language and gives HTML. Keep pictures out of it, or small: the browser gets
        it in all languages.

    Returns
    -------
    str
        For the `value` of a component; the browser puts the HTML of its language there.
    """
    made = {language: render(language) for language in LANGUAGES}
    key = "html." + hashlib.sha256(made["en"].encode()).hexdigest()[:16]
    for language, html in made.items():
        _rendered[language][key] = html
    return str(I18nData(key))


def translations():
    """Of each language all texts by key, as `gr.I18n(**translations())` takes them."""
    known = {language: {key: entry[language] for key, entry in _texts().items()}
             | _rendered[language] for language in LANGUAGES}
    return known | {alias: known[language] for alias, language in ALIASES.items()}


def language(request):
    """The language of a request, by the same rule as the browser's half of the page.

    Parameters
    ----------
    request : gradio.Request or None

    Returns
    -------
    str
        The one that the page's address names (`?language=th`), else the first that the visitor's
        browser accepts; `en` if it is none of `LANGUAGES`.
    """
    if not request:
        return "en"
    accepted = re.split("[,;]", request.headers.get("accept-language", ""))[0]
    for name in (request.query_params.get("language", ""), accepted):
        for known in (name.strip(), name.strip().partition("-")[0]):
            if ALIASES.get(known, known) in LANGUAGES:
                return ALIASES.get(known, known)
    return "en"


def reason_text(reason, language="en"):
    """A verdict's reason in words.

    Parameters
    ----------
    reason : ensemble.Reason
    language : str
    """
    fields = {name: text(LABELS[value], language) if value in LABELS else value
              for name, value in reason.fields.items()}
    return text(f"reasons.{reason.key}", language, **fields)


def error_text(error, language="en"):
    """Why an image can't be judged, in words.

    Parameters
    ----------
    error : ensemble.ImageError
    language : str
    """
    return text(f"errors.{error.key}", language, **error.fields)


def member_text(entry, language="en"):
    """What a member is called for people, and what it is.

    Parameters
    ----------
    entry : dict
        Of the manifest; one of a kind that the page doesn't know keeps its own words.
    language : str

    Returns
    -------
    name, about : str
    """
    if (key := f"members.{entry.get('kind')}") in _texts():
        return text(key, language), text(f"{key}_about", language)
    return entry["name"], entry.get("description", "")


@cache
def _texts():
    return {f"{path.stem}.{name}": entry for path in sorted(FOLDER.glob("*.json"))
            for name, entry in json.loads(path.read_text("utf-8")).items()}

