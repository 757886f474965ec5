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

FOLDER = Path(__file__).with_name("words")
LANGUAGES = ("en", "th", "zh-TW", "es")
FIELD = re.compile(r"\{(\w+)\}")
_rendered = {language: {} for language in LANGUAGES}


def text(key, language="en", **fields):
    """One text of the page.

    Parameters
    ----------
    key : str
        `TAB.NAME`.
    language : str
        One of `LANGUAGES`.
    fields : str or number
        What stands for the `{names}` in it. HTML is not escaped here.

    Raises
    ------
    KeyError
        If there is no such text, or it holds a field that is not given.
    """
    return FIELD.sub(lambda field: str(fields[field[1]]), _texts()[key][language])


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
    return {language: {key: entry[language] for key, entry in _texts().items()}
            | _rendered[language] for language in LANGUAGES}


def language(request):
    """The language of a request, by the same rule as the browser's half of the page.

    Parameters
    ----------
    request : gradio.Request or None

    Returns
    -------
    str
        The first that the visitor accepts, `en` if it is none of `LANGUAGES`.
    """
    accepted = request.headers.get("accept-language", "") if request else ""
    first = re.split("[,;]", accepted)[0].strip()
    return next((known for known in (first, first.partition("-")[0]) if known in LANGUAGES), "en")


def translated(group, sentence, language, words=None):
    """A sentence that a library made in English, in another language.

    Parameters
    ----------
    group : str
        Start of the keys whose English texts are the sentences the library can make.
    sentence, language : str
    words : dict, optional
        Translations of what its fields may hold.

    Returns
    -------
    str
        The sentence itself where no text of the group fits it.
    """
    for key, entry in _texts().items():
        if key.startswith(group) and (match := _pattern(entry["en"]).fullmatch(sentence)):
            fields = {name: (words or {}).get(value, value)
                      for name, value in match.groupdict().items()}
            return text(key, language, **fields)
    return sentence


@cache
def _texts():
    return {f"{path.stem}.{name}": entry for path in sorted(FOLDER.glob("*.json"))
            for name, entry in json.loads(path.read_text("utf-8")).items()}


@cache
def _pattern(template):
    """What a template matches: each field anything, the same where it comes again."""
    seen, parts = set(), []
    for part in re.split(r"(\{\w+\})", template):
        name = part[1:-1]
        if not FIELD.fullmatch(part):
            parts.append(re.escape(part))
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            seen.add(name)
            parts.append(f"(?P<{name}>.+?)")
    return re.compile("".join(parts), re.DOTALL)
