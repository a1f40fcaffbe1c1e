"""A picture as a pen or pencil would draw it: lines along its contours, hatching in its dark parts."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.curves import blurred, curves_through, edges, luminance, resampled, sampled
from engine.drawers.strokes import Strokes

CUBICS: Final = 3  # of a line
INK: Final = torch.tensor([0.13, 0.115, 0.11])
HATCHING: Final = 0.42  # share of the strokes beyond the first few that hatch; the others are contours
FEW: Final = 16
SCRIBBLED: Final = 0.8  # opacity; begun at 0.3, a bus was not even hinted at after 60 steps with a real tower
LINE_WIDTHS: Final = (0.0045, 0.0125)  # shares of the shorter side, for the faintest and the strongest edges
HATCH_WIDTH: Final = 0.006
HATCH_OPACITY: Final = 0.5
HATCH_ANGLE: Final = -math.radians(52)  # a right hand's, rising to the right
HATCH_STEPS: Final = 9  # of 1.4 % of the shorter side, to either side of a hatching line's middle at most
CROSSED: Final = 0.3  # share of the hatching lines that lie across the others
FAINTEST_EDGE: Final = 0.12  # that is drawn
FAINTEST_SHADE: Final = 0.04
SHADE: Final = 0.32  # how dark the target's darkest shade is
LONGEST: Final = 0.45  # of a contour to either side of its middle, in shorter sides
CELLS: Final = 96  # along the longer side, of the grid on which places are chosen


def contours(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Of (3, H, W): how strong its contours are, (H, W) in 0 … 1 and as thin as lines, and their directions (2, H, W).

    An edge counts in comparison with the picture's strongest ones, so that a pale picture has lines as well.
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
    """(H, W) in 0 … 1: how much shade a drawing of (3, H, W) wants, compared with its own lightest parts."""
    short = min(picture.shape[1:])
    light = blurred(luminance(picture)[None], short * 0.012)[0]
    lightest = _quantile(light, 0.97)
    return ((lightest - light) / lightest.clamp_min(0.2)).clamp(0, 1)


def drawn_aim(picture: Tensor, paper: Tensor) -> Tensor:
    """(3, H, W): what a drawing of `picture` should come near to, ink and shade on `paper` (3,)."""
    short = min(picture.shape[1:])
    lines, _ = contours(picture)
    thick = blurred(lines[None], short * 0.003)[0]
    ink = torch.maximum((thick * 1.6).clamp(0, 1), SHADE * darkness(picture))
    return torch.lerp(paper[:, None, None].expand_as(picture), INK[:, None, None].expand_as(picture), ink)


def pencil_strokes(picture: Tensor, count: int, generator: torch.Generator) -> Strokes:
    """One picture of `count` strokes: contours of `picture` (3, H, W), the strongest first, and hatching below them."""
    hatching = _hatching(picture, round(max(0, count - FEW) * HATCHING), generator)
    points, widths, opacities = _joined(hatching, _contour_lines(picture, count - len(hatching[1])))
    uneven = 0.8 + 0.4 * torch.rand(count, generator=generator)
    return _inked(points, widths * uneven, opacities)


def lines_along(picture: Tensor, count: int, drawn: Tensor) -> Strokes:
    """One picture of `count` lines along those contours of `picture` (3, H, W) that are not `drawn` (H, W) yet."""
    return _inked(*_contour_lines(picture, count, drawn))


def scribbles(height: int, width: int, count: int, generator: torch.Generator) -> Strokes:
    """One picture of `count` lines anywhere, for an opening that says nothing."""
    short = min(height, width)
    at = torch.rand(count, 1, 2, generator=generator) * torch.tensor([float(width), float(height)])
    steps = (torch.rand(count, 3 * CUBICS, 2, generator=generator) - 0.5) * short * 0.12
    points = curves_through(torch.cat([at, at + steps.cumsum(1)], 1))
    low, high = LINE_WIDTHS
    widths = (low + (high - low) * torch.rand(count, generator=generator)) * short
    return Strokes(points[None], widths[None], INK.expand(1, count, 3).clone(), torch.full((1, count), SCRIBBLED))


_Drawn = tuple[Tensor, Tensor, Tensor]  # points (M, 3·S + 1, 2), widths (M,), opacities (M,)


def _inked(points: Tensor, widths: Tensor, opacities: Tensor) -> Strokes:
    return Strokes(points[None], widths[None], INK.expand(1, len(points), 3).clone(), opacities[None])


def _contour_lines(picture: Tensor, count: int, drawn: Tensor | None = None) -> _Drawn:
    """Lines along the contours: each begins at the strongest place that is left and runs on while there is an edge.

    When all are drawn they are gone over once more; of a picture without any a dot is all there is.
    """
    height, width = picture.shape[1:]
    short = min(height, width)
    strength, directions = contours(picture)
    left = strength.clone() if drawn is None else strength.masked_fill(drawn, -1)
    here = _pixel_middles(height, width)
    step = short * 0.012 + 0.5
    smear = blurred(strength[None], short * 0.004)[0]
    paths, pressures = [], []
    for _ in range(count):
        place = int(left.argmax())
        if left.view(-1)[place] < FAINTEST_EDGE:
            left = strength.clone()
            place = int(left.argmax())
        start = here.view(-1, 2)[place]
        halves = [_traced(start, sign, smear, left, directions, step, short * LONGEST) for sign in (-1.0, 1.0)]
        path = torch.stack([*reversed(halves[0]), start, *halves[1]])
        if len(path) < 3:
            short_way = directions.flatten(1)[:, place] * step * (strength.view(-1)[place] >= FAINTEST_EDGE)
            path = torch.stack([start - short_way, start, start + short_way])
        _rub_out(left, path, step)
        pressures.append(sampled(strength[None], path).mean())
        paths.append(resampled(path[None], 3 * CUBICS + 1)[0])
    pressure = torch.stack(pressures).clamp(0.05, 1)
    pressure = pressure / pressure.max()
    low, high = LINE_WIDTHS
    widths = (low + (high - low) * pressure) * short
    return curves_through(torch.stack(paths)), widths, 0.55 + 0.4 * pressure


def _traced(
    start: Tensor, sign: float, strength: Tensor, left: Tensor, directions: Tensor, step: float, longest: float
) -> list[Tensor]:
    """Points one step apart from `start` along the edge, until it fades, is drawn already, or `longest` pixels on."""
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
        if values.max() < FAINTEST_EDGE or _at(left[None], at)[0] < 0:
            break
        turned = _at(directions, at)
        turned = turned * (1.0 if (turned * heading).sum() >= 0 else -1.0)
        if (turned * heading).sum() < 0.3:
            break  # a corner: another line begins there
        heading = F.normalize(heading + turned, dim=0)
        points.append(at)
    return points


def _rub_out(left: Tensor, path: Tensor, step: float) -> None:
    """Mark, with -1, what lies within a step of the path as drawn."""
    reach = math.ceil(step * 1.2)
    for x, y in path.round().long().tolist():
        left[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = -1


def _at(field: Tensor, point: Tensor) -> Tensor:
    """(C,) of a field (C, H, W) at the pixel under a point."""
    x = min(max(int(point[0]), 0), field.shape[2] - 1)
    y = min(max(int(point[1]), 0), field.shape[1] - 1)
    return field[:, y, x]


def _hatching(picture: Tensor, count: int, generator: torch.Generator) -> _Drawn:
    """Short parallel lines where it is dark, the closer the darker, each as long as the shade goes; `count` at most."""
    height, width = picture.shape[1:]
    short = min(height, width)
    shade = darkness(picture)
    heading = torch.tensor([math.cos(HATCH_ANGLE), math.sin(HATCH_ANGLE)])
    middles = _hatch_places(shade, heading, count, short)
    count = len(middles)
    # The last to be laid are where it is darkest, so it is there that they cross.
    crossing = torch.arange(count)[:, None] >= count * (1 - CROSSED)
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
    """(M, 2) middles of M ≤ `count` lines: each where most shade is wanting when those before it are laid."""
    height, width = shade.shape
    scale = CELLS / max(height, width)
    grid = (max(1, round(height * scale)), max(1, round(width * scale)))
    left = F.adaptive_avg_pool2d(shade[None, None], grid)[0, 0].clone()
    here = _pixel_middles(*grid) * torch.tensor([width / grid[1], height / grid[0]])
    places = []
    for _ in range(count):
        if left.max() < FAINTEST_SHADE:
            break
        place = here.view(-1, 2)[left.argmax()]
        away = here - place
        along = (away * heading).sum(-1) / (short * 0.11)
        aside = (away[..., 1] * heading[0] - away[..., 0] * heading[1]) / (short * 0.022)
        left = left * (1 - 0.8 * torch.exp(-along.square() - aside.square()))
        places.append(place)
    return torch.stack(places) if places else torch.empty(0, 2)


def _quantile(values: Tensor, share: float) -> Tensor:
    """Of a sample of them: `torch.quantile` takes no more than 16 million."""
    return torch.quantile(values.flatten()[:: max(1, values.numel() // 50_000)], share)


def _pixel_middles(height: int, width: int) -> Tensor:
    """(H, W, 2) across and down."""
    down, across = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return torch.stack([across, down], -1)


def _joined(one: _Drawn, other: _Drawn) -> _Drawn:
    return torch.cat([one[0], other[0]]), torch.cat([one[1], other[1]]), torch.cat([one[2], other[2]])
