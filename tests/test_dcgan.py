"""The second family of fakes: training, resuming, and images by seed."""

import csv

import keras
import numpy as np
import pytest
from PIL import Image

from tests import made
from training import data, dcgan
from training.__main__ import main

pytestmark = pytest.mark.filterwarnings(
    # Keras's variables predate numpy 2's `copy` keyword.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dcgan")
    table = made.write_parquet(folder / "train.parquet", made.files(40))
    real = data.load(table)
    real = real.take(real.labels == 0)
    for epochs in (1, 2):
        dcgan.fit(real, folder / "run", epochs=epochs, batch=20)
    return folder / "run"


def test_a_run_goes_on_where_it_stopped(run):
    rows = list(csv.DictReader((run / "curve.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert all(float(row["discriminator_loss"]) > 0 for row in rows)


def test_a_seed_names_an_image(run):
    generator = keras.models.load_model(run / "generator.keras")
    images = dcgan.generate(generator, [3, 4, 3])
    assert images.shape == (3, 32, 32, 3) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[0], images[2])
    assert (images[0] != images[1]).any()


def test_training_fakes_are_stored_as_cifake_stores(run):
    fakes = dcgan.fakes(run / "generator.keras", 12)
    assert len(fakes) == 12 and fakes.labels.all()
    assert len(set(fakes.digests.tolist())) > 3  # hardly trained, but no constant
    drawn = dcgan.generate(keras.models.load_model(run / "generator.keras"), [data.FAKE_SEEDS])
    rgb, digest = data.as_cifake_jpeg(drawn[0])
    np.testing.assert_array_equal(fakes.images[0], rgb)
    assert int(fakes.digests[0]) == digest


def test_examples_are_written_and_training_seeds_refused(run, tmp_path, capsys):
    generator = str(run / "generator.keras")
    assert main(["sample", "--generator", generator, "--seeds", "7", "18",
                 "--out", str(tmp_path)]) == 0
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["seed-18-ship.png", "seed-7-horse.png"]
    with Image.open(tmp_path / "seed-7-horse.png") as image:
        assert image.size == (32, 32) and image.mode == "RGB"
    assert main(["sample", "--generator", generator, "--seeds", str(data.FAKE_SEEDS),
                 "--out", str(tmp_path)]) == 2
    assert "kept for training" in capsys.readouterr().err
