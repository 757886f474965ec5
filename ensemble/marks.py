"""Marks of generators in a picture's pixels, read at the size at which the file has them."""

import numpy as np

from ensemble import watermark
from ensemble.claims import generator
from ensemble.provenance import Note
from ensemble.stealth import read_hidden

# The five squares of DALL·E 2, from the right edge to the left, as its pictures have them.
SQUARES = np.array([(60, 70, 255), (255, 110, 60), (81, 218, 76), (66, 255, 255), (255, 255, 102)])
SQUARE = 16  # pixels of a square's side in a picture of 1024
SMALLEST, LARGEST = 256, 1024  # pixels of the picture's width
TOLERANCE = 40  # of each colour's mean, for what JPEG and resizing change


def read(rgb, alpha=None):
    """Read the marks in a picture.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
        The picture at the file's own size, as decoded: what was resized has lost most marks.
    alpha : ndarray of uint8, shape [H, W], optional
        Its alpha channel, as decoded.

    Returns
    -------
    tuple of ensemble.provenance.Note
        Marks, whose keys begin with `mark_`, and hidden notes of a generator, which anybody could
        add, as they can to a file. Empty if there are none, which proves nothing.
    """
    notes = []
    tool, score = watermark.find(rgb)
    if tool:
        notes.append(Note("Pixels", "mark_watermark", {"tool": tool, "score": round(score, 1)}))
    if has_squares(rgb):
        notes.append(Note("Pixels", "mark_squares", {"tool": "DALL·E 2"}))
    for source, channels in (("Alpha channel", alpha), ("Pixels", rgb)):
        hidden = read_hidden(channels) if channels is not None else {}
        if found := generator(source, hidden):
            notes.append(Note(*found))
    return tuple(notes)


def has_squares(rgb):
    """Whether a picture has DALL·E 2's squares in its lower right corner.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]

    Returns
    -------
    bool
    """
    width = rgb.shape[1]
    if not SMALLEST <= width <= LARGEST or len(rgb) < SQUARE:
        return False
    side = width * SQUARE / LARGEST
    inner = slice(round(len(rgb) - 0.75 * side), round(len(rgb) - 0.25 * side))
    for place, colour in enumerate(SQUARES):
        left = width - (place + 1) * side
        square = rgb[inner, round(left + 0.25 * side):round(left + 0.75 * side)]
        if np.abs(square.mean(axis=(0, 1)) - colour).max() > TOLERANCE:
            return False
    return True
