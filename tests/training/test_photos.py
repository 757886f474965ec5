"""Pictures of many sources: folds that share no source, and one re-encoding for both labels."""

import io

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from ensemble.images import file_digest
from tests import made
from training.errors import DataError
from training.images import collections as photos
from training.images.data import FAKE, REAL
from training.photos import copies, originals


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    return photos.load(made.write_photos(tmp_path_factory.mktemp("photos") / "a.parquet"))


def test_labels_sources_and_generators_are_read(read):
    ai = read.labels == 1
    assert (len(read), ai.sum()) == (52, 28)
    assert set(read.sources[ai]) == set(made.GENERATORS)
    assert set(read.sources[~ai]) == set(made.REAL_SOURCES)
    assert set(read.generators[~ai]) == {""}
    assert {picture.shape for picture in read.pictures} == {(48, 64, 3)}


@pytest.mark.parametrize("written, name, family", [
    ("SD 1.x", photos.SD1, "Stable Diffusion"),
    ("SD 1.4", photos.SD1, "Stable Diffusion"),
    ("runwayml-stable-diffusion-v1-5", photos.SD1, "Stable Diffusion"),
    ("CompVis-stable-diffusion-v1-4", photos.SD1, "Stable Diffusion"),
    ("stabilityai-stable-diffusion-2-1", "Stable Diffusion 2.1", "Stable Diffusion"),
    ("SD1.5/SDXL/SD3/Flux", "SD1.5/SDXL/SD3/Flux", "Stable Diffusion"),
    ("Bing: DALL-E 2.x", "Bing: DALL-E 2.x", "DALL-E"),
    ("Gemini 2.5 flash image", "Gemini 2.5 flash image", "GPT and Gemini"),
    ("something new", "something new", "something new"),
])
def test_generators_have_one_name_and_a_family(written, name, family):
    assert photos.name_of(written) == name
    assert photos.family_of(name) == family


def test_a_fold_has_whole_sources_and_families_and_both_labels(read):
    folds = photos.fold(read)
    assert set(folds) == set(range(photos.FOLDS))
    for source in set(read.sources):
        assert len(set(folds[read.sources == source])) == 1
    families = np.array([photos.family_of(name) for name in read.generators])
    for family in set(families[read.labels == 1]):
        assert len(set(folds[families == family])) == 1
    for fold in range(photos.FOLDS):
        assert set(read.labels[folds == fold]) == {0, 1}


def test_the_order_of_the_pictures_changes_no_fold(read):
    order = np.random.default_rng(0).permutation(len(read))
    np.testing.assert_array_equal(photos.fold(read.take(order)), photos.fold(read)[order])


def test_too_few_sources_for_the_folds_are_refused(read):
    with pytest.raises(DataError, match="can't fill 5 folds"):
        photos.fold(read.take(np.isin(read.sources, ["sd_a", "gpt", "zoo", "city"])))


def test_both_labels_are_met_in_the_same_formats_and_sizes():
    """What happens to a picture depends on nothing but the draw."""
    pictures = {label: made.image(label, 1, 640) for label in (FAKE, REAL)}
    sizes = {label: [copies.as_met(rgb, np.random.default_rng(i)).shape for i in range(30)]
             for label, rgb in pictures.items()}
    assert sizes[FAKE] == sizes[REAL]
    widths = {width for _, width, _ in sizes[FAKE]}
    assert min(widths) < 420 and max(widths) == 640  # never enlarged


def test_files_of_all_formats_and_qualities_are_met(monkeypatch):
    """The very files are looked at as they are read again."""
    saved, real_open = [], Image.open

    def spy(file):
        image = real_open(file)
        tables = getattr(image, "quantization", None)
        saved.append((image.format, sum(tables[0]) if tables else None))
        return image

    monkeypatch.setattr(copies.Image, "open", spy)
    for i in range(150):
        copies.saved_again(made.image(REAL, 1), np.random.default_rng(i))
    formats = [file_format for file_format, _ in saved]
    assert 60 < formats.count("JPEG") < 120 and formats.count("WEBP") > 10
    assert len(formats) < 150  # the others stay as they are, as a PNG does
    sums = [total for _, total in saved if total]
    ends = [sum(_tables(quality)) for quality in (95, 60)]
    assert ends[0] <= min(sums) < max(sums) <= ends[1]


def test_copies_are_what_they_are_called(read):
    rgb = read.pictures[0]
    shapes = {name: change(rgb).shape for name, change in copies.COPIES.items()}
    assert shapes == {"resaved": (48, 64, 3), "halved": (24, 32, 3), "screenshot": (38, 51, 3)}
    assert 0 < np.abs(copies.COPIES["resaved"](rgb).astype(int) - rgb).mean() < 20


def test_originals_are_read_with_their_list(tmp_path):
    listed = made.write_originals(tmp_path / "files")
    read = originals.read(tmp_path / "files", listed)
    assert (len(read), read.labels.sum()) == (52, 28)
    assert set(read.sources) == set(made.GENERATORS) | set(made.REAL_SOURCES)
    assert set(read.groups[read.sources == "shoes"]) == {"zoo"}
    assert set(read.generators[read.labels == 0]) == {""}
    assert photos.SD1 in read.generators
    parts = read.places != ""
    assert read.sources[parts].tolist() == ["bing"]
    (part,), (whole, *_) = (read.take(rows) .paths for rows in (parts, ~parts))
    assert originals.open_original(part, "0,1 of 1x2").shape == (72, 96, 3)
    np.testing.assert_array_equal(
        originals.open_original(part, "0,1 of 1x2"),
        originals.open_original(part, "0,0 of 1x2")[:, ::-1])
    assert originals.open_original(part).shape == (72, 192, 3)
    assert originals.open_original(whole).shape == (72, 96, 3)
    assert read.digests[0] == int.from_bytes(file_digest(read.paths[0].read_bytes()), "big")
    whole.write_bytes(b"no picture")
    assert originals.open_original(whole) is None


def test_originals_that_are_not_there_are_named(tmp_path):
    listed = made.write_originals(tmp_path / "files")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds none of the listed pictures"):
        originals.read(tmp_path / "empty", listed)


def test_real_pictures_weigh_more_and_sources_by_their_roots():
    labels = np.array([1] * 16 + [1] * 4 + [0] * 9)
    sources = np.array(["a"] * 16 + ["b"] * 4 + ["a"] * 9)
    weights = photos.source_weights(labels, sources)
    assert weights.mean() == pytest.approx(1)
    assert 2 * weights[labels == 1].sum() == pytest.approx(weights[labels == 0].sum())
    assert weights[:16].sum() / weights[16:20].sum() == pytest.approx(2)


def _tables(quality):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
    return Image.open(file).quantization[0]


@pytest.mark.parametrize("change, message", [
    (lambda table: table.drop_columns("source"), "column source is missing"),
    (lambda table: _column(table, "label", [7] * len(table)), r"found \[7\]"),
    (lambda table: _column(table, "source", [""] * len(table)), "row 0 names no source"),
    (lambda table: _column(table, "image", [{"bytes": b"\xff\xd8 no", "path": "odd.jpg"}]
                           * len(table)), "row 0, odd.jpg"),
])
def test_bad_tables_are_named(change, message, tmp_path):
    path = made.write_photos(tmp_path / "a.parquet", count=1)
    parquet.write_table(change(parquet.read_table(path)), path)
    with pytest.raises(DataError, match=message):
        photos.load(path)


def test_no_table_at_all_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        photos.load(tmp_path / "nowhere.parquet")
    (tmp_path / "a.parquet").write_text("not a table")
    with pytest.raises(DataError, match="not a parquet file"):
        photos.load(tmp_path / "a.parquet")


def _column(table, name, values):
    at = table.column_names.index(name)
    return table.set_column(at, name, pyarrow.array(values))
