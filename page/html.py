"""HTML of the page: Jinja2 templates in `page/templates/`, which escape whatever is put in."""

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ensemble.vote import percent
from page.icons import ICONS
from page.words import text

FOLDER = Path(__file__).with_name("templates")


def render(template, language="en", **values):
    """Fill in a template.

    Parameters
    ----------
    template : str
        Name of the file in `page/templates/`.
    language : str
        Of the texts that the template asks for with `text("tab.key", field=value)`.
    **values : object
        What else its names stand for. Strings are escaped, unless they are `Markup`.

    Returns
    -------
    markupsafe.Markup
        HTML, which other templates take as it is.

    Raises
    ------
    jinja2.UndefinedError
        If the template names a value that is not given.
    """
    values = {"language": language, "text": partial(markup, language=language), **values}
    return Markup(_environment().get_template(template).render(values))


def markup(key, language="en", **fields):
    """A text of the page as HTML: its own tags stay, its fields are escaped."""
    return Markup(text(key, language, **{name: escape(value) for name, value in fields.items()}))


@cache
def _environment():
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = percent
    environment.globals["icons"] = {label: Markup(path) for label, path in ICONS.items()}
    return environment
