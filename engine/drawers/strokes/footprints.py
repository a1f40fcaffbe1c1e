"""Which strokes, and which of their pieces, reach which tiles of a picture: a tile evaluates only those."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

DEEPEST: Final = 96  # strokes that a tile evaluates at most; those below them are ignored
AT_ONCE: Final = 200_000  # pairs whose distances are computed together, to limit memory
SMALL_TILE: Final = 8  # pixels: on a CPU the work counts
LARGE_TILE: Final = 16  # pixels: on a GPU the number of tiles counts


@dataclass(frozen=True, slots=True)
class Footprints:
    """P pairs of a tile and a stroke that reaches it.

    Pairs come with the most pieces first, so that the m-th pieces of all that have one are the first `piece_counts[m]`
    pairs. Tiles are ranked by how many strokes reach them, so that those with a d-th stroke, counted from the lowest,
    are the first `depths[d]` ranks; "by depth" a pair's place is that of its depth, then of its tile's rank.
    """

    side: int  # pixels of a tile
    rows: int  # of tiles in a picture
    columns: int
    ranked: Tensor  # (tiles,) the tile of each rank, numbered through all pictures
    strokes: Tensor  # (P,) the stroke of each pair, numbered through all pictures
    real: Tensor | None  # (P,) 1, or 0 for the padding of a fixed size; None: all are real
    pieces: Tensor  # (P, M) the pieces that reach the tile, numbered through all strokes
    starts: Tensor  # (P, M, 2) their start points, relative to the tile's middle
    piece_counts: list[int]
    depths: list[int]
    places: Tensor | None  # (P,) the index of each pair by depth; None: pairs are ordered by depth


def footprints(lines: Tensor, reach: Tensor, height: int, width: int, *, periodic: bool) -> Footprints:
    """The pairs for polylines (B, N, K + 1, 2) in pixels that cover pixels up to `reach` (B, N) pixels away.

    A `periodic` picture wraps around. On a GPU all sizes are fixed, so that nothing has to be read back.
    """
    if lines.device.type == "cpu":
        return _exact(lines, reach, height, width, periodic)
    return _padded(lines, reach, height, width, periodic)


@dataclass(frozen=True, slots=True)
class _Tiles:
    side: int
    rows: int
    columns: int
    middles: Tensor  # (rows · columns, 2)
    period: tuple[int, int] | None  # width and height of a periodic picture

    @property
    def radius(self) -> float:
        """From the middle to the farthest pixel's."""
        return (self.side - 1) / math.sqrt(2)


def _tiles(side: int, height: int, width: int, periodic: bool, like: Tensor) -> _Tiles:
    rows, columns = math.ceil(height / side), math.ceil(width / side)
    down = (torch.arange(rows, device=like.device, dtype=like.dtype) + 0.5) * side
    across = (torch.arange(columns, device=like.device, dtype=like.dtype) + 0.5) * side
    middles = torch.stack([across.repeat(rows), down.repeat_interleave(columns)], 1)
    return _Tiles(side, rows, columns, middles, (width, height) if periodic else None)


def _exact(lines: Tensor, reach: Tensor, height: int, width: int, periodic: bool) -> Footprints:
    """The pairs only, for the CPU."""
    tiles = _tiles(SMALL_TILE, height, width, periodic, lines)
    per_stroke = lines.shape[2] - 1
    pair_tiles, strokes = _overlapping(lines, reach, tiles)
    near = torch.cat(
        [
            _pieces_from(tile, stroke, lines, tiles)[1] <= (reach.flatten()[stroke, None] + tiles.radius).square()
            for tile, stroke in zip(torch.split(pair_tiles, AT_ONCE), torch.split(strokes, AT_ONCE), strict=True)
        ]
    )
    kept = _topmost(pair_tiles, near.any(1))
    pair_tiles, strokes, near = pair_tiles[kept], strokes[kept], near[kept]
    starts, _ = _pieces_from(pair_tiles, strokes, lines, tiles)

    counts = near.sum(1)
    work = counts.argsort(descending=True, stable=True)
    most = int(counts.max()) if len(counts) else 1
    order = (~near[work]).to(torch.uint8).argsort(dim=1, stable=True)[:, :most]
    ranked, places, depths = _by_depth(pair_tiles, len(lines) * len(tiles.middles))
    return Footprints(
        side=tiles.side,
        rows=tiles.rows,
        columns=tiles.columns,
        ranked=ranked,
        strokes=strokes[work],
        real=None,
        pieces=strokes[work, None] * per_stroke + order,
        starts=starts[work].gather(1, order[..., None].expand(-1, -1, 2)),
        piece_counts=[int((counts > m).sum()) for m in range(most)],
        depths=depths,
        places=places[work],
    )


def _overlapping(lines: Tensor, reach: Tensor, tiles: _Tiles) -> tuple[Tensor, Tensor]:
    """Tile and stroke of each pair whose bounding boxes overlap, ordered by tile, then by stroke."""
    low, high = lines.amin(2), lines.amax(2)
    middle, half = (low + high) / 2, (high - low) / 2 + reach[..., None] + tiles.side / 2
    across = _wrapped(tiles.middles[: tiles.columns, 0, None] - middle[:, None, :, 0], tiles.period, 0).abs()
    down = _wrapped(tiles.middles[:: tiles.columns, 1, None] - middle[:, None, :, 1], tiles.period, 1).abs()
    overlap = (down <= half[:, None, :, 1])[:, :, None] & (across <= half[:, None, :, 0])[:, None]
    picture, row, column, stroke = overlap.nonzero(as_tuple=True)
    return (picture * tiles.rows + row) * tiles.columns + column, picture * lines.shape[1] + stroke


def _pieces_from(pair_tiles: Tensor, strokes: Tensor, lines: Tensor, tiles: _Tiles) -> tuple[Tensor, Tensor]:
    """Start points (P, K, 2) of the pieces of strokes (P,), relative to tiles (P,), and squared distances (P, K)."""
    begins, ends = lines[:, :, :-1].flatten(0, 1)[strokes], lines[:, :, 1:].flatten(0, 1)[strokes]
    return _relative_to(tiles.middles[pair_tiles % len(tiles.middles), None], begins, ends, tiles)


def _relative_to(middles: Tensor, begins: Tensor, ends: Tensor, tiles: _Tiles) -> tuple[Tensor, Tensor]:
    """Start points of pieces (..., 2) relative to the tiles' middles, and squared distances from these."""
    edges = ends - begins
    if tiles.period is None:
        starts = begins - middles
    else:
        # Each piece is wrapped by itself, to where its middle is nearest: a stroke may go around the whole picture.
        offsets = (begins + ends) / 2 - middles
        nearest = torch.stack([_wrapped(offsets[..., axis], tiles.period, axis) for axis in (0, 1)], -1)
        starts = nearest - edges / 2
    along = (-(starts * edges).sum(-1) / edges.square().sum(-1).clamp_min(1e-12)).clamp(0, 1)
    return starts, (starts + along[..., None] * edges).square().sum(-1)


def _wrapped(offset: Tensor, period: tuple[int, int] | None, axis: int) -> Tensor:
    """The offset modulo the period, the shorter way."""
    return offset if period is None else offset - (offset / period[axis]).round() * period[axis]


def _topmost(pair_tiles: Tensor, near: Tensor) -> Tensor:
    """Indices of the pairs that are `near` and among the DEEPEST topmost of their tile."""
    kept = near.nonzero()[:, 0]
    if not len(kept):
        return kept
    counts = pair_tiles[kept].bincount()
    above = counts.cumsum(0)[pair_tiles[kept]] - 1 - torch.arange(len(kept))
    return kept[above < DEEPEST]


def _by_depth(pair_tiles: Tensor, tiles: int) -> tuple[Tensor, Tensor, list[int]]:
    """The tiles by rank, each pair's index by depth, and the numbers of tiles with a d-th stroke."""
    counts = pair_tiles.bincount(minlength=tiles)
    ranked = counts.argsort(descending=True, stable=True)
    rank = torch.empty_like(ranked)
    rank[ranked] = torch.arange(tiles)
    depth = torch.arange(len(pair_tiles)) - (counts.cumsum(0) - counts)[pair_tiles]
    sizes = depth.bincount()
    return ranked, (sizes.cumsum(0) - sizes)[depth] + rank[pair_tiles], sizes.tolist()


def _padded(lines: Tensor, reach: Tensor, height: int, width: int, periodic: bool) -> Footprints:
    """As many pairs for each tile, padded, for a GPU."""
    tiles = _tiles(LARGE_TILE, height, width, periodic, lines)
    pictures, count, per_stroke = lines.shape[0], lines.shape[1], lines.shape[2] - 1
    size, deep = len(tiles.middles), min(count, DEEPEST)
    bounds = (reach + tiles.radius).square()
    near = torch.stack([_near(line, bound, tiles) for line, bound in zip(lines, bounds, strict=True)])  # (B, tiles, N)
    numbers = torch.arange(count, device=lines.device, dtype=torch.int32)
    found = torch.where(near, numbers, -1).topk(deep, dim=-1).values.flip(-1).permute(2, 0, 1)  # (deep, B, tiles)
    firsts = torch.arange(pictures, device=lines.device)[:, None] * count
    strokes = (found.clamp_min(0) + firsts).flatten()
    pieces = strokes[:, None] * per_stroke + torch.arange(per_stroke, device=lines.device)
    begins, ends = lines[:, :, :-1].reshape(-1, 2)[pieces], lines[:, :, 1:].reshape(-1, 2)[pieces]
    starts, _ = _relative_to(tiles.middles.repeat(deep * pictures, 1)[:, None], begins, ends, tiles)
    return Footprints(
        side=tiles.side,
        rows=tiles.rows,
        columns=tiles.columns,
        ranked=torch.arange(pictures * size, device=lines.device),
        strokes=strokes,
        real=(found >= 0).flatten().to(lines.dtype),
        pieces=pieces,
        starts=starts,
        piece_counts=[len(strokes)] * per_stroke,
        depths=[pictures * size] * deep,
        places=None,
    )


def _near(lines: Tensor, bounds: Tensor, tiles: _Tiles) -> Tensor:
    """(tiles, N) whether any piece of lines (N, K + 1, 2) is within the roots of `bounds` (N,) of a tile's middle."""
    middles = tiles.middles[:, None]
    near = torch.zeros(len(tiles.middles), len(lines), dtype=torch.bool, device=lines.device)
    for begins, ends in zip(lines[:, :-1].unbind(1), lines[:, 1:].unbind(1), strict=True):
        near |= _relative_to(middles, begins, ends, tiles)[1] <= bounds
    return near
