"""An image with what its file and its pixels say of their origin."""

from contextlib import nullcontext
from dataclasses import replace

from ensemble.errors import ImageError
from ensemble.evidence import marks, provenance
from ensemble.images import FILE, open_picture, read_bytes


def open_with_evidence(source, at_least=None, turn=None):
    """Decode an image, and collect what its file says of its origin.

    Parameters
    ----------
    source, at_least
        As `ensemble.images.open_picture` takes them.
    turn : context manager, optional
        Entered before anything is decoded, so that not all threads do so at once.

    Returns
    -------
    Picture
        With `evidence` if the source is a file or its bytes; bare pixels bring none.

    Raises
    ------
    ImageError, TypeError
        As `ensemble.images.open_picture` does.
    """
    if not isinstance(source, FILE):
        return open_picture(source)
    data = read_bytes(source)
    # First, as the process that checks credentials may take its time: nobody shall wait for it
    # with a decoded picture in memory.
    notes = _notes(data)
    with turn or nullcontext():
        picture = open_picture(data, at_least)
        if picture.rgb.shape[:2] == (picture.height, picture.width):
            # Marks don't survive a reduction; what is so large was not written by their scripts.
            notes += marks.read(picture.rgb, picture.alpha)
    return replace(picture, evidence=notes)


def _notes(data):
    try:
        return provenance.read(data)
    except ImageError:
        return ()  # what opens the picture says better what is wrong
