"""Small data in CIFAKE's two layouts, made here: smooth pictures are real, noisy ones fake."""

import csv
import hashlib
import io

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
from PIL import Image

from training.images.data import FAKE, REAL

# Collections of photographs: what made their fakes, and which have real pictures.
GENERATORS = {"sd_a": "SD 1.x", "sd_b": "CompVis-stable-diffusion-v1-4", "bing": "DALL-E 3 (Bing)",
              "both": "DALL-E 2", "gpt": "GPT-4o / Nano Banana", "shoes": "Midjourney v5",
              "faces": "StyleGAN (140k set)"}
REAL_SOURCES = ("shoes", "faces", "zoo", "city", "beach", "woods")


def image(label, seed, size=32):
    """One picture, uint8 [size, size, 3]: a colour gradient, for fakes under a fine pattern."""
    rng = np.random.default_rng((label, *np.atleast_1d(seed)))
    corners = Image.fromarray(rng.integers(40, 215, (2, 2, 3), dtype=np.uint8))
    rgb = np.asarray(corners.resize((size, size), Image.Resampling.BILINEAR)).astype(int)
    if label == FAKE:
        rgb = rgb + rng.integers(-40, 41, (size, size, 1))
    return np.clip(rgb, 0, 255).astype(np.uint8)


def jpeg(rgb):
    """The bytes of a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=75)
    return file.getvalue()


def png(rgb):
    """The bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()


def files(count, size=32, first=0):
    """(name, bytes, label) of so many fakes and as many real pictures."""
    return [(f"{i:04d} ({i % 10 + 1}).jpg", jpeg(image(label, i, size)), label)
            for label in (FAKE, REAL) for i in range(first, first + count)]


def write_folder(path, rows):
    """Kaggle's layout."""
    for name, data, label in rows:
        folder = path / ("FAKE" if label == FAKE else "REAL")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return path


def write_parquet(path, rows):
    """The Hub's layout."""
    table = pyarrow.table({"image": [{"bytes": data, "path": name} for name, data, _ in rows],
                           "label": [label for _, _, label in rows]})
    parquet.write_table(table, path)
    return path


def write_photos(path, count=4, width=64, height=48):
    """Pictures of `GENERATORS` and `REAL_SOURCES`, so many of a source and label, as parquet."""
    rows = [(label, source, generator, image(label, (i, place), width)[:height])
            for label, sources in ((FAKE, GENERATORS), (REAL, dict.fromkeys(REAL_SOURCES, "")))
            for place, (source, generator) in enumerate(sources.items()) for i in range(count)]
    table = pyarrow.table({
        "image": [{"bytes": png(rgb), "path": f"{i}.png"} for i, (*_, rgb) in enumerate(rows)],
        **{name: [row[i] for row in rows]
           for i, name in enumerate(("label", "source", "generator"))}})
    parquet.write_table(table, path)
    return path


def write_originals(folder, count=4, width=96, height=72):
    """The pictures of `write_photos` as `collect` brings them, and their list, which it returns.

    A group is a collection, but "shoes" and "zoo" are one. The first picture of "bing" is the
    right half of its file.
    """
    folder.mkdir()
    rows = []
    for label, word, sources in ((FAKE, "ai", GENERATORS), (REAL, "real", REAL_SOURCES)):
        for place, source in enumerate(sources):
            for i in range(count):
                rgb = image(label, (i, place), width)[:height]
                part = "0,1 of 1x2" if (source, i) == ("bing", 0) else ""
                data = png(np.concatenate([rgb[:, ::-1], rgb], axis=1) if part else rgb)
                blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
                (folder / f"{blob}.png").write_bytes(data)
                rows.append({"group": "zoo" if source == "shoes" else source, "label": word,
                             "collection": source, "repository": "one/all", "blob": blob,
                             "generator": GENERATORS[source] if label == FAKE else "",
                             "path": f"{source}/{i}.png", "tile": part})
    with (folder / "list.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "list.csv"
