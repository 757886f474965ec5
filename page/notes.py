"""What a file and its pixels say of their origin, in the visitor's words."""

from ensemble.vocabulary import AI, CAMERA, PARTLY, REAL
from page.words import text

# What a note says of the origin → the sign beside it, and what the sign means.
SIGNS = {AI: (AI, "panel.says_ai"), PARTLY: (PARTLY, "panel.says_partly"),
         CAMERA: (REAL, "panel.says_camera")}


def sentence(note, language="en"):
    """A note in words.

    Parameters
    ----------
    note : ensemble.evidence.provenance.Note
    language : str
    """
    return text(f"provenance.{note.key}", language, **note.fields)


def described(note, language="en"):
    """A note as the page shows it.

    Parameters
    ----------
    note : ensemble.evidence.provenance.Note
    language : str

    Returns
    -------
    dict
        `source`, `sentence`, `fields`, and `icon` and `meaning` of its sign, None if it says
        nothing of the origin.
    """
    icon, meaning = SIGNS.get(note.says, (None, None))
    return {"source": note.source, "sentence": sentence(note, language), "fields": note.fields,
            "icon": icon, "meaning": meaning and text(meaning, language)}
