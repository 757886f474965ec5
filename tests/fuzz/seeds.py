"""Small valid files of each format that is accepted, with all that the readers look for in them."""

import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.marked import hidden, packed, scene, watermarked, with_squares
from tests.signed import action, sign
from tests.test_images import png, saved
from tests.test_provenance import A1111, CAMERA, COMFY, TAKEN, XMP, with_exif

MOST = 300_000  # bytes of a file that is taken from elsewhere
RGB = scene(48, 32)
WORDS = 'xmp:CreatorTool="Midjourney" e:DigitalSourceType="digitalCapture">'
MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif",
        "GIF": "image/gif", "TIFF": "image/tiff", "HEIF": "image/heif"}


def make():
    """The files that the tests make.

    Returns
    -------
    dict of str to bytes
        By a name, of which the first word is the format.
    """
    return {name: content for group in (_plain, _of_modes, _with_notes, _with_frames, _signed)
            for name, content in group().items()}


def taken(folder):
    """Files of at most `MOST` bytes from a folder, by their names."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).rglob("*"))
            if path.is_file() and 0 < path.stat().st_size <= MOST}


def _plain():
    formats = {name: (name, {}) for name in (*MIME, "BMP")} | {
        "JPEG progressive": ("JPEG", {"progressive": True}),
        "JPEG restarts": ("JPEG", {"restart_marker_blocks": 1, "subsampling": 0}),
        "WEBP lossless": ("WEBP", {"lossless": True}),
        **{f"TIFF {name}": ("TIFF", {"compression": name}) for name in (
            "tiff_lzw", "tiff_deflate", "packbits", "jpeg", "zstd", "tiff_lzma")},
        "TIFF big": ("TIFF", {"big_tiff": True})}
    return {name: saved(RGB, format, **options) for name, (format, options) in formats.items()}


def _of_modes():
    image, grey = Image.fromarray(RGB), RGB[..., 0]
    glass = image.copy()
    glass.putalpha(Image.fromarray(grey))
    modes = {"L": ("JPEG", "PNG", "TIFF", "WEBP"), "CMYK": ("JPEG", "TIFF"),
             "LAB": ("TIFF",), "1": ("PNG", "BMP", "TIFF", "GIF"), "P": ("PNG", "BMP", "TIFF")}
    files = {f"{format} {mode}": saved(image.convert(mode), format)
             for mode, formats in modes.items() for format in formats}
    files |= {f"{format} RGBA": saved(glass, format)
              for format in ("PNG", "WEBP", "AVIF", "TIFF", "HEIF")}
    files |= {f"{format} 16 bits": saved(grey.astype(np.uint16) * 257, format)
              for format in ("PNG", "TIFF")}
    deep = [bytes(row) for row in np.repeat(RGB, 2, axis=2).reshape(32, -1)]
    files["PNG 48 bits"] = png(48, 32, 16, 2, deep)
    files["TIFF float"] = saved(grey.astype(np.float32) / 255, "TIFF")
    files["TIFF group4"] = saved(image.convert("1"), "TIFF", compression="group4")
    files["PNG LA"] = saved(glass.convert("LA"), "PNG")
    files["PNG colours"] = saved(image.quantize(16), "PNG", transparency=3)
    files["GIF colours"] = saved(image.quantize(16), "GIF", transparency=3)
    files["BMP RLE"] = _run_lengths()
    return files


def _with_notes():
    packet = XMP.format(WORDS).encode()
    files = {f"{format} EXIF": with_exif(format, CAMERA, TAKEN)
             for format in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "HEIF")}
    files |= {f"{format} XMP": saved(RGB, format, xmp=packet) for format in ("JPEG", "WEBP")}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files |= {f"{format} profile": saved(RGB, format, icc_profile=profile)
              for format in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")}
    text = PngInfo()
    text.add_text("parameters", A1111)
    text.add_text("prompt", COMFY, zip=True)
    text.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
    text.add_text("AIGC", '{"Label": "1", "ContentProducer": "x"}')
    text.add_text("Raw profile type exif", f"\nexif\n{len(packet)}\n{packet.hex()}", zip=True)
    files["PNG text"] = saved(RGB, "PNG", pnginfo=text)
    segment = b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\x0f\x1c\2\x6e\0\x0aMidjourney\0"
    plain = saved(RGB, "JPEG")
    samsung = b'PhotoEditor_Re_Edit_Data{"genAIType":2}'
    files["JPEG IPTC"] = (plain[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment
                          + plain[2:] + samsung)
    notes = packed({"Software": "NovelAI", "Comment": '{"model": "x"}'})
    wide = scene(64, 64)
    alpha = hidden(np.full((64, 64), 255, np.uint8), b"stealth_pngcomp", notes)
    files["PNG hidden in alpha"] = saved(np.dstack([wide, alpha]), "PNG")
    files["WEBP hidden"] = saved(hidden(wide, b"stealth_rgbinfo", A1111.encode()), "WEBP",
                                 lossless=True)
    large = scene(256, 256)
    files["PNG watermark"] = saved(watermarked(large, "FLUX"), "PNG")
    files["JPEG squares"] = saved(with_squares(large), "JPEG", quality=95)
    return files


def _with_frames():
    frames = [Image.fromarray(np.roll(RGB, 5 * i, axis=1)) for i in range(3)]
    options = {"save_all": True, "append_images": frames[1:]}
    return {f"{format} frames": saved(frames[0], format, **options)
            for format in ("PNG", "GIF", "WEBP", "AVIF", "TIFF", "HEIF", "MPO")}


def _signed():
    created = [action("c2pa.created", "trainedAlgorithmicMedia", "Test model")]
    parent = sign(saved(RGB, "JPEG"), "image/jpeg", created)
    files = {f"{format} signed": sign(saved(RGB, format), mime, created)
             for format, mime in MIME.items()}
    files["JPEG signed twice"] = sign(
        saved(RGB, "JPEG"), "image/jpeg", [action("c2pa.opened", ingredient="parent")],
        parent=parent)
    return files


def _run_lengths():
    """A BMP of 8 bits in runs, which Pillow reads and doesn't write."""
    plain = saved(Image.fromarray(RGB[..., 0]), "BMP")
    start, = struct.unpack_from("<I", plain, 10)
    runs = b"".join(b"\x30" + bytes([8 * row]) + b"\0\0" for row in range(32)) + b"\0\1"
    header = bytearray(plain[:start])
    struct.pack_into("<I", header, 30, 1)
    struct.pack_into("<I", header, 34, len(runs))
    struct.pack_into("<I", header, 2, start + len(runs))
    return bytes(header) + runs
