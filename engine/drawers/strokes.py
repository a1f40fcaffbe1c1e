"""Strokes of cubic Béziers laid over a ground, differentiable in everything they are made of.

A stroke's coverage of a pixel is that of a line of its width under a soft edge, by the pixel's distance from the
flattened curve; strokes are laid one over another ("over" of Porter and Duff 1984). Distances come back in the
backward pass by being measured again, which takes less memory than an automatic record of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.footprints import Footprints, footprints

PIECES: Final = 8  # straight pieces of a flattened cubic
SOFTNESS: Final = 1.5  # pixels over which an edge fades: wide enough to be smooth and to be moved by its gradient


@dataclass(frozen=True, slots=True)
class Strokes:
    """N strokes in each of B pictures, the first lowest. Points are across and down in pixels from the corner."""

    points: Tensor  # (B, N, 3·S + 1, 2): S cubics joined end to end
    widths: Tensor  # (B, N) pixels, over 0
    colours: Tensor  # (B, N, 3) in [0, 1]
    opacities: Tensor  # (B, N) in [0, 1]


def draw_strokes(
    strokes: Strokes, ground: Tensor, *, softness: float = SOFTNESS, periodic: bool = False
) -> tuple[Tensor, Tensor]:
    """Lay strokes over a ground (B, 3, H, W): the picture (B, 3, H, W) and its covered shares (B, 1, H, W).

    `softness` is the width of an edge in pixels. In a `periodic` picture strokes that leave it come in on the other
    side. Differentiable in the strokes and the ground. A tile of the picture shows at most its `footprints.DEEPEST`
    topmost strokes.
    """
    lines = flattened(strokes.points)
    drawn: Tensor = _Drawn.apply(  # type: ignore[no-untyped-call]
        lines, strokes.widths, strokes.colours, strokes.opacities, ground, softness, periodic
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
    """(pieces + 1, 4): what each control point weighs at evenly spaced parameters. Kept on its device."""
    t = torch.arange(pieces + 1, dtype=torch.float64)[:, None] / pieces
    powers = torch.arange(4)
    binomials = torch.tensor([math.comb(3, k) for k in range(4)], dtype=torch.float64)
    return (binomials * t**powers * (1 - t) ** (3 - powers)).to(device, dtype)


class _Drawn(torch.autograd.Function):
    """Polylines (B, N, K + 1, 2) over a ground: (B, 4, H, W), the colours and the coverage."""

    @staticmethod
    def forward(
        context: Any,
        lines: Tensor,
        widths: Tensor,
        colours: Tensor,
        opacities: Tensor,
        ground: Tensor,
        softness: float,
        periodic: bool,
    ) -> Tensor:
        height, width = ground.shape[-2:]
        found = footprints(lines, (widths + softness) / 2, height, width, periodic=periodic)
        edges = (lines[:, :, 1:] - lines[:, :, :-1]).flatten(0, 2)
        squares, winners = _nearest(found, edges)
        distances = squares.sqrt_()
        coverage, _, _ = _profile(distances, widths.flatten()[found.strokes], softness)
        alphas = coverage.mul_(_paired_opacities(found, opacities)[:, None, None])
        canvas = _canvas(ground, found)
        by_depth = _to_depth(found, alphas)
        inks = _inks(found, colours)
        for (low, high), ink, alpha in _depths(found, inks, by_depth.flatten(1)):
            canvas[: high - low].lerp_(ink[:, :, None], alpha[:, None])
        context.save_for_backward(lines, widths, colours, opacities, ground, distances, winners, by_depth)
        context.found, context.softness = found, softness
        return _as_picture(canvas, found, height, width)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        lines, widths, colours, opacities, ground, distances, winners, alphas = context.saved_tensors
        found: Footprints = context.found
        height, width = gradients[0].shape[-2:]
        wanted = _as_tiles(gradients[0], found)[found.ranked]  # (tiles, 4, Q)
        laid_on = _canvas(ground, found)
        inks = _inks(found, colours)
        for_alphas, for_inks, for_ground = _unlaid(found, inks, alphas, laid_on, wanted)
        by_pair = for_alphas if found.places is None else for_alphas[found.places]
        opaque = _paired_opacities(found, opacities)
        coverage, by_distance, by_width = _profile(distances, widths.flatten()[found.strokes], context.softness)
        for_opacities = (by_pair * coverage).sum((1, 2))
        if found.real is not None:
            for_opacities = for_opacities * found.real
        by_pair = by_pair * opaque[:, None, None]
        for_widths = (by_pair * by_width).sum((1, 2))
        edges = (lines[:, :, 1:] - lines[:, :, :-1]).flatten(0, 2)
        # The direction from the line is its offset over the distance; on the line itself it has none.
        pull = by_pair.mul_(by_distance).div_(distances.clamp_min(1e-6))
        for_lines = _pulled(found, edges, winners, pull, lines)
        strokes_by_depth = _to_depth(found, found.strokes)
        return (
            for_lines,
            _summed(found.strokes, for_widths, widths.numel()).view_as(widths),
            _summed(strokes_by_depth, for_inks[:, :3], widths.numel()).view_as(colours),
            _summed(found.strokes, for_opacities, widths.numel()).view_as(opacities),
            _as_picture(for_ground, found, height, width)[:, :3],
            None,
            None,
        )


def _nearest(found: Footprints, edges: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distances (P, side, side) of each tile's pixels from each pair's line, and which piece is the nearest."""
    best = torch.empty(len(found.strokes), found.side, found.side, dtype=edges.dtype, device=edges.device)
    winners = torch.zeros(best.shape, dtype=torch.uint8, device=edges.device)
    for m, count in enumerate(found.piece_counts):
        _, across, down = _offsets(found, edges, m, count)
        squares = across.square_().addcmul_(down, down)
        if m == 0:
            best = squares
            continue
        nearer = squares < best[:count]
        winners[:count].masked_fill_(nearer, m)
        torch.minimum(best[:count], squares, out=best[:count])
    return best, winners


def _offsets(found: Footprints, edges: Tensor, m: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """How far along the m-th pieces the pixels' nearest points are, 0 … 1, and across and down from these to them."""
    line = torch.arange(found.side, device=edges.device, dtype=edges.dtype) - (found.side - 1) / 2
    edge = edges[found.pieces[:count, m]]
    unit = edge / edge.square().sum(1, keepdim=True).clamp_min(1e-12)
    across = (line - found.starts[:count, m, :1])[:, None, :]  # (count, 1, side)
    down = (line - found.starts[:count, m, 1:])[:, :, None]  # (count, side, 1)
    along = torch.add(across * unit[:, 0, None, None], down * unit[:, 1, None, None]).clamp_(0, 1)
    return (
        along,
        torch.addcmul(across, along, edge[:, 0, None, None], value=-1),
        torch.addcmul(down, along, edge[:, 1, None, None], value=-1),
    )


def _profile(distances: Tensor, widths: Tensor, softness: float) -> tuple[Tensor, Tensor, Tensor]:
    """Coverage of pixels at distances (P, side, side) from lines of widths (P,), and its slopes by distance and width.

    A stripe seen through a soft kernel: the difference of two smooth steps, so that a line thinner than the kernel
    is faint instead of wide.
    """
    half = widths[:, None, None] / 2
    inner = ((half - distances) / softness).add_(0.5).clamp_(0, 1)
    outer = ((-half - distances) / softness).add_(0.5).clamp_(0, 1)
    coverage = _smooth(inner) - _smooth(outer)
    inner_slope, outer_slope = inner * (1 - inner) * (6 / softness), outer * (1 - outer) * (6 / softness)
    return coverage, outer_slope - inner_slope, (inner_slope + outer_slope) / 2


def _smooth(x: Tensor) -> Tensor:
    return x * x * (3 - 2 * x)


def _paired_opacities(found: Footprints, opacities: Tensor) -> Tensor:
    paired = opacities.flatten()[found.strokes]
    return paired if found.real is None else paired * found.real


def _inks(found: Footprints, colours: Tensor) -> Tensor:
    """(P, 4) by depth: the colour of each pair's stroke, and 1 for what it covers."""
    inks = torch.cat([colours.flatten(0, 1), torch.ones_like(colours.flatten(0, 1)[:, :1])], 1)
    return inks[_to_depth(found, found.strokes)]


def _to_depth(found: Footprints, values: Tensor) -> Tensor:
    """Values of the pairs (P, ...), by depth."""
    return values if found.places is None else torch.empty_like(values).index_copy_(0, found.places, values)


def _depths(found: Footprints, inks: Tensor, alphas: Tensor) -> list[tuple[tuple[int, int], Tensor, Tensor]]:
    """From the lowest up: the first and the last place of a depth's pairs, their inks and their alphas."""
    layers, low = [], 0
    for count in found.depths:
        layers.append(((low, low + count), inks[low : low + count], alphas[low : low + count]))
        low += count
    return layers


def _canvas(ground: Tensor, found: Footprints) -> Tensor:
    """The ground (B, 3, H, W), on which nothing is covered yet, as ranked tiles (tiles, 4, side²)."""
    return _as_tiles(torch.cat([ground, torch.zeros_like(ground[:, :1])], 1), found)[found.ranked]


def _unlaid(
    found: Footprints, inks: Tensor, alphas: Tensor, ground: Tensor, wanted: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the pairs' alphas and inks, by depth, and of the ground, for `wanted` (tiles, 4, Q) of the picture.

    Of what lies below a stroke only its product with the picture's gradient is needed, so it is that which is
    composited once more: one number a pixel and depth, and no division by what a stroke lets through.
    """
    layers = _depths(found, inks, alphas.flatten(1))
    slopes = torch.empty_like(alphas).flatten(1)
    below = (ground * wanted).sum(1)
    for (low, high), ink, alpha in layers:
        own = (ink[:, None] @ wanted[: high - low])[:, 0]
        torch.sub(own, below[: high - low], out=slopes[low:high])
        below[: high - low].addcmul_(alpha, slopes[low:high])
    left = torch.ones_like(below)  # what the strokes above let through
    for_inks = torch.empty_like(inks)
    for (low, high), _, alpha in reversed(layers):
        seen = left[: high - low]
        slopes[low:high].mul_(seen)
        weights = alpha * seen
        for_inks[low:high] = (wanted[: high - low] @ weights[:, :, None])[:, :, 0]
        seen.sub_(weights)
    return slopes.view_as(alphas), for_inks, wanted * left[:, None]


def _summed(index: Tensor, values: Tensor, count: int) -> Tensor:
    """Sums of `values` (P, ...) for each of `count` rows, in a fixed order even on a GPU."""
    total = torch.zeros(count, *values.shape[1:], dtype=values.dtype, device=values.device)
    return total.index_put_((index,), values, accumulate=True)


def _pulled(found: Footprints, edges: Tensor, winners: Tensor, pull: Tensor, lines: Tensor) -> Tensor:
    """The lines' gradient: each pixel pulls at the two ends of the piece that is nearest to it."""
    firsts, seconds = torch.zeros_like(edges), torch.zeros_like(edges)
    for m, count in enumerate(found.piece_counts):
        along, across, down = _offsets(found, edges, m, count)
        pulls = torch.where(winners[:count] == m, pull[:count], 0)
        across.mul_(pulls)
        down.mul_(pulls)
        whole = torch.stack([across.sum((1, 2)), down.sum((1, 2))], 1)
        end = torch.stack([across.mul_(along).sum((1, 2)), down.mul_(along).sum((1, 2))], 1)
        index = (found.pieces[:count, m],)
        firsts.index_put_(index, end - whole, accumulate=True)
        seconds.index_put_(index, -end, accumulate=True)
    ends = lines.new_zeros(lines.shape)
    ends[:, :, :-1] += firsts.view_as(ends[:, :, :-1])
    ends[:, :, 1:] += seconds.view_as(ends[:, :, 1:])
    return ends


def _as_tiles(pictures: Tensor, found: Footprints) -> Tensor:
    """(B, C, H, W) → (tiles, C, side²)."""
    side, channels = found.side, pictures.shape[1]
    beyond = (found.columns * side - pictures.shape[3], found.rows * side - pictures.shape[2])
    cut = F.pad(pictures, (0, beyond[0], 0, beyond[1])).view(-1, channels, found.rows, side, found.columns, side)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, side * side)


def _as_picture(tiles: Tensor, found: Footprints, height: int, width: int) -> Tensor:
    """Ranked tiles (tiles, C, side²) → (B, C, H, W)."""
    side, channels = found.side, tiles.shape[1]
    sorted_tiles = torch.empty_like(tiles).index_copy_(0, found.ranked, tiles)
    joined = sorted_tiles.view(-1, found.rows, found.columns, channels, side, side).permute(0, 3, 1, 4, 2, 5)
    return joined.reshape(-1, channels, found.rows * side, found.columns * side)[..., :height, :width]
