"""Plants of a background, by season: trees, flowers, seaweed."""

from __future__ import annotations

import math

from engine.embedded.scene.backgrounds import Background
from engine.embedded.scene.easel import WHITE, Easel, Point, Shade, mixed
from engine.embedded.scene.skies import AUTUMN_LEAVES, lit

_PETALS: tuple[Shade, ...] = ((0.95, 0.26, 0.32), (1.0, 0.80, 0.22), (0.98, 0.55, 0.74), WHITE, (0.66, 0.42, 0.88))


GREEN: Shade = (0.40, 0.70, 0.30)


def grass(background: Background) -> Shade:
    if background.season == "winter" or background.weather == "snow":
        return 0.93, 0.96, 1.0
    return (0.84, 0.60, 0.26) if background.season == "autumn" else GREEN


def flower(easel: Easel, background: Background, at: Point, size: float) -> None:
    petal = lit(background, easel.one_of(_PETALS))
    stem = (at[0], at[1] + 3 * size / easel.down)
    easel.line([at, stem], 0.4 * size, lit(background, (0.22, 0.50, 0.20)))
    for turn in range(5):
        angle = turn * math.tau / 5
        middle = (at[0] + math.sin(angle) * size / easel.across, at[1] - math.cos(angle) * size / easel.down)
        easel.disc(middle, 0.75 * size, petal)
    easel.disc(at, 0.6 * size, lit(background, (1.0, 0.78, 0.20)))


def round_tree(easel: Easel, background: Background, foot: Point, high: float, fade: float = 0.0) -> None:
    """A trunk and a crown of puffs, `high` shorter sides high."""
    crown: Shade = (0.25, 0.56, 0.26)
    if background.season == "autumn":
        crown = easel.one_of(AUTUMN_LEAVES)
    elif background.season == "spring":
        crown = (0.98, 0.68, 0.80)
    elif background.season == "winter" or background.weather == "snow":
        crown = (0.82, 0.90, 0.98)
    far: Shade = (0.70, 0.86, 0.80) if background.hour != "night" else (1.0, 1.3, 1.35)
    trunk = lit(background, mixed((0.42, 0.27, 0.17), far, fade))
    crown = lit(background, mixed(crown, far, fade))
    half = 0.05 * high / easel.across
    easel.box(foot[0] - half, foot[1] - 0.6 * high / easel.down, foot[0] + half, foot[1], trunk)
    for across, up, radius in (
        (-0.2, 0.52, 0.2),
        (0.2, 0.52, 0.2),
        (0, 0.74, 0.26),
        (-0.12, 0.62, 0.22),
        (0.13, 0.64, 0.22),
    ):
        easel.disc((foot[0] + across * high / easel.across, foot[1] - up * high / easel.down), radius * high, crown)
    light = mixed(crown, lit(background, WHITE), 0.15)
    easel.disc((foot[0] - 0.07 * high / easel.across, foot[1] - 0.8 * high / easel.down), 0.11 * high, light)


def pine(easel: Easel, background: Background, foot: Point, high: float, fade: float = 0.0) -> None:
    green: Shade = (0.13, 0.42, 0.30)
    if background.season == "autumn":
        green = (0.45, 0.42, 0.16)
    far: Shade = (0.70, 0.86, 0.80) if background.hour != "night" else (1.0, 1.3, 1.35)
    shade = lit(background, mixed(green, far, fade))
    trunk = lit(background, mixed((0.36, 0.24, 0.16), far, fade))
    half = 0.04 * high / easel.across
    easel.box(foot[0] - half, foot[1] - 0.2 * high / easel.down, foot[0] + half, foot[1], trunk)
    white = background.season == "winter" or background.weather == "snow" or background.place == "snow"
    for low, top, wide in ((0.12, 0.55, 0.21), (0.36, 0.78, 0.17), (0.60, 1.0, 0.12)):
        reach = wide * high / easel.across
        bottom, tip = foot[1] - low * high / easel.down, foot[1] - top * high / easel.down
        easel.polygon([(foot[0] - reach, bottom), (foot[0], tip), (foot[0] + reach, bottom)], shade)
        if white:
            level = tip + 0.45 * (bottom - tip)
            snow = lit(background, mixed((0.93, 0.96, 1.0), far, fade * 0.5))
            easel.polygon([(foot[0] - 0.45 * reach, level), (foot[0], tip), (foot[0] + 0.45 * reach, level)], snow)


def weed(easel: Easel, x: float) -> None:
    high, turn = easel.uniform(0.2, 0.42), easel.uniform(0, math.tau)
    shade = easel.one_of(((0.10, 0.50, 0.36), (0.16, 0.62, 0.42), (0.88, 0.38, 0.46), (0.95, 0.58, 0.35)))
    steps = [step / 12 for step in range(13)]
    easel.line(
        [(x + 0.02 / easel.across * math.sin(turn + step * 7), 0.97 - high * step) for step in steps], 0.026, shade
    )


def cactus(easel: Easel, background: Background, foot: Point) -> None:
    shade = lit(background, (0.26, 0.56, 0.34))
    x, y = foot
    wide, high = 1 / easel.across, 1 / easel.down
    easel.line([(x, y), (x, y - 0.17 * high)], 0.03, shade)
    easel.disc((x, y - 0.17 * high), 0.015, shade)
    easel.line(
        [(x, y - 0.06 * high), (x + 0.045 * wide, y - 0.06 * high), (x + 0.045 * wide, y - 0.12 * high)], 0.02, shade
    )
    easel.line(
        [(x, y - 0.08 * high), (x - 0.04 * wide, y - 0.08 * high), (x - 0.04 * wide, y - 0.13 * high)], 0.02, shade
    )


def palm(easel: Easel, background: Background, x: float) -> None:
    bend = (0.06 if x < 0.5 else -0.06) / easel.across
    trunk = [(x + bend * (step / 8) ** 2, 0.84 - 0.48 * step / 8) for step in range(9)]
    easel.line(trunk, 0.032, lit(background, (0.58, 0.42, 0.28)))
    top = trunk[-1]
    green = lit(background, (0.20, 0.60, 0.32))
    for angle in (-160, -125, -90, -55, -20, 15, -195):
        reach = 0.19
        turn = math.radians(angle)
        tip = (top[0] + reach * math.cos(turn) / easel.across, top[1] + (reach * math.sin(turn) + 0.05) / easel.down)
        middle = (
            top[0] + 0.55 * reach * math.cos(turn) / easel.across,
            top[1] + (0.62 * reach * math.sin(turn) - 0.045) / easel.down,
        )
        lower = (middle[0], middle[1] + 0.055 / easel.down)
        easel.polygon([top, middle, tip, lower], green)
