"""Light: hours of the day, lamps, glow."""

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
    blurred,
    clipped,
    colour,
    contrasted,
    coordinates,
    drawn_lines,
    edges,
    graded,
    ground,
    hue_of,
    lit,
    luminance,
    mix,
    noise,
    plain,
    saturated,
    scale,
    step,
    tone,
    volume,
)


def _glowing(light: Array, unit: float) -> Array:
    """Light with a near and a far halo."""
    return clipped(light + blurred(light, 2.5 * unit) * 1.1 + blurred(light, 8 * unit) * 0.9)


def golden_hour(picture: Array, dice: Dice) -> Array:
    """Low warm sun from one side: amber light, long warm haze, a flare."""
    side = picture.shape[0]
    y, x = coordinates(side)
    column, row = side * float(dice.choice([0.12, 0.88])), side * float(dice.uniform(0.25, 0.5))
    away = np.hypot(y - row, x - column) / side
    sky = graded(y / side, ("#e58a4a", "#ffb85c", "#ffd98a", "#d98a45"))
    warm = contrasted(picture * np.array([1.0, 0.74, 0.42]), 1.1)
    scene = mix(warm, sky, ground(picture) * 0.9) * (1.12 - away * 0.75)[..., None]
    flare = np.exp(-((away / 0.1) ** 2)) + 0.65 * np.exp(-away / 0.22)
    return clipped(1 - (1 - scene) * (1 - colour("#ffc766") * clipped(flare)[..., None]))


def neon_lights(picture: Array, dice: Dice) -> Array:
    """Bright pink, blue and violet tubes along the edges, glowing in the night."""
    side, unit = picture.shape[0], scale(picture)
    tubes = drawn_lines(blurred(picture, 0.8), 1.1, 0.14, 0.34)
    places = clipped(noise(side, 70, dice) * 0.7 + 0.5 + (hue_of(picture) - 0.5) * 0.5)
    shade = graded(places, ("#ff1fa8", "#c332ff", "#2a6bff", "#12e6ff"))
    night = picture * np.array([0.1, 0.06, 0.16]) * (1 - 0.7 * ground(picture))[..., None] + colour("#07040f")
    halo = _glowing(shade * tubes[..., None], unit)
    core = step(tubes, 0.75, 1.0)[..., None] * 0.55
    return clipped(1 - (1 - night) * (1 - halo) * (1 - core))


def moonlight(picture: Array, dice: Dice) -> Array:
    """Silver-blue night with a moon and stars where there is sky."""
    side = picture.shape[0]
    y, x = coordinates(side)
    sky = ground(picture)
    values = clipped(contrasted(luminance(picture), 1.1))
    body = mix(graded(values, ("#03060f", "#12203f", "#41598a", "#a9bfdd")), picture * colour("#3a5590"), 0.35) * 0.85
    night = graded(y / side, ("#050a1c", "#0c1836", "#1b2c55")) + ((noise(side, 1, dice) > 3.0) * 0.7)[..., None]
    row, column = side * float(dice.uniform(0.1, 0.22)), side * float(dice.choice([0.15, 0.85]))
    away = np.hypot(y - row, x - column) / side
    scene = mix(body, night, sky)
    moon = step(-away, -0.085, -0.078)[..., None] * colour("#f2f5ff") * (0.92 + 0.06 * noise(side, 6, dice))[..., None]
    halo = np.exp(-away / 0.16)[..., None] * colour("#5f7fc0") * 0.7
    return clipped(np.maximum(scene + halo, moon))


def volumetric_light(picture: Array, dice: Dice) -> Array:
    """Rays fanning from above through mist."""
    side = picture.shape[0]
    y, x = coordinates(side)
    column = side * float(dice.uniform(0.05, 0.95))
    angle = np.arctan2(y + side * 0.15, x - column)
    spread = ndimage.gaussian_filter1d(dice.random(400), 3.0)
    spread = (spread - spread.min()) / np.ptp(spread)
    rays = np.interp(angle, np.linspace(0, math.pi, 400), spread)
    shine = step(rays, 0.42, 0.75) * np.clip(1.15 - np.hypot(y, x - column) / side * 0.75, 0.1, 1)
    mist = plain(side, colour("#4d5a5c")) * (0.7 + 0.1 * noise(side, 40, dice))[..., None]
    scene = mix(saturated(picture, 0.8) * 0.4, mist, clipped(0.3 + ground(picture) * 0.55))
    return clipped(1 - (1 - scene) * (1 - colour("#fff0c2") * (shine * 0.75)[..., None]))


def chiaroscuro(picture: Array, dice: Dice) -> Array:
    """One warm light from the side, everything else sunk into brown black."""
    side = picture.shape[0]
    y, x = coordinates(side)
    left = bool(dice.random() < 0.5)
    across = x / side if left else 1 - x / side
    spot = np.exp(-(((y / side - 0.4) / 0.38) ** 2) - (((across - 0.33) / 0.3) ** 2))
    shape = np.clip(0.8 + lit(blurred(volume(picture), 2), 200 if left else -20) * 5, 0.15, 1.6)
    body = contrasted(picture * colour("#ffdfae"), 1.15) * (1 - 0.94 * ground(picture))[..., None]
    return clipped(body * (spot * shape * 1.15)[..., None] + colour("#0d0805"))


def candlelight(picture: Array, dice: Dice) -> Array:
    """A small flame's orange glow in darkness."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    row, column = side * float(dice.uniform(0.5, 0.65)), side * float(dice.uniform(0.2, 0.8))
    away = np.hypot(y - row, x - column) / side
    scene = (
        picture
        * (1 - 0.72 * ground(picture))[..., None]
        * colour("#ff9a3c")
        * (1.25 * np.exp(-((away / 0.42) ** 2)))[..., None]
    )
    narrow = 3.6 * unit * np.clip((y - row + 14 * unit) / (16 * unit), 0.02, 1)
    flame = step(-np.hypot((x - column) / narrow, (y - row) / (13 * unit)), -1.05, -0.55)
    halo = np.exp(-away / 0.09)[..., None] * colour("#ff8a20") * 0.85
    stick = (np.abs(x - column) < 5 * unit) & (y > row + 9 * unit)
    wax = mix(scene + halo, colour("#e0a860") * 0.8, stick * np.exp(-(y - row) / (side * 0.35)))
    return clipped(mix(wax, colour("#fff2b8"), flame) + colour("#080300"))


def backlit(picture: Array, dice: Dice) -> Array:
    """Light from behind: a dark subject with a bright rim before a glow."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    behind = np.maximum(ground(picture), step(blurred(tone(picture), 1.5), 0.62, 0.85))
    warm = colour(("#ffe3b0", "#d6e8ff", "#fff1dc")[int(dice.integers(3))])
    away = np.hypot(y / side - float(dice.uniform(0.3, 0.5)), x / side - 0.5)
    glow = plain(side, warm) * (1.1 - away)[..., None]
    rim = clipped(blurred(behind, 2.2 * unit) * 1.9) * (1 - behind)
    rim = np.maximum(rim, step(edges(picture, 1.0), 0.3, 0.7) * 0.25)
    dark = picture * 0.3 * (1 - 0.5 * step(-away, -0.6, 0))[..., None] + np.exp(-away / 0.25)[..., None] * warm * 0.16
    return clipped(mix(dark, glow, behind) + warm * rim[..., None])


def silhouette(picture: Array, dice: Dice) -> Array:
    """A black shape against a bright evening sky."""
    side = picture.shape[0]
    y, x = coordinates(side)
    skies = (
        ("#3b1d5a", "#d1495b", "#ff9f45", "#ffe29a"),
        ("#2b5f9e", "#7db8e0", "#ffe6b8", "#fff6dc"),
        ("#7a2a1d", "#e0662a", "#ffc04d", "#fff0b0"),
    )
    sky = graded(y / side, skies[int(dice.integers(3))])
    sun = np.hypot(y / side - float(dice.uniform(0.5, 0.75)), x / side - float(dice.uniform(0.25, 0.75)))
    sky = clipped(sky + (np.exp(-sun / 0.12) * 0.6)[..., None] + step(-sun, -0.13, -0.12)[..., None] * 0.3)
    behind = ground(picture)
    shape = 1 - behind if float(behind.mean()) > 0.07 else step(-blurred(tone(picture), 1.5), -0.5, -0.42)
    return mix(sky, colour("#060408"), shape)


def blue_hour(picture: Array, dice: Dice) -> Array:
    """Deep blue dusk with a last pale band and warm lamps in what was brightest."""
    side, unit = picture.shape[0], scale(picture)
    y, _ = coordinates(side)
    dusk = graded(y / side, ("#0d1e5c", "#1d3f93", "#4a78c4", "#9a94c4"))
    body = contrasted(picture, 1.1) * np.array([0.3, 0.42, 0.78]) * 0.85
    scene = mix(body, dusk, ground(picture))
    vivid = (picture[..., 0] - picture[..., 2]).clip(0, 1) * (luminance(picture) > 0.45) * (1 - ground(picture))
    lamps = step(noise(side, 5, dice) + vivid * 2, 2.2, 3.0) * step(vivid, 0.1, 0.4)
    return clipped(scene + _glowing(colour("#ffb04a") * lamps[..., None], unit) * 0.7)


def bioluminescent(picture: Array, dice: Dice) -> Array:
    """Cyan and green that shines by itself in deep water dark."""
    side, unit = picture.shape[0], scale(picture)
    behind = ground(picture)
    lines = np.maximum(
        step(edges(picture, 1.0 * unit), 0.1, 0.4) * 0.7, (luminance(picture) * (1 - behind)) ** 2 * 0.45
    )
    specks = step(noise(side, 2.2, dice), 2.2, 2.8) * (0.35 + 0.65 * (1 - behind))
    shade = graded(clipped(noise(side, 60, dice) * 0.5 + 0.5), ("#19ffc4", "#22c8ff", "#4a6bff", "#8dff6a"))
    deep = picture * np.array([0.02, 0.09, 0.13]) * (1 - behind)[..., None] + colour("#010a14")
    return clipped(1 - (1 - deep) * (1 - _glowing(shade * np.maximum(lines, specks)[..., None], unit) * 0.95))


def _grid(side: int, unit: float, horizon: float) -> Array:
    """(S, S): a perspective grid below the horizon."""
    y, x = coordinates(side)
    depth = np.maximum(y / side - horizon, 1e-3)
    rows = np.abs((0.35 / depth) % 1 - 0.5) > 0.5 - np.clip(0.012 / depth, 0.04, 0.12)
    columns = np.abs(((x / side - 0.5) / depth * 0.9) % 1 - 0.5) > 0.5 - np.clip(0.012 / depth, 0.03, 0.1)
    return (rows | columns) * (y / side > horizon) * clipped(depth * 9) + (np.abs(y / side - horizon) < 0.006 * unit)


def vaporwave(picture: Array, dice: Dice) -> Array:
    """Pink, teal and violet with a sunset disc and a grid."""
    side, unit = picture.shape[0], scale(picture)
    y, _ = coordinates(side)
    behind = ground(picture)
    body = graded(contrasted(tone(picture), 1.1), ("#2b0f54", "#a13ec2", "#ff71ce", "#9df4ff"))
    sky = graded(clipped(y / side + noise(side, 60, dice) * 0.03), ("#7de3f4", "#b9a5ff", "#ff9de2", "#ff6ad5"))
    floor = mix(sky, colour("#e9fbff"), _grid(side, unit, 0.68) * 0.85)
    return clipped(mix(mix(saturated(picture, 1.2), body, 0.78), floor, behind))


def synthwave(picture: Array, dice: Dice) -> Array:
    """A glowing magenta grid below a striped sun on violet night."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    behind = ground(picture)
    down, right = y / side - 0.42, x / side - 0.5
    disc = (
        step(-np.hypot(down, right), -0.31, -0.3)
        * ((down < 0) | (np.sin(down * 95) > down * 3 - 0.6))
        * (y / side < 0.66)
    )
    sky = mix(
        graded(y / side, ("#0d0628", "#2b0b57", "#7a1c7f", "#e0368a")),
        graded(clipped(down / 0.6 + 0.5), ("#ffe14d", "#ff8a3c", "#ff2f92")),
        disc,
    )
    sky = mix(sky, colour("#12042e"), (y / side > 0.66) * 1.0)
    grid = _glowing(_grid(side, unit, 0.66)[..., None] * colour("#ff2fd0"), unit)
    stars = (noise(side, 1, dice) > 3.0) * (y / side < 0.5)
    scene = clipped(sky + grid + stars[..., None] * 0.7)
    rim = _glowing((step(edges(picture, 1.2), 0.12, 0.4) * 0.8)[..., None] * colour("#25e6ff"), unit) * 0.75
    body = graded(tone(picture), ("#12052e", "#4a1480", "#c02bb0", "#ff9ad0"))
    return clipped(mix(body, scene, behind) + rim * (0.25 + 0.75 * (1 - behind))[..., None])


LIGHT: Final[Mapping[str, Look]] = {
    "golden hour": golden_hour,
    "neon lights": neon_lights,
    "moonlight": moonlight,
    "volumetric light": volumetric_light,
    "chiaroscuro": chiaroscuro,
    "candlelight": candlelight,
    "backlit": backlit,
    "silhouette": silhouette,
    "blue hour": blue_hour,
    "bioluminescent": bioluminescent,
    "vaporwave": vaporwave,
    "synthwave": synthwave,
}
