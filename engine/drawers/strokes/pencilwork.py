"""Pencil lines that reproduce a picture: contours, and hatching in its dark parts."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.strokes.curves import blurred, curves_through, edges, resampled, sampled
from engine.drawers.strokes.strokes import Strokes
from engine.images.tensors import luminance

CUBICS: Final = 3  # of a line
INK: Final = torch.tensor([0.13, 0.115, 0.11])
HATCHING: Final = 0.42  # share of the strokes beyond the first `CONTOURS_ONLY` that hatch; the others are contours
CONTOURS_ONLY: Final = 16
SCRIBBLE_OPACITY: Final = 0.8  # at 0.3 a bus could not be recognised after 60 steps with a ViT
LINE_WIDTHS: Final = (0.0045, 0.0125)  # shares of the shorter side, for the faintest and the strongest edges
HATCH_WIDTH: Final = 0.006
HATCH_OPACITY: Final = 0.5
HATCH_ANGLE: Final = -math.radians(52)  # rising to the right, as right-handers hatch
HATCH_STEPS: Final = 9  # at most, of 1.4 % of the shorter side, from the middle of a line to either end
CROSS_HATCHED: Final = 0.3  # share of the hatching lines that cross the others
FAINTEST_EDGE: Final = 0.12  # that is drawn
FAINTEST_SHADE: Final = 0.04
SHADE: Final = 0.32  # ink in the target image's darkest shade, 0 … 1
LONGEST: Final = 0.45  # of a contour from its start to either end, in shorter sides
CELLS: Final = 96  # along the longer side, of the grid on which places are chosen


def contours(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Thinned contour strength (H, W) in 0 … 1 of a picture (3, H, W), and contour directions (2, H, W).

    Relative to the strongest edges of the picture, so that a pale one has contours as well.
    """
    short = min(picture.shape[1:])
    fine = short * 0.006 + 0.4
    strength, directions = edges(picture, fine, 2 * fine)
    strength = strength / _quantile(strength, 0.985).clamp_min(0.01)
    aside = torch.stack([-directions[1], directions[0]]).permute(1, 2, 0)
    here = _pixel_middles(*strength.shape)
    ridge = torch.ones_like(strength)
    for step in (-1.5 * fine, 1.5 * fine):
        beside = sampled(strength[None], here + step * aside)[..., 0]
        ridge = ridge * ((strength - beside) / strength.clamp_min(1e-3) * 3).clamp(0, 1)
    return (strength.clamp(0, 1) * ridge.sqrt()), directions


def darkness(picture: Tensor) -> Tensor:
    """(H, W) in 0 … 1: darkness of a picture (3, H, W), relative to its lightest parts."""
    short = min(picture.shape[1:])
    light = blurred(luminance(picture)[None], short * 0.012)[0]
    lightest = _quantile(light, 0.97)
    return ((lightest - light) / lightest.clamp_min(0.2)).clamp(0, 1)


def sketch_target(picture: Tensor, paper: Tensor) -> Tensor:
    """(3, H, W): the target image of a sketch of `picture`: contours and shade in ink on `paper` (3,)."""
    short = min(picture.shape[1:])
    lines, _ = contours(picture)
    thick = blurred(lines[None], short * 0.003)[0]
    ink = torch.maximum((thick * 1.6).clamp(0, 1), SHADE * darkness(picture))
    return torch.lerp(paper[:, None, None].expand_as(picture), INK[:, None, None].expand_as(picture), ink)


def pencil_strokes(picture: Tensor, count: int, generator: torch.Generator) -> Strokes:
    """`count` strokes of one picture: contours of `picture` (3, H, W), strongest first, over hatching."""
    hatching = _hatching(picture, round(max(0, count - CONTOURS_ONLY) * HATCHING), generator)
    points, widths, opacities = _joined(hatching, _contour_lines(picture, count - len(hatching[1])))
    uneven = 0.8 + 0.4 * torch.rand(count, generator=generator)
    return _inked(points, widths * uneven, opacities)


def lines_along(picture: Tensor, count: int, drawn: Tensor) -> Strokes:
    """`count` lines of one picture, along contours of `picture` (3, H, W) that are not `drawn` (H, W) yet."""
    return _inked(*_contour_lines(picture, count, drawn))


def scribbles(height: int, width: int, count: int, generator: torch.Generator) -> Strokes:
    """`count` random lines of one picture, for an init without pictures."""
    short = min(height, width)
    at = torch.rand(count, 1, 2, generator=generator) * torch.tensor([float(width), float(height)])
    steps = (torch.rand(count, 3 * CUBICS, 2, generator=generator) - 0.5) * short * 0.12
    points = curves_through(torch.cat([at, at + steps.cumsum(1)], 1))
    low, high = LINE_WIDTHS
    widths = (low + (high - low) * torch.rand(count, generator=generator)) * short
    return Strokes(
        points[None], widths[None], INK.expand(1, count, 3).clone(), torch.full((1, count), SCRIBBLE_OPACITY)
    )


_Lines = tuple[Tensor, Tensor, Tensor]  # points (M, 3·S + 1, 2), widths (M,), opacities (M,)


def _inked(points: Tensor, widths: Tensor, opacities: Tensor) -> Strokes:
    return Strokes(points[None], widths[None], INK.expand(1, len(points), 3).clone(), opacities[None])


def _contour_lines(picture: Tensor, count: int, drawn: Tensor | None = None) -> _Lines:
    """Lines along the contours: each starts at the strongest pixel that is not drawn yet and follows its edge.

    When all are drawn they are drawn again; of a picture without contours the lines are dots.
    """
    height, width = picture.shape[1:]
    short = min(height, width)
    strength, directions = contours(picture)
    remaining = strength.clone() if drawn is None else strength.masked_fill(drawn, -1)
    here = _pixel_middles(height, width)
    step = short * 0.012 + 0.5
    smear = blurred(strength[None], short * 0.004)[0]
    paths, pressures = [], []
    for _ in range(count):
        place = int(remaining.argmax())
        if remaining.view(-1)[place] < FAINTEST_EDGE:
            remaining = strength.clone()
            place = int(remaining.argmax())
        start = here.view(-1, 2)[place]
        halves = [_traced(start, sign, smear, remaining, directions, step, short * LONGEST) for sign in (-1.0, 1.0)]
        path = torch.stack([*reversed(halves[0]), start, *halves[1]])
        if len(path) < 3:
            half = directions.flatten(1)[:, place] * step * (strength.view(-1)[place] >= FAINTEST_EDGE)
            path = torch.stack([start - half, start, start + half])
        _mark_drawn(remaining, path, step)
        pressures.append(sampled(strength[None], path).mean())
        paths.append(resampled(path[None], 3 * CUBICS + 1)[0])
    pressure = torch.stack(pressures).clamp(0.05, 1)
    pressure = pressure / pressure.max()
    low, high = LINE_WIDTHS
    widths = (low + (high - low) * pressure) * short
    return curves_through(torch.stack(paths)), widths, 0.55 + 0.4 * pressure


def _traced(
    start: Tensor, sign: float, strength: Tensor, remaining: Tensor, directions: Tensor, step: float, longest: float
) -> list[Tensor]:
    """Points one step apart from `start` along an edge, until it ends, is drawn already, or for `longest` pixels."""
    height, width = strength.shape
    at, heading = start, _at(directions, start) * sign
    points = []
    for _ in range(int(longest / step)):
        at = at + heading * step
        if not (0 <= at[0] < width and 0 <= at[1] < height):
            break
        aside = torch.stack([-heading[1], heading[0]])
        choices = at + aside * (torch.arange(-2, 3)[:, None] * step * 0.25)
        values = sampled(strength[None], choices)[:, 0]
        at = choices[values.argmax()]  # back onto the ridge
        if values.max() < FAINTEST_EDGE or _at(remaining[None], at)[0] < 0:
            break
        turned = _at(directions, at)
        turned = turned * (1.0 if (turned * heading).sum() >= 0 else -1.0)
        if (turned * heading).sum() < 0.3:
            break  # a corner, where another line starts
        heading = F.normalize(heading + turned, dim=0)
        points.append(at)
    return points


def _mark_drawn(remaining: Tensor, path: Tensor, step: float) -> None:
    """Mark pixels within a step of the path as drawn, by -1, in place."""
    reach = math.ceil(step * 1.2)
    for x, y in path.round().long().tolist():
        remaining[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = -1


def _at(field: Tensor, point: Tensor) -> Tensor:
    """(C,) of a field (C, H, W) at the pixel under a point."""
    x = min(max(int(point[0]), 0), field.shape[2] - 1)
    y = min(max(int(point[1]), 0), field.shape[1] - 1)
    return field[:, y, x]


def _hatching(picture: Tensor, count: int, generator: torch.Generator) -> _Lines:
    """At most `count` short parallel lines in dark parts, denser where it is darker, each as long as the shade."""
    height, width = picture.shape[1:]
    short = min(height, width)
    shade = darkness(picture)
    heading = torch.tensor([math.cos(HATCH_ANGLE), math.sin(HATCH_ANGLE)])
    middles = _hatch_places(shade, heading, count, short)
    count = len(middles)
    # The last places are the darkest, so lines cross there.
    crossing = torch.arange(count)[:, None] >= count * (1 - CROSS_HATCHED)
    headings = torch.where(crossing, heading * torch.tensor([-1.0, 1.0]), heading)
    enough, step = 0.6 * sampled(shade[None], middles), short * 0.014
    ends = []
    for sign in (-1.0, 1.0):
        at, alive = middles, torch.ones(count, 1, dtype=torch.bool)
        for _ in range(HATCH_STEPS):
            further = at + headings * sign * step
            alive = alive & (sampled(shade[None], further) > enough)
            at = torch.where(alive, further, at)
        ends.append(at + headings * sign * step * 0.7)
    shares = torch.linspace(0, 1, 3 * CUBICS + 1)[None, :, None]
    aside = torch.stack([-headings[:, 1], headings[:, 0]], 1)[:, None]
    bow = aside * torch.rand(count, 1, 1, generator=generator) * short * 0.012
    points = torch.lerp(ends[0][:, None], ends[1][:, None], shares) + bow * (shares * (1 - shares) * 4)
    widths = torch.full((count,), short * HATCH_WIDTH)
    dark = sampled(shade[None], middles)[:, 0]
    return curves_through(points), widths, HATCH_OPACITY * (0.5 + dark)


def _hatch_places(shade: Tensor, heading: Tensor, count: int, short: int) -> Tensor:
    """(M, 2) middles of M ≤ `count` lines, each where the lines before it have remaining most shade."""
    height, width = shade.shape
    scale = CELLS / max(height, width)
    grid = (max(1, round(height * scale)), max(1, round(width * scale)))
    remaining = F.adaptive_avg_pool2d(shade[None, None], grid)[0, 0].clone()
    here = _pixel_middles(*grid) * torch.tensor([width / grid[1], height / grid[0]])
    places = []
    for _ in range(count):
        if remaining.max() < FAINTEST_SHADE:
            break
        place = here.view(-1, 2)[remaining.argmax()]
        away = here - place
        along = (away * heading).sum(-1) / (short * 0.11)
        aside = (away[..., 1] * heading[0] - away[..., 0] * heading[1]) / (short * 0.022)
        remaining = remaining * (1 - 0.8 * torch.exp(-along.square() - aside.square()))
        places.append(place)
    return torch.stack(places) if places else torch.empty(0, 2)


def _quantile(values: Tensor, share: float) -> Tensor:
    """The quantile of a sample: `torch.quantile` takes no more than 16 million values."""
    return torch.quantile(values.flatten()[:: max(1, values.numel() // 50_000)], share)


def _pixel_middles(height: int, width: int) -> Tensor:
    """(H, W, 2) across and down."""
    down, across = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return torch.stack([across, down], -1)


def _joined(one: _Lines, other: _Lines) -> _Lines:
    return torch.cat([one[0], other[0]]), torch.cat([one[1], other[1]]), torch.cat([one[2], other[2]])
