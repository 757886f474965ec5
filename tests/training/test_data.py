"""CIFAKE's two layouts, duplicates, split and fingerprint."""

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest

from tests import made
from training.images import data


@pytest.fixture(scope="module")
def rows():
    return made.files(30)


def test_both_layouts_give_the_same_data(rows, tmp_path):
    folder = data.load(made.write_folder(tmp_path / "train", rows))
    table = data.load(made.write_parquet(tmp_path / "train.parquet", rows))
    assert folder.images.shape == (60, 32, 32, 3) and folder.images.dtype == np.uint8
    assert data.fingerprint(folder) == data.fingerprint(table)
    np.testing.assert_array_equal(folder.images, table.images)
    np.testing.assert_array_equal(folder.labels, table.labels)


def test_ai_is_one_although_cifake_says_fake_is_zero(rows, tmp_path):
    loaded = data.load(made.write_parquet(tmp_path / "a.parquet", rows))
    assert loaded.labels[:30].all() and not loaded.labels[30:].any()


def test_the_kind_comes_from_the_name(rows, tmp_path):
    loaded = data.load(made.write_parquet(tmp_path / "a.parquet", rows))
    assert loaded.objects[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_duplicates_are_removed_once(rows, tmp_path):
    doubled = rows + [("copy.jpg", rows[3][1], rows[3][2]), ("again.jpg", rows[3][1], rows[3][2])]
    loaded = data.load(made.write_parquet(tmp_path / "a.parquet", doubled))
    kept = data.deduplicate(loaded)
    assert (len(loaded), len(kept)) == (62, 60)
    assert len(set(kept.digests.tolist())) == 60


def test_split_is_stratified_disjoint_and_repeatable(rows, tmp_path):
    loaded = data.load(made.write_parquet(tmp_path / "a.parquet", rows))
    train, validation = data.split(loaded, validation=20)
    assert (len(train), len(validation)) == (40, 20)
    assert validation.labels.sum() == 10
    assert not set(train.digests.tolist()) & set(validation.digests.tolist())
    again = data.split(loaded, validation=20)[1]
    np.testing.assert_array_equal(validation.digests, again.digests)
    other = data.split(loaded, validation=20, seed=1)[1]
    assert set(other.digests.tolist()) != set(validation.digests.tolist())


def test_fingerprint_ignores_order_and_sees_a_changed_label(rows, tmp_path):
    forward = data.load(made.write_parquet(tmp_path / "a.parquet", rows))
    backward = data.load(made.write_parquet(tmp_path / "b.parquet", rows[::-1]))
    flipped = rows[:-1] + [(*rows[-1][:2], data.FAKE)]
    changed = data.load(made.write_parquet(tmp_path / "c.parquet", flipped))
    assert data.fingerprint(forward) == data.fingerprint(backward)
    assert data.fingerprint(forward) != data.fingerprint(changed)


def test_stored_as_cifake_stores(tmp_path):
    rgb, digest = data.as_cifake_jpeg(made.image(data.FAKE, 1))
    loaded = data.load(made.write_parquet(tmp_path / "a.parquet", made.files(2)))
    assert rgb.shape == (32, 32, 3)
    assert digest == int(loaded.digests[1])


@pytest.mark.parametrize("make, message", [
    (lambda path: path / "nowhere", "no such file or folder"),
    (lambda path: _folders(path, "cats", "dogs"), "one of AI-generated .* found cats, dogs"),
    (lambda path: _folders(path), "found none"),
    (lambda path: _folders(path, "FAKE", "REAL"), "class of real images has no files"),
    (lambda path: _with(path, "broken.jpg", b"\xff\xd8\xff nothing"), "FAKE/broken.jpg"),
    (lambda path: _with(path, "large.jpg", made.jpeg(made.image(0, 1, 48))),
     "FAKE/large.jpg: the image has 48 × 48 pixels, not 32 × 32"),
    (lambda path: _text(path / "a.parquet"), "not a parquet file"),
    (lambda path: _table(path / "a.parquet", picture=[b"x"], label=[0]), "found picture, label"),
    (lambda path: _table(path / "a.parquet", image=[b"x"], label=[0]), "{bytes, path}"),
    (lambda path: _table(path / "a.parquet", image=[{"bytes": b"x"}], label=[7]), "found 7"),
])
def test_bad_data_is_named(make, message, tmp_path):
    with pytest.raises(data.DataError, match=message):
        data.load(make(tmp_path))


def _folders(path, *names):
    for name in names:
        (path / name).mkdir()
    return path


def _with(path, name, content):
    made.write_folder(path, made.files(1))
    (path / "FAKE" / name).write_bytes(content)
    return path


def _text(path):
    path.write_text("not a table")
    return path


def _table(path, **columns):
    parquet.write_table(pyarrow.table(columns), path)
    return path
