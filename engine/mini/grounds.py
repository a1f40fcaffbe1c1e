"""What a thing stands before, where a text says so: night, storm, sea, snow, a plain colour."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.mini.colours import COLOUR_WORDS, from_hue_saturation_value
from engine.mini.text import split_words

Shade = tuple[float, float, float]


@dataclass(frozen=True)
class Ground:
    """A gradient from top to bottom, a floor if there is one, and what is strewn over it."""

    top: Shade
    bottom: Shade
    floor: Shade | None = None
    specks: int = 0  # stars or snowflakes
    rain: int = 0  # slanted streaks


NIGHT = Ground((0.05, 0.07, 0.22), (0.16, 0.21, 0.45), specks=45)
SPACE = Ground((0.03, 0.03, 0.10), (0.12, 0.06, 0.24), specks=80)
STORM = Ground((0.18, 0.21, 0.29), (0.46, 0.51, 0.60), floor=(0.13, 0.24, 0.38), rain=45)
RAIN = Ground((0.52, 0.60, 0.69), (0.76, 0.81, 0.87), rain=45)
DUSK = Ground((0.36, 0.25, 0.52), (1.00, 0.62, 0.33))
SKY = Ground((0.42, 0.69, 0.95), (0.82, 0.93, 1.00))
WATER = Ground((0.35, 0.70, 0.93), (0.06, 0.27, 0.58))
MEADOW = Ground((0.55, 0.80, 0.98), (0.86, 0.95, 1.00), floor=(0.42, 0.68, 0.30))
FOREST = Ground((0.55, 0.74, 0.60), (0.75, 0.88, 0.74), floor=(0.22, 0.45, 0.22))
SNOW = Ground((0.62, 0.79, 0.95), (0.86, 0.93, 0.99), floor=(0.97, 0.98, 1.00), specks=45)
SAND = Ground((0.47, 0.78, 0.98), (0.85, 0.95, 1.00), floor=(0.93, 0.82, 0.58))
STREET = Ground((0.70, 0.82, 0.94), (0.90, 0.94, 0.98), floor=(0.55, 0.56, 0.60))
MOON = Ground((0.03, 0.03, 0.10), (0.10, 0.10, 0.22), floor=(0.66, 0.67, 0.70), specks=60)
MARS = Ground((0.52, 0.26, 0.18), (0.86, 0.58, 0.42), floor=(0.70, 0.32, 0.18))
FIRE = Ground((0.25, 0.05, 0.06), (0.97, 0.47, 0.10))

_WORDS = (
    (NIGHT, "night midnight dark darkness moonlight"),
    (SPACE, "space galaxy universe stars cosmos"),
    (STORM, "storm thunderstorm hurricane tempest lightning stormy"),
    (RAIN, "rain rainy raining"),
    (DUSK, "sunset sunrise dusk dawn evening"),
    (SKY, "sky clouds air"),
    (WATER, "sea ocean water underwater lake river waves"),
    (MEADOW, "meadow garden park grass field hill hills mountain mountains spring summer sunny"),
    (FOREST, "forest jungle wood woods"),
    (SNOW, "snow winter ice snowy christmas"),
    (SAND, "desert beach sand island"),
    (STREET, "city street road town"),
    (MOON, "moon"),
    (MARS, "mars planet"),
    (FIRE, "fire hell lava volcano flames"),
)
GROUND_WORDS = {word: ground for ground, words in _WORDS for word in words.split()}


def ground_of(around: str) -> Ground | None:
    """The ground that the words around a thing name; None for the usual white."""
    words = split_words(around)
    if "background" in words or "ground" in words:
        for word in words:
            if word in COLOUR_WORDS:
                colour = COLOUR_WORDS[word]
                parts = (torch.tensor([[[part]]]) for part in (colour.hue, colour.saturation, colour.value))
                red, green, blue = from_hue_saturation_value(*parts).flatten().tolist()
                return Ground((red, green, blue), (red, green, blue))
    return next((GROUND_WORDS[word] for word in words if word in GROUND_WORDS), None)


HORIZON = 0.7  # of the height


def painted(ground: Ground, width: int, height: int, generator: torch.Generator) -> Tensor:
    """(1, 3, height, width) in [0, 1]."""
    down = torch.linspace(0, 1, height).view(1, 1, height, 1)
    top, bottom = (torch.tensor(shade).view(1, 3, 1, 1) for shade in (ground.top, ground.bottom))
    picture = (top + (bottom - top) * down).expand(1, 3, height, width).clone()
    if ground.floor is not None:
        floor = torch.tensor(ground.floor).view(1, 3, 1, 1)
        shaded = floor * (1.08 - 0.16 * down)
        picture = torch.where(down > HORIZON, shaded.expand_as(picture), picture).clamp(0, 1)
    limit = HORIZON if ground.floor is not None else 1.0
    unit = max(2, min(width, height) // 100)
    dots = torch.zeros(1, 1, height, width)
    for _ in range(ground.specks):
        x, y, size = torch.rand(3, generator=generator).tolist()
        across, upto = int(x * width), int(y * height * limit)
        side = unit + int(size * unit)
        dots[..., upto : upto + side, across : across + side] = 0.6 + 0.4 * size
    for _ in range(ground.rain):
        x, y, _ = torch.rand(3, generator=generator).tolist()
        for step in range(5 * unit):
            across, upto = int(x * width) - step // 3, int(y * height) + step
            if across >= 0 and upto < height:
                dots[..., upto, across : across + unit] = 0.45
    dots = F.avg_pool2d(dots, 3, 1, 1)
    return picture + dots * (1 - picture)
