"""Corrupted images: each kind, the report, the command line."""

import json

import numpy as np
import pytest

from tests import made
from training.__main__ import main
from training.images import corruptions


@pytest.fixture(scope="module")
def images():
    return np.stack([made.image(label, seed) for label in (0, 1) for seed in range(6)])


def test_every_corruption_changes_images_and_keeps_their_shape(images):
    assert len(corruptions.CORRUPTIONS) == 29
    for name in corruptions.CORRUPTIONS:
        changed = corruptions.corrupted(images, name)
        assert changed.shape == images.shape and changed.dtype == np.uint8, name
        assert (changed != images).any(), name


@pytest.mark.parametrize("weaker, stronger", [
    ("JPEG q90", "JPEG q25"), ("blur 0.5", "blur 1.5"), ("noise 2", "noise 16"),
    ("rescale 24", "rescale 12"), ("WebP q80", "WebP q50")])
def test_stronger_corruptions_leave_less_of_an_image(images, weaker, stronger):
    left = [np.mean((corruptions.corrupted(images, name).astype(float) - images) ** 2)
            for name in (weaker, stronger)]
    assert left[0] < left[1]


def test_noise_has_its_strength_and_its_seed():
    grey = np.full((4, 32, 32, 3), 128, np.uint8)
    noisy = corruptions.corrupted(grey, "noise 8", seed=1)
    assert np.std(noisy.astype(float) - grey) == pytest.approx(8, rel=0.05)
    np.testing.assert_array_equal(noisy, corruptions.corrupted(grey, "noise 8", seed=1))
    assert (noisy != corruptions.corrupted(grey, "noise 8", seed=2)).any()


def test_training_corruptions_are_of_all_kinds(images):
    rng = np.random.default_rng(0)
    drawn = [corruptions.any_corruption(images[7], rng) for _ in range(60)]
    assert len({image.tobytes() for image in drawn}) > 40
    assert all(image.shape == (32, 32, 3) and image.dtype == np.uint8 for image in drawn)


def test_report(folder, tmp_path, capsys):
    table = made.write_parquet(tmp_path / "test.parquet", made.files(12))
    out = tmp_path / "robustness.json"
    assert main(["robustness", "--pack", str(folder), "--data", str(table), "--out", str(out),
                 "--images", "20"]) == 0
    report = json.loads(out.read_text())
    assert (report["n"], report["threshold"]) == (20, 0.5)
    assert set(report["corruptions"]) == set(corruptions.CORRUPTIONS)
    row = report["clean"]
    assert set(row["members"]) == {"svm", "cnn", "resnet"}
    for score in (*row["members"].values(), row["ensemble"], row["calibrated"]):
        assert all(0 <= score[key] <= 1 for key in ("accuracy", "ece", "roc_auc"))
    counted = [row["ensemble"]["accuracy"] for name, row in report["corruptions"].items()
               if name not in corruptions.STRONGEST]
    assert report["worst"]["accuracy"] == min(counted)
    assert report["worst"]["corruption"] in capsys.readouterr().out
