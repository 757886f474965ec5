"""The figures of a pack in the visitor's language.

Training draws them in English, as SVG in which text is text. Here that text is translated, by
`words/figures.json`, and served beside the page.
"""

import json
import re
from functools import cache
from hashlib import sha256
from html import escape, unescape

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from ensemble.sentences import fill
from page.words import FOLDER

# Lines that stand together are one sentence; matplotlib writes them as elements in a row.
LINES = re.compile(r"(?:<text [^>]*>[^<]*</text>\s*)+")
LINE = re.compile(r"(<text [^>]*>)([^<]*)(?=</text>)")
TITLE = re.compile(r"(?<=<title>)[^<]*(?=</title>)")
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable",
           "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_served = {}  # part of the address → SVG


def address(path, language):
    """Where the page finds a figure, in this language.

    Parameters
    ----------
    path : Path
        Of an SVG file, as training draws it.
    language : str

    Returns
    -------
    str
        Relative to the page. It changes with the content, so that browsers may keep the figure.
    """
    svg = translated(path.read_text("utf-8"), language)
    name = f"{sha256(svg.encode()).hexdigest()[:16]}/{path.name}"
    _served[name] = svg
    return f"figures/{name}"


def translated(svg, language):
    """A figure whose known texts are in another language; its numbers and names stay.

    Parameters
    ----------
    svg : str
        As training draws it.
    language : str

    Returns
    -------
    str
        SVG with the same lines at the same places.
    """
    def in_words(english):
        return escape(in_language(unescape(english), language), quote=False)

    def lines(match):
        english = "\n".join(line[2] for line in LINE.finditer(match[0]))
        rest = iter(in_words(english).split("\n"))
        return LINE.sub(lambda line: line[1] + next(rest), match[0])

    svg = TITLE.sub(lambda title: in_words(title[0]), LINES.sub(lines, svg))
    # Chinese and Japanese share characters, which each writes in its own way.
    return svg.replace("<svg ", f'<svg xml:lang="{language}" ', 1)


def in_language(english, language):
    """One text of a figure, `svm, 0.9856` or `share called AI-generated`, in another language.

    Parameters
    ----------
    english : str
    language : str

    Returns
    -------
    str
        The very same if it is in no table: a number, or the name of a model or a generator.
    """
    for pattern, translations in _patterns():
        if match := pattern.fullmatch(english):
            fields = {name: in_language(value, language)
                      for name, value in match.groupdict().items()}
            return fill(translations[language], fields)
    return english


async def serve(request):
    """Answer the request of a figure."""
    svg = _served.get(request.path_params["name"])
    if svg is None:
        raise HTTPException(404)
    return Response(svg, media_type="image/svg+xml", headers=HEADERS)


ROUTE = Route("/figures/{name:path}", serve)


@cache
def _patterns():
    """The English texts as patterns, those without fields first, each with its translations."""
    entries = json.loads((FOLDER / "figures.json").read_text("utf-8")).values()
    return [(re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(entry["en"]))), entry)
            for entry in sorted(entries, key=lambda entry: "{" in entry["en"])]
