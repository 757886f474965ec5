"""The DWT-DCT watermark that the scripts of Stable Diffusion and FLUX write into their pictures.

Source of the method: ShieldMnt/invisible-watermark, imwatermark/maxDct.py. Of U of YUV, one level
of Haar's approximation is cut into blocks of 4 × 4, each of 8 × 8 pixels. In each the value of the
largest magnitude, but for the first, is moved to a quarter (bit 0) or to three quarters (bit 1) of
a step of 36. The bits follow each other from block to block, row by row, again and again. Despite
its name no cosine transform is part of it.

That library's reader votes bit by bit and gives up when one is wrong. Whoever knows the pattern can
ask for more: how well all blocks together agree with it.
"""

from dataclasses import dataclass

import numpy as np

STEP = 36
BLOCK = 8  # pixels of its side
# Fewer the writer refuses. More no script wrote: pictures have up to four megapixels, and a sheet
# of four by four pictures of 512 × 512 is as large.
MIN_PIXELS, MAX_PIXELS = 256 * 256, 2048 * 2048
# Of 3,562 unmarked pictures none is above 5 (weights/photos/reports/marks.json, which
# `python -m training marks` made); the scripts' own are at 12 and more. Saved as JPEG at quality
# 90 most have lost it.
BOUND = 7.0
HIGHEST = 1000.0  # of scores, which have no end where a pattern is read without a fault
# OpenCV's weights of blue, green and red in Y, and of B − Y in U (imgproc's color_yuv).
BLUE, GREEN, RED, CHROMA = 0.114, 0.587, 0.299, 0.492
# The inverse of the filter (1, 6, 1) / 8, from its middle outwards; what is left out is below 0.01.
INVERSE = 1.4142, -0.2426, 0.0416
# What OpenCV adds to U of a picture in whole numbers and in floating point, so that magnitudes
# differ. In the approximation, a sum of four pixels divided by two, it counts twice.
INTEGER, FLOAT = 128, 0.5


@dataclass(frozen=True)
class Pattern:
    """What one program writes.

    Attributes
    ----------
    tool : str
        Its name for people.
    bits : tuple of int
    offset : float
        Of U in the picture into which it was written.
    red_first : bool
        The program gave red, green, blue to a writer that takes blue, green, red.
    """

    tool: str
    bits: tuple
    offset: float
    red_first: bool = False


def _text(text):
    return tuple(np.unpackbits(np.frombuffer(text.encode(), np.uint8)).tolist())


def _number(number):
    return tuple(int(bit) for bit in f"{number:b}")  # as Python's bin: without leading zeros


SDXL = _number(0b101100111110110010010000011110111011000110011110)
FLUX = _number(0b001010101111111010000111100111001111010100101110)
PATTERNS = (
    # CompVis/stable-diffusion and Stability-AI/stablediffusion, scripts/txt2img.py
    Pattern("Stable Diffusion 1", _text("StableDiffusionV1"), INTEGER),
    Pattern("Stable Diffusion 2", _text("SDV2"), INTEGER),
    # invoke-ai/InvokeAI, invokeai/backend/image_util/invisible_watermark.py
    Pattern("InvokeAI", _text("InvokeAI"), INTEGER),
    # Stability-AI/generative-models, sgm/inference/helpers.py
    Pattern("Stable Diffusion XL", SDXL, FLOAT),
    # huggingface/diffusers, pipelines/stable_diffusion_xl/watermark.py, until it turned them round
    Pattern("Stable Diffusion XL", SDXL, FLOAT, red_first=True),
    # black-forest-labs/flux, src/flux/util.py
    Pattern("FLUX", FLUX, FLOAT))


def find(rgb):
    """Look for the known patterns.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
        A picture at the size at which it was made: resized or cut at the left or the top, it has
        lost the mark.

    Returns
    -------
    tool : str
        The program whose pattern it carries; empty if none.
    score : float
        Standard score of the best pattern, see `scores`; 0 if the picture is too small or too
        large to be a script's.
    """
    found = scores(rgb)
    best = max(found, key=found.get, default=None)
    if best is None:
        return "", 0.0
    return (best.tool if found[best] > BOUND else ""), found[best]


def scores(rgb):
    """How well a picture agrees with each known pattern.

    A block's reading is −1 at a quarter of the step, 1 at three quarters, and in between a sine.
    The mean reading at each place of a pattern is correlated with the pattern's bits, and the
    correlation's t statistic is the score. So the noise is estimated from the very means, and what
    repeats itself, such as a game's tiles, makes noise instead of a score: judged by single
    blocks, unmarked pictures reach 40 standard deviations, by means 5.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]

    Returns
    -------
    dict of Pattern to float
        From −1000 to 1000; empty if the picture is too small or too large to be a script's.
    """
    if not MIN_PIXELS <= rgb.shape[0] * rgb.shape[1] <= MAX_PIXELS or min(rgb.shape[:2]) < BLOCK:
        return {}
    as_saved = _approximation(rgb)
    readings, found = {}, {}
    for number, colours in enumerate((as_saved, _unsmoothed(as_saved))):
        for pattern in PATTERNS:
            way = number, pattern.red_first, pattern.offset
            if way not in readings:
                readings[way] = _read(colours, pattern.red_first, pattern.offset)
            score = _agreement(readings[way], np.array(pattern.bits, np.float64))
            found[pattern] = max(score, found.get(pattern, score))
    return found


def _approximation(rgb):
    """Haar's approximation of each colour, float32 [3, H / 2, W / 2], of whole blocks."""
    height, width = (side // BLOCK * BLOCK for side in rgb.shape[:2])
    rows = rgb[:height:2, :width].astype(np.uint16) + rgb[1:height:2, :width]
    sums = rows[:, ::2] + rows[:, 1::2]
    return np.ascontiguousarray(sums.transpose(2, 0, 1), np.float32) / 2


def _unsmoothed(colours):
    """The approximation as it was before a JPEG decoder enlarged its colours.

    Most JPEG files keep colour at half the size, which leaves the approximation whole; but
    libjpeg enlarges it with a triangle filter, which takes an eighth of each neighbour and leaves
    three quarters. This takes that back: of 40 marked pictures that were saved at quality 95, all
    are then known, not 12.
    """
    for axis in (1, 2):
        length = colours.shape[axis]
        padded = np.pad(colours, [(2, 2) if at == axis else (0, 0) for at in range(3)], "edge")
        first, second, middle, fourth, fifth = (
            padded[:, at:at + length] if axis == 1 else padded[:, :, at:at + length]
            for at in range(5))
        colours = (INVERSE[0] * middle + INVERSE[1] * (second + fourth)
                   + INVERSE[2] * (first + fifth))
    return colours


def _read(colours, red_first, offset):
    """The reading of each block, float32 [blocks]."""
    red, green, blue = colours[::-1] if red_first else colours
    u = CHROMA * (1 - BLUE) * blue - CHROMA * GREEN * green - CHROMA * RED * red
    magnitudes = np.abs(u + 2 * offset)
    magnitudes[::4, ::4] = 0  # the first of a block is left alone
    rows = np.maximum.reduce([magnitudes[i::4] for i in range(4)])
    largest = np.maximum.reduce([rows[:, i::4] for i in range(4)])
    return -np.sin(largest.ravel() * (2 * np.pi / STEP))


def _agreement(readings, bits):
    """The t statistic of the correlation between a pattern and the mean readings at its places."""
    if len(readings) < len(bits):
        return 0.0
    place = np.arange(len(readings)) % len(bits)
    means = np.bincount(place, readings) / np.bincount(place)
    means, bits = means - means.mean(), bits - bits.mean()
    norm = np.sqrt((means @ means) * (bits @ bits))
    correlation = means @ bits / norm if norm > 1e-9 else 0.0
    spread = np.sqrt(max(1 - correlation**2, 0.0) / (len(bits) - 2))
    return float(np.clip(correlation / max(spread, 1e-9), -HIGHEST, HIGHEST))
