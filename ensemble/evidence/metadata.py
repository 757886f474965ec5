"""What an image file holds besides its pixels.

No pixel is decoded, and all that is read has a limit, for the file is untrusted.

Pillow would read every entry of an EXIF directory, though thousands of them may point to the same
megabytes, and no PNG text that follows the pixels; so the four common containers are walked here.
"""

import io
import re
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from defusedxml import ElementTree
from PIL import Image

from ensemble.errors import UnsupportedFormat
from ensemble.evidence.exif import SHOWN, decoded, read_tags
from ensemble.guards import MAX_SEGMENTS, SEGMENT

MAX_TEXT = 2**20  # bytes of one text, decompressed
MAX_PARTS, MAX_NOTES = 100_000, 2**17  # chunks of a file, bytes of an editor's notes
PNG = b"\x89PNG\r\n\x1a\n"
# Keywords of PNG text that programs write; others are not even decompressed.
KEYWORDS = {b"parameters", b"prompt", b"workflow", b"invokeai_metadata", b"sd-metadata", b"Dream",
            b"fooocus_scheme", b"use_stable_diffusion_model", b"Software", b"Source", b"Title",
            b"Comment", b"Description", b"Author", b"AIGC", b"XML:com.adobe.xmp",
            b"Raw profile type exif", b"Raw profile type APP1", b"Raw profile type xmp",
            b"Raw profile type iptc"}
# The names of XMP that are read.
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
XMP = {f"{IPTC}DigitalSourceType": "DigitalSourceType", f"{IPTC}AISystemUsed": "AISystemUsed",
       f"{IPTC}AISystemVersionUsed": "AISystemVersionUsed",
       "{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC": "AIGC",
       "{http://purl.org/dc/elements/1.1/}description": "Description",
       "{http://purl.org/dc/elements/1.1/}creator": "Creator",
       "{http://ns.adobe.com/exif/1.0/}UserComment": "UserComment",
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
    samsung : int
        The kind of AI with which Samsung's gallery edited the picture; 0 if with none.
    """

    text: dict = field(default_factory=dict)
    exif: dict = field(default_factory=dict)
    xmp: dict = field(default_factory=dict)
    jpeg: dict = field(default_factory=dict)
    samsung: int = 0


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
    ensemble.errors.UnsupportedFormat
        If the bytes don't start as an accepted format does.
    """
    if data.startswith(b"\xff\xd8"):
        blocks = _jpeg_blocks(data)
    elif data.startswith(PNG):
        blocks = _png_blocks(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        blocks = _webp_blocks(data)
    elif data.startswith((b"II*\0", b"MM\0*")):
        blocks = {"exif": data}  # EXIF is a TIFF without a picture
    elif data[4:8] == b"ftyp":
        blocks = _other_blocks(data)
    elif data.startswith((b"GIF8", b"BM", b"II", b"MM")):
        blocks = {}  # GIF and BMP have none that are read, nor has the TIFF of large files
    else:
        raise UnsupportedFormat("unknown_format")
    exif = read_tags(blocks.get("exif", b""))
    xmp = _xmp((blocks.get("xmp") or exif.get("XMP", b""))[:MAX_TEXT])
    if credit := _credit(blocks.get("iptc", b"")):
        xmp.setdefault("Credit", credit)
    return Metadata(blocks.get("text", {}),
                    {tag: decoded(exif[tag]) for tag in exif if tag in SHOWN}, xmp,
                    blocks.get("jpeg", {}), _samsung(data))


def _jpeg_blocks(data):
    blocks, tables, frame = {}, {}, b""
    for marker, body in _segments(data):
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            blocks.setdefault("exif", body)
        elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            blocks.setdefault("xmp", body.partition(b"\0")[2])
        elif marker == 0xED:
            blocks.setdefault("iptc", body)
        elif marker == 0xDB:
            tables |= _tables(body)
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = bytes([marker]) + body
    return blocks | {"jpeg": _saved_as(tables, frame)}


def _png_blocks(data):
    blocks, text = {}, {}
    for name, body in _chunks(memoryview(data), len(PNG), png=True):
        if name == b"eXIf":
            blocks.setdefault("exif", bytes(body))
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            start = bytes(body[:80]).partition(b"\0")[0]
            if start in KEYWORDS and (keyword := start.decode()) not in text:
                text[keyword] = _png_text(name, bytes(body[len(start) + 1:]))
    if packet := text.pop("XML:com.adobe.xmp", ""):
        blocks["xmp"] = packet.encode()
    for keyword in ("exif", "APP1", "xmp", "iptc"):  # ImageMagick's way: name, length, then hex
        with suppress(ValueError):
            lines = text.pop(f"Raw profile type {keyword}", "").split("\n")
            profile = bytes.fromhex("".join(lines[3:]))
            block = {"exif": "exif", "APP1": "exif"}.get(keyword, keyword)
            if block == "exif" and not profile.startswith(b"Exif\0\0"):
                block = "xmp"  # both lie in a JPEG's segments of that name
            blocks[block] = blocks.get(block) or profile.rpartition(b"xap/1.0/\0")[2]
    return blocks | {"text": text}


def _webp_blocks(data):
    names = {b"EXIF": "exif", b"XMP ": "xmp"}
    blocks = {}
    for name, body in _chunks(memoryview(data), 12, png=False):
        if name in names:
            blocks.setdefault(names[name], bytes(body))
    return blocks


def _other_blocks(data):
    """AVIF and HEIC, whose blocks Pillow finds without decoding a pixel."""
    with suppress(Exception):  # decoders raise whatever they meet
        with Image.open(io.BytesIO(data), formats=("AVIF", "HEIF")) as image:
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


def _png_text(chunk_type, body):
    """The text of a PNG chunk, from what follows its keyword."""
    packed = chunk_type == b"zTXt"
    if packed:
        body = body[1:]
    elif chunk_type == b"iTXt":
        packed = body[:1] == b"\1"
        body = b"".join(body[2:].split(b"\0", 2)[2:])  # after language and translated keyword
    if packed:
        try:
            body = zlib.decompressobj().decompress(body, MAX_TEXT)
        except zlib.error:
            return ""
    return body[:MAX_TEXT].decode("utf-8" if chunk_type == b"iTXt" else "latin-1", "replace")


def _xmp(packet):
    """The values of `XMP` in a packet, as attributes or elements; empty if it can't be parsed."""
    values = {}
    if not packet:  # as in most files; the parser's error would keep the caller's picture alive
        return values
    with suppress(Exception):  # of the parser, and of its guard against entities
        root = ElementTree.fromstring(packet.strip(b"\0 \t\r\n"), forbid_dtd=True)
        for element in root.iter():
            for name in XMP.keys() & {element.tag, *element.attrib}:
                if XMP[name] not in values:  # the first counts; thousands may follow inside it
                    value = element.get(name if name in element.attrib else RESOURCE)
                    values[XMP[name]] = (value or "".join(element.itertext())).strip()
    return values


def _credit(records):
    """The credit line in IPTC's older records (IIM 2:110), where programs don't write XMP."""
    record = re.search(rb"\x1c\x02\x6e([\0-\x7f].)", records, re.DOTALL)
    if not record:
        return ""
    length = int.from_bytes(record[1], "big")
    return records[record.end():record.end() + length].decode("utf-8", "replace")


def _samsung(data):
    """The kind of AI in the notes that Samsung's gallery leaves behind the picture's end.

    Its part of the file is named `PhotoEditor_Re_Edit_Data` (ExifTool's Samsung.pm); the number is
    Samsung's own and not documented: 0 where its Galaxy AI had no part.
    """
    start = data.rfind(b"PhotoEditor_Re_Edit_Data")
    notes = data[start:start + MAX_NOTES] if start >= 0 else b""
    match = re.search(rb'"genAIType"\s{0,9}:\s{0,9}(\d{1,6})\b', notes)
    return int(match[1]) if match else 0


def _tables(body):
    """Number → the 64 values of the quantization tables in a DQT segment."""
    tables = {}
    while len(body) > 64:
        wide, number = divmod(body[0], 16)
        length = 128 if wide else 64
        values = struct.unpack(">64H", body[1:129]) if wide and len(body) > 128 else body[1:65]
        tables[number] = tuple(values)
        body = body[1 + length:]
    return tables


def _saved_as(tables, frame):
    """How a JPEG was saved, as `Metadata.jpeg`; empty if tables are missing."""
    parts = [frame[at:at + 3] for at in range(7, 7 + 3 * frame[6], 3)] if len(frame) > 6 else []
    used = [tables[part[2]] for part in parts if len(part) == 3 and part[2] in tables]
    if not used or len(used) < len(parts):
        return {}
    exact = next((quality for quality, (luma, chroma) in _standard().items()
                  if used[0] == luma and set(used[1:]) <= {luma, chroma}), None)
    luma, chroma = (divmod(part[1], 16) for part in (parts[0], parts[min(1, len(parts) - 1)]))
    across, down = (a / max(b, 1) for a, b in zip(luma, chroma))
    subsampling = SAMPLINGS.get((across, down), f"{across:g} × {down:g}")
    return {"quality": exact or _nearest(sum(used[0])), "tables": "standard" if exact else "own",
            "subsampling": "4:0:0" if len(parts) == 1 else subsampling,
            "progressive": frame[0] in (0xC2, 0xC6, 0xCA, 0xCE)}


def _nearest(luma):
    """The quality at which libjpeg's table of brightness has nearly this sum."""
    return min(_standard(), key=lambda quality: abs(sum(_standard()[quality][0]) - luma))


@cache
def _standard():
    """Quality → the two tables of libjpeg, which scales those of the JPEG standard's annex K."""
    by_quality = {}
    for quality in range(1, 101):
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
        tables = {}
        for marker, body in _segments(file.getvalue()):
            if marker == 0xDB:
                tables |= _tables(body)
        by_quality[quality] = tables[0], tables[1]
    return by_quality
