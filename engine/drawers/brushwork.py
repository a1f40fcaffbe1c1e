"""A picture laid down as a painter would: broad strokes first, finer ones where they are still missing something.

After Hertzmann 1998 (Painterly Rendering with Curved Brush Strokes of Multiple Sizes), for a fixed number of strokes.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.curves import blurred, curves_through, edges, resampled, sampled
from engine.drawers.strokes import Strokes, draw_strokes

BROADEST: Final = 0.08  # widths, as shares of the shorter side
FINEST: Final = 0.009
ROUNDS: Final = 6  # from the broadest brush to the finest
OPACITY: Final = 0.92
LAYING_IN: Final = 2  # rounds that cover the ground
STROKES_A_ROUND: Final = 12  # at least
SLIGHT: Final = 0.02  # error that counts as much as none, while the ground is covered
STEPS: Final = 4  # of a brush's width each, from the middle of a stroke to either end at most
TOLERANCE: Final = 0.12  # how far the colour under a stroke may drift from that of its middle
UNEVENNESS: Final = 0.025  # by which strokes of one patch differ in brightness, so that they can be told apart
CELLS: Final = 96  # along the longer side, of the grid on which places are chosen


def laid_strokes(picture: Tensor, shades: Tensor, ground: Tensor, count: int, generator: torch.Generator) -> Strokes:
    """One picture of `count` strokes that paint `picture` (3, H, W) in the colours of `shades`, on a ground (3,)."""
    height, width = picture.shape[1:]
    short = min(height, width)
    swirl = _swirl(height, width, generator)
    canvas = ground[:, None, None].expand_as(picture)
    laid: list[Strokes] = []
    rounds = min(ROUNDS, 1 + count // STROKES_A_ROUND)
    for turn in range(rounds):
        brush = short * BROADEST * (FINEST / BROADEST) ** (turn / ROUNDS)
        amount = round(count * (turn + 1) / rounds) - round(count * turn / rounds)
        seen = blurred(picture, brush / 4)
        directions = edges(picture, brush / 6 + 0.5, brush, swirl)[1]
        missing = blurred((seen - canvas).square().sum(0, keepdim=True), brush / 3)[0]
        # The first brushes lay in the whole picture; the later ones see to what stands out most.
        laying_in = turn < min(LAYING_IN, rounds - 1)
        wanting = missing.clamp_min(SLIGHT).sqrt() if laying_in else missing
        middles = _places(wanting, directions, brush, amount)
        tolerance = TOLERANCE * (2 if laying_in else 1)
        strokes = _strokes(middles, seen, directions, brush, tolerance, generator)
        laid.append(strokes)
        canvas = draw_strokes(strokes, canvas[None])[0][0]
    joined = _joined(laid)
    return _coloured(joined, blurred(shades, short * FINEST / 2), generator)


def random_strokes(height: int, width: int, count: int, generator: torch.Generator) -> Strokes:
    """One picture of `count` strokes anywhere, of any colour, broad ones first."""
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


def border_colour(picture: Tensor) -> Tensor:
    """(3,) the median along the edges of (3, H, W): of a thing on a plain ground, the ground."""
    border = torch.cat([picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1]], 1)
    return border.median(1).values


def _swirl(height: int, width: int, generator: torch.Generator) -> Tensor:
    """(2, H, W) smooth directions for where a picture has none: a hand's sweep, not a machine's rows."""
    coarse = torch.rand(1, 1, 3, 3, generator=generator)
    angles = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)[0, 0] * math.pi
    return torch.stack([angles.cos(), angles.sin()])


def _places(missing: Tensor, directions: Tensor, brush: float, amount: int) -> Tensor:
    """(amount, 2) middles of strokes: each where most is missing when those before it are laid."""
    height, width = missing.shape
    scale = CELLS / max(height, width)
    grid = (max(1, round(height * scale)), max(1, round(width * scale)))
    left = F.adaptive_avg_pool2d(missing[None, None], grid)[0, 0].clamp_min(1e-6)
    down, across = torch.meshgrid(
        (torch.arange(grid[0]) + 0.5) * height / grid[0], (torch.arange(grid[1]) + 0.5) * width / grid[1], indexing="ij"
    )
    lie = F.adaptive_avg_pool2d(directions[None], grid)[0].flatten(1)
    along_reach, across_reach = brush * STEPS / 2, brush / 2
    places = []
    for _ in range(amount):
        cell = left.argmax()
        x, y = across.flatten()[cell], down.flatten()[cell]
        cosine, sine = lie[0, cell], lie[1, cell]
        along, aside = (across - x) * cosine + (down - y) * sine, (down - y) * cosine - (across - x) * sine
        left = left * (1 - torch.exp(-(along / along_reach).square() - (aside / across_reach).square()) * 0.95)
        places.append(torch.stack([x, y]))
    return torch.stack(places)


def _strokes(
    middles: Tensor, seen: Tensor, directions: Tensor, brush: float, tolerance: float, generator: torch.Generator
) -> Strokes:
    """Strokes of one brush that follow the directions from their middles for as long as the colour stays."""
    count = len(middles)
    middles = middles + (torch.rand(count, 2, generator=generator) - 0.5) * brush / 2
    colours = sampled(seen, middles)
    halves = [_followed(middles, sign, colours, seen, directions, brush, tolerance) for sign in (-1.0, 1.0)]
    paths = torch.cat([halves[0].flip(1), middles[:, None], halves[1]], 1)
    points = curves_through(resampled(paths, 4))
    widths = brush * (0.8 + 0.4 * torch.rand(count, generator=generator))
    return Strokes(points[None], widths[None], colours[None], torch.full((1, count), OPACITY))


def _followed(
    middles: Tensor, sign: float, colours: Tensor, seen: Tensor, directions: Tensor, brush: float, tolerance: float
) -> Tensor:
    """(M, STEPS, 2) points on the way from the middles to one end; a stroke that has ended stays where it is."""
    at = middles
    heading = sampled(directions, at) * sign
    alive = torch.ones(len(at), 1, dtype=torch.bool)
    way = []
    for step in range(STEPS):
        further = at + heading * brush * (0.5 if step == 0 else 1.0)
        # The first half step is always taken: a dab has some length as well.
        alive = alive & ((sampled(seen, further) - colours).abs().amax(1, keepdim=True) < tolerance) | (step == 0)
        at = torch.where(alive, further, at)
        turned = sampled(directions, at)
        turned = turned * (turned * heading).sum(1, keepdim=True).sign()
        heading = F.normalize(heading + turned, dim=1)
        way.append(at)
    return torch.stack(way, 1)


def _joined(laid: list[Strokes]) -> Strokes:
    return Strokes(
        torch.cat([each.points for each in laid], 1),
        torch.cat([each.widths for each in laid], 1),
        torch.cat([each.colours for each in laid], 1),
        torch.cat([each.opacities for each in laid], 1),
    )


def _coloured(strokes: Strokes, shades: Tensor, generator: torch.Generator) -> Strokes:
    """The strokes in the colours that lie under them, each a little lighter or darker than the next."""
    along = sampled(shades, resampled(strokes.points[0], 5)).mean(1)
    uneven = (torch.rand(along.shape[0], 1, generator=generator) * 2 - 1) * UNEVENNESS
    return Strokes(strokes.points, strokes.widths, (along + uneven).clamp(0, 1)[None], strokes.opacities)
