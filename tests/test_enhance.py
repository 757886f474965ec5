"""Sharpen, denoise and brighten, measured on photographs whose better state is known."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ensemble.enhance import brighten, denoise, sharpen
from ensemble.errors import TooManyPixels
from ensemble.images import MAX_PIXELS
from tests.servers import ROOT
from tests.test_images import saved

ALL = [sharpen, denoise, brighten]


@pytest.fixture(scope="module", params=["astronaut", "cat", "coffee"])
def photo(request):
    """A good photograph, uint8 [240, 256, 3]."""
    path = ROOT / "examples" / "real" / "full" / f"{request.param}.jpg"
    return np.asarray(Image.open(path).convert("RGB"))[50:290, 100:356]


def psnr(a, b):
    """Peak signal-to-noise ratio in dB: how near two pictures are."""
    return 10 * np.log10(255 ** 2 / np.mean((a.astype(float) - b) ** 2))


def edges(rgb):
    """Mean squared gradient."""
    return sum(np.square(np.diff(rgb.astype(float), axis=axis)).mean() for axis in (0, 1))


def blurred(rgb, sigma):
    return np.asarray(Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(sigma)))


def noisy(rgb, sigma, seed=0):
    noise = np.random.default_rng(seed).normal(0, sigma, rgb.shape)
    return np.clip(np.rint(rgb + noise), 0, 255).astype(np.uint8)


def step(rows=40, low=60, high=180):
    """A grey picture with one hard edge."""
    rgb = np.full((rows, 64, 3), low, np.uint8)
    rgb[:, 32:] = high
    return rgb


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("shape", [(240, 256), (1, 1), (1, 50), (3, 2), (9, 7)])
def test_shape_and_type_stay_and_the_input_too(function, shape):
    rgb = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    before = rgb.copy()
    for strength in (0, 0.3, 1, np.float32(0.5)):
        result = function(rgb, strength)
        assert result.dtype == np.uint8 and result.shape == rgb.shape
        assert np.array_equal(rgb, before) and not np.shares_memory(result, rgb)
        assert np.array_equal(result, before) or strength
    turned = np.asfortranarray(rgb[::-1])  # another order in memory
    assert np.array_equal(function(turned, 0.5), function(turned.copy("C"), 0.5))


@pytest.mark.parametrize("function", ALL)
def test_what_is_refused(function):
    rgb = np.zeros((8, 8, 3), np.uint8)
    for wrong in (rgb[..., 0], rgb.astype(float), np.zeros((0, 8, 3), np.uint8), "photo.jpg", None):
        with pytest.raises(TypeError, match="uint8.*; given"):
            function(wrong, 0.5)
    for wrong in (-0.1, 1.1, float("nan"), "0.5", None):
        with pytest.raises(ValueError, match="from 0 to 1; given"):
            function(rgb, wrong)
    with pytest.raises(TooManyPixels):
        function(np.broadcast_to(np.uint8(0), (1, MAX_PIXELS + 1, 3)), 0.5)


@pytest.mark.parametrize("sigma", [1, 1.5, 2.5])
def test_sharpening_brings_a_blurred_picture_nearer(photo, sigma):
    soft = blurred(photo, sigma)
    results = [sharpen(soft, strength) for strength in (0, 0.5, 1)]
    assert np.all(np.diff([edges(result) for result in results]) > 0)
    assert psnr(results[1], photo) > psnr(soft, photo) + 0.2
    if sigma > 1:  # the whole strength is meant for these
        assert psnr(results[2], photo) > psnr(results[1], photo)


def test_sharpening_draws_no_halos():
    for sigma in (0, 1, 2):
        soft = blurred(step(), sigma)
        sharp = sharpen(soft, 1)
        assert (sharp.min(), sharp.max()) == (soft.min(), soft.max())
        assert sigma == 0 or edges(sharp) > edges(soft)


def test_sharpening_leaves_noise_alone():
    grain = noisy(np.full((200, 200, 3), 120, np.uint8), 6)
    assert sharpen(grain, 1).std() < 1.1 * grain.std()
    sharp = np.asarray(Image.fromarray(grain).filter(ImageFilter.UnsharpMask(1.5, 150, 0)))
    assert sharp.std() > 1.5 * grain.std()  # the usual way does not


@pytest.mark.parametrize("sigma", [5, 12, 25])
def test_denoising_brings_a_noisy_picture_nearer(photo, sigma):
    grainy = noisy(photo, sigma)
    results = [denoise(grainy, strength) for strength in (0, 0.25, 0.5, 1)]
    gains = [psnr(result, photo) - psnr(grainy, photo) for result in results]
    assert gains[0] == 0 and gains[1] > 1.5 and gains[2] > 3
    assert gains[3] > 2 or sigma == 5  # the whole strength is meant for more
    assert np.all(np.diff([edges(result) for result in results]) < 0)


def test_denoising_after_a_jpeg_gains_from_the_whole_strength(photo):
    grainy = np.asarray(Image.open(io.BytesIO(saved(noisy(photo, 15), "JPEG", quality=75))))
    gains = [psnr(denoise(grainy, strength), photo) - psnr(grainy, photo) for strength in (0.5, 1)]
    assert gains[0] > 1.5 and gains[1] > gains[0] + 0.1


def test_denoising_keeps_an_edge():
    clean = denoise(noisy(step(80), 10), 0.5).astype(float)
    assert abs(clean[:, 31].mean() - 60) < 4 and abs(clean[:, 32].mean() - 180) < 4
    assert clean[:, :28].std() < 3  # of 10
    assert np.array_equal(denoise(step(), 0.5), step())


def test_brightening_lifts_shadows_and_burns_nothing(photo):
    dark = (photo * 0.25).astype(np.uint8)
    results = [brighten(dark, strength).astype(int) for strength in (0, 0.25, 0.5, 1)]
    means = [result.mean() for result in results]
    assert np.all(np.diff(means) > 5) and means[-1] > 2 * means[0]
    assert all((b >= a).all() for a, b in zip(results, results[1:]))
    bright = brighten(photo, 1)
    assert np.array_equal(bright == 255, photo == 255) and np.array_equal(bright == 0, photo == 0)


def test_brightening_keeps_hue_and_order():
    levels = np.arange(256, dtype=np.uint8)
    grey = np.repeat(levels[None, :, None], 3, axis=2)
    tones = brighten(grey, 1)[0, :, 0].astype(int)
    assert np.all(np.diff(tones) >= 0)  # none overtakes another
    assert tones[30] > 90 and tones[240] < 255 and tones[255] == 255
    rgb = np.random.default_rng(2).integers(0, 256, (50, 50, 3), dtype=np.uint8)
    before, after = (a.reshape(-1, 3).astype(float) for a in (rgb, brighten(rgb, 0.8)))
    ratios = after.max(axis=1) / np.maximum(before.max(axis=1), 1)
    assert np.abs(before * ratios[:, None] - after).max() < 1.01  # rounding alone
