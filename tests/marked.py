"""Pictures that carry what generators write into pixels, written here from the formats' facts."""

import gzip
import json

import numpy as np
import pywt
from PIL import Image

# What the scripts write: the bits, and whether as uint8 or float32, in which order of colours.
WATERMARKS = {
    "Stable Diffusion 1": ("StableDiffusionV1", "uint8", "bgr"),
    "Stable Diffusion 2": ("SDV2", "uint8", "bgr"),
    "InvokeAI": ("InvokeAI", "uint8", "bgr"),
    "Stable Diffusion XL": (0b101100111110110010010000011110111011000110011110, "float32", "bgr"),
    "Stable Diffusion XL of diffusers": (
        0b101100111110110010010000011110111011000110011110, "float32", "rgb"),
    "FLUX": (0b001010101111111010000111100111001111010100101110, "float32", "bgr")}
SQUARES = ((255, 255, 102), (66, 255, 255), (81, 218, 76), (255, 110, 60), (60, 70, 255))


def scene(width, height, seed=0):
    """A picture of soft shapes under a little noise, uint8 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    shapes = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    rgb = np.asarray(shapes.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    return np.clip(rgb + rng.integers(-6, 7, rgb.shape), 0, 255).astype(np.uint8)


def watermarked(rgb, tool):
    """A picture with the watermark of one of `WATERMARKS`, block by block as the scripts do it."""
    message, dtype, order = WATERMARKS[tool]
    bits = ([int(bit) for bit in bin(message)[2:]] if isinstance(message, int) else
            [int(bit) for letter in message.encode() for bit in f"{letter:08b}"])
    bgr = rgb[..., ::-1 if order == "bgr" else 1].astype(np.float64)
    blue, green, red = np.moveaxis(bgr, 2, 0)
    luma = 0.114 * blue + 0.587 * green + 0.299 * red
    u = 0.492 * (blue - luma) + (128 if dtype == "uint8" else 0.5)
    v = 0.877 * (red - luma)
    if dtype == "uint8":
        luma, u, v = np.round(luma), np.round(u), np.round(v)
    height, width = (side // 4 * 4 for side in u.shape)
    low, details = pywt.dwt2(u[:height, :width], "haar")
    number = 0
    for top in range(0, len(low) // 4 * 4, 4):
        for left in range(0, low.shape[1] // 4 * 4, 4):
            block = low[top:top + 4, left:left + 4]
            place = np.unravel_index(np.argmax(np.abs(block.ravel()[1:])) + 1, (4, 4))
            sign = 1 if block[place] >= 0 else -1
            part = 0.25 + 0.5 * bits[number % len(bits)]
            block[place] = sign * (abs(block[place]) // 36 + part) * 36
            number += 1
    u[:height, :width] = pywt.idwt2((low, details), "haar")
    u = (np.trunc(u) - 128) if dtype == "uint8" else u - 0.5
    bgr = np.stack([luma + 2.032 * u, luma - 0.395 * u - 0.581 * v, luma + 1.140 * v], axis=2)
    return np.clip(np.round(bgr), 0, 255).astype(np.uint8)[..., ::-1 if order == "bgr" else 1]


def with_squares(rgb, squares=SQUARES):
    """A picture with DALL·E 2's squares in its lower right corner."""
    full = Image.fromarray(rgb).resize((1024, 1024 * len(rgb) // rgb.shape[1]))
    for place, colour in enumerate(squares):
        left = 1024 - 80 + 16 * place
        full.paste(colour, (left, full.height - 16, left + 16, full.height))
    return np.asarray(full.resize((rgb.shape[1], len(rgb)), Image.Resampling.LANCZOS))


def with_sparkle(rgb, opacity=0.5, side=None):
    """A picture with Gemini's sparkle: a white four-pointed star over its lower right corner."""
    large = min(rgb.shape[:2]) > 1024
    size, margin = (96, 64) if large else (48, 32)
    side = side or size
    rng = np.random.default_rng(1)
    places = rng.uniform(-1, 1, (200_000, 2))
    inside = places[(np.abs(places) ** (2 / 3)).sum(axis=1) <= 1]
    star, _, _ = np.histogram2d(*inside.T, bins=side, range=((-1, 1), (-1, 1)))
    star = np.clip(star * side**2 / len(places), 0, 1)[..., None] * opacity
    marked = rgb.astype(float)
    place = slice(-margin - side, -margin)
    marked[place, place] = marked[place, place] * (1 - star) + 255 * star
    return np.round(marked).astype(np.uint8)


def hidden(channels, word, payload, count=None):
    """Channels, uint8 [H, W] or [H, W, 3], with notes in their lowest bits, column by column."""
    bits = np.unpackbits(np.frombuffer(
        word + (8 * len(payload) if count is None else count).to_bytes(4, "big") + payload,
        np.uint8))
    columns = channels.swapaxes(0, 1).copy()
    values = columns.reshape(-1)
    values[:len(bits)] = values[:len(bits)] & 254 | bits
    return columns.swapaxes(0, 1)


def packed(notes):
    """Notes as NovelAI packs them."""
    return gzip.compress(json.dumps(notes).encode())
