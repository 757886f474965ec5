"""Small files that would fill the memory or never end cost little."""

import struct
import sys
import zlib

import PIL
import pytest
from PIL import Image, TiffImagePlugin

from ensemble import guards
from ensemble.images import open_picture
from tests.hostile import costs_of_opening, directory
from tests.test_images import gradient, png, saved

MB = 2**20
SIZE = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]


def repeating(megabytes, entries=600):
    """An EXIF block whose entries all point to the same bytes."""
    start = 10 + 12 * entries + 4
    return directory(*((1000 + i, 2, megabytes * MB, start) for i in range(entries)),
                     rest=b"a" * megabytes * MB)


def tiff(entries, compression, megabytes=8):
    """A picture of which `entries` tags point to the same bytes."""
    count = len(SIZE) + 4 + entries
    start = 10 + 12 * count + 4
    strips = [(259, 3, 1, compression), (273, 4, 1, start), (278, 4, 1, 64), (279, 4, 1, 4096)]
    more = [(40_000 + i, 7, megabytes * MB, start) for i in range(entries)]
    return directory(*sorted(SIZE + strips) + more, rest=bytes(megabytes * MB))


def big_tiff(entries):
    """A directory of many small entries, 20 bytes each."""
    rows = b"".join(struct.pack("<HHQQ", i % 60_000 + 1000, 1, 1, 0) for i in range(entries))
    return b"II\x2b\0\x08\0\0\0" + struct.pack("<QQ", 16, entries) + rows + bytes(8)


def with_exif(format, block):
    """A picture with this EXIF block, which Pillow itself would not write."""
    harmless = directory(rest=bytes(len(block) - 14))
    data = saved(gradient(), format, exif=harmless)
    assert harmless in data
    return data.replace(harmless, block)


def jpeg(block):
    """A JPEG without a resolution of its own, which Pillow so looks for in the EXIF segments."""
    parts = [block[at:at + 65_000] for at in range(0, len(block), 65_000)]
    segments = b"".join(struct.pack(">HH", 0xFFE1, len(part) + 8) + b"Exif\0\0" + part
                        for part in parts)
    plain = saved(gradient(), "JPEG")
    return plain[:2] + segments + plain[20:]


def png_profile(block):
    """A PNG whose EXIF stands in compressed text, in hexadecimal."""
    lines = b"\nexif\n%8d\n" % len(block) + block.hex().encode()
    return png(8, 8, 8, 0, [bytes(8)] * 8,
               (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(lines)))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in kB on Linux alone")
def test_directories_that_repeat_the_file(tmp_path):
    files = {
        "png": (png(8, 8, 8, 0, [bytes(8)] * 8, (b"eXIf", repeating(8))), "decoded"),
        "png text": (png_profile(directory(*((1000 + i, 2, 200_000, 26) for i in range(20_000)),
                                           rest=bytes(200_000))), "decoded"),
        "webp": (with_exif("WEBP", repeating(8)), "decoded"),
        "avif": (with_exif("AVIF", repeating(1)), "DamagedImage"),
        "heic": (with_exif("HEIF", repeating(8)), "decoded"),
        "jpeg": (jpeg(repeating(8)), "decoded"),
        "tiff": (tiff(600, compression=1), "DamagedImage"),
        "tiff packed": (tiff(600, compression=5), "DamagedImage"),
        "tiff of a million entries": (big_tiff(1_000_000), "DamagedImage"),
    }
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    small = tmp_path / "small"
    small.write_bytes(saved(gradient(), "PNG"))
    costs = costs_of_opening(small, [tmp_path / name for name in files])
    for name, (outcome, memory, seconds) in zip(files, costs.values()):
        assert outcome == files[name][1], name
        assert memory < 150 * MB and seconds < 3, (name, memory, seconds)


@pytest.mark.parametrize("format", ["TIFF", "JPEG", "PNG", "WEBP", "AVIF", "HEIF", "MPO"])
def test_pillow_reads_directories_by_the_class_put_in_the_place_of_its_own(format, monkeypatch):
    told = (f"Pillow {PIL.__version__} no longer reads the directory of a {format} by "
            "TiffImagePlugin.ImageFileDirectory_v2, which ensemble/guards.py replaces, so nothing "
            "limits what a hostile one costs. See what reads it now, and change guards.Directory.")
    assert TiffImagePlugin.ImageFileDirectory_v2 is guards.Directory, told
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"save_all": True, "append_images": [Image.fromarray(gradient())]}
    data = saved(gradient(), format, exif=exif, **(options if format == "MPO" else {}))
    read = []
    monkeypatch.setattr(guards.Directory, "load", lambda self, file, load=guards.Directory.load: (
        read.append(file), load(self, file)))
    open_picture(data)
    assert read, told


@pytest.mark.parametrize("compression", [1, 5])
def test_a_tiff_with_a_large_entry_is_no_repetition(compression):
    data = saved(gradient(), "TIFF", compression="tiff_lzw" if compression == 5 else "raw",
                 tiffinfo={40_000: b"a" * 4 * MB})
    assert open_picture(data).rgb.shape == (40, 64, 3)


def test_honest_exif_of_every_kind_is_read():
    exif = Image.Exif()
    exif[0x0112], exif[0x9286] = 6, b"a" * 60_000
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        picture = open_picture(saved(gradient(), format, exif=exif.tobytes()))
        assert (picture.width, picture.height) == (40, 64), format
