"""What members see of a picture: the whole and tiles of its own pixels."""

import numpy as np
import pytest
from PIL import Image

from ensemble import PackModels, open_picture
from ensemble.images import fit_square
from ensemble.pack import PackError
from ensemble.tiles import OWN_SIDE, cut
from tests.tiny import build_tiny_pack, read_manifest, write_manifest


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_first_tile_is_the_whole_the_others_are_its_own_pixels_row_by_row():
    rgb = picture(200, 300)
    tiles = cut(rgb, 32, "lanczos", 3)
    assert tiles.shape == (10, 32, 32, 3) and tiles.dtype == np.uint8
    np.testing.assert_array_equal(tiles[0], fit_square(rgb, 32, "lanczos"))
    square = rgb[:, 50:250]
    starts = 0, 84, 168
    for number, (top, left) in enumerate((top, left) for top in starts for left in starts):
        np.testing.assert_array_equal(tiles[1 + number],
                                      square[top:top + 32, left:left + 32])


@pytest.mark.parametrize("side", [32, 33, 40])
def test_tiles_of_a_small_picture_overlap(side):
    rgb = picture(side, side)
    tiles = cut(rgb, 32, "bilinear", 2)
    np.testing.assert_array_equal(tiles[1], rgb[:32, :32])
    np.testing.assert_array_equal(tiles[-1], rgb[-32:, -32:])


def test_a_picture_below_a_tile_is_enlarged():
    rgb = picture(20, 50)
    tiles = cut(rgb, 32, "bicubic", 2)
    whole = fit_square(rgb, 32, "bicubic")
    assert (tiles == whole).all()


@pytest.mark.parametrize("side, factor", [(OWN_SIDE - 1, 1), (2 * OWN_SIDE - 1, 1),
                                          (2 * OWN_SIDE, 2), (4 * OWN_SIDE + 3, 4)])
def test_a_large_picture_is_halved_for_its_tiles_as_long_as_it_stays_large(side, factor):
    rgb = np.asarray(Image.fromarray(picture(8, 8)).resize((side, side), Image.Resampling.BILINEAR))
    tiles = cut(rgb, 16, "box", 2)
    corner = rgb[:16 * factor, :16 * factor].reshape(16, factor, 16, factor, 3).mean(axis=(1, 3))
    assert np.abs(tiles[1] - corner).max() <= 0.5


def test_a_large_jpeg_has_nearly_the_tiles_of_a_png_of_it(tmp_path):
    """A JPEG is halved as it is decoded, everything else after it."""
    small = picture(60, 60)
    rgb = np.asarray(Image.fromarray(small).resize((2 * OWN_SIDE, 2 * OWN_SIDE),
                                                   Image.Resampling.BICUBIC))
    Image.fromarray(rgb).save(tmp_path / "a.png", compress_level=1)
    Image.fromarray(rgb).save(tmp_path / "a.jpg", quality=98, subsampling=0)
    png, jpeg = (cut(open_picture(tmp_path / name, at_least=OWN_SIDE).rgb, 32, "lanczos", 2)
                 for name in ("a.png", "a.jpg"))
    assert np.abs(png.astype(int) - jpeg).mean() < 2


def test_a_pack_says_how_many_tiles_its_members_see(tmp_path):
    folder = build_tiny_pack(tmp_path / "tiny")
    write_manifest(folder, read_manifest(folder) | {"grid": 2})
    with pytest.raises(PackError, match="can't judge"):
        PackModels.load(folder)  # its members take no tiles
    for grid in (0, 2.5, "2", 9):
        write_manifest(folder, read_manifest(folder) | {"grid": grid})
        with pytest.raises(PackError, match="grid"):
            PackModels.load(folder)
