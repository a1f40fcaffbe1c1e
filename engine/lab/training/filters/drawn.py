"""Drawings: graphite, charcoal, ink, chalk, wax."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
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
    edges,
    luminance,
    mix,
    noise,
    paper,
    plain,
    saturated,
    scale,
    step,
    streaks,
    tone,
    trembled,
    turned,
)


def _hatching(picture: Array, period: float, degrees: float, dark: Array, dice: Dice) -> Array:
    """Parallel lines by an unsteady hand, as thick as it is dark."""
    _, across = turned(picture.shape[0], degrees)
    wave = np.cos((across + noise(picture.shape[0], 30, dice) * 0.7) * (2 * math.pi / (period * scale(picture))))
    return step(wave * 0.5 + 0.5 - (1 - dark), 0, 0.25)


def pencil_sketch(picture: Array, dice: Dice) -> Array:
    """Searching outlines drawn twice and slanted graphite shading on grained paper."""
    side = picture.shape[0]
    lines = drawn_lines(picture, 0.8, 0.05, 0.35)
    again = trembled(lines, 1.3 * scale(picture), 24, dice)
    shading = streaks(side, 26, 1.7, float(dice.uniform(-60, -35)), dice)
    dark = clipped(1 - tone(picture)) ** 0.9
    shaded = step(dark * 0.95 - shading, -0.25, 0.35) * dark
    grain = np.clip(0.85 + noise(side, 1, dice) * 0.18, 0.3, 1)
    graphite = clipped(np.maximum(lines * 0.85, again * 0.6) + shaded * 0.6) * grain
    return mix(paper(side, "#f4f2ec", 0.012, dice), colour("#2c2c30"), graphite)


def charcoal(picture: Array, dice: Dice) -> Array:
    """Broad soft black, smudged to one side, caught by the tooth of the paper."""
    side = picture.shape[0]
    lines = blurred(drawn_lines(picture, 1.6, 0.05, 0.25), 0.7)
    dark = 1 - tone(picture)
    smudge = ndimage.uniform_filter1d(blurred(dark, 2.5), 13, axis=int(dice.integers(2)))
    tooth = noise(side, 1.6, dice) * 0.5 + noise(side, 1, dice) * 0.5
    rubbed = step(np.maximum(dark * 0.85, lines) + tooth * 0.13, 0.1, 1.05)
    coal = clipped(rubbed * 0.9 + smudge * 0.3 + lines * 0.3)
    return mix(paper(side, "#e6e1d8", 0.025, dice), colour("#141414"), coal)


def ink_drawing(picture: Array, dice: Dice) -> Array:
    """Black pen lines of changing weight, darkest parts filled, some hatching."""
    side = picture.shape[0]
    weight = 0.85 + 0.35 * noise(side, 30, dice)
    lines = step(edges(picture, 0.9 * scale(picture)) * weight, 0.1, 0.2)
    dark = 1 - tone(picture)
    hatching = _hatching(picture, 4, float(dice.uniform(30, 60)), np.clip(dark * 0.9 - 0.35, 0, 0.45), dice)
    ink = np.maximum(np.maximum(lines, hatching), step(dark, 0.8, 0.86))
    return mix(paper(side, "#fdfcf8", 0.006, dice), colour("#0b0b0d"), ink)


def line_art(picture: Array, dice: Dice) -> Array:
    """One thin even line and nothing else."""
    soft = trembled(blurred(picture, 1.1 * scale(picture)), 0.7, 20, dice)
    down, right = np.gradient(blurred(soft, 1.0), axis=(0, 1))
    strongest = np.argmax(down**2 + right**2, 2)[..., None]
    down, right = (np.take_along_axis(slope, strongest, 2)[..., 0] for slope in (down, right))
    height = np.hypot(down, right)
    down, right = down / (height + 1e-6), right / (height + 1e-6)
    middle = (height >= bent(height, down, right)) & (height > bent(height, -down, -right))
    line = blurred(middle * (height > max(0.012, float(np.percentile(height, 99)) * 0.22)) * 1.0, 0.7) * 2.1
    return mix(plain(picture.shape[0], colour("#ffffff")), colour("#101010"), clipped(line))


def cross_hatching(picture: Array, dice: Dice) -> Array:
    """Up to four directions of fine lines, one more with each step into the dark."""
    side = picture.shape[0]
    dark = 1 - tone(picture) * 0.97
    first = float(dice.uniform(35, 55))
    ink = drawn_lines(picture, 0.7, 0.12, 0.3) * 0.9
    for turn, start in ((0, 0.12), (90, 0.35), (45, 0.55), (135, 0.72)):
        amount = np.clip((dark - start) * 1.2, 0, 0.42) + 0.1 * (dark > start)
        ink = np.maximum(ink, _hatching(picture, 4.6, first + turn, amount, dice))
    return mix(paper(side, "#faf7ee", 0.008, dice), colour("#15151a"), ink)


def coloured_pencil(picture: Array, dice: Dice) -> Array:
    """Slanted strokes of coloured pencils that leave paper between them."""
    side = picture.shape[0]
    degrees = float(dice.uniform(-60, -30))
    strokes = streaks(side, 30, 2.0, degrees, dice) * 0.65 + streaks(side, 22, 1.6, degrees + 14, dice) * 0.35
    body = saturated(trembled(picture, 1.2, 10, dice), 1.35)
    full = clipped(1 - luminance(body)) * 0.8 + (body.max(2) - body.min(2)) * 0.7
    grain = noise(side, 1.2, dice) * 0.1
    wax = step(full * 0.9 + 0.12 - strokes + grain, -0.25, 0.3) * step(full, 0.02, 0.15) * 0.88
    pigment = clipped(body * 0.92)
    lines = drawn_lines(picture, 1.0, 0.08, 0.4) * (0.45 + strokes * 0.4)
    return mix(mix(paper(side, "#fbf9f3", 0.012, dice), pigment, wax), pigment * 0.45, lines)


def ballpoint_pen(picture: Array, dice: Dice) -> Array:
    """Blue scribbles on a ruled page with a red margin."""
    side = picture.shape[0]
    y, x = coordinates(side)
    page = np.array(paper(side, "#fbfbf6", 0.006, dice))
    period = 15 * scale(picture)
    ruled = np.abs((y + float(dice.uniform(0, period))) % period - period / 2) < 0.6
    page = mix(page, colour("#9db9dc"), ruled * 0.8)
    page = mix(page, colour("#e07a80"), (np.abs(x - side * float(dice.uniform(0.06, 0.14))) < 0.8) * 0.9)
    lines = drawn_lines(trembled(picture, 0.8, 14, dice), 0.8, 0.08, 0.25)
    again = trembled(lines, 1.2, 18, dice) * 0.8
    dark = 1 - tone(picture)
    scribble = _hatching(
        trembled(picture, 1, 9, dice), 3.2, float(dice.uniform(25, 65)), np.clip(dark * 0.75, 0, 0.55), dice
    )
    ink = clipped(np.maximum(np.maximum(lines, again), scribble * 0.75))
    return mix(page, colour("#1a2f9e"), ink * clipped(0.9 + noise(side, 4, dice) * 0.1))


def chalk(picture: Array, dice: Dice) -> Array:
    """Dusty bright lines and rubbed colour on a blackboard with traces of the sponge."""
    side = picture.shape[0]
    board = colour(("#22302b", "#252827", "#1f3a2e")[int(dice.integers(3))])
    wiped = streaks(side, 80, 9, float(dice.uniform(-15, 15)), dice) - 0.5
    slate = clipped(plain(side, board) + (wiped * 0.07 + noise(side, 30, dice) * 0.02)[..., None])
    crumbs = step(noise(side, 1.4, dice), -1.1, 0.9)
    lines = clipped(drawn_lines(trembled(picture, 0.8, 16, dice), 1.3, 0.07, 0.28))
    vivid = picture.max(2) - picture.min(2)
    rubbed = vivid * step(streaks(side, 24, 2.2, -45, dice) + noise(side, 1.3, dice) * 0.15, 0.3, 0.8) * 0.6
    shade = clipped(saturated(picture, 0.8) * 0.55 + 0.5)
    white = mix(plain(side, colour("#f3f3ee")), shade, 0.35)
    return mix(mix(slate, shade, rubbed), white, lines * crumbs * 0.95)


def crayon(picture: Array, dice: Dice) -> Array:
    """Thick waxy scribbles beyond the outlines, the paper's bumps left white."""
    side = picture.shape[0]
    shaken = saturated(trembled(picture, 2.6 * scale(picture), 22, dice), 1.7)
    shaken = np.round(blurred(shaken, 1.2) * 4) / 4
    full = clipped((1 - luminance(shaken)) * 0.7 + (shaken.max(2) - shaken.min(2)))
    strokes = streaks(side, 40, 4.5, float(dice.uniform(-75, -25)), dice)
    bumps = noise(side, 1.8, dice) * 0.22
    wax = step(full, 0.08, 0.3) * step(0.98 - strokes + bumps, 0, 0.3) * 0.92
    lines = drawn_lines(shaken, 2.0, 0.1, 0.3) * step(noise(side, 1.6, dice), -1.3, 0.2)
    return mix(mix(paper(side, "#fdfaf0", 0.012, dice), shaken, wax), shaken * 0.45, lines * 0.7)


def blueprint(picture: Array, dice: Dice) -> Array:
    """White construction lines, a grid and a frame on blue."""
    side = picture.shape[0]
    y, x = coordinates(side)
    blue = clipped(
        plain(side, colour("#12479b")) + (noise(side, 30, dice) * 0.02 + noise(side, 1.5, dice) * 0.012)[..., None]
    )
    fine, coarse = 8 * scale(picture), 40 * scale(picture)
    grid = np.maximum(((x % fine < 1) | (y % fine < 1)) * 0.12, ((x % coarse < 1) | (y % coarse < 1)) * 0.28)
    far = np.minimum(np.minimum(x, side - 1 - x), np.minimum(y, side - 1 - y))
    frame = np.abs(far - 6) < 0.8
    middle = ((np.abs(x - side / 2) < 0.6) & (y % 12 < 8)) | ((np.abs(y - side / 2) < 0.6) & (x % 12 < 8))
    lines = np.maximum(drawn_lines(picture, 0.75, 0.07, 0.2), np.maximum(frame * 0.8, middle * 0.5))
    return mix(mix(blue, colour("#ffffff"), grid), colour("#f2f8ff"), lines)


def pastel(picture: Array, dice: Dice) -> Array:
    """Powder that breaks on the paper's tooth, in soft broad strokes."""
    side = picture.shape[0]
    soft = trembled(blurred(picture, 1.0), 2.2, 4, dice)
    powder = clipped(saturated(soft, 1.2) * 0.86 + 0.1)
    strokes = streaks(side, 18, 3.2, float(dice.uniform(-70, -20)), dice) - 0.5
    tooth = noise(side, 1.2, dice)
    body = clipped(powder + (strokes * 0.22 + tooth * 0.03)[..., None])
    sheet = paper(side, ("#d9cdb8", "#c7c4bd", "#b9a58c")[int(dice.integers(3))], 0.03, dice)
    full = clipped(1 - luminance(soft) + soft.max(2) - soft.min(2))
    return mix(sheet, body, step(tooth - strokes * 1.5, -1.9, -0.3) * (0.15 + 0.8 * step(full, 0.03, 0.2)))


def ink_wash(picture: Array, dice: Dice) -> Array:
    """Sumi-e: pools of diluted ink that bleed, a few brush lines, much paper."""
    side = picture.shape[0]
    wet = trembled(picture, 1.3 * scale(picture), 14, dice)
    dark = 1 - tone(wet)
    pool = blurred(np.round(blurred(dark, 1.5) * 4) / 4, 0.9)
    rim = clipped(pool - blurred(pool, 3.5))
    lines = blurred(step(edges(wet, 1.7) * (0.9 + 0.5 * noise(side, 20, dice)), 0.16, 0.45), 0.6)
    bristles = np.clip(0.75 + noise(side, 2, dice) * 0.12 + noise(side, 12, dice) * 0.2, 0.2, 1)
    ink = clipped(pool * 0.5 * bristles + rim * 0.7 + lines * 0.75)
    return mix(paper(side, "#f3ecdc", 0.015, dice), colour("#15161a"), ink)


def botanical_illustration(picture: Array, dice: Dice) -> Array:
    """Fine ink outlines and pale watercolour on a foxed cream page."""
    side = picture.shape[0]
    washed = clipped(mix(picture, blurred(picture, 3), 0.5) * 0.85 + 0.15)
    page = paper(side, "#efe2c0", 0.018, dice)
    stains = step(noise(side, 5, dice) + noise(side, 40, dice), 2.2, 3.4) * 0.35
    stippled = (noise(side, 1, dice) > 0.8 + 1.6 * tone(picture)) * 0.4
    sheet = mix(page, colour("#a97c46"), stains) * saturated(washed, 0.85)
    return mix(sheet, colour("#3a2a1a"), clipped(drawn_lines(picture, 0.7, 0.06, 0.3) * 0.8 + stippled))


def etching(picture: Array, dice: Dice) -> Array:
    """Dense fine bitten lines in sepia black on a toned plate."""
    side = picture.shape[0]
    dark = clipped(1.05 - contrasted(tone(picture), 1.2))
    ink = drawn_lines(picture, 0.6, 0.08, 0.3)
    for degrees, start in ((20.0, 0.05), (-35.0, 0.3), (70.0, 0.55)):
        amount = np.clip((dark - start) * 1.1, 0, 0.6)
        ink = np.maximum(ink, _hatching(picture, 2.7, degrees + float(dice.uniform(-8, 8)), amount, dice))
    plate = np.array(paper(side, "#e9dfc6", 0.02, dice)) * (1 - 0.06 * np.clip(noise(side, 30, dice), -1, 1)[..., None])
    return mix(plate, colour("#2a2018"), ink * 0.9)


def engraving(picture: Array, dice: Dice) -> Array:
    """Banknote line work: one family of waving lines that swell in the dark."""
    side = picture.shape[0]
    dark = 1 - tone(picture) * 0.95
    _, across = turned(side, float(dice.uniform(-25, 25)))
    wave = across + blurred(luminance(picture), 5) * 16 + np.sin(coordinates(side)[1] / (14 * scale(picture))) * 2.5
    lines = np.cos(wave * (2 * math.pi / (4.2 * scale(picture)))) * 0.5 + 0.5
    ink = np.maximum(step(lines - (1 - dark), -0.12, 0.12), drawn_lines(picture, 0.7, 0.15, 0.3))
    shade = ("#1d3a2c", "#1a2340", "#1c1c1c")[int(dice.integers(3))]
    return mix(paper(side, "#f1eddc", 0.008, dice), colour(shade), ink)


DRAWN: Final[Mapping[str, Look]] = {
    "pencil sketch": pencil_sketch,
    "charcoal": charcoal,
    "ink drawing": ink_drawing,
    "line art": line_art,
    "cross-hatching": cross_hatching,
    "coloured pencil": coloured_pencil,
    "ballpoint pen": ballpoint_pen,
    "chalk": chalk,
    "crayon": crayon,
    "blueprint": blueprint,
    "pastel": pastel,
    "ink wash": ink_wash,
    "botanical illustration": botanical_illustration,
    "etching": etching,
    "engraving": engraving,
}
