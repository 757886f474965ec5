"""Offline augmentation writes changed copies."""

import numpy as np
import pytest
from PIL import Image

from tests import made
from training.__main__ import main
from training.errors import DataError
from training.images import augment


@pytest.fixture
def folder(tmp_path):
    path = made.write_folder(tmp_path / "in", made.files(3, size=40))
    (path / "REAL" / "notes.txt").write_text("no picture")
    return path


def read(path):
    """Images of a folder, by name."""
    return {str(p.relative_to(path)): np.asarray(Image.open(p)) for p in path.rglob("*.png")}


def test_copies_lie_in_the_same_folders(folder, tmp_path, capsys):
    arguments = ["augment", "--data", str(folder), "--copies", "2", "--out"]
    assert main([*arguments, str(tmp_path / "a")]) == 0
    assert "skipped REAL/notes.txt" in capsys.readouterr().out
    images = read(tmp_path / "a")
    assert len(images) == 12
    assert {name.split("/")[0] for name in images} == {"FAKE", "REAL"}
    first, second = images["REAL/0001 (2).jpg-1.png"], images["REAL/0001 (2).jpg-2.png"]
    assert first.shape == (40, 40, 3) and (first != second).any()
    assert main([*arguments, str(tmp_path / "b")]) == 0
    assert all((images[name] == image).all() for name, image in read(tmp_path / "b").items())
    assert main([*arguments, str(tmp_path / "c"), "--seed", "1"]) == 0
    assert (read(tmp_path / "c")["REAL/0001 (2).jpg-1.png"] != first).any()


class Fixed:
    """Random numbers that are all in the middle, and a mirror or none."""

    def __init__(self, mirror):
        self.mirror = mirror

    def uniform(self, low, high, size=None):
        return (low + high) / 2 if size is None else np.full(size, (low + high) / 2)

    def choice(self, options):
        return self.mirror


def test_the_middle_of_every_range_changes_nothing_but_the_mirror():
    rgb = made.image(made.FAKE, 1, size=21)
    np.testing.assert_array_equal(augment.change(rgb, Fixed(1)), rgb)
    np.testing.assert_array_equal(augment.change(rgb, Fixed(-1)), rgb[:, ::-1])


def test_edges_are_repeated():
    rgb = np.full((30, 20, 3), (200, 30, 90), np.uint8)
    for seed in range(20):
        np.testing.assert_array_equal(augment.change(rgb, np.random.default_rng(seed)), rgb)


def test_what_cannot_be_augmented_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        augment.augment(tmp_path / "nowhere", tmp_path / "x")
    with pytest.raises(DataError, match="taken for originals"):
        augment.augment(folder, folder / "more")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no image in it"):
        augment.augment(tmp_path / "empty", tmp_path / "x")
