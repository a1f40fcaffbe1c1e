"""Brush strokes that reproduce a picture: broad ones first, then finer ones where the error is largest.

After Hertzmann 1998 (Painterly Rendering with Curved Brush Strokes of Multiple Sizes), for a fixed number of strokes.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.strokes.curves import blurred, curves_through, edges, resampled, sampled
from engine.drawers.strokes.strokes import Strokes, draw_strokes

BROADEST: Final = 0.08  # widths, as shares of the shorter side
FINEST: Final = 0.009
ROUNDS: Final = 6  # from the broadest brush to the finest
OPACITY: Final = 0.92
UNDERPAINTING: Final = 2  # rounds that cover the background
STROKES_A_ROUND: Final = 12  # at least
SMALLEST_ERROR: Final = 0.02  # during the underpainting, so that all of the background is covered
STEPS: Final = 4  # at most, of a brush's width each, from the middle of a stroke to either end
TOLERANCE: Final = 0.12  # how much the colour under a stroke may differ from that under its middle
UNEVENNESS: Final = 0.025  # random brightness, so that strokes in a plain area are visible
CELLS: Final = 96  # along the longer side, of the grid on which places are chosen


def brush_strokes(
    picture: Tensor, shades: Tensor, background: Tensor, count: int, generator: torch.Generator
) -> Strokes:
    """`count` strokes along the forms of `picture` (3, H, W), in the colours of `shades`, on a background (3,)."""
    height, width = picture.shape[1:]
    short = min(height, width)
    swirl = _swirl(height, width, generator)
    canvas = background[:, None, None].expand_as(picture)
    layers: list[Strokes] = []
    rounds = min(ROUNDS, 1 + count // STROKES_A_ROUND)
    for turn in range(rounds):
        brush = short * BROADEST * (FINEST / BROADEST) ** (turn / ROUNDS)
        amount = round(count * (turn + 1) / rounds) - round(count * turn / rounds)
        smooth = blurred(picture, brush / 4)
        directions = edges(picture, brush / 6 + 0.5, brush, swirl)[1]
        error = blurred((smooth - canvas).square().sum(0, keepdim=True), brush / 3)[0]
        # The first rounds cover the whole picture, the later ones correct the largest errors.
        underpainting = turn < min(UNDERPAINTING, rounds - 1)
        priority = error.clamp_min(SMALLEST_ERROR).sqrt() if underpainting else error
        middles = _places(priority, directions, brush, amount)
        tolerance = TOLERANCE * (2 if underpainting else 1)
        strokes = _strokes(middles, smooth, directions, brush, tolerance, generator)
        layers.append(strokes)
        canvas = draw_strokes(strokes, canvas[None])[0][0]
    joined = _joined(layers)
    return _coloured(joined, blurred(shades, short * FINEST / 2), generator)


def random_strokes(height: int, width: int, count: int, generator: torch.Generator) -> Strokes:
    """`count` random strokes of one picture, broad ones first."""
    short = min(height, width)
    middles = torch.rand(count, 2, generator=generator) * torch.tensor([float(width), float(height)])
    brushes = short * BROADEST * (FINEST / BROADEST) ** torch.linspace(0, 1, count)
    angles = torch.rand(count, generator=generator) * math.pi
    towards = torch.stack([angles.cos(), angles.sin()], 1) * brushes[:, None] * 2
    bend = (torch.rand(count, 4, 2, generator=generator) - 0.5) * brushes[:, None, None]
    ends = torch.linspace(-1, 1, 4)[None, :, None]
    points = middles[:, None] + towards[:, None] * ends + bend
    colours = torch.rand(count, 3, generator=generator)
    return Strokes(points[None], brushes[None], colours[None], torch.full((1, count), OPACITY))


def _swirl(height: int, width: int, generator: torch.Generator) -> Tensor:
    """(2, H, W) smooth random directions, for flat parts of a picture."""
    coarse = torch.rand(1, 1, 3, 3, generator=generator)
    angles = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)[0, 0] * math.pi
    return torch.stack([angles.cos(), angles.sin()])


def _places(priority: Tensor, directions: Tensor, brush: float, amount: int) -> Tensor:
    """(amount, 2) middles of strokes, each at the highest priority that the strokes before it have remaining."""
    height, width = priority.shape
    scale = CELLS / max(height, width)
    grid = (max(1, round(height * scale)), max(1, round(width * scale)))
    remaining = F.adaptive_avg_pool2d(priority[None, None], grid)[0, 0].clamp_min(1e-6)
    down, across = torch.meshgrid(
        (torch.arange(grid[0]) + 0.5) * height / grid[0], (torch.arange(grid[1]) + 0.5) * width / grid[1], indexing="ij"
    )
    headings = F.adaptive_avg_pool2d(directions[None], grid)[0].flatten(1)
    along_reach, across_reach = brush * STEPS / 2, brush / 2
    places = []
    for _ in range(amount):
        cell = remaining.argmax()
        x, y = across.flatten()[cell], down.flatten()[cell]
        cosine, sine = headings[0, cell], headings[1, cell]
        along, aside = (across - x) * cosine + (down - y) * sine, (down - y) * cosine - (across - x) * sine
        remaining = remaining * (
            1 - torch.exp(-(along / along_reach).square() - (aside / across_reach).square()) * 0.95
        )
        places.append(torch.stack([x, y]))
    return torch.stack(places)


def _strokes(
    middles: Tensor, smooth: Tensor, directions: Tensor, brush: float, tolerance: float, generator: torch.Generator
) -> Strokes:
    """Strokes of one brush that follow the directions from their middles until the colour changes."""
    count = len(middles)
    middles = middles + (torch.rand(count, 2, generator=generator) - 0.5) * brush / 2
    colours = sampled(smooth, middles)
    halves = [_followed(middles, sign, colours, smooth, directions, brush, tolerance) for sign in (-1.0, 1.0)]
    paths = torch.cat([halves[0].flip(1), middles[:, None], halves[1]], 1)
    points = curves_through(resampled(paths, 4))
    widths = brush * (0.8 + 0.4 * torch.rand(count, generator=generator))
    return Strokes(points[None], widths[None], colours[None], torch.full((1, count), OPACITY))


def _followed(
    middles: Tensor, sign: float, colours: Tensor, smooth: Tensor, directions: Tensor, brush: float, tolerance: float
) -> Tensor:
    """(M, STEPS, 2) points from the middles to one end; after the end of a stroke its last point is repeated."""
    at = middles
    heading = sampled(directions, at) * sign
    alive = torch.ones(len(at), 1, dtype=torch.bool)
    points = []
    for step in range(STEPS):
        further = at + heading * brush * (0.5 if step == 0 else 1.0)
        # The first half step is always made, so that every stroke has some length.
        alive = alive & ((sampled(smooth, further) - colours).abs().amax(1, keepdim=True) < tolerance) | (step == 0)
        at = torch.where(alive, further, at)
        turned = sampled(directions, at)
        turned = turned * (turned * heading).sum(1, keepdim=True).sign()
        heading = F.normalize(heading + turned, dim=1)
        points.append(at)
    return torch.stack(points, 1)


def _joined(layers: list[Strokes]) -> Strokes:
    return Strokes(
        torch.cat([each.points for each in layers], 1),
        torch.cat([each.widths for each in layers], 1),
        torch.cat([each.colours for each in layers], 1),
        torch.cat([each.opacities for each in layers], 1),
    )


def _coloured(strokes: Strokes, shades: Tensor, generator: torch.Generator) -> Strokes:
    """The strokes in the mean colours of `shades` under them, with a random brightness."""
    along = sampled(shades, resampled(strokes.points[0], 5)).mean(1)
    uneven = (torch.rand(along.shape[0], 1, generator=generator) * 2 - 1) * UNEVENNESS
    return Strokes(strokes.points, strokes.widths, (along + uneven).clamp(0, 1)[None], strokes.opacities)
