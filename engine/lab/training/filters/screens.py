"""Screens: large pixels, torn rows, tape, phosphor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from PIL import Image
from scipy import ndimage

from engine.lab.training.filters.canvas import (
    Array,
    Dice,
    Look,
    bent,
    blurred,
    clipped,
    colour,
    contrasted,
    coordinates,
    drawn_lines,
    graded,
    ground,
    hues,
    luminance,
    mix,
    noise,
    plain,
    resized,
    saturated,
    scale,
    step,
    streaks,
    vignette,
)

CONSOLE_COLOURS: Final = (
    "#000000", "#fcfcfc", "#bcbcbc", "#7c7c7c", "#a81000", "#f83800", "#f8b800", "#e45c10", "#503000",
    "#00a800", "#b8f818", "#005800", "#0000fc", "#3cbcfc", "#6844fc", "#d800cc", "#f8a4c0", "#fce0a8",
)  # fmt: skip


def _pixelated(picture: Array, count: int, palette: int, dice: Dice) -> Array:
    """Large squares in few colours, with an outline where it was dark."""
    side = picture.shape[0]
    small = resized(contrasted(saturated(picture, 1.3), 1.1), count, Image.Resampling.BOX)
    image = Image.fromarray((clipped(small) * 255).astype(np.uint8))
    few = image.quantize(palette, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    outline = resized(drawn_lines(picture, 1.4, 0.15, 0.4), count, Image.Resampling.BOX) > 0.62
    pixels = np.asarray(few, np.float32) / 255 * np.where(outline, float(dice.uniform(0.3, 0.5)), 1.0)[..., None]
    places = (np.arange(side) * count / side).astype(np.intp)
    return clipped(pixels[places[:, None], places[None]])


def pixel_art(picture: Array, dice: Dice) -> Array:
    """Thirty to forty squares a side and a dozen colours."""
    return _pixelated(picture, int(dice.choice([28, 32, 40])), 14, dice)


def eight_bit(picture: Array, dice: Dice) -> Array:
    """A console's few fixed colours on black, very large squares."""
    fixed = np.stack([colour(code) for code in CONSOLE_COLOURS])
    dark = mix(
        picture,
        plain(picture.shape[0], colour(("#000000", "#3cbcfc", "#0000fc")[int(dice.integers(3))])),
        ground(picture),
    )
    blocks = _pixelated(dark, 24, 12, dice)
    distances = np.stack([((blocks - each) ** 2).sum(2) for each in fixed])
    return clipped(fixed[distances.argmin(0)])


def sixteen_bit(picture: Array, dice: Dice) -> Array:
    """Finer squares, thirty colours, dithered shades."""
    side, count = picture.shape[0], 64
    y, x = np.mgrid[:count, :count]
    sky = graded(coordinates(side)[0] / side, ("#2850c8", "#58a0f0", "#a0d8f8", "#70c060"))
    small = resized(mix(picture, sky, ground(picture)), count, Image.Resampling.BOX)
    dither = (((x + y) % 2) - 0.5)[..., None] / 9
    pixels = clipped(np.round((saturated(small, 1.35) + dither) * 6) / 6)
    outline = resized(drawn_lines(picture, 1.0, 0.2, 0.5), count, Image.Resampling.BOX)[..., None] > 0.6
    pixels = np.where(outline, pixels * float(dice.uniform(0.25, 0.4)), pixels)
    places = (np.arange(side) * count / side).astype(np.intp)
    return clipped(pixels[places[:, None], places[None]])


def glitch_art(picture: Array, dice: Dice) -> Array:
    """Rows torn sideways, channels apart, corrupted blocks."""
    side, unit = picture.shape[0], scale(picture)
    torn = np.array(picture)
    for _ in range(14):
        top, high = int(dice.integers(side)), int(dice.integers(2, 18) * unit) + 1
        torn[top : top + high] = np.roll(torn[top : top + high], int(dice.normal(0, 28) * unit), 1)
    apart = int(dice.integers(5, 10) * unit) * int(dice.choice([-1, 1]))
    result = np.stack([np.roll(torn[..., 0], apart, 1), torn[..., 1], np.roll(torn[..., 2], -apart, 1)], 2)
    for _ in range(9):
        top, left = (int(each) for each in dice.integers(0, side, 2))
        high, wide = int(dice.integers(2, 9) * unit) + 1, int(dice.integers(12, 60) * unit)
        block = result[top : top + high, left : left + wide]
        result[top : top + high, left : left + wide] = (
            (1 - block) if dice.random() < 0.5 else hues(np.array(dice.random()))
        )
    return clipped(saturated(result, 1.3) * (1 - 0.12 * (coordinates(side)[0] % 3 < 1))[..., None])


def video_tape(picture: Array, dice: Dice) -> Array:
    """Smeared colour, scan lines, tape noise, a torn lower edge."""
    side, unit = picture.shape[0], scale(picture)
    y, _ = coordinates(side)
    jitter = noise(side, 1, dice)[:, :1] * 0.5 + noise(side, 12, dice)[:, :1] * 1.2
    tear = step(y / side, 0.9, 0.94) * (14 + 14 * noise(side, 3, dice)[:, :1]) * unit
    shaken = bent(picture, np.zeros((side, side)), jitter + tear)
    light = ndimage.gaussian_filter1d(luminance(shaken), 1.1, axis=1)
    smeared: Array = ndimage.gaussian_filter1d(shaken - luminance(shaken)[..., None], 4.5 * unit, axis=1)
    tape = np.roll(smeared, round(4 * unit), 1) * 1.25 + (contrasted(light, 0.85) * 0.88 + 0.05)[..., None]
    lines = 1 - 0.2 * (y % 3 < 1.2)
    snow = step(streaks(side, 26, 1.1, 0, dice), 0.93, 0.99) * step(noise(side, 30, dice)[:, :1], 0.2, 1.2) * 0.8
    grain = (streaks(side, 5, 1.0, 0, dice) - 0.5) * 0.13
    tint = np.array([0.03, -0.01, 0.05])
    return clipped((tape + grain[..., None] + tint) * lines[..., None] + snow[..., None])


def tube_screen(picture: Array, dice: Dice) -> Array:
    """Glowing phosphor stripes, scan lines, a bulging dark-rimmed tube."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    down, right = y / side * 2 - 1, x / side * 2 - 1
    bulge = (down**2 + right**2) * 0.07
    scene = bent(picture, down * bulge * side / 2, right * bulge * side / 2)
    stripes = np.stack([np.where((x.astype(np.intp)) % 3 == channel, 1.35, 0.62) for channel in range(3)], 2)
    lines = 0.35 + 0.9 * np.sin(y * (math.pi / (4 * unit)) + float(dice.uniform(0, 6))) ** 2
    glow = scene * 0.85 + blurred(scene, 4 * unit) * 0.3
    inside = step(-np.maximum(np.abs(down), np.abs(right)) - bulge, -1.03, -0.95)
    return clipped(glow * stripes * (lines * inside * vignette(side, 0.45))[..., None] * 0.95 + 0.01)


SCREENS: Final[Mapping[str, Look]] = {
    "pixel art": pixel_art,
    "8-bit": eight_bit,
    "16-bit": sixteen_bit,
    "glitch art": glitch_art,
    "VHS": video_tape,
    "CRT screen": tube_screen,
}
