"""What the networks are shown, and the steps that their optimizer takes."""

import keras
import numpy as np
import pytest

from tests import made
from training.cifake import batches, muon
from training.images import data


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return data.load(made.write_parquet(tmp_path_factory.mktemp("data") / "train.parquet",
                                        made.files(96)))


def test_the_same_seed_gives_the_same_batches(images):
    first, again = batches.Batches(images, 32, seed=3), batches.Batches(images, 32, seed=3)
    other = batches.Batches(images, 32, seed=4)
    np.testing.assert_array_equal(first[2][0], again[2][0])
    assert (first[2][0] != other[2][0]).any()
    before = first[0][0]
    first.start(1)
    assert (before != first[0][0]).any()


def test_shift_moves_by_two_pixels_at_most():
    image = np.zeros((200, 9, 9, 3), np.uint8)
    image[:, 4, 4] = 255
    moved = batches.shift(image, np.random.default_rng(0))
    rows, columns = np.nonzero(moved[..., 0].sum(axis=0))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 6, 2, 6)
    assert (moved.sum(axis=(1, 2, 3)) == 3 * 255).all()


def test_a_step_is_of_one_size_in_every_direction():
    matrix = np.random.default_rng(0).standard_normal((36, 8)) * [9, 5, 3, 1, 1, 1, .5, .2]
    for given in (matrix, matrix.T):
        made = np.asarray(muon.orthogonal(given.astype(np.float32)))
        values = np.linalg.svd(made, compute_uv=False)
        assert np.linalg.cond(matrix) > 40 and 0.6 < values.min() and values.max() < 1.3


def test_kernels_are_trained_at_one_norm_and_the_rest_plainly():
    optimizer = muon.Muon(0.04, momentum=0.9, nesterov=True)
    variables = [keras.Variable(np.full(shape, 3.0, "float32"))
                 for shape in ((3, 3, 4, 16), (1, 1, 4, 1), (16,))]
    optimizer.apply([keras.ops.ones_like(v) * 0.1 for v in variables], variables)
    kernel, last, bias = [np.asarray(v.value) for v in variables]
    assert np.linalg.norm(kernel) == pytest.approx(4, abs=0.06)
    plain = 3 - 0.04 * (0.1 + 0.9 * 0.1)
    np.testing.assert_allclose(last, plain, rtol=1e-5)
    np.testing.assert_allclose(bias, plain, rtol=1e-5)


def test_a_small_network_learns_and_its_losses_are_kept(images):
    """As `fit_network` trains, traced; tests that train whole networks don't trace them."""
    keras.utils.set_random_seed(0)
    shown = batches.Batches(images, 32, seed=0, keep=0.5, corrupt=0.25)
    pixels = keras.layers.Input((32, 32, 3), dtype="uint8")
    x = keras.layers.Conv2D(8, 3, 2, use_bias=False)(keras.layers.Rescaling(1 / 127.5, -1)(pixels))
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.5)(x))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(1, 1)(x))
    network = keras.Model(pixels, x)
    network.compile(muon.Muon(0.05, momentum=0.9, nesterov=True), batches.smoothed_loss,
                    metrics=[batches.accuracy, shown.losses])
    curve = network.fit(shown, epochs=6, verbose=0).history
    assert not network.run_eagerly
    assert curve["loss"][-1] < 0.85 * curve["loss"][0]
    kept = shown.losses.values()
    assert kept.shape == (len(images),) and len(np.unique(kept)) > len(images) / 2
    assert curve["mean_loss"][-1] == pytest.approx(kept.mean(), rel=1e-4)
