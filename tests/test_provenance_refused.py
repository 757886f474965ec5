"""Hostile and damaged files: what they say is left out, quickly."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from ensemble.evidence.provenance import read
from ensemble.images import (
    EmptyFile,
    FileTooLarge,
    ImageError,
    NotAFile,
    UnsupportedFormat,
)
from tests.hostile import damages, directory, little_memory
from tests.test_images import gradient, png, saved
from tests.test_provenance import A1111, CAMERA, TAKEN, XMP, notes, with_exif

pytestmark = pytest.mark.filterwarnings("error")
MB = 2**20


def keys(data, seconds=2):
    """The keys of the notes, which take little of the processor's time."""
    start = time.process_time()
    found = notes(data)
    assert time.process_time() - start < seconds
    return set(found)


def picture(*chunks):
    """A PNG with more chunks."""
    return png(8, 8, 8, 0, [bytes(8)] * 8, *chunks)


def test_what_is_no_image(tmp_path):
    (tmp_path / "empty.jpg").touch()
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(30 * MB)
    for source, kind, words in (
            (b"", EmptyFile, "empty"), (tmp_path / "empty.jpg", EmptyFile, "empty"),
            (b"Dear Sir or Madam,", UnsupportedFormat, "accepted"),
            (b"\0", UnsupportedFormat, "accepted"), (b"%PDF-1.7", UnsupportedFormat, "accepted"),
            (tmp_path, NotAFile, "folder"),
            (tmp_path / "missing.png", NotAFile, "missing.png"), (large, FileTooLarge, "25 MB"),
            (bytes(30 * MB), FileTooLarge, "25 MB")):
        with pytest.raises(kind, match=words):
            read(source)
    for source in (None, 7, gradient(), Image.new("RGB", (8, 8))):
        with pytest.raises(TypeError, match="path or bytes; given"):
            read(source)


@pytest.mark.parametrize("name, head", [(b"zTXt", b"\0\0"), (b"iTXt", b"\0\1\0\0\0")])
def test_bombs_of_text(name, head):
    bomb = zlib.compress(bytes(50 * MB), 1)
    chunks = [(name, keyword + head + bomb) for keyword in (b"parameters", b"Comment", b"unknown")]
    chunks += [(name, b"Software" + head + zlib.compress(b"NovelAI")), (name, b"Title" + head)]
    with little_memory():
        assert keys(picture(*chunks * 2)) == {"generator"}
    assert keys(picture((b"tEXt", b"parameters\0" + b"x" * 20 * MB))) == set()
    assert keys(picture((b"tEXt", b"parameters\0" + A1111.encode() + b"\nx" * 9 * MB))) \
        == {"generator_model"}


def test_floods():
    """Of beginnings that never end, of chunks and of segments."""
    for flood in ("Steps: 1, ", "Job ID: ", '"model":{', "Steps: 1, Sampler: , Model: ", "{" * 10):
        keys(picture((b"tEXt", b"parameters\0" + (flood * 2 * MB)[:20 * MB].encode())))
        comment = {0x9286: b"ASCII\0\0\0" + (flood * 1000)[:30_000].encode()}
        keys(with_exif("JPEG", {}, comment))
    data = saved(gradient(), "JPEG")
    for segment in (b"\xff\xe1\0\2", b"\xff\xdb\0\2", b"\xff\xe1\0\x0cExif\0\0AAAA", b"\xff" * 12):
        keys(data[:2] + segment * (20 * MB // len(segment)) + data[2:])
    keys(data[:33] + (struct.pack(">I", 0) + b"tEXt" + bytes(4)) * (20 * MB // 12))
    keys(b"RIFF\0\0\0\0WEBP" + (b"EXIF" + bytes(4)) * (3 * MB))


def test_exif_that_repeats_its_megabytes():
    start = 10 + 12 * 600 + 4
    for tag in (0x0131, 1000):
        block = directory(*((tag + i % 7, 2, 15 * MB, start) for i in range(600)),
                          rest=b"a" * 15 * MB)
        for data in (block, picture((b"eXIf", block))):
            with little_memory():
                assert keys(data) == ({"software"} if tag == 0x0131 else set())


def test_exif_that_is_broken():
    whole = with_exif("JPEG", CAMERA, TAKEN)
    start = whole.index(b"Exif\0\0") + 6
    for cut in range(0, 100, 3):  # an offset, a length, a type or an order out of place
        data = whole[:start + cut] + b"\xff\xff\xff\xff" + whole[start + cut + 4:]
        assert keys(data) <= {"camera", "camera_date", "date", "software", "place"}
    for block in (b"", b"II", b"II*\0\xff\xff\xff\xff", directory((0x8769, 4, 1, 8)),
                  directory((0x8825, 4, 1, 0xFFFFFFFF)), directory((0x0110, 2, 0xFFFFFFFF, 26)),
                  directory((0x9286, 7, 8, 26), rest=b"UNICODE\0"), b"Exif\0\0" * 3):
        assert keys(picture((b"eXIf", block))) <= {"camera"}


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>' + XMP.format(">&l9;"),
    "a file of ours": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + XMP.format(
        "><xmp:CreatorTool>&f;</xmp:CreatorTool>"),
    "deep": "<a>" * 200_000, "deep and closed": "<a>" * 100_000 + "</a>" * 100_000,
    "inside each other": XMP.format(
        ">" + "<xmp:CreatorTool>" * 29_000 + "</xmp:CreatorTool>" * 29_000),
    "many": XMP.format("><xmp:CreatorTool/>" + "<xmp:a/>" * 90_000),
    "not closed": XMP[:300], "no markup": "digitalCapture", "nothing": "", "zeros": "\0" * 500}


@pytest.mark.parametrize("name", HOSTILE)
def test_xmp_that_is_hostile(name):
    packet = HOSTILE[name].encode()
    chunk = b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)
    assert keys(picture(chunk)) == set()
    segment = b"http://ns.adobe.com/xap/1.0/\0" + packet[:60_000]
    data = saved(gradient(), "JPEG")
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    assert keys(data) == set()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "GIF"])
def test_damage_at_random(format):
    """Bytes changed, cut out, repeated or cut off: notes or an image error, nothing else."""
    data = saved(gradient(), "GIF") if format == "GIF" else with_exif(format, CAMERA, TAKEN)
    rng = np.random.default_rng(7)
    for damaged in damages(data, 40, rng, head=700):
        try:
            notes(damaged)
        except ImageError as error:
            assert str(error).endswith(".")


def test_a_picture_of_many_megabytes_is_quick():
    noise = np.random.default_rng(8).integers(0, 256, (2500, 2500, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=0)
    assert keys(file.getvalue()[:24 * MB], seconds=1) == set()
