"""Paintings: strokes of oil, washes of water, dots, planes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from engine.lab.training.filters.canvas import (
    Array,
    Dice,
    Look,
    averaged,
    bent,
    blurred,
    cells,
    clipped,
    colour,
    contrasted,
    coordinates,
    directions,
    drawn_lines,
    edges,
    flattened,
    hue_of,
    hues,
    lit,
    luminance,
    mix,
    noise,
    paper,
    plain,
    saturated,
    scale,
    smoothed,
    step,
    streaks,
    strokes,
    tone,
    turned,
    vignette,
)


def _brushed(
    picture: Array, spacing: float, size: tuple[float, float], dice: Dice, shift: float, thick: float
) -> Array:
    """A layer of brush strokes, each of one slightly shifted colour, with bristle marks and light on its ridges."""
    unit = scale(picture)
    index, across, along = strokes(directions(picture, dice), spacing * unit, (size[0] * unit, size[1] * unit), dice)
    shades = blurred(picture, 1.0).reshape(-1, 3)
    shifts = (dice.standard_normal((997, 3)) + dice.standard_normal((997, 1))) * shift
    painted = np.where((index >= 0)[..., None], shades[index] + shifts[index % 997], picture)
    bristles = np.sin(across * 9 + index % 7) * (1 - np.abs(along)) * 0.25
    height = np.sqrt(clipped(1 - across * across)) + bristles
    return clipped(painted + (lit(blurred(height, 0.5)) * thick)[..., None])


def _weave(side: int) -> Array:
    """(S, S) about 0: linen."""
    y, x = coordinates(side)
    result: Array = np.sin(x * 2.1) * np.sin(y * 2.1)
    return result


def oil_painting(picture: Array, dice: Dice) -> Array:
    """Strokes along the forms with bristle marks, on canvas."""
    rich = contrasted(saturated(mix(picture, colour("#d8b784"), 0.14), 1.25), 1.1)
    broad = _brushed(rich, 7, (11, 3.2), dice, 0.035, 0.16)
    fine = _brushed(rich, 4.5, (6, 1.8), dice, 0.03, 0.12)
    detail = blurred(step(edges(picture, 1.2), 0.15, 0.5), 1.2)
    return clipped(mix(broad, fine, detail) + (_weave(picture.shape[0]) * 0.012)[..., None])


def acrylic(picture: Array, dice: Dice) -> Array:
    """Bold opaque flat strokes, few colours."""
    bold = clipped(saturated(np.round(blurred(picture, 0.8) * 5) / 5, 1.7))
    return _brushed(bold, 7, (11, 4), dice, 0.025, 0.1)


def palette_knife(picture: Array, dice: Dice) -> Array:
    """Thick slabs of paint with hard lit edges."""
    return _brushed(contrasted(saturated(picture, 1.4), 1.1), 9.5, (12, 5.2), dice, 0.05, 0.38)


def impressionism(picture: Array, dice: Dice) -> Array:
    """Short separate dabs of light, broken colour with violet shadows."""
    bright = clipped(saturated(picture, 1.35) * 0.85 + 0.1)
    shadow = clipped(1 - luminance(picture) * 1.3) * 0.45
    broken = mix(bright, colour("#5a6fc0"), shadow)
    broken = mix(broken, hues(noise(picture.shape[0], 26, dice) * 0.22 + 0.35) * 0.5 + 0.4, 0.13)
    return _brushed(broken, 4.6, (5.5, 2.1), dice, 0.055, 0.14)


def pointillism(picture: Array, dice: Dice) -> Array:
    """Tiny dots of pure colour, complements among them, on a pale ground."""
    side, unit = picture.shape[0], scale(picture)
    angles = np.zeros((side, side))
    index, across, along = strokes(angles, 3.6 * unit, (2.0 * unit, 2.0 * unit), dice, 0.8)
    flat = blurred(picture, 0.8).reshape(-1, 3)
    die = dice.random((side * side, 1))
    turned_hue = hues((hue_of(flat[None])[0] + dice.normal(0, 0.09, side * side)) % 1)
    pure = flat + (turned_hue - 0.5) * 0.2 + dice.standard_normal((side * side, 3)) * 0.07
    pure = np.where(die < 0.06, 0.35 + 0.65 * hues(dice.random(side * side)), pure)
    dot = (index >= 0) & (across**2 + along**2 < 1)
    return clipped(mix(plain(side, colour("#f3eedd")), pure[index], dot * 1.0))


def cubism(picture: Array, dice: Dice) -> Array:
    """Planes that each show a shifted part, shaded from one side, in ochre and grey."""
    side, unit = picture.shape[0], scale(picture)
    label, border, centres = cells(side, 34 * unit, 0.95, dice)
    count = len(centres)
    shifts, slants = dice.normal(0, 9 * unit, (2, count)), dice.uniform(0, 2 * math.pi, count)
    shown = bent(picture, shifts[0][label], shifts[1][label])
    y, x = coordinates(side)
    ramp = (x - centres[label, 1]) * np.cos(slants)[label] + (y - centres[label, 0]) * np.sin(slants)[label]
    muted = mix(saturated(contrasted(shown, 1.1), 0.75), plain(side, colour("#a8834f")), 0.28)
    muted = mix(muted, averaged(muted, label), 0.35)
    planes = clipped(muted * (0.9 + np.clip(ramp / (26 * unit), -1, 1) * 0.35)[..., None])
    lines = np.maximum(step(-border, -1.1, -0.3), drawn_lines(shown, 1.2, 0.15, 0.4) * 0.7)
    return clipped(mix(planes, colour("#241c14"), lines * 0.85) + (noise(side, 2, dice) * 0.02)[..., None])


def fauvism(picture: Array, dice: Dice) -> Array:
    """Flat wild colours: hues turned and driven to the limit, in broad strokes."""
    soft = blurred(picture, 1.4)
    light = luminance(soft)
    wild = hues((hue_of(soft) + noise(picture.shape[0], 45, dice) * 0.12 + light * 0.75 + float(dice.random())) % 1)
    loud = clipped(mix(saturated(soft, 2.2), wild, 0.5) * (0.5 + 0.65 * light[..., None]))
    painted = _brushed(loud, 9, (13, 4.5), dice, 0.05, 0.12)
    return mix(painted, colour("#14204e"), drawn_lines(picture, 1.8, 0.2, 0.5) * 0.7)


def expressionism(picture: Array, dice: Dice) -> Array:
    """Bent forms, glaring colours, heavy dark outlines and swirling strokes."""
    side, unit = picture.shape[0], scale(picture)
    warped = bent(picture, noise(side, 55, dice) * 7 * unit, noise(side, 55, dice) * 7 * unit)
    loud = contrasted(saturated(mix(warped, hues(noise(side, 60, dice) * 0.1 + 0.05), 0.25), 1.9), 1.35)
    painted = _brushed(loud, 7.5, (14, 2.6), dice, 0.075, 0.24)
    return mix(painted, colour("#101018"), drawn_lines(warped, 2.2, 0.15, 0.4) * 0.8) * vignette(side, 0.3)[..., None]


def watercolour(picture: Array, dice: Dice) -> Array:
    """Wet washes that bleed, dry darker at their rims and leave rough paper white."""
    side, unit = picture.shape[0], scale(picture)
    wet = bent(picture, noise(side, 12, dice) * 1.5 * unit, noise(side, 12, dice) * 1.5 * unit)
    wash = smoothed(wet)
    washes = saturated(np.round(blurred(wash, 0.6) * 6) / 6 * 0.65 + blurred(wash, 2.0) * 0.35, 1.45)
    pigment = 1 - clipped(washes)
    rims = clipped(blurred(step(edges(wash, 1.0), 0.08, 0.4), 0.5)) * 0.5
    flow = 0.76 + noise(side, 28, dice) * 0.2 + noise(side, 9, dice) * 0.09 + noise(side, 1.5, dice) * 0.035
    density = np.clip(flow + rims, 0.1, 1.25)
    away = np.minimum.reduce([*coordinates(side), side - 1 - coordinates(side)[0], side - 1 - coordinates(side)[1]])
    painted_part = step(away + noise(side, 14, dice) * 4, 2, 9)
    sheet = paper(side, "#fbf8f0", 0.0, dice) + (lit(noise(side, 2, dice)) * 0.022)[..., None]
    return clipped(sheet * (1 - pigment * (density * painted_part)[..., None]))


def gouache(picture: Array, dice: Dice) -> Array:
    """Flat, matte, chalky layers with slightly dry strokes."""
    side = picture.shape[0]
    flat = blurred(flattened(picture, 6), 0.5)
    matte = clipped(saturated(flat, 1.1) * 0.82 + 0.11) * colour("#fff8ec")
    dry = streaks(side, 34, 3, float(dice.uniform(-30, 30)), dice) - 0.5
    return clipped(matte + (dry * 0.055 + noise(side, 1.5, dice) * 0.012)[..., None])


def fresco(picture: Array, dice: Dice) -> Array:
    """Faded earth pigments on plaster with cracks and fallen pieces."""
    side, unit = picture.shape[0], scale(picture)
    faded = mix(saturated(blurred(picture, 0.8), 0.6), plain(side, colour("#c9a779")), 0.38)
    plaster = noise(side, 3, dice) * 0.03 + noise(side, 22, dice) * 0.05 + noise(side, 1.2, dice) * 0.018
    _, border, _ = cells(side, 42 * unit, 1.0, dice)
    wander = noise(side, 7, dice) * 1.4 + noise(side, 60, dice) * 2
    cracks = step(-np.abs(border + wander), -0.75, -0.1) * 0.65
    fallen = step(noise(side, 26, dice) + noise(side, 5, dice) * 0.3, 1.25, 1.4)
    wall = clipped(faded * 0.92 + plaster[..., None])
    bare = plain(side, colour("#d9cdb6")) + (plaster + lit(fallen) * 0.25)[..., None]
    return clipped(mix(mix(wall, bare, fallen), colour("#3b2d20"), cracks))


def _bricks(side: int, unit: float, dice: Dice) -> tuple[Array, Array]:
    """A brick wall and its height."""
    y, x = coordinates(side)
    high, wide = 12 * unit, 28 * unit
    row = (y / high).astype(np.intp)
    column = ((x + (row % 2) * wide / 2) / wide).astype(np.intp)
    inner: NDArray[np.intp] = row * 40 + column
    joint = np.minimum(y % high, (x + (row % 2) * wide / 2) % wide)
    shade = dice.normal(0, 0.05, int(inner.max()) + 1)[inner]
    body = plain(side, colour("#9c4f3c")) + (shade + noise(side, 1.5, dice) * 0.03)[..., None]
    height = step(joint, 0.8, 2.2)
    return clipped(mix(plain(side, colour("#b9ada0")), body, height)), height


def graffiti(picture: Array, dice: Dice) -> Array:
    """Sprayed glaring colours with overspray, drips and fat outlines on a brick wall."""
    side, unit = picture.shape[0], scale(picture)
    wall, height = _bricks(side, unit, dice)
    loud = np.round(saturated(blurred(picture, 1.5), 2.3) * 4) / 4
    painted = 1 - step(luminance(picture) - (picture.max(2) - picture.min(2)), 0.86, 0.97)
    cloud = clipped(blurred(painted, 3 * unit) * 1.2 + noise(side, 1, dice) * 0.08)
    lines = drawn_lines(picture, 2.0, 0.1, 0.3)
    columns = dice.random((1, side)) < 0.05
    drips = ndimage.uniform_filter1d(lines * columns, int(26 * unit), axis=0, origin=-int(12 * unit)) * 9
    sprayed = mix(wall, loud, np.maximum(painted, cloud * 0.8) * 0.92)
    black = clipped(np.maximum(lines, blurred(clipped(drips), 0.6)))
    return clipped(mix(sprayed, colour("#0d0d12"), black * 0.92) * (0.72 + 0.28 * height[..., None]))


def op_art(picture: Array, dice: Dice) -> Array:
    """Black and white stripes bulging where the picture is dark."""
    unit = scale(picture)
    _, across = turned(picture.shape[0], float(dice.choice([0, 45, 90])))
    bulge = blurred(1 - tone(picture), 1.8 * unit) * 20 * unit
    return np.repeat(step(np.sin((across + bulge) * (2 * math.pi / (9 * unit))), -0.25, 0.25)[..., None], 3, 2)


def psychedelic(picture: Array, dice: Dice) -> Array:
    """Swirls and bands of glaring hues that run around the forms."""
    side, unit = picture.shape[0], scale(picture)
    swirled = bent(picture, noise(side, 40, dice) * 8 * unit, noise(side, 40, dice) * 8 * unit)
    light = blurred(luminance(swirled), 3)
    bands = light * 2.2 + noise(side, 55, dice) * 0.45 + float(dice.random())
    glare = hues(bands % 1)
    rings = step(np.sin(bands * 26), -0.3, 0.3)[..., None]
    body = clipped(mix(glare, saturated(swirled, 2.2), 0.3) * (0.72 + 0.28 * rings))
    return mix(body, colour("#1b0638"), drawn_lines(swirled, 1.5, 0.12, 0.3) * 0.85)


PAINTED: Final[Mapping[str, Look]] = {
    "oil painting": oil_painting,
    "watercolour": watercolour,
    "acrylic": acrylic,
    "gouache": gouache,
    "palette knife": palette_knife,
    "fresco": fresco,
    "graffiti": graffiti,
    "Impressionism": impressionism,
    "Pointillism": pointillism,
    "Cubism": cubism,
    "Fauvism": fauvism,
    "Expressionism": expressionism,
    "Op Art": op_art,
    "psychedelic": psychedelic,
}
