"""`Easel`: a canvas for flat shapes, anti-aliased by supersampling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

Shade = tuple[float, float, float]  # red, green, blue in [0, 1]
Point = tuple[float, float]  # across and down, as shares of the canvas' width and height

WHITE: Shade = (1.0, 1.0, 1.0)


def mixed(one: Shade, other: Shade, share: float) -> Shade:
    """Linear interpolation: `one` at share 0, `other` at 1."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


class Easel:
    """A canvas of width x height pixels. Positions are shares of its sides, lengths shares of its shorter side."""

    def __init__(self, width: int, height: int, generator: torch.Generator, *, clear: bool = False) -> None:
        self._supersampling = 3 if width * height <= 320 * 320 else 2
        self._size = (width * self._supersampling, height * self._supersampling)
        self._generator = generator
        self.across = width / min(width, height)  # sides in lengths
        self.down = height / min(width, height)
        self._clear = clear
        # A clear canvas is transparent white, so that averaged edges are white and not grey.
        self._image = Image.new("RGBA" if clear else "RGB", self._size, (255, 255, 255, 0) if clear else "white")
        self._draw = ImageDraw.Draw(self._image, "RGBA" if not clear else None)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A uniform random number from the canvas' generator."""
        return low + (high - low) * float(torch.rand((), generator=self._generator))

    def one_of(self, choices: Sequence[Shade]) -> Shade:
        return choices[int(self.uniform(0, len(choices) - 1e-6))]

    def gradient(self, shades: Sequence[Shade], top: float = 0.0, bottom: float = 1.0) -> None:
        """Shades evenly spaced from `top` down to `bottom`, over the whole width."""
        first, last = round(top * self._size[1]), round(bottom * self._size[1])
        if last <= first:
            return
        steps = np.linspace(0, len(shades) - 1, last - first)
        column = np.stack([np.interp(steps, range(len(shades)), part) for part in zip(*shades, strict=True)], 1)
        pixels = (np.clip(column, 0, 1) * 255).round().astype(np.uint8)[:, None]
        band = Image.fromarray(np.ascontiguousarray(np.repeat(pixels, self._size[0], 1)))
        self._image.paste(band, (0, first))

    def disc(self, at: Point, radius: float, shade: Shade, opacity: float = 1.0, flat: float = 1.0) -> None:
        """A disc, or an ellipse `flat` times as high as it is wide."""
        x, y, half = at[0] * self._size[0], at[1] * self._size[1], radius * self._unit
        box = (x - half, y - half * flat, x + half, y + half * flat)
        self._draw.ellipse(box, fill=_ink(shade, opacity))

    def polygon(self, points: Sequence[Point], shade: Shade, opacity: float = 1.0) -> None:
        self._draw.polygon([self._pixel(point) for point in points], fill=_ink(shade, opacity))

    def box(self, left: float, top: float, right: float, bottom: float, shade: Shade, opacity: float = 1.0) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], shade, opacity)

    def line(self, points: Sequence[Point], thick: float, shade: Shade, opacity: float = 1.0) -> None:
        pixels = [self._pixel(point) for point in points]
        self._draw.line(pixels, _ink(shade, opacity), max(1, round(thick * self._unit)), joint="curve")

    def ring(self, at: Point, radius: float, thick: float, shade: Shade, opacity: float = 1.0) -> None:
        x, y, half = at[0] * self._size[0], at[1] * self._size[1], radius * self._unit
        box = (x - half, y - half, x + half, y + half)
        self._draw.ellipse(box, outline=_ink(shade, opacity), width=max(1, round(thick * self._unit)))

    def below(self, edge: Callable[[float], float], shade: Shade, opacity: float = 1.0, bottom: float = 1.0) -> None:
        """Fill from `edge`, a function of the position across, to `bottom`."""
        places = [step / 160 for step in range(161)]
        self.polygon([(x, edge(x)) for x in places] + [(1.0, bottom), (0.0, bottom)], shade, opacity)

    def rolling(self, level: float, swing: float, waves: float = 1.5) -> Callable[[float], float]:
        """A smooth random wavy line around `level`, as a function of the position across."""
        first, second = self.uniform(0, math.tau), self.uniform(0, math.tau)
        waves = waves * self.across
        return lambda x: (
            level
            + swing
            * (0.7 * math.sin(waves * math.tau * x + first) + 0.3 * math.sin(2.3 * waves * math.tau * x + second))
        )

    def glow(self, at: Point, radius: float, shade: Shade, strength: float = 0.6) -> None:
        """A soft light; at `radius` it has faded to a third."""
        side = 96
        wide = max(4, round(6 * radius * self._unit))
        ramp = (np.arange(side) + 0.5) / side * 6 - 3
        far = np.square(ramp)[:, None] + np.square(ramp)[None]
        mask = Image.fromarray((np.clip(np.exp(-far) - np.exp(-9.0), 0, 1) * strength * 255).astype(np.uint8))
        mask = mask.resize((wide, wide), Image.Resampling.BICUBIC)
        corner = (round(at[0] * self._size[0] - wide / 2), round(at[1] * self._size[1] - wide / 2))
        self._image.paste(_ink(shade)[:3], corner, mask)

    def overlay(self, opacity: NDArray[np.float32], shades: NDArray[np.float32]) -> None:
        """Composite coarse (h, w, 3) shades with (h, w) opacity over the whole canvas."""
        mask = Image.fromarray((np.clip(opacity, 0, 1) * 255).astype(np.uint8))
        layer = Image.fromarray((np.clip(shades, 0, 1) * 255).astype(np.uint8))
        smooth = Image.Resampling.BICUBIC
        self._image.paste(layer.resize(self._size, smooth), (0, 0), mask.resize(self._size, smooth))

    def finished(self) -> Tensor:
        """(1, 3, height, width) in [0, 1], or 4 channels of a clear canvas."""
        small = self._image.reduce(self._supersampling)
        pixels = np.asarray(small, np.float32) / 255
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]

    @property
    def _unit(self) -> int:
        return min(self._size)

    def _pixel(self, point: Point) -> tuple[float, float]:
        return point[0] * self._size[0], point[1] * self._size[1]


def _ink(shade: Shade, opacity: float = 1.0) -> tuple[int, int, int, int]:
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in shade)
    return red, green, blue, round(255 * opacity)
