"""What a visitor's file may do wrong: each refusal is named, and comes before the costly work."""

import io
import struct
import sys
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from ensemble.errors import (
    DamagedImage,
    EmptyFile,
    FileTooLarge,
    ImageError,
    NotAFile,
    NothingToSee,
    TooManyPixels,
    UnsupportedFormat,
)
from ensemble.images import (
    MAX_BYTES,
    MAX_PIXELS,
    Picture,
    check_content,
    fit_square,
    open_picture,
)
from tests.hostile import costs_of_opening, damages, directory, little_memory, pillow_watched
from tests.test_images import FILES, gradient, png, saved

SMALL = 64 * 64  # pixels of the damaged files here


def refusal(source, error_type):
    """The message of the refusal.

    It comes before any pixel is decoded; whether a small file is damaged, decoding it has to show.
    """
    with pillow_watched() as work, pytest.raises(error_type) as caught:
        open_picture(source)
    assert caught.type is error_type
    assert work["opened"] <= 1 and work["pixels"] <= SMALL * (error_type is DamagedImage)
    return str(caught.value)


def test_paths_without_a_file(tmp_path):
    assert "missing.png" in refusal(tmp_path / "missing.png", NotAFile)
    assert "No such file" in refusal(str(tmp_path / "missing.png"), NotAFile)
    assert "folder" in refusal(tmp_path, NotAFile)
    assert "null" in refusal("a\0b.png", NotAFile)
    assert "too long" in refusal("a" * 5000, NotAFile)


def test_empty(tmp_path):
    (tmp_path / "empty.png").touch()
    assert "empty" in refusal(tmp_path / "empty.png", EmptyFile)
    assert "empty" in refusal(b"", EmptyFile)


def test_more_than_25_mb(tmp_path):
    data = saved(gradient(), "PNG")
    path = tmp_path / "large.png"
    with path.open("wb") as file:  # sparse: takes no disk
        file.write(data)
        file.truncate(30 * 2**20)
    for source in (path, data.ljust(30 * 2**20, b"\0")):
        message = refusal(source, FileTooLarge)
        assert "30.0 MB" in message and "25 MB" in message
    assert open_picture(data.ljust(MAX_BYTES, b"\0")).width == 64
    assert "25 MB" in refusal("/dev/zero", FileTooLarge)


OTHERS = {"text": (b"Dear Sir or Madam,\n", "text"), "svg": (b"<svg xmlns='x'></svg>", "SVG"),
          "xml": (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "SVG"), "pdf": (b"%PDF-1.7\n", "PDF"),
          "zip": (b"PK\3\4" + bytes(30), "ZIP"), "jxl": (b"\xff\x0a" + bytes(30), "JPEG XL"),
          "mp4": (b"\0\0\0\x20ftypisom" + bytes(40), "unknown"), "noise": (bytes(500), "unknown"),
          "one byte": (b"\xff", "unknown")}


@pytest.mark.parametrize("name", OTHERS)
def test_no_image_at_all(name):
    data, what = OTHERS[name]
    message = refusal(data, UnsupportedFormat)
    assert what in message and "accepted are JPEG, PNG, WebP, AVIF" in message


@pytest.mark.parametrize("format", ["PPM", "ICO", "TGA", "EPS", "PCX", "DDS", "JPEG2000", "SGI"])
def test_formats_that_pillow_reads_and_we_refuse(format):
    data = saved(gradient(64, 64), format)
    Image.open(io.BytesIO(data)).verify()
    assert "accepted are" in refusal(data, UnsupportedFormat)


def test_a_photoshop_document_is_named():
    header = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(12)
    assert "Photoshop" in refusal(header, UnsupportedFormat)


def claiming(format, width, height):
    """A small file whose header claims `width` × `height` pixels."""
    data = bytearray(saved(Image.new("RGB", (64, 64)), format))
    if format == "PNG":
        return png(width, height, 8, 2, [bytes(192)] * 64)
    if format == "JPEG":
        start = data.index(b"\xff\xc0") + 5
        data[start:start + 4] = struct.pack(">HH", height, width)
    elif format == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    elif format == "BMP":
        data[18:26] = struct.pack("<ii", width, height)
    elif format == "WEBP":
        start = data.index(b"\x9d\x01\x2a") + 3
        data[start:start + 4] = struct.pack("<HH", width, height)
    elif format in ("AVIF", "HEIF"):
        start = data.index(b"ispe") + 8
        data[start:start + 8] = struct.pack(">II", width, height)
    elif format == "TIFF":
        start, = struct.unpack("<I", data[4:8])
        for entry in range(start + 2, start + 2 + 12 * data[start], 12):
            tag, = struct.unpack("<H", data[entry:entry + 2])
            if tag in (256, 257):
                data[entry + 2:entry + 12] = struct.pack("<HII", 4, 1,
                                                         width if tag == 256 else height)
    return bytes(data)


HUGE = {"PNG": 60_000, "JPEG": 60_000, "GIF": 60_000, "BMP": 60_000, "TIFF": 60_000,
        "WEBP": 16_383, "AVIF": 16_000}  # as much as each format, or its library, can claim


@pytest.mark.parametrize("format", HUGE)
def test_too_many_pixels(format):
    """Just above the limit, above Pillow's warning, and above Pillow's own limit."""
    for width, height in ((7100, 7100), (12_000, 10_000)):
        message = refusal(claiming(format, width, height), TooManyPixels)
        assert f"{width} × {height}" in message and "50 megapixels" in message
    message = refusal(claiming(format, HUGE[format], HUGE[format]), TooManyPixels)
    assert "over 178 megapixels" in message and "at most 50" in message


@pytest.mark.parametrize("size", [(60_000, 60_000), (8000, 8000), (8000, 6000)])
def test_heic_that_claims_more_than_it_holds(size):
    with pytest.raises(ImageError):
        open_picture(claiming("HEIF", *size))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in kB on Linux alone")
def test_refusing_costs_no_memory(tmp_path):
    files = []
    for format in [*HUGE, "HEIF"]:
        for side in (7100, HUGE.get(format, 60_000)):
            files.append(tmp_path / f"{side}.{format}")
            files[-1].write_bytes(claiming(format, side, side))
    small = tmp_path / "small.png"
    small.write_bytes(saved(gradient(), "PNG"))
    costs = costs_of_opening(small, files).values()
    assert all(outcome != "decoded" for outcome, _, _ in costs)
    assert sum(memory for _, memory, _ in costs) < 50_000_000


def test_pixels_of_arrays_and_pil_images():
    wide = np.broadcast_to(np.uint8(0), (1, MAX_PIXELS + 1, 3))
    assert f"{MAX_PIXELS + 1} × 1" in refusal(wide, TooManyPixels)
    refusal(Image.new("1", (7100, 7100)), TooManyPixels)
    refusal(Image.new("RGB", (0, 5)), DamagedImage)
    line = open_picture(Image.new("L", (300_000, 1), 7)).rgb
    assert fit_square(line, 32).tolist() == np.full((32, 32, 3), 7).tolist()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_zero_size(format):
    for size in ((0, 0), (0, 64), (64, 0)):
        try:
            picture = open_picture(claiming(format, *size))
        except ImageError as error:
            assert type(error) is DamagedImage and str(error)
        else:  # a GIF's frame may be larger than its screen, an AVIF's smaller
            assert format == "GIF" and picture.rgb.size


@pytest.mark.parametrize("name", FILES)
def test_cut_short(name):
    format, options, _ = FILES[name]
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(noise, format, **options)
    message = refusal(data[:len(data) // 2], DamagedImage)
    assert "damaged" in message and (format in message or "JPEG" in message)
    with pytest.raises((DamagedImage, TooManyPixels)):  # a GIF's noise may claim huge frames
        open_picture(data[:20] + rng.bytes(3000))


def test_corrupt_zlib_stream():
    data = bytearray(saved(np.random.default_rng(4).integers(0, 256, (64, 64, 3), np.uint8), "PNG"))
    middle = len(data) // 2
    data[middle:middle + 50] = bytes(50)
    refusal(bytes(data), DamagedImage)


@pytest.mark.parametrize("name, head", [(b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"),
                                        (b"iCCP", b"a\0\0")])
def test_bomb_in_a_png_chunk(name, head):
    bomb = png(8, 8, 8, 0, [bytes(8)] * 8, (name, head + zlib.compress(bytes(200 * 2**20), 1)))
    with little_memory(), suppress(DamagedImage):  # but a small part of it is unpacked
        assert open_picture(bomb).rgb.max() == 0


def test_bomb_of_progressive_scans_and_exif_segments():
    data = saved(Image.new("L", (64, 64), 90), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda"):-2]
    assert open_picture(data[:-2] + scan * 20 + data[-2:]).width == 64
    segment = b"\xff\xe1\0\x0cExif\0\0AAAA"
    for bomb in (data[:-2] + scan * 1000 + data[-2:],
                 *(start + segment * 500_000 + data[2:]
                   for start in (b"\xff\xd8", b"\xff\xd8\xff\xd9"))):
        with pillow_watched() as work:  # which would go through all of them, again and again
            assert "more often" in refusal(bomb, DamagedImage)
        assert work["opened"] == 0


def test_what_follows_a_jpeg_is_not_counted():
    """Phones append a film to the photograph; chance puts markers there."""
    film = np.random.default_rng(5).bytes(2**20) + b"\xff\xda\0\2" * 2000
    assert open_picture(saved(gradient(), "JPEG") + film).width == 64


def test_hostile_tiff():
    size = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    strips = [(273, 4, 1, 8), (278, 4, 1, 64), (279, 4, 1, 0xFFFFFFFF)]
    for data in (directory(*size, *strips), directory(*size, *strips, (259, 3, 1, 5)),
                 directory(*size, (273, 4, 0xFFFFFFFF, 8)),
                 directory(*size, (270, 2, 0xFFFFFFF0, 8), *strips),
                 directory(*size, (322, 4, 1, 2**31 - 16), (323, 4, 1, 2**31 - 16), (324, 4, 1, 8)),
                 directory((256, 4, 1, 64)), directory((256, 5, 1, 64), (257, 2, 1, 64)),
                 directory(),
                 directory(*size, (34665, 4, 1, 8), *strips),
                 b"II*\0\x08\0\0\0", b"MM\0*\xff\xff\xff\xff"):
        refusal(data, DamagedImage)


def test_pil_image_of_a_broken_file():
    image = Image.open(io.BytesIO(saved(gradient(), "BMP")[:3000]))
    assert "BMP" in refusal(image, DamagedImage)


@pytest.mark.parametrize("height, width", [(1, 1), (15, 200), (200, 15), (1, 70_000)])
def test_too_few_pixels_show_nothing(height, width):
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    with pytest.raises(NothingToSee, match=f"has {width} × {height} pixels; models need .* 16"):
        check_content(open_picture(rgb))


@pytest.mark.parametrize("grain", [0, 1, 2])
@pytest.mark.parametrize("colour", [(0, 0, 0), (128, 128, 128), (255, 40, 3)])
@pytest.mark.parametrize("side", [16, 700])
def test_a_picture_of_one_colour_shows_nothing(side, colour, grain):
    """As a camera with its cap on sees it, too: under a little noise."""
    noise = np.random.default_rng(0).integers(0, grain + 1, (side, side, 3))
    rgb = (np.array(colour) + noise).clip(0, 255).astype(np.uint8)
    with pytest.raises(NothingToSee, match="practically of one colour"):
        check_content(open_picture(rgb))


def test_faint_and_small_pictures_show_something():
    sky = np.linspace(120, 124, 400).round().astype(np.uint8)
    one_channel = np.full((16, 16, 3), 9, np.uint8)
    one_channel[:8, :, 2] = 12
    for rgb in (np.tile(sky[:, None, None], (1, 300, 3)), gradient(16, 16), one_channel):
        check_content(open_picture(rgb))


@pytest.mark.parametrize("source", [
    None, 7, [[1, 2, 3]], gradient().astype(float), gradient()[..., 0],
    *(np.zeros(shape, np.uint8) for shape in ((4, 4, 4), (0, 4, 3), (2, 4, 4, 3)))],
    ids=lambda source: f"{type(source).__name__}{getattr(source, 'shape', '')}")
def test_wrong_types(source):
    with pytest.raises(TypeError, match="image.* is .*; given"):
        open_picture(source)


@pytest.mark.parametrize("name", FILES)
def test_damage_at_random_gives_a_picture_or_an_image_error(name):
    """36 files of each kind: bytes changed, cut out, repeated or cut off."""
    format, options, _ = FILES[name]
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(gradient(24, 32), format, exif=exif.tobytes(), **options)
    rng = np.random.default_rng(sorted(FILES).index(name))
    for damaged in damages(data, 36, rng):
        try:
            picture = open_picture(damaged, at_least=16)
        except ImageError as error:
            assert str(error).endswith(".")
        else:
            assert isinstance(picture, Picture) and picture.rgb.dtype == np.uint8
            assert picture.width * picture.height > 0
            assert fit_square(picture.rgb, 32).shape == (32, 32, 3)
