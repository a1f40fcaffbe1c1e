"""Colours: saturation, gradient maps, grading, sheen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from engine.lab.training.filters.canvas import (
    Array,
    Dice,
    Look,
    blurred,
    clipped,
    colour,
    contrasted,
    coordinates,
    edges,
    graded,
    ground,
    hues,
    lit,
    luminance,
    mix,
    noise,
    plain,
    saturated,
    scale,
    step,
    tone,
    vignette,
    volume,
)


def vivid_colours(picture: Array, dice: Dice) -> Array:
    """As saturated as inks allow."""
    return contrasted(saturated(picture, 2.2 + float(dice.random())), 1.2)


def muted_colours(picture: Array, dice: Dice) -> Array:
    """Greyed, with little contrast."""
    return clipped(saturated(picture, 0.32 + 0.1 * float(dice.random())) * 0.68 + 0.14)


def pastel_colours(picture: Array, dice: Dice) -> Array:
    """Pale tints of every hue, even the shadows."""
    side = picture.shape[0]
    pale = saturated(picture, 1.1) * 0.42 + 0.57
    tint = hues(np.full((side, side), float(dice.random()))) * 0.2 + 0.8
    return clipped(pale * mix(plain(side, colour("#ffffff")), tint, 0.5 + 0.4 * luminance(picture)))


def monochrome(picture: Array, dice: Dice) -> Array:
    """Shades of a single colour."""
    hue = hues(np.full((1, 1), float(dice.random())))[0, 0]
    values = clipped(contrasted(tone(picture), 1.05))[..., None]
    return clipped(
        np.where(
            values < 0.6, hue * values / 0.6 * 0.9 + 0.04, mix(hue * 0.9 + 0.04, np.ones(3), (values - 0.6) / 0.42)
        )
    )


def sepia(picture: Array, dice: Dice) -> Array:
    """Brown and cream, softly faded."""
    side = picture.shape[0]
    values = clipped(tone(picture) * 0.92 + 0.05 + noise(side, 1.4, dice) * 0.02)
    return graded(values * vignette(side, 0.22), ("#24150a", "#6b4526", "#b98f5c", "#f3e3c2"))


def earth_tones(picture: Array, dice: Dice) -> Array:
    """Ochre, umber, sienna and olive only."""
    cold = clipped((picture[..., 1:].max(2) - picture[..., 0]) * 1.6 + 0.15)
    values = clipped(tone(picture) + noise(picture.shape[0], 3, dice) * 0.01)
    ochre = graded(values, ("#22150c", "#7a4322", "#b9782f", "#e3cd9c"))
    return mix(ochre, graded(values, ("#16170c", "#4a4a20", "#8a8a45", "#d8d0a4")), cold)


def teal_and_orange(picture: Array, dice: Dice) -> Array:
    """Cinema's contrast: shadows and cold things teal, lights and warm things orange."""
    values = contrasted(tone(picture), 1.15)
    warm = clipped((picture[..., 0] - picture[..., 2]) * 1.4 + (values - 0.5) * 0.7 + 0.4 + 0.1 * float(dice.random()))
    teal, orange = (
        graded(values, ("#02161b", "#0b5a66", "#35a6b0", "#c8ecea")),
        graded(values, ("#1a0a04", "#9a4713", "#f08a2c", "#ffe4c0")),
    )
    return clipped(mix(saturated(picture, 1.2), mix(teal, orange, warm), 0.78))


def duotone(picture: Array, dice: Dice) -> Array:
    """A gradient map between two contrasting colours."""
    pairs = (
        ("#2a0a6b", "#ff8a3c"),
        ("#0b1f66", "#ff5fa0"),
        ("#4b0a4f", "#f7e03c"),
        ("#04394a", "#ff6f61"),
        ("#1a1a7a", "#3cf0b0"),
    )
    return graded(contrasted(tone(picture), 1.25), pairs[int(dice.integers(len(pairs)))])


def rainbow(picture: Array, dice: Dice) -> Array:
    """The whole spectrum in a run across the picture."""
    side = picture.shape[0]
    y, x = coordinates(side)
    angle = float(dice.uniform(0, 2 * math.pi))
    run = (x * math.cos(angle) + y * math.sin(angle)) / side * 0.9 + float(dice.random())
    values = luminance(picture)[..., None]
    shade = hues(run % 1)
    return clipped(
        np.where(values < 0.65, shade * (values / 0.65) * 1.05, mix(shade, np.ones(3), (values - 0.65) / 0.9))
    )


def black_and_gold(picture: Array, dice: Dice) -> Array:
    """Gilded edges and lights on black."""
    side, unit = picture.shape[0], scale(picture)
    relief = lit(blurred(volume(picture), 1.2)) * 4
    values = clipped(0.5 + relief * 0.4 + noise(side, 12, dice) * 0.12)
    gold = graded(values, ("#4a3208", "#a8781c", "#e6bd52", "#fff3b8"))
    vivid = step(luminance(picture) * (1 - ground(picture)), 0.5, 0.75) * 0.75
    lines = step(edges(picture, 1.1 * unit), 0.1, 0.3)
    specks = (noise(side, 1, dice) > 3.0) * 0.8
    return clipped(mix(plain(side, colour("#0a0907")), gold, np.maximum(np.maximum(vivid, lines), specks)))


def iridescent(picture: Array, dice: Dice) -> Array:
    """A soap film's bands of pale pink, cyan, violet and green."""
    side = picture.shape[0]
    film = volume(picture) * 1.1 + luminance(picture) * 0.7 + noise(side, 55, dice) * 0.3 + float(dice.random())
    wave = np.stack([0.5 + 0.5 * np.cos(2 * math.pi * (film * 1.3 + shift)) for shift in (0.0, 0.36, 0.62)], 2)
    shimmer = clipped(wave * 0.5 + 0.5)
    sheen = np.clip(lit(blurred(volume(picture), 2)) * 5, 0, 0.5)
    return clipped(shimmer * (0.45 + 0.58 * tone(picture))[..., None] + sheen[..., None])


GRADED_COLOURS: Final[Mapping[str, Look]] = {
    "vivid colours": vivid_colours,
    "muted colours": muted_colours,
    "pastel colours": pastel_colours,
    "monochrome": monochrome,
    "sepia": sepia,
    "earth tones": earth_tones,
    "teal and orange": teal_and_orange,
    "duotone": duotone,
    "rainbow": rainbow,
    "black and gold": black_and_gold,
    "iridescent": iridescent,
}
