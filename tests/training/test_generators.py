"""The families of fakes made here: training, resuming, and images by seed, a report."""

import csv
import json

import keras
import numpy as np
import pytest
from PIL import Image

from tests import made
from tests.training.killed import kill_after
from training.__main__ import main
from training.errors import DataError
from training.fitting.batch_norm import BatchNormalization
from training.generators import dcgan, ddpm, fakes
from training.images import data

pytestmark = pytest.mark.usefixtures("eagerly")
LOSS = {dcgan: "discriminator_loss", ddpm: "loss"}


def tiny_generator():
    """As `dcgan.build_generator`, of one layer."""
    noise, shown = keras.layers.Input((100,)), keras.layers.Input((10,))
    x = keras.layers.Dense(4 * 4 * 4)(keras.layers.Concatenate()([noise, shown]))
    x = BatchNormalization()(keras.layers.Reshape((4, 4, 4))(x))
    x = keras.layers.Conv2DTranspose(3, 8, strides=8, activation="tanh")(x)
    return keras.Model([noise, shown], x, name="generator")


def tiny_discriminator():
    """As `dcgan.build_discriminator`, of one layer."""
    image, shown = keras.layers.Input((32, 32, 3)), keras.layers.Input((10,))
    x = keras.layers.Flatten()(keras.layers.Conv2D(4, 8, strides=8)(image))
    x = keras.layers.Dense(1)(keras.layers.Concatenate()([x, shown]))
    return keras.Model([image, shown], x, name="discriminator")


def tiny_denoiser():
    """As `ddpm.build_denoiser`, of one layer."""
    image, time, shown = (keras.layers.Input(shape) for shape in ((32, 32, 3), (12,), (10,)))
    condition = keras.layers.Dense(4)(keras.layers.Concatenate()([time, shown]))
    x = keras.layers.Conv2D(4, 3, padding="same")(image)
    x = keras.layers.Add()([x, keras.layers.Reshape((1, 1, 4))(condition)])
    x = keras.layers.Conv2D(3, 3, padding="same")(keras.layers.ReLU()(x))
    return keras.Model([image, time, shown], x, name="denoiser")


@pytest.fixture(scope="module", params=[dcgan, ddpm], ids=["dcgan", "ddpm"])
def family(request):
    """Each family, with networks of one layer: the real ones are drawn from in `test_report`."""
    fit = dcgan.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dcgan, "fit", lambda *given, **named: fit(
            *given, **named, build=(tiny_generator, tiny_discriminator)))
        patch.setattr(ddpm, "build_denoiser", tiny_denoiser)
        patch.setattr(ddpm, "STEPS", 5)  # rough images in a tenth of the time
        yield request.param


@pytest.fixture(scope="module")
def run(family, tmp_path_factory):
    folder = tmp_path_factory.mktemp("generators")
    table = made.write_parquet(folder / "train.parquet", made.files(40))
    real = data.load(table)
    real = real.take(real.labels == 0)
    kill_after(1, lambda: family.fit(real, folder / "run", epochs=2, batch=20))
    family.fit(real, folder / "run", epochs=2, batch=20)
    return folder / "run"


def test_a_run_goes_on_where_it_stopped(family, run):
    rows = list(csv.DictReader((run / "curve.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert all(float(row[LOSS[family]]) > 0 for row in rows)


def test_other_settings_do_not_go_on(family, run):
    real = data.Data(*(np.zeros((40, *shape), np.uint8) for shape in ((32, 32, 3), (), (), ())))
    with pytest.raises(DataError, match="seed was 0, now 1"):
        family.fit(real, run, epochs=2, batch=20, seed=1)
    if family is ddpm:  # whose rate falls to nothing over the epochs that it begins with
        with pytest.raises(DataError, match="epochs was 2, now 3"):
            family.fit(real, run, epochs=3, batch=20)


def test_a_seed_names_an_image(family, run):
    generator = keras.models.load_model(run / "generator.keras")
    images = family.generate(generator, [3, 4, 3])
    assert images.shape == (3, 32, 32, 3) and images.dtype == np.uint8
    assert np.abs(images[0].astype(int) - images[2]).max() <= 1  # sums in another order
    assert (images[0] != images[1]).any()


def test_training_fakes_are_stored_as_cifake_stores(family, run):
    drawn_fakes = fakes.fakes(run / "generator.keras", 12)
    assert len(drawn_fakes) == 12 and drawn_fakes.labels.all()
    assert len(set(drawn_fakes.digests.tolist())) > 3  # hardly trained, but no constant
    drawn = fakes.generate(run / "generator.keras",
                           range(fakes.TRAINING_SEEDS, fakes.TRAINING_SEEDS + 12))
    rgb, digest = data.as_cifake_jpeg(drawn[0])
    np.testing.assert_array_equal(drawn_fakes.images[0], rgb)
    assert int(drawn_fakes.digests[0]) == digest


class Knowing:
    """A denoiser that knows the image behind the noise."""

    def __init__(self, clean):
        self.clean = clean

    def predict_on_batch(self, inputs):
        image, time, _ = inputs
        # The first wave is the sine and the seventh the cosine of π times the time.
        angle = np.arctan2(time[:, 0], time[:, 6])[:, None, None, None] / 2
        keep, add = np.cos(angle), np.sin(angle)
        noise = (image - keep * self.clean) / np.maximum(add, 1e-6)
        return keep * noise - add * self.clean


def test_drawing_inverts_the_mixture_that_training_makes():
    clean = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    drawn = ddpm.generate(Knowing(clean), [1, 2])
    np.testing.assert_allclose(drawn, (clean + 1) * 127.5, atol=1)


def test_examples_are_written_and_training_seeds_refused(run, tmp_path, capsys):
    generator = str(run / "generator.keras")
    assert main(["sample", "--generator", generator, "--seeds", "7", "18",
                 "--out", str(tmp_path)]) == 0
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["seed-18-ship.png", "seed-7-horse.png"]
    with Image.open(tmp_path / "seed-7-horse.png") as image:
        assert image.size == (32, 32) and image.mode == "RGB"
    assert main(["sample", "--generator", generator, "--seeds", str(fakes.TRAINING_SEEDS),
                 "--out", str(tmp_path)]) == 2
    assert "kept for training" in capsys.readouterr().err


def test_report(folder, tmp_path, capsys):
    table = made.write_parquet(tmp_path / "test.parquet", made.files(12))
    keras.utils.set_random_seed(0)
    for name, model in (("dcgan", dcgan.build_generator()), ("ddpm", ddpm.build_denoiser())):
        model.save(tmp_path / f"{name}.keras")
    assert dcgan.build_discriminator().output_shape == (None, 1)
    out = tmp_path / "generators.json"
    command = ["generators", "--data", str(table), "--out", str(out), "--packs", str(folder),
               "--images", "10", f"dcgan={tmp_path}/dcgan.keras"]
    assert main([*command, f"ddpm={tmp_path}/ddpm.keras"]) == 0
    report = json.loads(out.read_text())
    assert report["n"] == {"cifake": 12, "dcgan": 10, "ddpm": 10} and report["real"] == 12
    (measured,) = report["packs"]
    assert set(measured["generators"]) == {"cifake", "dcgan", "ddpm"}
    for row in measured["generators"].values():
        assert 0 <= row["calibrated"]["roc_auc"] <= 1 and 0 <= row["ensemble"]["caught"] <= 1
    assert main([*command, f"lost={tmp_path}/lost.keras"]) == 2
    assert "lost.keras" in capsys.readouterr().err
    assert main([*command, "noname"]) == 2
    assert "NAME=PATH" in capsys.readouterr().err
