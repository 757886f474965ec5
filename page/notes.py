"""What the file says of itself, beside the vote and never in it."""

from html import escape

from ensemble import provenance
from ensemble.vote import AI, REAL
from page.panel import ICONS
from page.words import text

SIGNS = {AI: (AI, "panel.says_ai"), provenance.CAMERA: (REAL, "panel.says_camera")}


def read(source):
    """The notes of an image file.

    Parameters
    ----------
    source : path or bytes

    Returns
    -------
    tuple of ensemble.provenance.Note
    """
    return provenance.read(source)


def waiting(language="en"):
    """The box before there is a verdict."""
    return _box(f'<p>{text("panel.notes_waiting", language)}</p>', language)


def shown(notes, language="en"):
    """The box with the notes of one file.

    Parameters
    ----------
    notes : sequence of ensemble.provenance.Note
    """
    if not notes:
        return _box(f'<p data-said>{text("panel.notes_none", language)}</p>', language)
    caveat = f'<p data-said>{text("panel.notes_caveat", language)}</p>'
    items = "".join(_item(note, language) for note in notes)
    return _box(f"<ul>{items}</ul>{caveat}", language)


def _item(note, language):
    icon = ""
    if note.says in SIGNS:
        label, key = SIGNS[note.says]
        icon = (f'<svg class="mark" viewBox="0 0 24 24" role="img" '
                f'aria-label="{escape(text(key, language))}">{ICONS[label]}</svg>')
    fields = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
                     for name, value in note.fields.items())
    more = (f'<details><summary>{text("panel.notes_more", language)}</summary>'
            f"<dl>{fields}</dl></details>" if fields else "")
    sentence = text(f"provenance.{note.key}", language, **note.fields)
    return (f'<li>{icon}<p data-said><b>{escape(note.source)}</b> '
            f"{escape(sentence)}</p>{more}</li>")


def _box(content, language):
    """Of one size, with a scroll bar of its own: nothing moves when the notes arrive."""
    title = text("panel.notes", language)
    return (f'<section class="notes" lang="{language}" tabindex="0" aria-label="{escape(title)}">'
            f"<h3>{title}</h3>{content}</section>")
