"""Make the real examples again: photographs that come with two packages → thumbnails.

    python examples/make_real.py

Needs scikit-image and scikit-learn, no network. Authors and licences are in CREDITS.md.
"""

import io
from pathlib import Path

from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

REAL = Path(__file__).parent / "real"
SIDE = 32

# name: (photograph, square box around the object as left, top, side)
CROPS = {
    "astronaut": (data.astronaut, (100, 0, 250)),
    "space-shuttle": (data.astronaut, (290, 6, 222)),
    "photographer": (data.camera, (10, 40, 400)),
    "cat": (data.chelsea, (85, 0, 300)),
    "cat-eye": (data.chelsea, (120, 60, 110)),
    "coffee": (data.coffee, (95, 0, 360)),
    "coin": (data.coins, (299, 7, 75)),
    "rocket": (data.rocket, (181, 127, 280)),
    "pavilion": (lambda: load_sample_image("china.jpg"), (50, 20, 350)),
    "roof": (lambda: load_sample_image("china.jpg"), (110, 25, 200)),
    "flower": (lambda: load_sample_image("flower.jpg"), (155, 75, 300)),
}


def thumbnail(photo, left, top, side):
    """Crop a square, reduce it as the pack reduces pictures, store it as CIFAKE stores files."""
    small = photo.resize((SIDE, SIDE), Image.Resampling.BILINEAR,
                         box=(left, top, left + side, top + side))
    stored = io.BytesIO()
    small.save(stored, "JPEG", quality=75, subsampling="4:2:0")
    return Image.open(stored)


def main():
    """Write the crops, and the whole pictures they are of."""
    (REAL / "full").mkdir(parents=True, exist_ok=True)
    for name, (load, box) in CROPS.items():
        photo = Image.fromarray(load()).convert("RGB")
        photo.save(REAL / "full" / f"{name}.jpg", quality=85)
        thumbnail(photo, *box).save(REAL / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
