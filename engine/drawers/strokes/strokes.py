"""Differentiable rendering of strokes, cubic Béziers, on a background.

A stroke's coverage of a pixel is that of a line of its width with a soft edge, by the pixel's distance from the
flattened curve; strokes are composited in order ("over" of Porter and Duff 1984). The backward pass computes offsets
again, which takes less memory than autograd's record of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.strokes.footprints import Footprints, footprints

PIECES: Final = 8  # line segments of a flattened cubic
SOFTNESS: Final = 1.5  # pixels of a soft edge: wide enough for a useful gradient


@dataclass(frozen=True, slots=True)
class Strokes:
    """N strokes in each of B pictures, the first at the bottom. Points are across and down in pixels."""

    points: Tensor  # (B, N, 3·S + 1, 2): S cubics joined end to end
    widths: Tensor  # (B, N) pixels, positive
    colours: Tensor  # (B, N, 3) in [0, 1]
    opacities: Tensor  # (B, N) in [0, 1]


def draw_strokes(
    strokes: Strokes, background: Tensor, *, softness: float = SOFTNESS, periodic: bool = False
) -> tuple[Tensor, Tensor]:
    """Strokes on a background (B, 3, H, W): the picture (B, 3, H, W) and its coverage (B, 1, H, W).

    `softness` is the width of an edge in pixels. In a `periodic` picture strokes wrap around. Differentiable in the
    strokes and the background. A tile of the picture has at most its `footprints.DEEPEST` topmost strokes.
    """
    lines = flattened(strokes.points)
    drawn: Tensor = _DrawStrokes.apply(  # type: ignore[no-untyped-call]
        lines, strokes.widths, strokes.colours, strokes.opacities, background, softness, periodic
    )
    return drawn[:, :3], drawn[:, 3:]


def flattened(points: Tensor, pieces: int = PIECES) -> Tensor:
    """Points (..., 3·S + 1, 2) of S joined cubics → (..., S·pieces + 1, 2) points on the curve, both ends included."""
    cubics = torch.stack([points[..., part : part + 4, :] for part in range(0, points.shape[-2] - 1, 3)], -3)
    weights = _bernstein(pieces, points.dtype, points.device)
    inner = (weights[:-1] @ cubics).flatten(-3, -2)
    return torch.cat([inner, points[..., -1:, :]], -2)


@cache
def _bernstein(pieces: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(pieces + 1, 4): weights of the control points at evenly spaced parameters. Cached on its device."""
    t = torch.arange(pieces + 1, dtype=torch.float64)[:, None] / pieces
    powers = torch.arange(4)
    binomials = torch.tensor([math.comb(3, k) for k in range(4)], dtype=torch.float64)
    return (binomials * t**powers * (1 - t) ** (3 - powers)).to(device, dtype)


class _DrawStrokes(torch.autograd.Function):
    """Polylines (B, N, K + 1, 2) on a background → (B, 4, H, W): colours and coverage."""

    @staticmethod
    def forward(
        context: Any,
        lines: Tensor,
        widths: Tensor,
        colours: Tensor,
        opacities: Tensor,
        background: Tensor,
        softness: float,
        periodic: bool,
    ) -> Tensor:
        height, width = background.shape[-2:]
        pairs = footprints(lines, (widths + softness) / 2, height, width, periodic=periodic)
        edges = (lines[:, :, 1:] - lines[:, :, :-1]).flatten(0, 2)
        squares, winners = _nearest(pairs, edges)
        distances = squares.sqrt_()
        coverage, _, _ = _profile(distances, widths.flatten()[pairs.strokes], softness)
        alphas = coverage.mul_(_paired_opacities(pairs, opacities)[:, None, None])
        canvas = _canvas(background, pairs)
        by_depth = _to_depth(pairs, alphas)
        inks = _inks(pairs, colours)
        for (low, high), ink, alpha in _depths(pairs, inks, by_depth.flatten(1)):
            canvas[: high - low].lerp_(ink[:, :, None], alpha[:, None])
        context.save_for_backward(lines, widths, colours, opacities, background, distances, winners, by_depth)
        context.pairs, context.softness = pairs, softness
        return _as_picture(canvas, pairs, height, width)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        lines, widths, colours, opacities, background, distances, winners, alphas = context.saved_tensors
        pairs: Footprints = context.pairs
        height, width = gradients[0].shape[-2:]
        output_gradient = _as_tiles(gradients[0], pairs)[pairs.ranked]  # (tiles, 4, Q)
        canvas = _canvas(background, pairs)
        inks = _inks(pairs, colours)
        alpha_gradient, ink_gradient, background_gradient = _composite_gradients(
            pairs, inks, alphas, canvas, output_gradient
        )
        by_pair = alpha_gradient if pairs.places is None else alpha_gradient[pairs.places]
        opaque = _paired_opacities(pairs, opacities)
        coverage, by_distance, by_width = _profile(distances, widths.flatten()[pairs.strokes], context.softness)
        opacity_gradient = (by_pair * coverage).sum((1, 2))
        if pairs.real is not None:
            opacity_gradient = opacity_gradient * pairs.real
        by_pair = by_pair * opaque[:, None, None]
        width_gradient = (by_pair * by_width).sum((1, 2))
        edges = (lines[:, :, 1:] - lines[:, :, :-1]).flatten(0, 2)
        # Divided by the distance, since the offset over the distance is the direction from the line.
        distance_gradient = by_pair.mul_(by_distance).div_(distances.clamp_min(1e-6))
        line_gradient = _line_gradient(pairs, edges, winners, distance_gradient, lines)
        strokes_by_depth = _to_depth(pairs, pairs.strokes)
        return (
            line_gradient,
            _scatter_sum(pairs.strokes, width_gradient, widths.numel()).view_as(widths),
            _scatter_sum(strokes_by_depth, ink_gradient[:, :3], widths.numel()).view_as(colours),
            _scatter_sum(pairs.strokes, opacity_gradient, widths.numel()).view_as(opacities),
            _as_picture(background_gradient, pairs, height, width)[:, :3],
            None,
            None,
        )


def _nearest(pairs: Footprints, edges: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distances (P, side, side) of each pair's pixels from its line, and the indices of the nearest pieces."""
    best = torch.empty(len(pairs.strokes), pairs.side, pairs.side, dtype=edges.dtype, device=edges.device)
    winners = torch.zeros(best.shape, dtype=torch.uint8, device=edges.device)
    for m, count in enumerate(pairs.piece_counts):
        _, across, down = _offsets(pairs, edges, m, count)
        squares = across.square_().addcmul_(down, down)
        if m == 0:
            best = squares
            continue
        nearer = squares < best[:count]
        winners[:count].masked_fill_(nearer, m)
        torch.minimum(best[:count], squares, out=best[:count])
    return best, winners


def _offsets(pairs: Footprints, edges: Tensor, m: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Parameters 0 … 1 of the pixels' nearest points on the m-th pieces, and offsets from these, across and down."""
    line = torch.arange(pairs.side, device=edges.device, dtype=edges.dtype) - (pairs.side - 1) / 2
    edge = edges[pairs.pieces[:count, m]]
    unit = edge / edge.square().sum(1, keepdim=True).clamp_min(1e-12)
    across = (line - pairs.starts[:count, m, :1])[:, None, :]  # (count, 1, side)
    down = (line - pairs.starts[:count, m, 1:])[:, :, None]  # (count, side, 1)
    along = torch.add(across * unit[:, 0, None, None], down * unit[:, 1, None, None]).clamp_(0, 1)
    return (
        along,
        torch.addcmul(across, along, edge[:, 0, None, None], value=-1),
        torch.addcmul(down, along, edge[:, 1, None, None], value=-1),
    )


def _profile(distances: Tensor, widths: Tensor, softness: float) -> tuple[Tensor, Tensor, Tensor]:
    """Coverage at distances (P, side, side) from lines of widths (P,), and its derivatives by distance and by width.

    The difference of two smoothsteps, so that a line thinner than the soft edge is faint instead of wide.
    """
    half = widths[:, None, None] / 2
    inner = ((half - distances) / softness).add_(0.5).clamp_(0, 1)
    outer = ((-half - distances) / softness).add_(0.5).clamp_(0, 1)
    coverage = _smoothstep(inner) - _smoothstep(outer)
    inner_slope, outer_slope = inner * (1 - inner) * (6 / softness), outer * (1 - outer) * (6 / softness)
    return coverage, outer_slope - inner_slope, (inner_slope + outer_slope) / 2


def _smoothstep(x: Tensor) -> Tensor:
    return x * x * (3 - 2 * x)


def _paired_opacities(pairs: Footprints, opacities: Tensor) -> Tensor:
    paired = opacities.flatten()[pairs.strokes]
    return paired if pairs.real is None else paired * pairs.real


def _inks(pairs: Footprints, colours: Tensor) -> Tensor:
    """(P, 4) by depth: the colour of each pair's stroke, and 1 for the coverage."""
    inks = torch.cat([colours.flatten(0, 1), torch.ones_like(colours.flatten(0, 1)[:, :1])], 1)
    return inks[_to_depth(pairs, pairs.strokes)]


def _to_depth(pairs: Footprints, values: Tensor) -> Tensor:
    """Values of the pairs (P, ...), ordered by depth."""
    return values if pairs.places is None else torch.empty_like(values).index_copy_(0, pairs.places, values)


def _depths(pairs: Footprints, inks: Tensor, alphas: Tensor) -> list[tuple[tuple[int, int], Tensor, Tensor]]:
    """For each depth from the bottom: the range of its pairs, their inks and their alphas."""
    layers, low = [], 0
    for count in pairs.depths:
        layers.append(((low, low + count), inks[low : low + count], alphas[low : low + count]))
        low += count
    return layers


def _canvas(background: Tensor, pairs: Footprints) -> Tensor:
    """The background (B, 3, H, W) with coverage 0, as ranked tiles (tiles, 4, side²)."""
    return _as_tiles(torch.cat([background, torch.zeros_like(background[:, :1])], 1), pairs)[pairs.ranked]


def _composite_gradients(
    pairs: Footprints, inks: Tensor, alphas: Tensor, background: Tensor, output_gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the pairs' alphas and inks, by depth, and of the background, for `output_gradient` (tiles, 4, Q).

    Of what lies below a stroke only the product with `output_gradient` is needed. So that product is composited again:
    one number for each pixel and depth, and no division by a stroke's transmittance.
    """
    layers = _depths(pairs, inks, alphas.flatten(1))
    slopes = torch.empty_like(alphas).flatten(1)
    below = (background * output_gradient).sum(1)
    for (low, high), ink, alpha in layers:
        own = (ink[:, None] @ output_gradient[: high - low])[:, 0]
        torch.sub(own, below[: high - low], out=slopes[low:high])
        below[: high - low].addcmul_(alpha, slopes[low:high])
    transmittance = torch.ones_like(below)  # of the strokes above
    ink_gradient = torch.empty_like(inks)
    for (low, high), _, alpha in reversed(layers):
        visible = transmittance[: high - low]
        slopes[low:high].mul_(visible)
        weights = alpha * visible
        ink_gradient[low:high] = (output_gradient[: high - low] @ weights[:, :, None])[:, :, 0]
        visible.sub_(weights)
    return slopes.view_as(alphas), ink_gradient, output_gradient * transmittance[:, None]


def _scatter_sum(index: Tensor, values: Tensor, count: int) -> Tensor:
    """Sums of `values` (P, ...) by row index, `count` rows; in a fixed order even on a GPU."""
    total = torch.zeros(count, *values.shape[1:], dtype=values.dtype, device=values.device)
    return total.index_put_((index,), values, accumulate=True)


def _line_gradient(
    pairs: Footprints, edges: Tensor, winners: Tensor, distance_gradient: Tensor, lines: Tensor
) -> Tensor:
    """The gradient of the lines: each pixel acts on the two ends of its nearest piece."""
    firsts, seconds = torch.zeros_like(edges), torch.zeros_like(edges)
    for m, count in enumerate(pairs.piece_counts):
        along, across, down = _offsets(pairs, edges, m, count)
        weights = torch.where(winners[:count] == m, distance_gradient[:count], 0)
        across.mul_(weights)
        down.mul_(weights)
        whole = torch.stack([across.sum((1, 2)), down.sum((1, 2))], 1)
        end = torch.stack([across.mul_(along).sum((1, 2)), down.mul_(along).sum((1, 2))], 1)
        index = (pairs.pieces[:count, m],)
        firsts.index_put_(index, end - whole, accumulate=True)
        seconds.index_put_(index, -end, accumulate=True)
    ends = lines.new_zeros(lines.shape)
    ends[:, :, :-1] += firsts.view_as(ends[:, :, :-1])
    ends[:, :, 1:] += seconds.view_as(ends[:, :, 1:])
    return ends


def _as_tiles(pictures: Tensor, pairs: Footprints) -> Tensor:
    """(B, C, H, W) → (tiles, C, side²)."""
    side, channels = pairs.side, pictures.shape[1]
    beyond = (pairs.columns * side - pictures.shape[3], pairs.rows * side - pictures.shape[2])
    cut = F.pad(pictures, (0, beyond[0], 0, beyond[1])).view(-1, channels, pairs.rows, side, pairs.columns, side)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, side * side)


def _as_picture(tiles: Tensor, pairs: Footprints, height: int, width: int) -> Tensor:
    """Ranked tiles (tiles, C, side²) → (B, C, H, W)."""
    side, channels = pairs.side, tiles.shape[1]
    sorted_tiles = torch.empty_like(tiles).index_copy_(0, pairs.ranked, tiles)
    joined = sorted_tiles.view(-1, pairs.rows, pairs.columns, channels, side, side).permute(0, 3, 1, 4, 2, 5)
    return joined.reshape(-1, channels, pairs.rows * side, pairs.columns * side)[..., :height, :width]
