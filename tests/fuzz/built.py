"""Files that are built to do harm: by their size, their depth, or by passing for something else."""

import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image

from ensemble.evidence.credentials import MARK
from tests.hostile import directory
from tests.signed import action, overloaded, sign
from tests.test_images import gradient, png, saved
from tests.test_images_refused import HUGE, claiming
from tests.test_provenance import A1111

MB = 2**20
LARGE = 20 * MB  # bytes that a file of at most 25 MB can hold
NOISE = np.random.default_rng(0).bytes(LARGE)
ZIP = b"PK\3\4\x14\0\0\0\0\0" + bytes(16) + b"\4\0\0\0evil"
PAGE = b"<html><script>alert(1)</script></html>"


def make():
    """All of them.

    Returns
    -------
    dict of str to callable
        By a name, what gives the bytes: many are large, so one after the other.
    """
    return {**_claims(), **_lines(), **_frames(), **_metadata(), **_credentials(), **_polyglots()}


def _claims():
    """Headers that claim more pixels than there are."""
    return {f"{format} that claims {side} × {side}": lambda f=format, s=side: claiming(f, s, s)
            for format in (*HUGE, "HEIF")
            for side in (0, 7000, 7100, HUGE.get(format, 60_000))}


def _lines():
    """One pixel high or wide, and as long as the format or the limit of pixels allows."""
    formats = {"JPEG": 65_500, "PNG": 65_535, "WEBP": 16_383, "AVIF": 32_767, "GIF": 65_535,
               "BMP": 65_535, "TIFF": 65_535}
    files = {}
    for format, length in formats.items():
        for size in ((1, length), (length, 1), (17, length)):
            files[f"{format} of {size[0]} × {size[1]}"] = (
                lambda f=format, s=size: saved(Image.new("RGB", s, (200, 90, 9)), f))
    for width, height in ((1, 40_000_000), (40_000_000, 1), (16, 3_000_000), (3_000_000, 16)):
        files[f"PNG of {width} × {height}"] = lambda w=width, h=height: _black(w, h)
    return files


def _black(width, height):
    """A PNG of one bit a pixel."""
    header = png(1, 1, 1, 0, [b"\0"])
    size, body = struct.pack(">II", width, height), bytes((-(-width // 8) + 1) * height)
    start = header.index(b"IHDR")
    head = b"IHDR" + size + header[start + 12:start + 17]
    pixels = b"IDAT" + zlib.compress(body, 1)
    return (header[:start] + head + struct.pack(">I", zlib.crc32(head))
            + struct.pack(">I", len(pixels) - 4) + pixels + struct.pack(">I", zlib.crc32(pixels))
            + header[-12:])


def _frames():
    """Thousands of frames, pages or pictures; one is looked at."""
    def frames(format, count, **options):
        images = [Image.new("L", (32, 32), i % 251) for i in range(count)]
        return saved(images[0], format, save_all=True, append_images=images[1:], **options)

    def pages(count, last):
        size = 2 + 12 * 9 + 4
        rows = b""
        for page in range(count):
            tags = ((256, 4, 1, 32), (257, 4, 1, 32), (258, 3, 1, 8), (259, 3, 1, 1),
                    (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 32),
                    (279, 4, 1, 1024))
            following = 1032 + size * (page + 1) if page + 1 < count else last
            rows += (struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag)
                                                             for tag in tags)
                     + struct.pack("<I", following))
        return b"II*\0" + struct.pack("<I", 1032) + bytes(range(256)) * 4 + rows

    gif = saved(gradient(32, 32), "GIF")
    picture = gif[gif.index(b",", 13 + 3 * 256):-1]
    return {
        "GIF of 20,000 frames": lambda: gif[:-1] + picture * (LARGE // 2 // len(picture)) + b";",
        "GIF of a million comments": lambda: gif[:-1] + b"!\xfe\1a\0" * MB + gif[-1:],
        "GIF of comments before its picture": lambda: (
            gif[:gif.index(picture)] + b"!\xfe\1a\0" * MB + picture + b";"),
        "GIF of zeros": lambda: gif[:gif.index(picture)] + bytes(LARGE) + picture + b";",
        "GIF of empty extensions": lambda: (gif[:gif.index(picture)] + b"!\x01\0" * (LARGE // 3)
                                            + picture + b";"),
        "GIF of one long comment": lambda: (gif[:gif.index(picture)] + b"!\xfe"
                                            + (b"\xff" + b"a" * 255) * (LARGE // 256) + b"\0"
                                            + picture + b";"),
        "WEBP of 500 frames": lambda: frames("WEBP", 500),
        "PNG of 500 frames": lambda: frames("PNG", 500),
        "AVIF of 20 frames": lambda: frames("AVIF", 20, speed=10),
        "MPO of 200 frames": lambda: frames("MPO", 200),
        "TIFF of 3,000 pages": lambda: pages(3000, 0),
        "TIFF whose pages have no end": lambda: pages(3, 1032)}


def _metadata():
    """Metadata that fill the file, or unpack to a hundred times its size."""
    jpeg = saved(gradient(), "JPEG")
    exif = directory((0x010E, 2, LARGE - 100, 26), rest=b"a" * LARGE)
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"<a>" * (LARGE // 3)

    def segments(head):
        body = head + NOISE[:65_000]
        segment = b"\xff" + body[:1] + struct.pack(">H", len(body) + 1) + body[1:]
        return jpeg[:2] + segment * (LARGE // len(segment)) + jpeg[2:]

    def chunks(*added):
        return png(64, 40, 8, 2, [bytes(row) for row in gradient().reshape(40, -1)], *added)

    def repeated(name):
        data, chunk = chunks(), struct.pack(">I4sI", 0, name, zlib.crc32(name))
        start = data.index(b"IDAT") - 4
        return data[:start] + chunk * MB + data[start:]

    def webp(name, body):
        plain = saved(gradient(), "WEBP", exif=b"Exif\0\0", icc_profile=b"x", xmp=b"x")
        flags = plain[:12] + plain[12:30]
        added = name + struct.pack("<I", len(body)) + body
        data = flags + added + plain[30:]
        return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]

    profile = struct.pack(">I", LARGE) + bytes(32) + b"acsp" + NOISE
    return {
        **{f"JPEG of {name}": lambda head=head: segments(head) for name, head in {
            "EXIF": b"\xe1Exif\0\0", "XMP": b"\xe1http://ns.adobe.com/xap/1.0/\0<x>",
            "extended XMP": b"\xe1http://ns.adobe.com/xmp/extension/\0",
            "profiles": b"\xe2ICC_PROFILE\0\1\xff", "IPTC": b"\xedPhotoshop 3.0\0008BIM\4\4",
            "comments": b"\xfe", "tables": b"\xdb\0", "codes": b"\xc4\0",
            "pictures": b"\xe2MPF\0II*\0\x08\0\0\0", "Adobe": b"\xeeAdobe"}.items()},
        "PNG of EXIF": lambda: chunks((b"eXIf", exif)),
        "PNG of a profile": lambda: chunks((b"iCCP", b"a\0\0" + zlib.compress(profile, 0))),
        "PNG of a bomb of a profile": lambda: chunks((b"iCCP", b"a\0\0" + _bomb())),
        "PNG of XMP": lambda: chunks((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)),
        "PNG of a bomb of XMP": lambda: chunks((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + _bomb())),
        "PNG of bombs of notes": lambda: chunks(*[(b"zTXt", b"parameters\0\0" + _bomb())] * 4),
        "PNG of bombs of raw profiles": lambda: chunks(
            *((b"zTXt", b"Raw profile type " + name + b"\0\0" + _bomb())
              for name in (b"exif", b"APP1", b"xmp", b"iptc"))),
        "PNG of a long note": lambda: chunks(
            (b"tEXt", b"parameters\0" + (A1111.encode() * (LARGE // len(A1111))))),
        **{f"PNG of empty {name.decode()}": lambda n=name: repeated(n)
           for name in (b"teST", b"IDAT", b"tEXt")},
        **{f"WEBP of {name.decode()}": lambda n=name, b=body: webp(n, b) for name, body in {
            b"EXIF": exif, b"ICCP": profile, b"XMP ": NOISE}.items()},
        "TIFF of a profile": lambda: saved(gradient(), "TIFF", icc_profile=profile),
        "TIFF of a long text": lambda: saved(gradient(), "TIFF", tiffinfo={270: "a" * LARGE}),
        "AVIF of EXIF": lambda: saved(gradient(), "AVIF", exif=exif),
        "AVIF of XMP": lambda: saved(gradient(), "AVIF", xmp=NOISE),
        "HEIF of EXIF": lambda: saved(gradient(), "HEIF", exif=exif),
        "HEIF of XMP": lambda: saved(gradient(), "HEIF", xmp=NOISE[:9 * MB])}


@cache
def _bomb():
    """What unpacks to 200 MB."""
    return zlib.compress(bytes(200 * MB), 1)


def _credentials():
    """Boxes of Content Credentials that are huge, deep, many or hollow."""
    created = [action("c2pa.created", "trainedAlgorithmicMedia", "Test model")]
    jpeg = saved(gradient(), "JPEG")

    def box(name, *bodies):
        body = b"".join(bodies)
        return struct.pack(">I4s", 8 + len(body), name) + body

    store = box(b"jumd", MARK[4:], b"\3c2pa\0")

    def inside(body):
        return png(64, 40, 8, 2, [bytes(row) for row in gradient().reshape(40, -1)],
                   (b"caBX", box(b"jumb", store, body)))

    def deep(times):
        return b"".join(struct.pack(">I4s", 8 + 8 * (times - i), b"jumb") for i in range(times))

    def app11(bodies):
        return jpeg[:2] + b"".join(
            b"\xff\xeb" + struct.pack(">H", len(body) + 2) + body for body in bodies) + jpeg[2:]

    return {
        "PNG of hollow credentials": lambda: inside(b""),
        "PNG of noise for credentials": lambda: inside(NOISE),
        "PNG of deep credentials": lambda: inside(deep(100_000)),
        "PNG of many credentials": lambda: inside(box(b"jumb", store) * (LARGE // 40)),
        "PNG of overloaded credentials": lambda: overloaded(
            sign(saved(gradient(), "PNG"), "image/png", created), 5000),
        "PNG that names credentials": lambda: saved(gradient(), "PNG") + MARK * (LARGE // 30),
        "JPEG of credentials that overlap": lambda: app11(
            [b"JP\0\1" + struct.pack(">I", i % 3) + box(b"jumb", store, NOISE[:60_000])
             for i in range(300)]),
        "JPEG of a long history": lambda: _history(jpeg, 12)}


def _history(jpeg, generations):
    """A picture that was signed, opened and signed again, with two parts each time."""
    signed = sign(jpeg, "image/jpeg", [action("c2pa.created", "digitalCapture")])
    for _ in range(generations):
        signed = sign(jpeg, "image/jpeg", [action("c2pa.opened", ingredient="parent")],
                      parent=signed)
    return signed


def _polyglots():
    """Files that are two things at once, and such that aren't what they begin as."""
    pictures = {format: saved(gradient(), format)
                for format in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "HEIF")}
    files = {f"{format} and {name}": lambda d=data + tail: d
             for format, data in pictures.items()
             for name, tail in {"an archive": ZIP, "a page": PAGE, "a program": b"MZ" + bytes(64),
                                "a JPEG": pictures["JPEG"], "a PNG": pictures["PNG"]}.items()}
    starts = {"a page": b"<!--", "a PDF": b"%PDF-1.4\n", "an archive": ZIP,
              "a script": b"#!/bin/sh\n", "a byte": b"\xef\xbb\xbf",
              "a GIF": b"GIF89a/*", "a TIFF": b"II*\0", "a BMP": b"BM", "a JPEG": b"\xff\xd8\xff",
              "a WebP": b"RIFF\0\0\0\0WEBP", "an AVIF": b"\0\0\0\x1cftypavif", "nothing": b"\0",
              "a HEIC": b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf",
              "a film": b"\0\0\0\x1cftypisom", "a PNG": b"\x89PNG\r\n\x1a\n"}
    return files | {f"{name} in front of a {format}": lambda d=start + data: d
                    for name, start in starts.items() for format, data in pictures.items()}
