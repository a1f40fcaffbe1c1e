"""Drawing of backgrounds: a place under a sky."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.embedded.scene.backgrounds import Background
from engine.embedded.scene.colours import Colour, from_hue_saturation_value
from engine.embedded.scene.easel import WHITE, Easel, Point, Shade, mixed
from engine.embedded.scene.plants import GREEN, cactus, flower, grass, palm, pine, round_tree, weed
from engine.embedded.scene.skies import SKIES, cloud, lit, sky, stars, weather, with_light


@dataclass(frozen=True)
class Scenery:
    """A rendered background."""

    picture: Tensor  # (1, 3, height, width) in [0, 1]
    overlay: Tensor | None  # (1, 4, height, width): rain, snow or water in front of the subjects, opacity last
    stand: float | None  # the ground below the subjects, as a share of the height; None: subjects float
    lit: bool  # whether the sky has the moon, the sun, a rainbow


def draw_background(
    background: Background, width: int, height: int, generator: torch.Generator, *, alone: bool
) -> Scenery:
    """Render a background; `alone` if there are no subjects."""
    easel = Easel(width, height, generator)
    if background.colour is not None and not background.place:
        _plain(easel, background.colour)
        return Scenery(easel.finished(), None, 0.88, False)
    if background.lights & {"aurora", "stars"} and not background.hour:
        background = replace(background, hour="night")
    if background.hour == "night" and alone and not background.lights & {"aurora", "rainbow"}:
        background = with_light(background, "moon")
    place = background.place or _implied(background)
    stand = _PLACES[place](easel, background, alone)
    overlay = Easel(width, height, generator, clear=True)
    weather(easel, background, place, 1.0)
    seen = weather(overlay, background, place, 0.45)
    if place in ("sea", "lake") and not alone and stand is not None:
        _front_wave(overlay, background, stand)
        seen = True
    lit = bool(background.lights - {"stars"})
    return Scenery(easel.finished(), overlay.finished() if seen and not alone else None, stand, lit)


def _implied(background: Background) -> str:
    if background.season == "winter" or background.weather == "snow" or "aurora" in background.lights:
        return "snow"
    if background.season == "spring":
        return "garden"
    return "open"


def _plain(easel: Easel, colour: Colour) -> None:
    parts = (torch.tensor([[[part]]]) for part in (colour.hue, colour.saturation, colour.value))
    red, green, blue = from_hue_saturation_value(*parts).flatten().tolist()
    easel.gradient(((red, green, blue), (red, green, blue)))


def _open(easel: Easel, background: Background, alone: bool) -> float:
    """Hills under the sky: for hours, weathers and seasons without a place."""
    horizon = 0.76
    sky(easel, background, horizon)
    green = grass(background)
    easel.below(easel.rolling(0.73, 0.03, 0.8), lit(background, mixed(green, (0.45, 0.62, 0.66), 0.45)))
    if background.season or background.weather == "fog":
        for _ in range(round(5 * easel.across)):
            round_tree(easel, background, (easel.uniform(), easel.uniform(0.74, 0.80)), easel.uniform(0.16, 0.22))
    easel.below(easel.rolling(0.80, 0.025, 0.6), lit(background, green))
    return 0.91


def _meadow(easel: Easel, background: Background, alone: bool, flowers: int = 26) -> float:
    sky(easel, background, 0.66)
    green = grass(background)
    easel.below(easel.rolling(0.58, 0.05, 0.9), lit(background, mixed(green, (0.55, 0.80, 0.75), 0.4)))
    easel.below(easel.rolling(0.66, 0.04, 0.8), lit(background, mixed(green, (0.6, 0.85, 0.4), 0.35)))
    easel.below(easel.rolling(0.74, 0.02, 0.7), lit(background, green))
    if background.season != "winter":
        for place in sorted(easel.uniform(0.77, 0.99) for _ in range(round(flowers * easel.across))):
            flower(easel, background, (easel.uniform(), place), 0.010 + 0.06 * (place - 0.75))
    return 0.90


def _garden(easel: Easel, background: Background, alone: bool) -> float:
    stand = _meadow(easel, background, alone, flowers=60)
    for x in (easel.uniform(0.02, 0.14), easel.uniform(0.86, 0.98)):
        round_tree(easel, background, (x, 0.78), easel.uniform(0.38, 0.46))
    return stand


def _forest(easel: Easel, background: Background, alone: bool) -> float:
    sky(easel, background, 0.72, clouds=False)
    tree = round_tree if background.season in ("autumn", "spring") or easel.uniform() < 0.4 else pine
    floor = lit(background, mixed(grass(background), (0.15, 0.42, 0.22), 0.35 if grass(background) == GREEN else 0.0))
    misty = lit(background, (0.62, 0.82, 0.72) if background.season != "autumn" else (0.93, 0.80, 0.55))
    if background.hour == "night":  # a contrast for the trees
        misty = mixed(misty, (0.36, 0.46, 0.72), 0.6)
    easel.below(lambda x: 0.66, misty)
    for foot, high, fade, every in ((0.69, 0.36, 0.62, 0.10), (0.73, 0.44, 0.32, 0.15)):
        steps = round(easel.across / every)
        for step in range(steps + 1):
            x = (step + easel.uniform(-0.3, 0.3)) / steps
            tree(easel, background, (x, foot), high * easel.uniform(0.8, 1.15), fade)
        easel.below(lambda x, foot=foot: foot - 0.01, mixed(floor, misty, fade))  # type: ignore[misc]
    easel.below(easel.rolling(0.76, 0.012), floor)
    near = (0.0, 0.17, 0.83, 1.0) if not alone else (0.02, 0.22, 0.60, 0.82, 0.99)
    for x, foot in zip(near, (0.86, 0.80, 0.82, 0.87, 0.81), strict=False):
        tree(easel, background, (x + easel.uniform(-0.03, 0.03), foot), easel.uniform(0.52, 0.68))
    return 0.92


def _ranges(
    easel: Easel, background: Background, base: float, high: float, shade: Shade, peaks: int, snow: bool
) -> None:
    """Pointed mountains along `base`, each with a shaded side and perhaps a white cap."""
    for place in range(peaks):
        x = (place + 0.5 + easel.uniform(-0.25, 0.25)) / peaks
        up = high * easel.uniform(0.7, 1.05)
        half = up * easel.uniform(0.75, 0.95) * easel.down / easel.across
        tip = base - up
        easel.polygon([(x - half, base), (x, tip), (x + half, base)], lit(background, shade))
        dark = lit(background, mixed(shade, (0.16, 0.20, 0.36), 0.3))
        easel.polygon([(x, tip), (x + half, base), (x + 0.15 * half, base)], dark)
        if snow:
            cap, level = 0.3 * half, tip + 0.3 * up
            jag = 0.06 * up
            points: list[Point] = [
                (x, tip), (x + cap, level), (x + 0.45 * cap, level - jag),
                (x, level + jag), (x - 0.45 * cap, level - jag), (x - cap, level),
            ]  # fmt: skip
            easel.polygon(points, lit(background, (0.96, 0.98, 1.0)))


def _mountains(easel: Easel, background: Background, alone: bool) -> float:
    sky(easel, background, 0.76)
    wide = max(1, round(easel.across))
    _ranges(easel, background, 0.78, 0.40, (0.60, 0.70, 0.85), 3 * wide, False)
    _ranges(easel, background, 0.80, 0.56, (0.42, 0.50, 0.66), 2 * wide, True)
    easel.below(easel.rolling(0.78, 0.02), lit(background, mixed(grass(background), (0.2, 0.5, 0.4), 0.3)))
    for _ in range(round(9 * easel.across)):
        pine(easel, background, (easel.uniform(), easel.uniform(0.80, 0.84)), easel.uniform(0.08, 0.13))
    easel.below(easel.rolling(0.85, 0.015), lit(background, grass(background)))
    return 0.92


def _snow(easel: Easel, background: Background, alone: bool) -> float:
    sky(easel, background, 0.72, clouds=False)
    if not background.hour and not background.weather:
        easel.gradient(SKIES["snow"], 0, 0.74)
    easel.below(easel.rolling(0.62, 0.06, 0.8), lit(background, (0.76, 0.86, 0.96)))
    for _ in range(round(8 * easel.across)):
        pine(easel, background, (easel.uniform(), easel.uniform(0.66, 0.72)), easel.uniform(0.16, 0.28), 0.15)
    easel.below(easel.rolling(0.71, 0.035, 0.7), lit(background, (0.88, 0.94, 1.0)))
    easel.below(easel.rolling(0.82, 0.02, 0.6), lit(background, (0.97, 0.985, 1.0)))
    return 0.91


def _water_shades(background: Background) -> tuple[Shade, Shade]:
    if background.hour == "sunset":
        return (0.85, 0.45, 0.42), (0.30, 0.20, 0.44)
    return lit(background, (0.22, 0.62, 0.86)), lit(background, (0.05, 0.32, 0.62))


def _scallops(easel: Easel, level: float, size: float, shade: Shade, opacity: float = 1.0, bottom: float = 1.0) -> None:
    """A band of water with a wavy upper edge."""
    turn = easel.uniform(0, math.tau)
    waves = easel.across / (size * 7)
    easel.below(
        lambda x: level - size / easel.down * abs(math.sin(math.pi * waves * x + turn)) ** 0.8, shade, opacity, bottom
    )


def _sea(easel: Easel, background: Background, alone: bool) -> float:
    horizon = 0.56
    sun = sky(easel, background, horizon)
    top, deep = _water_shades(background)
    easel.gradient((top, deep), horizon, 1)
    rough = 1.8 if background.weather == "storm" else 1.0
    for step in range(4):
        level = horizon + 0.10 + 0.10 * step
        shade, size = mixed(top, deep, (step + 1) / 4), (0.012 + 0.007 * step) * rough
        _scallops(easel, level, size, mixed(shade, WHITE, 0.3))
        _scallops(easel, level + 0.014, size, shade)
    if sun is not None:
        _glitter(easel, sun, horizon, (1.0, 0.85, 0.50) if background.hour != "night" else (0.90, 0.92, 0.85))
    return 0.86


def _glitter(easel: Easel, sun: float, horizon: float, shade: Shade) -> None:
    """The reflection on water of a sun or moon at `sun` across."""
    for step in range(11):
        at = (sun + easel.uniform(-0.03, 0.03), horizon + 0.02 + 0.035 * step)
        easel.disc(at, 0.05 + 0.012 * step * easel.uniform(0.6, 1.1), shade, 0.55, flat=0.12)


def _front_wave(overlay: Easel, background: Background, stand: float) -> None:
    """Water in front of the lower part of swimmers."""
    top, deep = _water_shades(background)
    level = stand - 0.035
    _scallops(overlay, level, 0.02, mixed(mixed(top, deep, 0.7), WHITE, 0.3), bottom=1.0)
    _scallops(overlay, level + 0.02, 0.02, mixed(top, deep, 0.75), bottom=1.0)
    _scallops(overlay, level + 0.07, 0.025, mixed(top, deep, 0.9), bottom=1.0)


def _lake(easel: Easel, background: Background, alone: bool) -> float:
    sky(easel, background, 0.56)
    wide = max(1, round(easel.across))
    _ranges(easel, background, 0.58, 0.26, (0.52, 0.62, 0.76), 3 * wide, True)
    easel.below(easel.rolling(0.54, 0.015), lit(background, mixed(GREEN, (0.15, 0.45, 0.35), 0.5)))
    for _ in range(round(10 * easel.across)):
        pine(easel, background, (easel.uniform(), easel.uniform(0.56, 0.58)), easel.uniform(0.10, 0.16), 0.2)
    top, deep = _water_shades(background)
    easel.below(lambda x: 0.58, top)
    easel.gradient((top, deep), 0.58, 1)
    for _ in range(round(16 * easel.across)):
        at = (easel.uniform(), easel.uniform(0.61, 0.80))
        easel.disc(at, easel.uniform(0.03, 0.07), mixed(top, WHITE, 0.45), 0.8, flat=0.07)
    return 0.86


def _shore(easel: Easel, background: Background, alone: bool) -> float:
    """A lake with a shore in front, for subjects that cannot swim."""
    _lake(easel, background, alone)
    easel.below(easel.rolling(0.80, 0.02, 0.5), lit(background, (0.86, 0.78, 0.56)))
    easel.below(easel.rolling(0.82, 0.02, 0.5), lit(background, grass(background)))
    return 0.92


def _underwater(easel: Easel, background: Background, alone: bool) -> None:
    easel.gradient(((0.36, 0.80, 0.92), (0.10, 0.52, 0.78), (0.03, 0.24, 0.52)))
    for _ in range(5):
        x, lean, wide = easel.uniform(), easel.uniform(-0.15, 0.15), easel.uniform(0.03, 0.07)
        easel.polygon(
            [(x - wide / 2, 0), (x + wide / 2, 0), (x + lean + wide * 1.6, 0.85), (x + lean - wide * 1.6, 0.85)],
            WHITE,
            0.10,
        )
    easel.below(easel.rolling(0.90, 0.02), (0.10, 0.36, 0.56))
    easel.below(easel.rolling(0.94, 0.015), (0.80, 0.72, 0.50))
    for _ in range(round(5 * easel.across)):
        side = easel.uniform(0.0, 0.22)
        weed(easel, side if easel.uniform() < 0.5 else 1 - side)
    for _ in range(round(16 * easel.across)):
        at, size = (easel.uniform(), easel.uniform(0.05, 0.9)), easel.uniform(0.008, 0.022)
        easel.ring(at, size, size * 0.3, WHITE, 0.7)


def _space(easel: Easel, background: Background, alone: bool) -> None:
    easel.gradient(((0.03, 0.02, 0.10), (0.08, 0.05, 0.22), (0.05, 0.03, 0.15)))
    for shade in ((0.45, 0.16, 0.62), (0.14, 0.26, 0.70), (0.75, 0.20, 0.50)):
        easel.glow((easel.uniform(), easel.uniform()), easel.uniform(0.2, 0.34), shade, 0.55)
    stars(easel, 85, 1.0)
    left = easel.uniform() < 0.5
    ringed = ((0.93, 0.66, 0.38), (0.40, 0.70, 0.85), (0.85, 0.45, 0.45))
    at = (0.16 if left else 0.84, easel.uniform(0.14, 0.24))
    if alone:
        at = (easel.uniform(0.3, 0.7), easel.uniform(0.35, 0.6))
    _planet(easel, at, 0.20 if alone else 0.10, easel.one_of(ringed))
    _planet(easel, (0.88 if left else 0.12, easel.uniform(0.78, 0.88)), 0.08, (0.55, 0.45, 0.80), ring=False)


def _planet(easel: Easel, at: Point, radius: float, shade: Shade, *, ring: bool = True) -> None:
    easel.disc(at, radius, shade)
    for level, wide in ((-0.35, 0.92), (0.25, 0.95)):
        band = (at[0], at[1] + level * radius / easel.down)
        easel.disc(band, radius * wide * math.sqrt(1 - level * level), mixed(shade, WHITE, 0.3), flat=0.14)
    if ring:
        turns = [math.pi * (step / 40) for step in range(-6, 47)]
        points = [
            (
                at[0] + 1.75 * radius * math.cos(turn) / easel.across,
                at[1] + (0.42 * math.sin(turn) - 0.25 * math.cos(turn)) * radius / easel.down,
            )
            for turn in turns
        ]
        easel.line(points, 0.16 * radius, mixed(shade, (1.0, 0.95, 0.8), 0.65))


def _desert(easel: Easel, background: Background, alone: bool) -> float:
    if background.hour or background.weather:
        sky(easel, background, 0.64, clouds=False)
    else:
        easel.gradient(((0.40, 0.72, 0.95), (0.85, 0.90, 0.88), (1.0, 0.90, 0.68)), 0, 0.66)
        at = (easel.uniform(0.15, 0.85), 0.17)
        easel.glow(at, 0.16, (1.0, 0.95, 0.7), 0.7)
        easel.disc(at, 0.09, (1.0, 0.90, 0.50))
    for level, shade in ((0.58, (0.93, 0.70, 0.44)), (0.67, (0.95, 0.77, 0.48)), (0.79, (0.98, 0.84, 0.56))):
        edge = easel.rolling(level, 0.035, 0.7)
        easel.below(edge, lit(background, mixed(shade, (0.75, 0.45, 0.28), 0.25)))
        easel.below(lambda x, edge=edge: edge(x) + 0.02 + 0.02 * math.sin(9 * x), lit(background, shade))  # type: ignore[misc]
        if level < 0.7:
            cactus(
                easel,
                background,
                (easel.uniform(0.05, 0.2) if easel.uniform() < 0.5 else easel.uniform(0.8, 0.95), level + 0.08),
            )
    return 0.91


def _city(easel: Easel, background: Background, alone: bool) -> float:
    sky(easel, background, 0.84)
    night = background.hour == "night" or background.weather == "storm"
    for base, low, high, shade in ((0.84, 0.30, 0.62, (0.62, 0.72, 0.86)), (0.84, 0.16, 0.46, (0.42, 0.50, 0.66))):
        x = -0.03
        while x < 1:
            wide = easel.uniform(0.10, 0.17) / easel.across
            top = base - easel.uniform(low, high)
            tone = mixed(shade, easel.one_of(((0.80, 0.62, 0.55), (0.50, 0.60, 0.80), (0.70, 0.72, 0.80))), 0.3)
            easel.box(x, top, x + wide * 0.96, base, lit(background, tone))
            _windows(easel, background, night, (x, top), (x + wide * 0.96, base))
            x += wide
    easel.box(0, 0.84, 1, 1, lit(background, (0.46, 0.48, 0.54)))
    easel.box(0, 0.84, 1, 0.86, lit(background, (0.74, 0.75, 0.78)))
    for step in range(round(6 * easel.across) + 1):
        x = (step + 0.2) / (6 * easel.across)
        easel.box(x, 0.925, x + 0.09 / easel.across, 0.937, lit(background, (0.95, 0.90, 0.62)))
    return 0.91


def _windows(easel: Easel, background: Background, night: bool, start: Point, end: Point) -> None:
    pane, gap = 0.018, 0.036
    y = start[1] + gap / easel.down
    while y < end[1] - 0.02:
        x = start[0] + 0.018 / easel.across
        while x + pane / easel.across < end[0] - 0.008 / easel.across:
            bright = easel.uniform() < (0.6 if night else 1.0)
            shade: Shade = (1.0, 0.86, 0.42) if night else lit(background, (0.88, 0.94, 1.0))
            if bright:
                easel.box(x, y, x + pane / easel.across, y + 1.25 * pane / easel.down, shade)
            x += gap / easel.across
        y += 1.25 * gap / easel.down


def _beach(easel: Easel, background: Background, alone: bool) -> float:
    sun = sky(
        easel, with_light(background, "sun") if not background.hour and not background.weather else background, 0.50
    )
    top, deep = _water_shades(background)
    easel.gradient((deep, top, mixed(top, WHITE, 0.35)), 0.50, 0.76)
    if sun is not None and background.hour in ("sunset", "sunrise"):
        _glitter(easel, sun, 0.50, (1.0, 0.85, 0.50))
    for _ in range(round(9 * easel.across)):
        easel.disc(
            (easel.uniform(), easel.uniform(0.53, 0.66)),
            easel.uniform(0.02, 0.06),
            mixed(top, WHITE, 0.5),
            0.8,
            flat=0.09,
        )
    edge = easel.rolling(0.71, 0.02, 0.6)
    easel.below(lambda x: edge(x) - 0.022, lit(background, (0.97, 0.99, 1.0)))
    easel.below(edge, lit(background, (0.88, 0.76, 0.52)))
    easel.below(lambda x: edge(x) + 0.03, lit(background, (0.97, 0.87, 0.62)))
    palm(easel, background, easel.uniform(0.04, 0.12) if easel.uniform() < 0.5 else easel.uniform(0.88, 0.96))
    return 0.92


def _clouds(easel: Easel, background: Background, alone: bool) -> None:
    sky(easel, background, 1.0, clouds=False)
    night = background.hour == "night"
    shade = lit(background, WHITE) if background.hour or background.weather else WHITE
    for step in range(round(7 * easel.across)):
        at = (easel.uniform(), 0.12 + 0.8 * ((step * 0.618) % 1))
        cloud(easel, at, easel.uniform(0.05, 0.09), mixed(shade, (0.5, 0.55, 0.8), 0.2) if night else shade, 0.85)


def _lava(easel: Easel, background: Background, alone: bool) -> float:
    easel.gradient(((0.14, 0.03, 0.08), (0.42, 0.08, 0.09), (0.92, 0.36, 0.10)), 0, 0.78)
    tip = (easel.uniform(0.35, 0.65), 0.34)
    easel.glow(tip, 0.24, (1.0, 0.55, 0.15), 0.8)
    rock: Shade = (0.22, 0.11, 0.14)
    easel.polygon(
        [(tip[0] - 0.42, 0.80), (tip[0] - 0.08, tip[1]), (tip[0] + 0.08, tip[1]), (tip[0] + 0.42, 0.80)], rock
    )
    for lean in (-0.10, 0.02, 0.12):
        easel.line(
            [(tip[0] + lean * 0.4, tip[1]), (tip[0] + lean, 0.52), (tip[0] + lean * 1.6, 0.66)],
            0.035,
            (1.0, 0.50, 0.12),
        )
    easel.disc(tip, 0.085 * easel.across, (1.0, 0.72, 0.22), flat=0.25)
    easel.gradient(((1.0, 0.62, 0.15), (0.85, 0.22, 0.06)), 0.78, 1)
    for _ in range(round(12 * easel.across)):
        easel.disc((easel.uniform(), easel.uniform(0.80, 1.0)), easel.uniform(0.03, 0.09), rock, flat=0.3)
    for _ in range(round(20 * easel.across)):
        easel.disc((easel.uniform(), easel.uniform(0, 0.75)), easel.uniform(0.004, 0.009), (1.0, 0.75, 0.3))
    return 0.90


def _moon_ground(easel: Easel, background: Background, alone: bool) -> float:
    easel.gradient(((0.02, 0.02, 0.07), (0.07, 0.07, 0.17)))
    stars(easel, 60, 0.7)
    at = (0.2 if easel.uniform() < 0.5 else 0.8, 0.2)
    easel.disc(at, 0.11, (0.25, 0.55, 0.92))
    for across, down, size in ((-0.35, -0.3, 0.4), (0.3, 0.25, 0.42), (-0.1, 0.5, 0.25)):
        easel.disc(
            (at[0] + across * 0.11 / easel.across, at[1] + down * 0.11 / easel.down),
            0.11 * size,
            (0.40, 0.76, 0.42),
            flat=0.8,
        )
    easel.below(easel.rolling(0.68, 0.03, 0.8), (0.52, 0.53, 0.58))
    easel.below(easel.rolling(0.75, 0.015), (0.70, 0.71, 0.75))
    _craters(easel, (0.56, 0.57, 0.62))
    return 0.90


def _craters(easel: Easel, shade: Shade) -> None:
    for _ in range(round(10 * easel.across)):
        at, size = (easel.uniform(), easel.uniform(0.79, 0.97)), easel.uniform(0.02, 0.055)
        easel.disc(at, size, shade, flat=0.38)
        easel.disc((at[0], at[1] + 0.12 * size / easel.down), size * 0.8, mixed(shade, WHITE, 0.14), flat=0.34)


def _mars(easel: Easel, background: Background, alone: bool) -> float:
    easel.gradient(((0.80, 0.48, 0.34), (0.95, 0.72, 0.54)))
    _ranges(easel, Background(), 0.72, 0.22, (0.66, 0.30, 0.20), 4, False)
    easel.below(easel.rolling(0.68, 0.02), (0.74, 0.34, 0.20))
    easel.below(easel.rolling(0.77, 0.015), (0.84, 0.42, 0.25))
    _craters(easel, (0.68, 0.30, 0.18))
    return 0.90


def _cave(easel: Easel, background: Background, alone: bool) -> float:
    easel.gradient(((0.16, 0.12, 0.14), (0.24, 0.18, 0.19)))
    easel.glow((0.5, 0.55), 0.42, (0.98, 0.72, 0.38), 0.75)
    rock: Shade = (0.20, 0.15, 0.17)
    steps = round(9 * easel.across)
    for step in range(steps + 1):
        x = (step + easel.uniform(-0.3, 0.3)) / steps
        reach = easel.uniform(0.06, 0.12) / easel.across
        side = abs(2 * x - 1)
        easel.polygon(
            [(x - reach, -0.01), (x + reach, -0.01), (x, easel.uniform(0.10, 0.24) + 0.2 * side * side)], rock
        )
    for x, lean in ((0.0, 1), (1.0, -1)):
        easel.polygon([(x, 0), (x + 0.14 * lean, 0.15), (x + 0.07 * lean, 0.5), (x + 0.15 * lean, 0.85), (x, 1)], rock)
    easel.below(easel.rolling(0.80, 0.015), (0.36, 0.26, 0.24))
    return 0.90


def _room(easel: Easel, background: Background, alone: bool) -> float:
    wall = easel.one_of(((0.96, 0.86, 0.74), (0.74, 0.86, 0.86), (0.92, 0.80, 0.82), (0.80, 0.87, 0.76)))
    easel.gradient((lit(background, wall), lit(background, mixed(wall, WHITE, 0.2))), 0, 0.76)
    left = easel.uniform() < 0.5
    x = 0.06 if left else 0.94 - 0.30 / easel.across
    wide, frame = 0.30 / easel.across, 0.018 / easel.across
    sky = SKIES.get(background.hour or background.weather, SKIES[""])[1]
    easel.box(x, 0.12, x + wide, 0.48, lit(background, (0.99, 0.98, 0.95)))
    for column in (0, 1):
        for row in (0, 1):
            pane = x + frame + column * (wide - frame) / 2
            top = 0.138 + row * 0.171
            easel.box(pane, top, pane + (wide - 3 * frame) / 2, top + 0.153, sky)
    place = 0.76 if left else 0.24
    easel.box(place - 0.10 / easel.across, 0.18, place + 0.10 / easel.across, 0.40, lit(background, (0.55, 0.36, 0.22)))
    easel.box(place - 0.08 / easel.across, 0.20, place + 0.08 / easel.across, 0.38, lit(background, (0.70, 0.86, 0.92)))
    easel.disc((place, 0.33), 0.045, lit(background, (0.42, 0.68, 0.40)), flat=0.8)
    floor = lit(background, (0.74, 0.52, 0.34))
    easel.box(0, 0.76, 1, 1, floor)
    easel.box(0, 0.735, 1, 0.765, lit(background, (0.98, 0.96, 0.92)))
    for board in (0.82, 0.88, 0.945):
        easel.line([(0, board), (1, board)], 0.005, mixed(floor, (0.3, 0.18, 0.1), 0.4))
    return 0.91


def _stage(easel: Easel, background: Background, alone: bool) -> float:
    easel.gradient(((0.16, 0.05, 0.12), (0.26, 0.08, 0.16)), 0, 0.8)
    easel.box(0, 0.80, 1, 1, (0.45, 0.28, 0.18))
    easel.polygon([(0.46, 0), (0.54, 0), (0.84, 0.9), (0.16, 0.9)], (1.0, 0.95, 0.75), 0.30)
    easel.disc((0.5, 0.90), 0.34 * easel.across, (1.0, 0.93, 0.70), 0.75, flat=0.2)
    cloth = easel.one_of(((0.80, 0.12, 0.18), (0.62, 0.14, 0.42), (0.20, 0.28, 0.66)))
    shadow = mixed(cloth, (0.1, 0.02, 0.08), 0.3)
    for side in (0.0, 1.0):
        for fold in range(4):
            x = side + (1 if side == 0 else -1) * 0.035 * fold
            lean = (1 if side == 0 else -1) * 0.055
            shade = cloth if fold % 2 == 0 else shadow
            easel.polygon([(x, 0), (x + lean, 0), (x + lean * 0.8, 0.86), (x, 0.86)], shade)
    easel.below(lambda x: 0.0, shadow, bottom=0.07)
    for step in range(round(7 * easel.across) + 1):
        easel.disc((step / (7 * easel.across), 0.06), easel.uniform(0.07, 0.08), cloth, flat=0.6)
    return 0.91


_PLACES: dict[str, Callable[[Easel, Background, bool], float | None]] = {
    "open": _open,
    "sea": _sea,
    "underwater": _underwater,
    "lake": _lake,
    "shore": _shore,
    "snow": _snow,
    "forest": _forest,
    "space": _space,
    "desert": _desert,
    "mountains": _mountains,
    "meadow": _meadow,
    "garden": _garden,
    "city": _city,
    "beach": _beach,
    "sky": _clouds,
    "lava": _lava,
    "moon": _moon_ground,
    "mars": _mars,
    "cave": _cave,
    "room": _room,
    "stage": _stage,
}
