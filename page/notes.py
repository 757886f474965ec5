"""What the file says of itself, beside the vote and never in it."""

from html import escape

from ensemble import provenance
from ensemble.vote import AI, REAL
from page.icons import ICONS
from page.words import text

SIGNS = {AI: (AI, "panel.says_ai"), provenance.PARTLY: (AI, "panel.says_ai"),
         provenance.CAMERA: (REAL, "panel.says_camera")}


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


def foremost(notes, language="en"):
    """What a file says of its origin, to stand above a vote that can't tell; empty if nothing."""
    said = "".join(f'<p>{_icon(note, language)}<span>{_sentence(note, language)}</span></p>'
                   for note in notes if note.says in SIGNS)
    return (f'<div class="foremost"><h3>{text("panel.foremost", language)}</h3>{said}</div>'
            if said else "")


def _item(note, language):
    fields = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
                     for name, value in note.fields.items())
    more = (f'<details><summary>{text("panel.notes_more", language)}</summary>'
            f"<dl>{fields}</dl></details>" if fields else "")
    return (f"<li>{_icon(note, language)}<p data-said>{_sentence(note, language)}</p>{more}</li>")


def _icon(note, language):
    """The sign of what a note says of the origin; empty if it says nothing of that."""
    if note.says not in SIGNS:
        return ""
    label, key = SIGNS[note.says]
    return (f'<svg class="mark" viewBox="0 0 24 24" role="img" '
            f'aria-label="{escape(text(key, language))}">{ICONS[label]}</svg>')


def _sentence(note, language):
    sentence = text(f"provenance.{note.key}", language, **note.fields)
    return f"<b>{escape(note.source)}</b> {escape(sentence)}"


def _box(content, language):
    """Of one size, with a scroll bar of its own: nothing moves when the notes arrive."""
    title = text("panel.notes", language)
    return (f'<section class="notes" lang="{language}" tabindex="0" aria-label="{escape(title)}">'
            f"<h3>{title}</h3>{content}</section>")
