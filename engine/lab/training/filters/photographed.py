"""Cameras, lenses, films, developers."""

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
    graded,
    grey,
    ground,
    luminance,
    mix,
    noise,
    plain,
    resized,
    saturated,
    scale,
    step,
    streaks,
    tone,
    vignette,
)


def black_and_white_photo(picture: Array, dice: Dice) -> Array:
    """Full contrast greys and silver grain."""
    side = picture.shape[0]
    values = contrasted(luminance(picture) * 0.96, 1.25) + noise(side, 1.2, dice) * 0.045
    return clipped(grey(values * vignette(side, 0.25)))


def film_35mm(picture: Array, dice: Dice) -> Array:
    """Lifted blacks, warm lights and green shadows, coarse grain, sometimes a light leak."""
    side = picture.shape[0]
    light = luminance(picture)
    toned = clipped(saturated(picture, 0.75) * 0.78 + 0.11)
    toned = (
        toned
        + light[..., None] * np.array([0.07, 0.02, -0.09])
        + (1 - light[..., None]) * np.array([-0.02, 0.03, 0.02])
    )
    grain = np.stack([noise(side, 1.4, dice) for _ in range(3)], 2) * 0.035 + noise(side, 1.4, dice)[..., None] * 0.045
    leak = (
        np.exp(-((coordinates(side)[1] / (side * 0.14)) ** 2))
        * (dice.random() < 0.5)
        * (0.7 + 0.2 * noise(side, 60, dice))
    )
    leaked = mix(toned + grain, colour("#ff7a2a"), np.clip(leak, 0, 0.75))
    return clipped(leaked * vignette(side, 0.38)[..., None])


def polaroid(picture: Array, dice: Dice) -> Array:
    """A washed-out square picture in a white frame, broader below."""
    side = picture.shape[0]
    top, high = round(side * 0.06), round(side * 0.74)
    left = (side - high) // 2
    small = resized(picture, high)
    faded = clipped(saturated(small, 0.7) * 0.72 + 0.17) * np.array([1.04, 1.0, 0.88])
    faded = mix(faded, colour("#7fb2b0"), (1 - luminance(small)) * 0.22) * vignette(high, 0.28)[..., None]
    card = clipped(plain(side, colour("#f5f3ec")) + (noise(side, 2, dice) * 0.006)[..., None])
    _, x = coordinates(side)
    far = np.minimum(x - left + side * 0.06, left + high + side * 0.06 - x)
    result = mix(plain(side, colour("#8a8178")), card, step(far, 0, 1.5))
    result[top - 1 : top + high + 1, left - 1 : left + high + 1] *= 0.8
    result[top : top + high, left : left + high] = faded
    return clipped(result + (noise(side, 1.3, dice) * 0.012)[..., None])


def long_exposure(picture: Array, dice: Dice) -> Array:
    """The bright and the loud drawn out into trails of light on a dark scene."""
    side, unit = picture.shape[0], scale(picture)
    dark = mix(picture, plain(side, colour("#0c1430")), ground(picture)) * 0.5
    vivid = picture.max(2) - picture.min(2)
    source = saturated(picture, 2.0) * (clipped(vivid * 1.6) * (1 - ground(picture)))[..., None]
    trail = ndimage.uniform_filter1d(source, round(90 * unit), axis=1, mode="constant")
    trail = trail + ndimage.uniform_filter1d(source, round(24 * unit), axis=1)
    lanes = 0.35 + 1.5 * step(streaks(side, 400, 3.0, 0, dice), 0.45, 0.9)
    _, x = coordinates(side)
    bow = (x / side - 0.5) ** 2 * float(dice.uniform(-60, 60)) * unit
    return clipped(dark + bent(clipped(trail * lanes[..., None] * 1.3), bow, np.zeros_like(x)))


def tilt_shift(picture: Array, dice: Dice) -> Array:
    """A sharp band between strongly blurred ones, toy-like colours."""
    side, unit = picture.shape[0], scale(picture)
    y, _ = coordinates(side)
    toy = contrasted(saturated(picture, 1.6), 1.15)
    away = np.abs(y / side - float(dice.uniform(0.4, 0.6)))
    middle = mix(toy, blurred(toy, 2.5 * unit), step(away, 0.08, 0.2))
    return mix(middle, blurred(toy, 6 * unit), step(away, 0.2, 0.36))


def bokeh(picture: Array, dice: Dice) -> Array:
    """Round blurred lights in a dark soft background behind the sharp subject."""
    side, unit = picture.shape[0], scale(picture)
    behind = ground(picture)
    if float(behind.mean()) < 0.05:
        y, x = coordinates(side)
        behind = step(np.hypot(y - side * 0.5, x - side * 0.5), side * 0.2, side * 0.45)
    warm = colour(("#3a2140", "#14233f", "#3b2412")[int(dice.integers(3))])
    soft = mix(blurred(picture, 9 * unit) * 0.45, plain(side, warm), 0.55)
    lights = np.zeros((side, side, 3))
    y, x = coordinates(side)
    shades = [colour(code) for code in ("#ffd27a", "#ff9a5a", "#ffe9c0", "#ff6fa0", "#8fd0ff", "#b6ff9a")]
    for _ in range(40):
        radius = float(dice.uniform(6, 15)) * unit
        row, column = dice.uniform(0, side, 2)
        near = tuple(slice(max(0, int(place - radius - 2)), int(place + radius + 3)) for place in (row, column))
        distance = np.hypot(y[near] - row, x[near] - column) / radius
        disc = step(-distance, -1.08, -0.95) * (0.6 + 0.4 * distance**4) * float(dice.uniform(0.4, 0.95))
        lights[near] += shades[int(dice.integers(len(shades)))] * disc[..., None]
    return clipped(mix(picture, 1 - (1 - soft) * (1 - clipped(lights)), behind))


def double_exposure(picture: Array, dice: Dice) -> Array:
    """The subject as a dark shape that a forest before a pale sky shows through."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    forest = np.zeros((side, side))
    for depth, row in ((0.45, 0.5), (0.7, 0.64), (1.0, 0.8)):
        period = (9 + 9 * depth) * unit
        tree = (x + dice.uniform(0, side)) / period
        heights = dice.uniform(0.08, 0.3, 200)[tree.astype(np.intp)]
        top = row - heights + np.abs(tree % 1 - 0.5) * 2 * heights + 0.03 * np.sin(x / side * 9 + depth * 7)
        forest = np.maximum(forest, step(y / side - top + noise(side, 2, dice) * 0.008, 0, 0.015) * depth)
    scenery = graded(1 - forest, ("#0c2226", "#2f5a62", "#8fb3b8", "#f2f1e6"))
    subject = mix(contrasted(saturated(picture, 0.5), 1.1) * 0.8, plain(side, colour("#f3f3ee")), ground(picture))
    return clipped(1 - (1 - subject) * (1 - scenery * (0.9 - 0.3 * float(dice.random()))))


def daguerreotype(picture: Array, dice: Dice) -> Array:
    """A silver-brown plate in an oval mat, with scratches and tarnish."""
    side = picture.shape[0]
    y, x = coordinates(side)
    values = clipped(contrasted(blurred(tone(picture), 0.8) * 0.85, 1.2))
    plate = graded(values, ("#0d0b0a", "#4b3d31", "#9a8a76", "#d9ccb6"))
    scratches = step(streaks(side, 160, 1.1, float(dice.uniform(60, 120)), dice), 0.955, 0.99) * 0.4
    specks = (noise(side, 1.6, dice) > 2.9) * 0.6
    away = np.hypot((y / side - 0.5) / 0.47, (x / side - 0.5) / 0.4)
    tarnish = clipped(step(away + noise(side, 18, dice) * 0.05, 0.72, 1.02))
    plate = mix(mix(plate, colour("#e8dcc4"), np.maximum(scratches, specks)), colour("#2b3038"), tarnish * 0.75)
    mat = clipped(plain(side, colour("#7d5f2e")) + (noise(side, 2, dice) * 0.03)[..., None])
    return clipped(mix(plate, mix(mat, colour("#1c120a"), step(-away, -1.06, -1.0)), step(away, 1.0, 1.015)))


def cyanotype(picture: Array, dice: Dice) -> Array:
    """Prussian blue and white with brushed edges."""
    side = picture.shape[0]
    y, x = coordinates(side)
    values = clipped(contrasted(tone(picture), 1.15) + noise(side, 1.6, dice) * 0.03)
    body = graded(values, ("#071f45", "#124a86", "#6fa3cf", "#f0f4f2"))
    far = np.minimum(np.minimum(x, side - 1 - x), np.minimum(y, side - 1 - y))
    brushed = step(far + noise(side, 5, dice) * 1.8 + (streaks(side, 40, 2.5, 90, dice) - 0.5) * 9, 4, 9)
    coated = mix(plain(side, colour("#f4f0e4")), body * colour("#f2f4ee"), brushed)
    return clipped(
        coated - (step(far, 0, 9) * brushed * (1 - step(far, 9, 16)))[..., None] * np.array([0.4, 0.25, 0.1])
    )


def film_still(picture: Array, dice: Dice) -> Array:
    """Black bars above and below, teal shadows and orange lights, a soft flare."""
    side = picture.shape[0]
    light = luminance(picture)
    toned = contrasted(picture * 0.82, 1.3) + (light[..., None] - 0.5) * np.array([0.22, 0.02, -0.2])
    toned = clipped(toned * vignette(side, 0.5)[..., None] + noise(side, 1.3, dice)[..., None] * 0.02)
    bar = round(side * 0.14)
    toned[:bar] = toned[side - bar :] = 0.01
    return toned


def fisheye(picture: Array, dice: Dice) -> Array:
    """A round, strongly bulging view on black."""
    side = picture.shape[0]
    y, x = coordinates(side)
    down, right = (y + 0.5) / side * 2 - 1, (x + 0.5) / side * 2 - 1
    radius = np.hypot(down, right)
    reach = np.tan(np.clip(radius, 0, 0.98) * float(dice.uniform(1.1, 1.25))) / np.tan(1.2) / np.maximum(radius, 1e-3)
    scene = bent(picture, (down * reach - down) * side / 2, (right * reach - right) * side / 2)
    shade = (1 - 0.45 * radius**3) * step(-radius, -0.99, -0.96)
    return clipped(scene * clipped(shade)[..., None])


def symmetrical(picture: Array, dice: Dice) -> Array:
    """The left half mirrored onto the right."""
    half = picture if dice.random() < 0.5 else picture[:, ::-1]
    side = picture.shape[0]
    left = half[:, : side - side // 2]
    return np.concatenate([left, left[:, : side // 2][:, ::-1]], 1)


def pattern(picture: Array, dice: Dice) -> Array:
    """The picture repeated like wallpaper, every other row shifted, on a tint."""
    side, count = picture.shape[0], int(dice.integers(3, 5))
    small = math.ceil(side / count)
    tile = resized(picture, small)
    shade = colour(("#f4d9c6", "#cfe3dc", "#f2e6b8", "#d9d3ea", "#ffffff")[int(dice.integers(5))])
    tile = mix(tile, shade, resized(ground(picture), small))
    rows = [np.roll(np.tile(tile, (1, count, 1)), (row % 2) * small // 2, 1) for row in range(count)]
    return np.concatenate(rows, 0)[:side, :side]


def close_up(picture: Array, dice: Dice) -> Array:
    """A detail that fills the frame."""
    side = picture.shape[0]
    size = round(side * float(dice.uniform(0.38, 0.5)))
    top, left = (round((side - size) * float(each)) for each in dice.uniform(0.3, 0.7, 2))
    return clipped(resized(picture[top : top + size, left : left + size], side))


def dreamy(picture: Array, dice: Dice) -> Array:
    """Soft focus: a bright glow over everything in pale rose and blue."""
    side, unit = picture.shape[0], scale(picture)
    glow = blurred(picture, 6 * unit)
    screen = 1 - (1 - picture * 0.75) * (1 - glow * 0.6)
    haze = mix(plain(side, colour("#f7d3e6")), colour("#cfdcff"), clipped(noise(side, 70, dice) * 0.4 + 0.5))
    sparkles = blurred((noise(side, 1, dice) > 3.1) * 1.0, 1.0) * 4
    return clipped(mix(blurred(screen, 1.0), haze, 0.42) + np.clip(sparkles, 0, 0.6)[..., None])


def eerie(picture: Array, dice: Dice) -> Array:
    """Sickly green dark with fog drifting in front."""
    side = picture.shape[0]
    y, _ = coordinates(side)
    values = contrasted(luminance(picture) * (1 - 0.75 * ground(picture)), 1.1) * 0.5
    body = mix(graded(clipped(values * 1.5), ("#050807", "#1c2a26", "#5f7668", "#a7b8a0")), picture * 0.35, 0.3)
    drift = noise(side, 60, dice) * 0.25 + noise(side, 24, dice) * 0.14 + y / side * 0.6 + 0.05
    fog = np.clip(drift, 0, 0.75)
    return clipped(mix(body, colour("#6f8378"), fog) * vignette(side, 0.75)[..., None])


def melancholy(picture: Array, dice: Dice) -> Array:
    """Grey-blue, muted, seen through slanted rain."""
    side, unit = picture.shape[0], scale(picture)
    muted = mix(saturated(blurred(picture, 0.9), 0.3) * 0.6, plain(side, colour("#5b6b7c")), 0.42)
    degrees = float(dice.uniform(72, 82))
    rain = step(streaks(side, 20 * unit, 1.5, degrees, dice), 0.8, 1.0) * 0.38
    return clipped(mix(muted, colour("#dbe6ee"), rain) * vignette(side, 0.4)[..., None])


PHOTOGRAPHED: Final[Mapping[str, Look]] = {
    "black and white photo": black_and_white_photo,
    "35mm film": film_35mm,
    "polaroid": polaroid,
    "long exposure": long_exposure,
    "tilt-shift": tilt_shift,
    "bokeh": bokeh,
    "double exposure": double_exposure,
    "daguerreotype": daguerreotype,
    "cyanotype": cyanotype,
    "film still": film_still,
    "fisheye": fisheye,
    "symmetrical": symmetrical,
    "pattern": pattern,
    "close-up": close_up,
    "dreamy": dreamy,
    "eerie": eerie,
    "melancholy": melancholy,
}
