"""Cut-outs: a drawn subject with opacity instead of its white background."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def cut_out(picture: Tensor, mask: Tensor) -> Tensor:
    """(3, H, W) on white in [0, 1] and its (H, W) mask -> (4, h, w): the subject's box, its colours and its opacity.

    Colours are extended beyond the edge, so that half-covered pixels have no white of the background.
    """
    solid = (mask > 0.5).float()[None, None]
    inner = -F.max_pool2d(-solid, 3, 1, 1)
    thin = solid * (picture[None].amin(1, keepdim=True) < 0.6)  # whiskers and strings have no interior
    inner = torch.maximum(inner, thin)
    sure = -F.max_pool2d(-inner, 3, 1, 1)
    sure = torch.maximum(sure, thin * (picture[None].amin(1, keepdim=True) < 0.4))
    colours = _extended(picture[None], sure, inner)
    opacity = F.avg_pool2d(inner, 3, 1, 1)
    top, bottom, left, right = _bounding_box(inner[0, 0])
    return torch.cat([colours, opacity], 1)[0, :, top:bottom, left:right]


LARGEST_GAP = 0.02  # of a picture: a larger white area is a belly


def without_gaps(picture: Tensor, mask: Tensor) -> Tensor:
    """(H, W) mask of a four-footed animal without the enclosed white between its legs."""
    white = (picture.amin(0) > 0.955).float() * (mask > 0.5)
    cells = F.avg_pool2d(white[None, None], 4).gt(0.6).float()
    cells[..., : int(0.55 * cells.shape[2]), :] = 0
    labels = cells * torch.arange(1.0, cells.numel() + 1).view_as(cells)
    for _ in range(24):  # connected components by maximum
        labels = F.max_pool2d(labels, 3, 1, 1) * cells
    sizes = torch.bincount(labels.flatten().long(), minlength=cells.numel() + 1)
    gaps = cells * (sizes[labels.long()] <= LARGEST_GAP * cells.numel())
    near = F.max_pool2d(F.interpolate(gaps, size=mask.shape, mode="nearest"), 9, 1, 4)[0, 0]
    open_ = near * (picture.amin(0) > 0.9)
    return mask * (1 - F.max_pool2d(open_[None, None], 3, 1, 1)[0, 0] * (picture.amin(0) > 0.8))


def _extended(picture: Tensor, sure: Tensor, inner: Tensor) -> Tensor:
    """The picture where `sure`, elsewhere the nearest such colours."""
    known, colours = sure, picture * sure
    for size in (3, 3, 5, 9, 17):
        weight = F.avg_pool2d(known, size, 1, size // 2)
        near = F.avg_pool2d(colours, size, 1, size // 2) / weight.clamp_min(1e-6)
        fresh = (weight > 0).float() * (1 - known)
        colours = colours + fresh * near
        known = known + fresh
    return torch.where(known > 0, colours, picture)


def _bounding_box(mask: Tensor) -> tuple[int, int, int, int]:
    """The bounding box of an (H, W) mask: top, bottom, left, right; all of it if the mask is empty."""
    rows, columns = mask.amax(1).nonzero()[:, 0], mask.amax(0).nonzero()[:, 0]
    if len(rows) == 0:
        return 0, mask.shape[0], 0, mask.shape[1]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def resized(piece: Tensor, width: int, height: int) -> Tensor:
    """(4, h, w) -> (4, height, width); sharpened if enlarged."""
    scale = max(width / piece.shape[2], height / piece.shape[1])
    scaled = F.interpolate(piece[None], (height, width), mode="bicubic", antialias=True, align_corners=False)
    scaled = scaled.clamp(0, 1)
    if scale > 1.05:
        scaled = sharpened(scaled, scale)
        opacity = ((scaled[:, 3:] - 0.5) * (1 + 0.8 * (scale - 1)) + 0.5).clamp(0, 1)
        scaled = torch.cat([scaled[:, :3], opacity], 1)
    return scaled[0]


def sharpened(picture: Tensor, scale: float) -> Tensor:
    """(1, C, H, W) -> the same with thin edges, by warp sharpening: pixels near an edge are sampled farther from it.

    All channels together, so that there are no new colours and no ringing. `scale` is the factor of enlargement.
    """
    height, width = picture.shape[2:]
    level = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    across = (level[..., 1:-1, 2:] - level[..., 1:-1, :-2]).abs().sum(1, keepdim=True)
    down = (level[..., 2:, 1:-1] - level[..., :-2, 1:-1]).abs().sum(1, keepdim=True)
    edge = (across + down).clamp(0, 0.6) / 0.6
    reach = max(1, round(scale))
    for _ in range(2):
        padded = F.pad(edge, (reach,) * 4, mode="replicate")
        edge = F.avg_pool2d(padded, 2 * reach + 1, 1)
    ridge = F.pad(edge, (1, 1, 1, 1), mode="replicate")
    towards_x = ridge[..., 1:-1, 2:] - ridge[..., 1:-1, :-2]
    towards_y = ridge[..., 2:, 1:-1] - ridge[..., :-2, 1:-1]
    depth = 2.2 * scale * reach
    shift = torch.cat([towards_x, towards_y], 1) * depth
    far = shift.norm(dim=1, keepdim=True).clamp_min(1e-6)
    shift = shift * (far.clamp_max(1.2 * scale) / far)
    rows = torch.arange(height).view(1, 1, height, 1)
    columns = torch.arange(width).view(1, 1, 1, width)
    x = (columns - shift[:, :1]) * (2 / max(1, width - 1)) - 1
    y = (rows - shift[:, 1:]) * (2 / max(1, height - 1)) - 1
    grid = torch.stack([x[:, 0].expand(1, height, width), y[:, 0].expand(1, height, width)], -1)
    return F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=True)


def tilted(piece: Tensor, degrees: float) -> Tensor:
    """(4, h, w) turned clockwise about its middle, in a box of its new size."""
    turn = math.radians(degrees)
    height, width = piece.shape[1:]
    wide = math.ceil(abs(width * math.cos(turn)) + abs(height * math.sin(turn)))
    high = math.ceil(abs(height * math.cos(turn)) + abs(width * math.sin(turn)))
    rows = torch.arange(high).view(high, 1) - (high - 1) / 2
    columns = torch.arange(wide).view(1, wide) - (wide - 1) / 2
    x = (columns * math.cos(turn) + rows * math.sin(turn)) * (2 / max(1, width - 1))
    y = (-columns * math.sin(turn) + rows * math.cos(turn)) * (2 / max(1, height - 1))
    grid = torch.stack([x, y], -1)[None]
    colours = F.grid_sample(piece[None, :3], grid, mode="bilinear", padding_mode="border", align_corners=True)
    opacity = F.grid_sample(piece[None, 3:], grid, mode="bilinear", padding_mode="zeros", align_corners=True)
    return torch.cat([colours, opacity], 1)[0]


def laid(canvas: Tensor, piece: Tensor, left: int, top: int) -> None:
    """Composite a (4, h, w) cut-out onto a (1, 3, H, W) canvas, in place, clipped to it."""
    height, width = canvas.shape[2:]
    first_row, first_column = max(0, -top), max(0, -left)
    last_row, last_column = min(piece.shape[1], height - top), min(piece.shape[2], width - left)
    if last_row <= first_row or last_column <= first_column:
        return
    part = piece[:, first_row:last_row, first_column:last_column]
    place = canvas[0, :, top + first_row : top + last_row, left + first_column : left + last_column]
    place += part[3:] * (part[:3] - place)
