"""Every accepted file comes out as the viewer sees it; test_images_refused.py has the rest."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from ensemble.images import FILTERS, file_digest, fit_square, open_picture

# Pillow's name, options, largest mean error in levels that the compression may cause.
FILES = {"jpeg": ("JPEG", {"quality": 95}, 4),
         "jpeg progressive": ("JPEG", {"progressive": True}, 6),
         "png": ("PNG", {}, 0), "webp": ("WEBP", {"quality": 95}, 5),
         "webp lossless": ("WEBP", {"lossless": True}, 0), "avif": ("AVIF", {"quality": 95}, 5),
         "gif": ("GIF", {}, 8), "bmp": ("BMP", {}, 0), "tiff": ("TIFF", {}, 0),
         "tiff lzw": ("TIFF", {"compression": "tiff_lzw"}, 0),
         "tiff jpeg": ("TIFF", {"compression": "jpeg", "quality": 95}, 4),
         "heic": ("HEIF", {"quality": 95}, 5)}


def saved(image, format, **options):
    """The bytes of `image` (PIL or array) as a file."""
    buffer = io.BytesIO()
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png(width, height, depth, colour_type, rows, *chunks):
    """A PNG by hand, for the kinds that Pillow doesn't write."""
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def gradient(height=40, width=64):
    """Brighter to the right in red, downwards in green; no two corners alike."""
    y, x = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    return (np.stack([x, y, 0.3 + 0 * x], axis=2) * 255).round().astype(np.uint8)


def error(a, b):
    return np.abs(a.astype(float) - b).mean()


def colour(data):
    """The colour of a file of a single colour."""
    rgb = open_picture(data).rgb
    assert rgb.reshape(-1, 3).std(axis=0).max() < 2
    return rgb.reshape(-1, 3).mean(axis=0).round().astype(int).tolist()


@pytest.mark.parametrize("name", FILES)
def test_every_accepted_format(name, tmp_path):
    format, options, tolerance = FILES[name]
    data = saved(gradient(), format, **options)
    path = tmp_path / "picture"  # no suffix: the content alone decides
    path.write_bytes(data)
    for source in (data, bytearray(data), path, str(path)):
        picture = open_picture(source)
        assert picture.rgb.dtype == np.uint8 and picture.rgb.shape == (40, 64, 3)
        assert (picture.width, picture.height) == (64, 40)
        assert error(picture.rgb, gradient()) <= tolerance
        assert picture.digest == file_digest(data) and len(picture.digest) == 8


def test_arrays_and_pil_images():
    picture = open_picture(gradient())
    assert np.array_equal(picture.rgb, gradient())
    assert (picture.width, picture.height, picture.digest) == (64, 40, None)
    picture = open_picture(Image.fromarray(gradient()).convert("RGBA"))
    assert np.array_equal(picture.rgb, gradient())
    assert (picture.width, picture.height, picture.digest) == (64, 40, None)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "TIFF", "PNG", "AVIF"])
def test_first_frame(format):
    frames = [Image.new("RGB", (32, 32), c) for c in ("red", "blue", "lime")]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    assert np.allclose(colour(data), (255, 0, 0), atol=3)


def test_heic_with_several_images_shows_the_primary_one():
    frames = [Image.new("RGB", (64, 64), c) for c in ("red", "blue")]
    data = saved(frames[0], "HEIF", save_all=True, append_images=frames[1:], primary_index=1)
    assert np.allclose(colour(data), (0, 0, 255), atol=3)


UPRIGHT = {1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1],
           4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1),
           7: lambda a: a[::-1, ::-1].swapaxes(0, 1), 8: lambda a: np.rot90(a)}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation(orientation, format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(saved(gradient(), format, exif=exif.tobytes()))
    upright = UPRIGHT[orientation](gradient())
    assert (picture.height, picture.width) == picture.rgb.shape[:2] == upright.shape[:2]
    assert error(picture.rgb, upright) < 8


def test_broken_exif_is_ignored():
    for exif in (b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff",
                 b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
                 b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\xff\xff\xff\xff\xff"):
        for format in ("JPEG", "PNG", "WEBP"):
            assert error(open_picture(saved(gradient(), format, exif=exif)).rgb, gradient()) < 8


def test_alpha_lies_over_white():
    half = Image.new("RGBA", (32, 32), (255, 0, 0, 128))
    for format, options in (("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("AVIF", {}),
                            ("HEIF", {})):
        assert np.allclose(colour(saved(half, format, **options)), (255, 127, 127), atol=4)
    assert np.allclose(colour(saved(Image.new("LA", (8, 8), (0, 64)), "PNG")), 191, atol=1)
    assert colour(saved(Image.new("RGBA", (8, 8), (9, 9, 9, 0)), "PNG")) == [255, 255, 255]


def test_an_alpha_channel_is_kept_as_it_is_stored():
    """Orientation and white lie over the colours alone: notes may hide in its lowest bits."""
    alpha = np.random.default_rng(0).integers(0, 256, (40, 64), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.dstack([gradient(), alpha]))
    for format, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True})):
        picture = open_picture(saved(image, format, exif=exif.tobytes(), **options))
        assert np.array_equal(picture.alpha, alpha) and picture.rgb.shape == (64, 40, 3)
    assert np.array_equal(open_picture(image.convert("LA")).alpha, alpha)
    opaque = Image.fromarray(gradient()).convert("RGBA")
    for plain in (opaque, Image.fromarray(gradient()), gradient()):
        assert open_picture(plain).alpha is None


def test_a_transparent_colour_lies_over_white():
    """A palette entry in PNG and GIF, one colour or grey value in PNG."""
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30])
    assert colour(saved(palette, "PNG")) == [10, 200, 30]
    assert colour(saved(palette, "PNG", transparency=1)) == [255, 255, 255]
    assert colour(saved(palette, "PNG", transparency=bytes([255, 0]))) == [255, 255, 255]
    assert colour(saved(palette, "GIF", transparency=1)) == [255, 255, 255]
    other = Image.new("P", (8, 8), 0)
    other.putpalette(palette.getpalette())
    assert colour(saved(palette, "GIF", save_all=True, append_images=[other], transparency=1,
                        disposal=2)) == [255, 255, 255]
    for image, clear in ((Image.new("RGB", (8, 8), (1, 2, 3)), (1, 2, 3)),
                         (Image.new("L", (8, 8), 77), 77)):
        assert colour(saved(image, "PNG", transparency=clear)) == [255, 255, 255]
    grey16 = struct.pack(">H", 30000) * 8
    assert colour(png(8, 8, 16, 0, [grey16] * 8, (b"tRNS", grey16[:2]))) == [255, 255, 255]


def test_cmyk_and_ycck():
    inks = {(255, 0, 0, 0): (0, 255, 255), (0, 0, 255, 0): (255, 255, 0),
            (0, 0, 0, 255): (0, 0, 0), (0, 0, 0, 0): (255, 255, 255)}
    for ink, rgb in inks.items():
        for format in ("JPEG", "TIFF"):
            assert np.allclose(colour(saved(Image.new("CMYK", (16, 16), ink), format)), rgb, atol=3)
    # YCCK holds CMY as YCbCr. Pillow writes none: invert a CMYK file's planes, mark it as YCCK.
    planes = Image.fromarray(255 - gradient()).convert("YCbCr").split()
    planes = [plane.point(lambda v: 255 - v) for plane in planes] + [Image.new("L", (64, 40))]
    data = saved(Image.merge("CMYK", planes), "JPEG", quality=95)
    marker = data.index(b"Adobe") + 11
    data = data[:marker] + b"\2" + data[marker + 1:]
    assert error(open_picture(data).rgb, gradient()) < 4


def test_colour_profile_is_followed():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # sRGB with its red and green primaries exchanged
    odd = srgb.replace(b"rXYZ", b"----", 1).replace(b"gXYZ", b"rXYZ", 1)
    odd = odd.replace(b"----", b"gXYZ", 1)
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"):
        image = Image.new("RGB", (32, 32), (200, 40, 90))
        assert np.allclose(colour(saved(image, format, icc_profile=srgb)), (200, 40, 90), atol=4)
        assert np.allclose(colour(saved(image, format, icc_profile=odd)), (40, 200, 90), atol=4)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "P"])
def test_broken_or_unfit_profile_is_ignored(mode):
    image = Image.fromarray(gradient()).convert(mode)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"nonsense", lab, lab[:200], b""):
        plain, tagged = (open_picture(saved(image, "TIFF", **options)).rgb
                         for options in ({}, {"icc_profile": profile}))
        assert np.array_equal(plain, tagged)


def test_grey_and_deep_images():
    ramp = np.tile(np.arange(0, 256, dtype=np.uint8), (4, 1))
    grey = np.stack([ramp] * 3, axis=2)
    deep = ramp.astype(np.uint16) * 257
    floats = ramp.astype(np.float32)
    big_endian = deep.astype(">u2")
    rgb16 = np.stack([big_endian] * 3, axis=2)
    for data in (saved(ramp, "PNG"), saved(ramp, "TIFF"), saved(ramp, "BMP"), saved(ramp, "GIF"),
                 saved(deep, "PNG"), saved(deep, "TIFF"), saved(deep.astype(np.int32), "TIFF"),
                 saved(floats, "TIFF"), saved(floats / 255, "TIFF"),
                 saved(Image.fromarray(ramp).convert("LA"), "PNG"),
                 png(256, 4, 16, 0, [row.tobytes() for row in big_endian]),
                 png(256, 4, 16, 2, [row.tobytes() for row in rgb16])):
        assert np.abs(open_picture(data).rgb.astype(int) - grey).max() <= 1
    odd = np.array([[np.nan, -5, 0.5, 1]], dtype=np.float32)
    assert open_picture(saved(odd, "TIFF")).rgb[0, :, 0].tolist() == [0, 0, 128, 255]


def test_one_bit_and_lab():
    checks = Image.fromarray(np.indices((8, 8)).sum(axis=0) % 2 == 1)
    for format in ("PNG", "TIFF", "BMP", "GIF"):
        rgb = open_picture(saved(checks, format)).rgb
        assert rgb[0, :4, 1].tolist() == [0, 255, 0, 255]
    lab = ImageCms.profileToProfile(Image.fromarray(gradient()), ImageCms.createProfile("sRGB"),
                                    ImageCms.createProfile("LAB"), outputMode="LAB")
    assert error(open_picture(saved(lab, "TIFF")).rgb, gradient()) < 3


def test_large_jpeg_decoded_small_gives_the_same_thumbnail():
    """Measured on this picture: a mean difference of 0.26 to 0.43 levels of 255, by filter."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:1:1536j, 0:1:2048j].astype(np.float32)
    smooth = np.stack([np.sin(9 * x + 5 * y * y), np.cos(30 * x * y), y * x], axis=2)
    detail = np.sin(450 * (x * x + y * y)) + rng.normal(size=x.shape).astype(np.float32)
    photo = (128 + 70 * smooth + 25 * detail[..., None]).clip(0, 255).astype(np.uint8)
    data = saved(photo, "JPEG", quality=88)
    full, small = open_picture(data), open_picture(data, at_least=128)
    assert full.rgb.shape == (1536, 2048, 3) and small.rgb.shape == (192, 256, 3)
    assert (small.width, small.height) == (full.width, full.height) == (2048, 1536)
    for name in set(FILTERS) - {"nearest"}:
        assert error(fit_square(small.rgb, 32, name), fit_square(full.rgb, 32, name)) <= 1


@pytest.mark.parametrize("width, height", [(4000, 3000), (2000, 2000), (1601, 1600), (1599, 1600),
                                           (1600, 1599), (5000, 130), (200, 300)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_reduced_jpeg_tells_its_full_upright_size(width, height, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.new("L", (width, height), 90), "JPEG", exif=exif.tobytes())
    picture = open_picture(data, at_least=128)
    assert (picture.width, picture.height) == ((width, height) if orientation == 1
                                               else (height, width))
    assert min(picture.rgb.shape[:2]) >= 128
    assert picture.rgb.shape[0] / picture.rgb.shape[1] == pytest.approx(
        picture.height / picture.width, rel=0.01)


def test_two_pictures_in_one_jpeg():
    """Phones store depth or a second view behind the first picture; Pillow calls that MPO."""
    photo = Image.fromarray(gradient(600, 800))
    data = saved(photo, "MPO", save_all=True, append_images=[Image.new("RGB", (800, 600))])
    picture = open_picture(data, at_least=128)
    assert (picture.width, picture.height) == (800, 600) and picture.rgb.shape == (150, 200, 3)
    assert error(picture.rgb, gradient(150, 200)) < 8


def test_fit_square_leaves_the_right_size_untouched():
    thumbnail = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for name in FILTERS:
        assert fit_square(thumbnail, 32, name).tobytes() == thumbnail.tobytes()


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {"nearest"}))
def test_fit_square_counts_every_pixel(name):
    checks = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = fit_square(np.stack([checks] * 3, axis=2), 32, name)
    assert small.shape == (32, 32, 3) and np.abs(small.astype(float) - 127.5).max() <= 2
    y, x = np.mgrid[-1:1:640j, -1:1:640j]  # ever finer rings: beyond what 32 pixels can show
    rings = (127.5 + 127.5 * np.cos(320 * (x * x + y * y))).astype(np.uint8)
    corner = fit_square(np.stack([rings] * 3, axis=2), 32, name)[:6, :6]
    assert np.abs(corner.astype(float) - 127).max() < 12


@pytest.mark.parametrize("height, width", [(64, 100), (100, 64), (33, 32), (32, 33), (7, 9)])
def test_fit_square_takes_the_centre(height, width):
    image = np.zeros((height, width, 3), np.uint8)
    side = min(height, width)
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    image[top:top + side, left:left + side] = 200
    small = fit_square(image, 32)
    assert small.shape == (32, 32, 3)
    assert small[8:24, 8:24].min() >= 190  # what lies outside the square doesn't reach the middle
    assert small.mean() > 180
