"""What lies in an image file beside its pixels: no pixel is decoded, and all that is read has a
limit, for the file is untrusted.

Pillow would read every entry of an EXIF directory, though thousands of them may point to the same
megabytes, and no PNG text that follows the pixels; so the four common containers are walked here.
"""

import io
import struct
import warnings
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from defusedxml import ElementTree
from PIL import Image

from ensemble.guards import MAX_SEGMENTS, SEGMENT
from ensemble.errors import UnsupportedFormat

MAX_TEXT = 2**20  # bytes of one text, decompressed
MAX_PARTS, MAX_ENTRIES = 100_000, 1000  # chunks of a file, entries of an EXIF directory
PNG = b"\x89PNG\r\n\x1a\n"
# Keywords of PNG text that programs write; others are not even decompressed.
KEYWORDS = {b"parameters", b"prompt", b"workflow", b"invokeai_metadata", b"sd-metadata", b"Dream",
            b"fooocus_scheme", b"use_stable_diffusion_model", b"Software", b"Source", b"Title",
            b"Comment", b"Description", b"XML:com.adobe.xmp", b"Raw profile type exif",
            b"Raw profile type APP1", b"Raw profile type xmp"}
# The tags of EXIF that are read. Of the place only whether there is one.
TAGS = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software",
        0x02BC: "XMP", 0x8769: "Exif", 0x8825: "GPS", 0x9003: "DateTimeOriginal",
        0x9286: "UserComment", 0x0002: "GPSLatitude"}
SHOWN = set(TAGS.values()) - {"XMP", "Exif", "GPS"}
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8, 13: 4, 129: 1}  # bytes, by EXIF type
# The names of XMP that are read.
XMP = {"{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType": "DigitalSourceType",
       "{http://ns.adobe.com/xap/1.0/}CreatorTool": "CreatorTool",
       "{http://ns.adobe.com/photoshop/1.0/}Credit": "Credit",
       "{http://purl.org/dc/terms/}provenance": "provenance"}
RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
SAMPLINGS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}


@dataclass
class Metadata:
    """The metadata of a file, as it lies there.

    Attributes
    ----------
    text : dict of str to str
        PNG text by keyword.
    exif : dict of str to str
        Values of the tags in `TAGS`, by name; `GPSLatitude` is empty.
    xmp : dict of str to str
        Values of the names in `XMP`.
    jpeg : dict
        How a JPEG was saved: `quality` (int, estimated), `tables` ("standard" or "own"),
        `subsampling` and `progressive`; empty for other formats.
    """

    text: dict = field(default_factory=dict)
    exif: dict = field(default_factory=dict)
    xmp: dict = field(default_factory=dict)
    jpeg: dict = field(default_factory=dict)


def read_metadata(data):
    """Take the metadata out of a file's bytes; what is damaged or oversized is left out.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    Metadata

    Raises
    ------
    ensemble.images.UnsupportedFormat
        If the bytes don't start as an accepted format does.
    """
    if data.startswith(b"\xff\xd8"):
        blocks = _of_jpeg(data)
    elif data.startswith(PNG):
        blocks = _of_png(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        blocks = _of_webp(data)
    elif data.startswith((b"II*\0", b"MM\0*")):
        blocks = {"exif": data}  # EXIF is a TIFF without a picture
    elif data.startswith(b"GIF8") or data[4:8] == b"ftyp":
        blocks = _of_others(data)
    elif data.startswith(b"BM"):
        blocks = {}
    else:
        raise UnsupportedFormat("unknown_format")
    exif = _exif(blocks.get("exif", b""))
    packet = blocks.get("xmp") or exif.get("XMP", b"")
    return Metadata(
        blocks.get("text", {}), {tag: _decoded(exif[tag]) for tag in exif if tag in SHOWN},
        _xmp(packet[:MAX_TEXT]), blocks.get("jpeg", {}))


def _of_jpeg(data):
    blocks, tables, frame = {}, {}, b""
    for marker, body in _segments(data):
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            blocks.setdefault("exif", body)
        elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            blocks.setdefault("xmp", body.partition(b"\0")[2])
        elif marker == 0xDB:
            tables |= _tables(body)
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = bytes([marker]) + body
    return blocks | {"jpeg": _saved_as(tables, frame)}


def _of_png(data):
    blocks, text = {}, {}
    for name, body in _chunks(memoryview(data), len(PNG), png=True):
        if name == b"eXIf":
            blocks.setdefault("exif", bytes(body))
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            keyword = bytes(body[:80]).partition(b"\0")[0]
            if keyword in KEYWORDS and keyword.decode() not in text:
                text[keyword.decode()] = _png_text(name, bytes(body[len(keyword) + 1:]))
    if packet := text.pop("XML:com.adobe.xmp", ""):
        blocks["xmp"] = packet.encode()
    for keyword in ("exif", "APP1", "xmp"):  # ImageMagick's way: name and length, then hex
        with suppress(ValueError):
            lines = text.pop(f"Raw profile type {keyword}", "").split("\n")
            profile = bytes.fromhex("".join(lines[3:]))
            kind = "exif" if profile.startswith(b"Exif\0\0") else "xmp"
            blocks[kind] = blocks.get(kind) or profile.rpartition(b"xap/1.0/\0")[2]
    return blocks | {"text": text}


def _of_webp(data):
    names = {b"EXIF": "exif", b"XMP ": "xmp"}
    blocks = {}
    for name, body in _chunks(memoryview(data), 12, png=False):
        if name in names:
            blocks.setdefault(names[name], bytes(body))
    return blocks


def _of_others(data):
    """AVIF, HEIC and GIF: Pillow finds the blocks without decoding a pixel."""
    with warnings.catch_warnings(), suppress(Exception):  # decoders raise whatever they meet
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=("AVIF", "HEIF", "GIF")) as image:
            return {name: image.info.get(name) or b"" for name in ("exif", "xmp")}
    return {}


def _segments(data):
    """(marker, body) of a JPEG's segments before its pixels."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        segment = SEGMENT.search(data, at)
        if not segment or segment[1] or segment[2] == b"\xda":
            return
        at = segment.end() + max(int.from_bytes(segment[3], "big") - 2, 0)
        yield segment[2][0], data[segment.end():at]


def _chunks(data, at, png):
    """(name, body) of the chunks of a PNG, else of a WebP."""
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        if png:
            length, name = struct.unpack_from(">I4s", data, at)
        else:
            name, length = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8:at + 8 + length]
        at += 8 + length + (4 if png else length % 2)  # a checksum, or padding to even lengths


def _png_text(kind, body):
    """The text of a chunk, less its keyword."""
    packed = kind == b"zTXt"
    if packed:
        body = body[1:]
    elif kind == b"iTXt":
        packed = body[:1] == b"\1"
        body = b"".join(body[2:].split(b"\0", 2)[2:])  # after language and translated keyword
    if packed:
        try:
            body = zlib.decompressobj().decompress(body, MAX_TEXT)
        except zlib.error:
            return ""
    return body[:MAX_TEXT].decode("utf-8" if kind == b"iTXt" else "latin-1", "replace")


def _exif(block):
    """Name → bytes of the `TAGS` in a TIFF structure, with or without EXIF's own header."""
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if not order or len(block) < 8:
        return {}

    def number(value):
        return int.from_bytes(value[:4], "little" if order == "<" else "big")
    found = _directory(block, number(block[4:8]), order)
    if "Exif" in found:
        found = _directory(block, number(found.pop("Exif")), order) | found
    place = "GPS" in found and _directory(block, number(found.pop("GPS")), order)
    found.pop("GPSLatitude", None)
    return found | ({"GPSLatitude": b""} if place and "GPSLatitude" in place else {})


def _directory(block, start, order):
    found = {}
    with suppress(struct.error):  # cut short, or not where it should be
        count, = struct.unpack_from(order + "H", block, start)
        for at in range(start + 2, start + 2 + 12 * min(count, MAX_ENTRIES), 12):
            tag, kind, number, value = struct.unpack_from(order + "HHII", block, at)
            size = number * SIZES.get(kind, 0)
            where = at + 8 if size <= 4 else value
            if tag in TAGS and TAGS[tag] not in found:
                found[TAGS[tag]] = block[where:where + min(size, MAX_TEXT)]
    return found


def _xmp(packet):
    """The values of `XMP` in a packet, as attributes or as elements; none of a hostile one."""
    found = {}
    with suppress(Exception):  # of the parser, and of its guard against entities
        root = ElementTree.fromstring(packet.strip(b"\0 \t\r\n"), forbid_dtd=True)
        for element in root.iter():
            for name in XMP.keys() & {element.tag, *element.attrib}:
                if XMP[name] not in found:  # the first counts; those inside it may be thousands
                    value = element.get(name if name in element.attrib else RESOURCE)
                    found[XMP[name]] = (value or "".join(element.itertext())).strip()
    return found


def _decoded(value):
    """The text of an EXIF value; a comment names its encoding in its first eight bytes."""
    if value.startswith(b"UNICODE\0"):  # in either byte order, whatever the file's own is
        texts = [value[8:].decode(name, "replace") for name in ("utf-16-be", "utf-16-le")]
        return max(texts, key=lambda text: sum(map(str.isascii, text)))
    if value.startswith((b"ASCII\0\0\0", bytes(8))):
        value = value[8:]
    return value.partition(b"\0")[0].decode("utf-8", "replace")


def _tables(body):
    """Number → the 64 values of the quantization tables in a DQT segment."""
    found = {}
    while len(body) > 64:
        wide, number = divmod(body[0], 16)
        length = 128 if wide else 64
        values = struct.unpack(">64H", body[1:129]) if wide and len(body) > 128 else body[1:65]
        found[number] = tuple(values)
        body = body[1 + length:]
    return found


def _saved_as(tables, frame):
    """Quality, tables, subsampling and kind of a JPEG; empty if it doesn't say."""
    parts = [frame[at:at + 3] for at in range(7, 7 + 3 * frame[6], 3)] if len(frame) > 6 else []
    used = [tables.get(part[2]) if len(part) == 3 else None for part in parts]
    if not used or None in used:
        return {}
    exact = next((quality for quality, (luma, chroma) in _standard().items()
                  if used[0] == luma and set(used[1:]) <= {luma, chroma}), None)
    nearest = min(_standard(), key=lambda quality: abs(sum(_standard()[quality][0]) - sum(used[0])))
    luma, chroma = (divmod(part[1], 16) for part in (parts[0], parts[min(1, len(parts) - 1)]))
    across, down = (a / max(b, 1) for a, b in zip(luma, chroma))
    subsampling = SAMPLINGS.get((across, down), f"{across:g} × {down:g}")
    return {"quality": exact or nearest, "tables": "standard" if exact else "own",
            "subsampling": "4:0:0" if len(parts) == 1 else subsampling,
            "progressive": frame[0] in (0xC2, 0xC6, 0xCA, 0xCE)}


@cache
def _standard():
    """Quality → the two tables of libjpeg, which scales those of the JPEG standard's annex K."""
    found = {}
    for quality in range(1, 101):
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
        tables = {}
        for marker, body in _segments(file.getvalue()):
            if marker == 0xDB:
                tables |= _tables(body)
        found[quality] = tables[0], tables[1]
    return found
