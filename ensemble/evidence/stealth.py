"""Notes hidden in the lowest bits of a picture's pixels, as NovelAI and some web UIs write them.

Source: NovelAI/novelai-image-metadata, nai_meta.py, and ashen-sensored/sd_webui_stealth_pnginfo.
Bits lie column by column, the highest of a byte first: 15 letters that name the format, 32 bits
with the number of bits that follow, then the text, plain or packed by gzip. In a picture without an
alpha channel, web UIs write into red, green and blue of each pixel in turn.
"""

import json
import zlib

import numpy as np

WORDS = {b"stealth_pnginfo": False, b"stealth_pngcomp": True,
         b"stealth_rgbinfo": False, b"stealth_rgbcomp": True}  # whether it is packed
HEAD = 15 * 8 + 32  # bits
MAX_BITS, MAX_TEXT = 2**23, 2**20  # of the packed text, and bytes of the text
GZIP = 16 + zlib.MAX_WBITS


def read_hidden(channels):
    """Read the notes in the lowest bits.

    Parameters
    ----------
    channels : ndarray of uint8, shape [H, W] or [H, W, 3]
        The alpha channel, or red, green and blue.

    Returns
    -------
    dict of str to str
        Texts by keyword, as a PNG's; empty if there are none or they are damaged.
    """
    columns = channels.swapaxes(0, 1)
    head = _bits(columns, HEAD)
    word = np.packbits(head[:-32]).tobytes()
    if word not in WORDS or len(head) < HEAD:
        return {}
    count = int.from_bytes(np.packbits(head[-32:]).tobytes(), "big")
    if not 0 < count <= min(MAX_BITS, channels.size - HEAD):
        return {}
    body = np.packbits(_bits(columns, HEAD + count)[HEAD:]).tobytes()
    if WORDS[word]:
        try:
            body = zlib.decompressobj(GZIP).decompress(body, MAX_TEXT)
        except zlib.error:
            return {}
    return _texts(body[:MAX_TEXT].decode("utf-8", "replace"))


def _bits(columns, count):
    """The lowest bits of the first values, uint8 [count]."""
    height = columns[0].size
    return columns[:-(-count // height)].ravel()[:count] & 1


def _texts(text):
    """Texts by keyword: NovelAI's JSON has several; web UIs write a single text."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        return {"parameters": text}
    return {str(name): value if isinstance(value, str) else json.dumps(value)
            for name, value in parsed.items()}
