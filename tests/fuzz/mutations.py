"""What goes wrong with files, and what somebody makes go wrong: one damage a function.

Each takes the bytes, those of another file and a random generator, and gives bytes.
"""

import struct
import zlib

from ensemble.guards import SEGMENT

HEAD = 400  # first bytes of a file, where its sizes and offsets mostly are
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF,
           0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
PNG = b"\x89PNG\r\n\x1a\n"
TAILS = (b"PK\3\4" + bytes(26), b"%PDF-1.7\n1 0 obj\n", b"<html><script>alert(1)</script>",
         b"\xff\xd9\xff\xd8\xff\xe0", PNG, b"GIF89a", b"\0" * 5000)


def flip(data, _, rng):
    """Some bits the other way round."""
    damaged = bytearray(data)
    for at in rng.integers(0, len(data), rng.integers(1, 17)):
        damaged[at] ^= 1 << rng.integers(8)
    return bytes(damaged)


def cut(data, _, rng):
    """Only the beginning."""
    return data[:rng.integers(1, len(data) + 1)]


def remove(data, _, rng):
    """A part left out."""
    start, stop = _range(data, rng)
    return data[:start] + data[stop:]


def repeat(data, _, rng):
    """A part many times."""
    start, stop = _range(data, rng)
    times = min(int(rng.integers(2, 300)), 2**20 // max(stop - start, 1) + 2)
    return data[:start] + data[start:stop] * times + data[stop:]


def overwrite(data, _, rng):
    """A part of zeros, ones or noise."""
    start, stop = _range(data, rng)
    noise = (bytes(stop - start), b"\xff" * (stop - start), rng.bytes(stop - start))
    return data[:start] + noise[rng.integers(3)] + data[stop:]


def edit_number(data, _, rng):
    """A number of two, four or eight bytes, mostly in the header, is another one."""
    form = ("<H", ">H", "<I", ">I", "<Q", ">Q")[rng.integers(6)]
    size = struct.calcsize(form)
    near = min(len(data), HEAD if rng.random() < 0.8 else len(data))
    at = int(rng.integers(0, max(near - size, 1)))
    number = NUMBERS[rng.integers(len(NUMBERS))] % 256**size
    return data[:at] + struct.pack(form, number) + data[at + size:]


def edit_header(data, _, rng):
    """Some bytes of the header."""
    damaged = bytearray(data)
    for at in rng.integers(0, min(len(data), HEAD), rng.integers(1, 6)):
        damaged[at] = rng.integers(256)
    return bytes(damaged)


def splice(data, other, rng):
    """The beginning of one file and the end of another."""
    return data[:rng.integers(1, len(data) + 1)] + other[rng.integers(0, len(other)):]


def insert(data, other, rng):
    """A piece of another file in the middle."""
    at, (start, stop) = rng.integers(0, len(data) + 1), _range(other, rng)
    return data[:at] + other[start:stop] + data[at:]


def append(data, other, rng):
    """Another file behind it, or the beginning of one."""
    tails = (*TAILS, other)
    return data + tails[rng.integers(len(tails))]


def rearrange(data, other, rng):
    """Whole parts of the container left out, repeated, swapped or taken from another file."""
    pieces, more = parts(data), parts(other)
    if len(pieces) < 3:
        return flip(data, other, rng)
    first, second = rng.integers(1, len(pieces), 2)
    what = rng.integers(4)
    if what == 0:
        del pieces[first]
    elif what == 1:
        pieces[first:first] = [pieces[second]] * int(rng.integers(1, 200))
    elif what == 2:
        pieces[first], pieces[second] = pieces[second], pieces[first]
    else:
        pieces[first:first] = more[1:][:rng.integers(1, 5)]
    return b"".join(pieces)[:2**21]


def edit_part(data, other, rng):
    """A damage inside one part of the container, whose length and checksum are right again."""
    pieces = parts(data)
    at = int(rng.integers(0, len(pieces)))
    head, foot = {b"\x89P": (8, 4), b"\xff\xd8": (4, 0), b"RI": (8, 0)}.get(data[:2], (0, 0))
    piece = pieces[at]
    body = piece[head:len(piece) - foot]
    if at == 0 or not body:
        return edit_header(data, other, rng)
    body = INSIDE[rng.integers(len(INSIDE))](body, other, rng)[:60_000]
    if data.startswith(PNG):
        name = piece[4:8]
        pieces[at] = struct.pack(">I", len(body)) + name + body + struct.pack(
            ">I", zlib.crc32(name + body))
    elif data.startswith(b"\xff\xd8"):
        pieces[at] = piece[:2] + struct.pack(">H", len(body) + 2) + body
    elif data.startswith(b"RIFF"):
        pieces[at] = piece[:4] + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    else:
        pieces[at] = body
    return b"".join(pieces)


INSIDE = (flip, edit_number, edit_header, overwrite, remove, repeat, cut)
DAMAGES = (flip, cut, remove, repeat, overwrite, edit_number, edit_number, edit_header, edit_header,
           splice, insert, append, rearrange, rearrange, edit_part, edit_part, edit_part)


def parts(data):
    """The parts of a container, of which the first is its signature; put together, the file."""
    ends = {b"\x89P": _chunks, b"\xff\xd8": _segments, b"RI": _chunks, b"II": _entries,
            b"MM": _entries}.get(data[:2], _boxes)(data)
    places = sorted({0, len(data), *(end for end in ends if end < len(data))})
    return [data[start:stop] for start, stop in zip(places, places[1:])]


def _chunks(data):
    big, at = data.startswith(PNG), 8 if data.startswith(PNG) else 12
    while at + 8 <= len(data):
        yield at
        length, = struct.unpack_from(">I" if big else "<I", data, at if big else at + 4)
        at += 8 + length + (4 if big else length % 2)


def _segments(data):
    at = 2
    while segment := SEGMENT.search(data, at):
        yield segment.start()
        at = segment.end() + (int.from_bytes(segment[3], "big") - 2 if segment[3] else 0)
        if at <= segment.start():
            return


def _entries(data):
    """The entries of a TIFF's first directory."""
    order = "<" if data[:2] == b"II" else ">"
    if len(data) > 10:
        at, = struct.unpack_from(order + "I", data, 4)
        if at + 2 <= len(data):
            count, = struct.unpack_from(order + "H", data, at)
            yield from range(at, min(at + 2 + 12 * count, len(data)), 12)


def _boxes(data):
    """Boxes of AVIF and HEIF and those inside `meta`; for GIF and BMP, every sixteen bytes."""
    if data[4:8] != b"ftyp":
        yield from range(0, min(len(data), 1600), 16)
        return
    at = 0
    while at + 8 <= len(data):
        yield at
        length, name = struct.unpack_from(">I4s", data, at)
        inside = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"moov": 8, b"trak": 8}.get(name)
        at += inside or max(length, 8)


def _range(data, rng):
    """Start and stop of a part, mostly a short one."""
    start = int(rng.integers(0, len(data) + 1))
    length = int(rng.integers(1, 1 + min(len(data), 64 if rng.random() < 0.6 else len(data))))
    return start, min(start + length, len(data))


def damaged(data, other, rng):
    """A file with one to four damages.

    Parameters
    ----------
    data, other : bytes
        The file, and another one, of which pieces may get into it.
    rng : numpy.random.Generator

    Returns
    -------
    bytes
        At least one.
    names : list of str
        Of the damages.
    """
    damages = [DAMAGES[i] for i in rng.integers(0, len(DAMAGES), rng.integers(1, 5))]
    for damage in damages:
        data = damage(data, other, rng) or data
    return data, [damage.__name__ for damage in damages]
