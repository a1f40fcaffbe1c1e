"""Skies by time of day and weather: gradients, sun and moon, clouds, rain and snow."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.embedded.scene.backgrounds import Background
from engine.embedded.scene.easel import WHITE, Easel, Point, Shade, mixed


def with_light(background: Background, light: str) -> Background:
    return replace(background, lights=background.lights | {light})


def lit(background: Background, shade: Shade) -> Shade:
    """A daylight colour at the background's time of day and in its weather."""
    red, green, blue = shade
    if background.weather == "fog":
        shade = mixed(shade, (0.84, 0.87, 0.88), 0.45)
    elif background.weather == "storm":
        shade = (red * 0.55, green * 0.60, blue * 0.70)
    elif background.weather == "rain":
        shade = mixed((red * 0.78, green * 0.82, blue * 0.88), (0.5, 0.56, 0.64), 0.2)
    red, green, blue = shade
    if background.hour == "night":
        return mixed((red * 0.30, green * 0.36, blue * 0.56), (0.10, 0.13, 0.32), 0.25)
    if background.hour == "sunset":
        return mixed((red * 0.85, green * 0.62, blue * 0.62), (0.42, 0.18, 0.34), 0.4)
    if background.hour == "sunrise":
        return mixed(shade, (1.0, 0.72, 0.62), 0.28)
    return shade


SKIES: dict[str, tuple[Shade, ...]] = {
    "": ((0.30, 0.62, 0.95), (0.58, 0.82, 0.99), (0.86, 0.95, 1.0)),
    "night": ((0.03, 0.04, 0.17), (0.09, 0.13, 0.36), (0.22, 0.28, 0.56)),
    "sunset": ((0.27, 0.18, 0.47), (0.78, 0.33, 0.47), (1.0, 0.58, 0.30), (1.0, 0.82, 0.45)),
    "sunrise": ((0.47, 0.66, 0.92), (0.93, 0.76, 0.80), (1.0, 0.84, 0.58), (1.0, 0.94, 0.70)),
    "storm": ((0.13, 0.15, 0.23), (0.27, 0.31, 0.41), (0.45, 0.50, 0.59)),
    "rain": ((0.38, 0.45, 0.56), (0.55, 0.62, 0.71), (0.72, 0.78, 0.84)),
    "fog": ((0.68, 0.73, 0.78), (0.80, 0.84, 0.87), (0.90, 0.92, 0.93)),
    "snow": ((0.50, 0.68, 0.88), (0.70, 0.82, 0.94), (0.88, 0.94, 0.99)),
    "autumn": ((0.55, 0.76, 0.93), (0.86, 0.90, 0.90), (1.0, 0.90, 0.70)),
}


def sky(easel: Easel, background: Background, horizon: float, *, clouds: bool = True) -> float | None:
    """Everything above the horizon. Returns how far across the sun or the moon is, where there is one."""
    sun: float | None = None
    kind = background.hour or background.weather or ("snow" if background.season == "winter" else background.season)
    shades = SKIES.get(kind, SKIES[""])
    if background.hour == "night" and background.weather in ("storm", "rain"):
        shades = tuple(mixed(shade, (0.10, 0.12, 0.20), 0.6) for shade in shades)
    easel.gradient(shades, 0, min(1.0, horizon + 0.02))
    fair = background.weather in ("", "snow")
    if background.hour == "night" and fair:
        stars(easel, 55, horizon * 0.95)
    elif "stars" in background.lights and fair:
        stars(easel, 30, horizon * 0.6)
    if "aurora" in background.lights:
        _aurora(easel, horizon)
    if "rainbow" in background.lights:
        _rainbow(easel, horizon)
    if "moon" in background.lights:
        sun = _moon(easel, crescent="crescent" in background.lights)
    if background.hour in ("sunset", "sunrise") and background.weather != "storm":
        sun = _low_sun(easel, background, horizon)
    elif "sun" in background.lights:
        at = (0.82 if easel.uniform() < 0.5 else 0.18, 0.17)
        easel.glow(at, 0.16, (1.0, 0.95, 0.6), 0.7)
        easel.disc(at, 0.10, (1.0, 0.84, 0.25))
    if background.weather in ("storm", "rain"):
        _heavy_clouds(easel, background)
    elif clouds and background.hour != "night" and background.weather != "fog":
        shade = SKIES[kind][-1] if kind in ("sunset", "sunrise") else WHITE
        for _ in range(3):
            at = (easel.uniform(0.05, 0.95), easel.uniform(0.12, 0.5) * horizon)
            cloud(easel, at, easel.uniform(0.05, 0.08), shade, 0.75)
    return sun


def stars(easel: Easel, number: int, lowest: float) -> None:
    for _ in range(round(number * easel.across * easel.down)):
        at = (easel.uniform(), easel.uniform(0, lowest))
        size = easel.uniform()
        if size > 0.88:
            reach = 0.022
            wide, high = reach / easel.across, reach / easel.down
            thin = 0.2
            points: list[Point] = [
                (at[0], at[1] - high), (at[0] + thin * wide, at[1] - thin * high), (at[0] + wide, at[1]),
                (at[0] + thin * wide, at[1] + thin * high), (at[0], at[1] + high),
                (at[0] - thin * wide, at[1] + thin * high), (at[0] - wide, at[1]),
                (at[0] - thin * wide, at[1] - thin * high),
            ]  # fmt: skip
            easel.polygon(points, (1.0, 0.97, 0.80))
        else:
            easel.disc(at, 0.003 + 0.005 * size * size, (1.0, 0.98, 0.90), 0.55 + 0.45 * size)


def _moon(easel: Easel, *, crescent: bool) -> float:
    at = (easel.uniform(0.72, 0.82) if easel.uniform() < 0.65 else easel.uniform(0.18, 0.28), easel.uniform(0.17, 0.21))
    radius = 0.115
    easel.glow(at, 0.17, (0.85, 0.88, 1.0), 0.5)
    if crescent:
        easel.polygon(_crescent(easel, at, radius), (1.0, 0.95, 0.74))
        return at[0]
    easel.disc(at, radius, (1.0, 0.95, 0.74))
    for across, down, size in ((-0.35, -0.25, 0.24), (0.3, 0.25, 0.3), (0.25, -0.4, 0.15), (-0.25, 0.42, 0.17)):
        crater = (at[0] + across * radius / easel.across, at[1] + down * radius / easel.down)
        easel.disc(crater, size * radius, (0.91, 0.84, 0.60))
    return at[0]


def _crescent(easel: Easel, middle: Point, radius: float) -> list[Point]:
    """The outline: along the edge of the disc from tip to tip, and back along that of its shadow."""
    edge = np.exp(1j * np.linspace(-2.0, 2.0, 40))
    shadow = -0.55 + 0.919 * np.exp(1j * np.linspace(1.424, -1.424, 40))
    turned = radius * np.exp(0.5j) * np.concatenate([edge, shadow])
    return [(middle[0] + float(at.real) / easel.across, middle[1] + float(at.imag) / easel.down) for at in turned]


def _low_sun(easel: Easel, background: Background, horizon: float) -> float:
    at = (easel.uniform(0.42, 0.58) if easel.uniform() < 0.5 else easel.uniform(0.25, 0.75), horizon - 0.07)
    core: Shade = (1.0, 0.90, 0.50) if background.hour == "sunset" else (1.0, 0.97, 0.72)
    easel.glow(at, 0.30, core, 0.55)
    easel.disc(at, 0.20, core, 0.25)
    easel.disc(at, 0.15, core)
    return at[0]


def cloud(easel: Easel, at: Point, size: float, shade: Shade, opacity: float = 1.0) -> None:
    """Puffs on a flat bottom, drawn opaque in a shade mixed with the usual sky, so that overlaps are invisible."""
    shade = mixed((0.75, 0.88, 0.98), shade, opacity) if shade == WHITE else shade
    bottom = at[1]
    for offset, lift, radius in (
        (-1.5, 0.45, 0.55),
        (-0.7, 0.75, 0.85),
        (0.25, 0.95, 1.0),
        (1.1, 0.6, 0.7),
        (1.7, 0.4, 0.45),
    ):
        middle = (at[0] + offset * size / easel.across, bottom - lift * size * 0.6 / easel.down)
        easel.disc(middle, radius * size, shade, flat=0.75)
    wide, high = 1.7 * size / easel.across, 0.35 * size / easel.down
    easel.box(at[0] - wide, bottom - high, at[0] + wide, bottom + 0.05 * size / easel.down, shade)


def _heavy_clouds(easel: Easel, background: Background) -> None:
    storm = background.weather == "storm"
    if storm and "lightning" not in background.lights:
        _lightning(easel)
    back: Shade = (0.24, 0.26, 0.34) if storm else (0.52, 0.57, 0.65)
    front: Shade = (0.33, 0.36, 0.45) if storm else (0.66, 0.71, 0.78)
    if background.hour == "night":
        back, front = mixed(back, (0.05, 0.06, 0.13), 0.55), mixed(front, (0.05, 0.06, 0.13), 0.5)
    for shade, level, radius in ((back, 0.10, 0.13), (front, 0.02, 0.11)):
        for place in range(9):
            at = ((place + easel.uniform(-0.3, 0.3)) / 8, level + easel.uniform(-0.03, 0.04))
            easel.disc(at, radius * easel.uniform(0.8, 1.2) * max(1.0, easel.across * 0.7), shade, flat=0.8)
        easel.box(0, 0, 1, level, shade)


def _lightning(easel: Easel) -> None:
    x = easel.uniform(0.12, 0.3) if easel.uniform() < 0.5 else easel.uniform(0.7, 0.88)
    wide = 0.05 / easel.across
    points: list[Point] = [
        (x + 0.4 * wide, 0.12), (x - 0.9 * wide, 0.34), (x - 0.05 * wide, 0.34), (x - 0.8 * wide, 0.56),
        (x + 1.1 * wide, 0.28), (x + 0.25 * wide, 0.28), (x + 1.3 * wide, 0.12),
    ]  # fmt: skip
    easel.glow((x, 0.34), 0.16, (0.9, 0.9, 1.0), 0.5)
    easel.polygon(points, (1.0, 0.93, 0.45))


def _rainbow(easel: Easel, horizon: float) -> None:
    bands = (
        (0.93, 0.26, 0.28),
        (0.98, 0.60, 0.20),
        (0.99, 0.86, 0.30),
        (0.40, 0.77, 0.38),
        (0.26, 0.58, 0.92),
        (0.48, 0.34, 0.76),
    )
    radius = min(0.47 * easel.across, 0.62 * easel.down)
    for place, shade in enumerate(bands):
        easel.ring((0.5, min(horizon + 0.02, 0.64)), radius - 0.028 * place, 0.029, shade)


def _aurora(easel: Easel, horizon: float) -> None:
    rows, columns = 96, 160
    down = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    across = np.linspace(0, 1, columns, dtype=np.float32)[None]
    light = np.zeros((rows, columns), np.float32)
    shades = np.zeros((rows, columns, 3), np.float32)
    for base, colour in ((0.60, (0.25, 0.95, 0.60)), (0.46, (0.20, 0.85, 0.80)), (0.32, (0.65, 0.40, 0.95))):
        turn, second = easel.uniform(0, math.tau), easel.uniform(0, math.tau)
        edge = horizon * (base + 0.10 * np.sin(across * 5 + turn) + 0.05 * np.sin(across * 11 + second))
        above = (edge - down) / (0.30 * horizon)
        strength = np.where(above > 0, np.exp(-above * 2.0), np.exp(above * 22))
        strength = strength * (0.75 + 0.25 * np.sin(across * 60 + turn * 3))
        shades += strength[..., None] * np.array(colour, np.float32)
        light += strength
    shades /= np.maximum(light, 1e-6)[..., None]
    easel.overlay((np.clip(light, 0, 1) * 0.85).astype(np.float32), shades.astype(np.float32))


def weather(easel: Easel, background: Background, place: str, share: float) -> bool:
    """Draw rain, snow or leaves, `share` of the full amount. Returns whether there are any."""
    if place in ("space", "underwater", "room", "stage", "cave"):
        return False
    area = easel.across * easel.down * share
    if background.weather in ("rain", "storm"):
        shade: Shade = (0.80, 0.89, 1.0)
        lean = 0.025 if background.weather == "rain" else 0.05
        for _ in range(round(75 * area)):
            x, y, long = easel.uniform(-0.02, 1.05), easel.uniform(-0.05, 0.98), easel.uniform(0.06, 0.11)
            easel.line([(x, y), (x - lean / easel.across, y + long / easel.down)], 0.007, shade, 0.75)
        return True
    if background.weather == "snow" or place == "snow" or background.season == "winter":
        for _ in range(round(60 * area)):
            easel.disc((easel.uniform(), easel.uniform()), easel.uniform(0.006, 0.014), WHITE, 0.95)
        return True
    if background.season == "autumn":
        for _ in range(round(14 * area)):
            at, size = (easel.uniform(), easel.uniform()), easel.uniform(0.014, 0.022)
            easel.disc(at, size, easel.one_of(AUTUMN_LEAVES), flat=easel.uniform(0.45, 0.7))
        return True
    return False


AUTUMN_LEAVES: tuple[Shade, ...] = ((0.90, 0.36, 0.13), (0.96, 0.58, 0.14), (0.98, 0.76, 0.24), (0.78, 0.22, 0.13))
