"""Marks in pixels: every picture is made and marked here."""

import gzip
import io
import json

import numpy as np
import pytest
from PIL import Image

from ensemble.evidence import marks
from tests.hostile import little_memory
from tests.marked import (
    SQUARES,
    WATERMARKS,
    hidden,
    packed,
    scene,
    watermarked,
    with_sparkle,
    with_squares,
)
from tests.test_provenance import A1111
from training.__main__ import main

pytestmark = pytest.mark.filterwarnings("error")
NOVELAI = {"Software": "NovelAI", "Source": "NovelAI Diffusion V4 37442FCA", "Title": "cat",
           "Comment": json.dumps({"prompt": "cat", "steps": 28}), "Generation time": 3.5}


def save(rgb, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path)


def jpeg(rgb, quality, subsampling="4:2:0"):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("size", [(512, 512), (517, 391), (1216, 832)])
@pytest.mark.parametrize("tool", WATERMARKS)
def test_the_watermark_of_each_script(tool, size):
    marked = watermarked(scene(*size), tool)
    for rgb in (marked, jpeg(marked, 98, "4:4:4"), jpeg(marked, 98)):
        note, = marks.read(rgb)
        assert (note.source, note.key, note.says) == ("Pixels", "mark_watermark", "AI-generated")
        name = tool.removesuffix(" of diffusers")
        assert note.is_mark and note.fields["tool"] == name and note.fields["score"] > 8
        assert note.sentence() == f"It carries the invisible mark of {name}."
    json.dumps(note.as_dict(), allow_nan=False)


def test_what_a_watermark_does_not_outlive():
    marked = watermarked(scene(512, 512), "Stable Diffusion 1")
    assert marks.read(marked)
    resized = np.asarray(Image.fromarray(marked).resize((400, 400)))
    for rgb in (resized, marked[20:], marked[:, 68:], marked[:255, :256], marked[::-1]):
        assert marks.read(rgb) == ()
    assert marks.read(marked[:400])  # only cut at the bottom
    sheet = watermarked(scene(2048, 2056), "Stable Diffusion 1")
    assert marks.read(sheet[:2048]) and marks.read(sheet) == ()  # larger than any script wrote


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tool", ["", *WATERMARKS])
def test_pictures_without_a_mark(seed, tool):
    """Soft, noisy, flat and tiled ones, the tiles as wide as a pattern repeats."""
    rng = np.random.default_rng(seed)
    bits = {"Stable Diffusion 1": 136, "Stable Diffusion 2": 32, "InvokeAI": 64}.get(tool, 48)
    tile = rng.integers(0, 256, (4, bits, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    tiled = np.tile(tile, (12, 2, 1))
    flat = np.full((512, 512, 3), rng.integers(0, 256, 3), np.uint8)
    noise = rng.integers(0, 256, (512, 768, 3), dtype=np.uint8)
    for rgb in (scene(640, 480, seed), tiled, flat, noise):
        assert marks.read(rgb, rgb[..., 0]) == ()


def test_pictures_of_every_shape():
    for shape in ((1, 1), (1, 70_000), (70_000, 1), (8, 9000), (9000, 8), (7, 7), (256, 256)):
        rgb = np.zeros((*shape, 3), np.uint8)
        assert marks.read(rgb) == marks.read(rgb, rgb[..., 0]) == ()


@pytest.mark.parametrize("width, height", [(1024, 1024), (512, 512), (256, 256), (645, 645)])
def test_the_squares_of_dall_e_2(width, height):
    marked = with_squares(scene(width, height))
    for rgb in (marked, jpeg(marked, 75)):
        note, = marks.read(rgb)
        assert (note.source, note.key, note.says) == ("Pixels", "mark_squares", "AI-generated")
        assert note.is_mark and "five coloured squares of DALL·E 2" in note.sentence()
    grey = (128, 128, 128)
    for place in range(5):
        squares = [grey if at == place else colour for at, colour in enumerate(SQUARES)]
        assert marks.read(with_squares(scene(width, height), squares)) == ()
    for rgb in (marked[:, ::-1], marked[::-1], with_squares(scene(width, height), SQUARES[::-1])):
        assert marks.read(rgb) == ()


@pytest.mark.parametrize("width, height", [(1024, 1024), (1200, 896), (1100, 1300)])
def test_the_sparkle_of_gemini(width, height):
    marked = with_sparkle(scene(width, height))
    for rgb in (marked, jpeg(marked, 75)):
        note, = marks.read(rgb)
        assert (note.source, note.key, note.says) == ("Pixels", "mark_sparkle", "AI-generated")
        assert note.is_mark and "the sparkle of Google Gemini" in note.sentence()
    white = np.full((height, width, 3), 250, np.uint8)
    elsewhere = with_sparkle(scene(width, height))[:-20, :-20]
    disc = scene(width, height)
    disc[-80:-32, -80:-32] = 255
    for rgb in (with_sparkle(white), elsewhere, marked[::-1], disc, 255 - marked,
                with_sparkle(scene(width, height), side=30), scene(width, height)):
        assert marks.read(rgb) == ()


@pytest.mark.parametrize("word, payload, model", [
    (b"stealth_pngcomp", packed(NOVELAI), NOVELAI["Source"]),
    (b"stealth_pnginfo", json.dumps(NOVELAI).encode(), NOVELAI["Source"]),
    (b"stealth_pnginfo", A1111.encode(), "v1-5-pruned"),
    (b"stealth_rgbcomp", gzip.compress(A1111.encode()), "v1-5-pruned"),
    (b"stealth_rgbinfo", A1111.encode(), "v1-5-pruned")])
def test_notes_hidden_in_the_lowest_bits(word, payload, model):
    rgb, alpha = scene(120, 90), np.full((90, 120), 255, np.uint8)
    if b"rgb" in word:
        rgb = hidden(rgb, word, payload)
    else:
        alpha = hidden(alpha, word, payload)
    note, = marks.read(rgb, alpha)
    assert note.source == ("Pixels" if b"rgb" in word else "Alpha channel")
    assert (note.key, note.says, note.is_mark) == ("generator_model", "AI-generated", False)
    assert note.fields["model"] == model and "discredit a photograph" in note.sentence()
    assert note.fields["tool"] == ("NovelAI" if model == NOVELAI["Source"] else
                                   "Stable Diffusion (AUTOMATIC1111)")


def test_hidden_notes_that_are_damaged_or_hostile():
    rgb, alpha = scene(120, 90), np.full((2000, 1000), 255, np.uint8)
    word, comp = b"stealth_pnginfo", b"stealth_pngcomp"
    bomb = gzip.compress(bytes(50 * 2**20), 1)
    deep = b'{"Comment": ' + b"[" * 100_000
    cases = [(word, b"bring flowers", None), (word, b"", None), (word, A1111.encode(), 2**32 - 1),
             (word, deep, None), (comp, b"no gzip", None), (comp, packed(NOVELAI)[:40], None),
             (comp, bomb, None), (b"stealth_pngxxxx", A1111.encode(), None),
             (word, b"[1, 2]", None), (word, b"\xff" * 99, None)]
    for start, payload, count in cases:
        with little_memory():
            assert marks.read(rgb, hidden(alpha, start, payload, count)) == ()
    for shape in ((1, 1), (151, 1), (1, 152), (3, 50)):  # too small for the head
        assert marks.read(rgb, np.full(shape, 254, np.uint8)) == ()
    cut = gzip.compress(b'{"Software": "NovelAI"}' + b" " * 999)[:-8]  # less its checksum
    assert marks.read(rgb, hidden(alpha, comp, cut))[0].fields["tool"] == "NovelAI"


def test_a_picture_may_carry_several():
    marked = with_squares(watermarked(scene(512, 512), "Stable Diffusion 1"))
    alpha = hidden(np.full((512, 512), 255, np.uint8), b"stealth_pngcomp", packed(NOVELAI))
    assert [note.key for note in marks.read(marked, alpha)] == [
        "mark_watermark", "mark_squares", "generator_model"]


def test_the_measurement(tmp_path, capsys):
    for number in range(3):
        save(scene(300, 260, number), tmp_path / "real" / "scenes" / f"{number}.png")
        save(watermarked(scene(400, 300, number), "Stable Diffusion 1"),
             tmp_path / "marked" / "sd" / f"{number}.png")
    save(scene(100, 90), tmp_path / "real" / "small" / "0.png")
    save(with_squares(scene(512, 512)), tmp_path / "real" / "small" / "1.png")
    (tmp_path / "real" / "small" / "notes.txt").write_text("no picture")
    given = ["marks", "--real", str(tmp_path / "real"), "--marked", str(tmp_path / "marked"),
             "--out", str(tmp_path / "reports" / "marks.json")]
    assert main(given) == 0
    report = json.loads((tmp_path / "reports" / "marks.json").read_text())
    unmarked, genuine = report["unmarked"], report["marked"]["sd"]
    assert (unmarked["collections"], unmarked["pictures"], unmarked["unreadable"]) == (2, 5, 1)
    assert (unmarked["watermark"]["pictures"], unmarked["watermark"]["above_bound"]) == (4, 0)
    assert (unmarked["squares"], unmarked["sparkle"]) == (1, 0)
    assert set(unmarked["watermark"]["largest"]) == {
        name.removesuffix(" of diffusers") for name in WATERMARKS}
    assert genuine["pictures"] == genuine["above_bound"] == 3
    assert report["bound"] < genuine["lowest"] <= genuine["middle"] <= genuine["highest"]
    (tmp_path / "empty").mkdir()
    given[2] = str(tmp_path / "empty")
    assert main(given) == 2 and "no pictures" in capsys.readouterr().err
