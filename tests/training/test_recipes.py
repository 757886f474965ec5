"""The recipes: as large as their reports say, and of one shape."""

import keras
import numpy as np
import pytest

from training.errors import WeightsError
from training.fitting.batch_norm import BatchNormalization
from training.images.spectra import dct_matrices
from training.students import blocks, listing
from training.students.listing import parameters, table
from training.students.recipes import RECIPES

SYSTEMS = {
    "ours": {"svm", "cnn", "resnet"},
    "1": {"basic-cnn", "resnet50", "resnet50-mlp", "mobilenetv2-mlp", "vgg19-mlp"},
    "2": {"svm-flat", "cnn-two-ai", "resnet50-two-ai"},
    "3": {"cnn-baseline", "efficientnetv2b3", "resnet50-full", "dcgan", "three-class"},
    "4": {"vgg16-full", "mobilenet-faces"},
    "5": {"resnet101"},
}


def test_every_model_of_the_reports_has_its_name():
    names = {system: {name for name, recipe in RECIPES.items() if recipe.system == system}
             for system in SYSTEMS}
    assert names == SYSTEMS


@pytest.mark.parametrize("name, printed", [
    ("basic-cnn", "1,149,762"), ("cnn-two-ai", "224,833"), ("vgg16-full", "14.9 M")])
def test_as_many_parameters_as_the_report_prints(name, printed):
    count = parameters(RECIPES[name])
    assert printed in (f"{count:,}", f"{count / 1e6:.1f} M")


def test_the_base_whose_blocks_keras_finds_by_its_name_is_built():
    base, norm, dense, last = 12_930_622, 4 * 1536, 1537 * 256, 257 * 2
    assert parameters(RECIPES["efficientnetv2b3"]) == base + norm + dense + last


@pytest.mark.parametrize("name, size, classes", [
    ("basic-cnn", 32, 2), ("cnn-two-ai", 40, 1), ("three-class", 24, 3)])
def test_a_network_gives_probabilities_at_any_size(name, size, classes, tmp_path):
    network = RECIPES[name].build(size, None)
    assert network.name == name
    images = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    given = np.asarray(network(images))
    assert given.shape == (3, classes) and (given >= 0).all() and (given <= 1).all()
    if classes > 1:
        np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(given, network(images))  # nothing random but in training
    if name == "basic-cnn":
        assert np.abs(given - network(images, training=True)).max() > 1e-4
        network.save(tmp_path / "saved.keras")
        again = keras.models.load_model(tmp_path / "saved.keras")
        np.testing.assert_array_equal(given, again(images))


def test_random_gain_multiplies_while_training_only():
    gain = blocks.RandomGain(0.4, 1.5, seed=1)
    images = np.full((50, 2, 2, 3), 100, np.float32)
    np.testing.assert_array_equal(gain(images), images)
    changed = np.asarray(gain(images, training=True))
    assert 40 <= changed.min() < 60 and 130 < changed.max() <= 150
    assert np.ptp(changed, axis=(1, 2, 3)).max() == 0  # the whole image alike


def test_a_base_is_frozen_unless_it_starts_from_nothing(monkeypatch):
    images = blocks.pixels(32)
    monkeypatch.setattr(blocks.BASES["MobileNet"], "MobileNet", _small)
    frozen = keras.Model(images, blocks.base("MobileNet", images, "imagenet"))
    assert frozen.trainable_variables == []
    scratch = keras.Model(images, blocks.base("MobileNet", images, None))
    assert len(scratch.trainable_variables) == 6
    blocks.unfreeze(frozen, last=1)
    assert [v.path.split("/")[-2] for v in frozen.trainable_variables] == ["last"] * 2
    blocks.unfreeze(frozen)
    assert len(frozen.trainable_variables) == 4  # without batch normalisation's


def _small(include_top, weights, input_shape):
    return keras.Sequential([keras.layers.Input(input_shape), keras.layers.Conv2D(4, 3),
                             keras.layers.BatchNormalization(),
                             keras.layers.Conv2D(2, 1, name="last")])


def test_weights_that_cannot_be_downloaded_are_a_clear_error(monkeypatch):
    def refused(**_):
        raise Exception("URL fetch failure on https://x/weights.h5: None -- refused")

    monkeypatch.setattr(blocks.BASES["VGG16"], "VGG16", refused)
    with pytest.raises(WeightsError, match="VGG16 could not be downloaded.*--weights none"):
        RECIPES["vgg16-full"].build(32, "imagenet")


def test_preprocessing_is_the_base_s_own_and_is_saved(tmp_path):
    images = blocks.pixels(4)
    network = keras.Model(images, blocks.Preprocess("ResNet50")(images))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    expected = keras.applications.resnet.preprocess_input(pixels.astype("float32"))
    network.save(tmp_path / "x.keras")
    for one in (network, keras.models.load_model(tmp_path / "x.keras")):
        np.testing.assert_allclose(one(pixels), expected, atol=1e-4)


def test_saved_networks_know_their_layers_by_the_old_name():
    assert keras.saving.get_registered_name(BatchNormalization) == "training>BatchNormalization"
    assert dct_matrices(16)[0].shape == (16, 16)


def test_the_table_counts_what_is_built(monkeypatch):
    monkeypatch.setattr(listing, "RECIPES", {
        name: RECIPES[name] for name in ("cnn-two-ai", "dcgan", "svm-flat")})
    head, *rows = table().splitlines()
    assert head.split() == ["recipe", "system", "pixels", "parameters", "printed", "what"]
    cells = {row.split()[0]: row.split()[1:5] for row in rows}
    assert cells["cnn-two-ai"] == ["2", "32", "224,833", "224,833"]
    assert cells["svm-flat"] == ["2", "32", "–", "–"]
