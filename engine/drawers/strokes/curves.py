"""Image operations for strokes: edge directions, blurring, sampling, curves through points."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

# Control points of the cubic Bézier that passes through four points at the parameters 0, 1/3, 2/3 and 1.
_INTERPOLATION: Final = torch.tensor(
    [[1.0, 0.0, 0.0, 0.0], [-5 / 6, 3.0, -1.5, 1 / 3], [1 / 3, -1.5, 3.0, -5 / 6], [0.0, 0.0, 0.0, 1.0]]
)


def blurred(picture: Tensor, sigma: float) -> Tensor:
    """(C, H, W) blurred by a Gaussian of `sigma` pixels, with replicated padding."""
    radius = max(1, math.ceil(3 * sigma))
    line = torch.arange(-radius, radius + 1, dtype=picture.dtype)
    kernel = torch.exp(-line.square() / (2 * max(sigma, 1e-3) ** 2))
    kernel = (kernel / kernel.sum()).expand(len(picture), 1, 1, -1)
    across = F.conv2d(F.pad(picture[None], (radius, radius, 0, 0), mode="replicate"), kernel, groups=len(picture))
    padded = F.pad(across, (0, 0, radius, radius), mode="replicate")
    return F.conv2d(padded, kernel.transpose(2, 3), groups=len(picture))[0]


def edges(picture: Tensor, fine: float, coarse: float, fallback: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Edge strength (H, W) of a picture (3, H, W), and unit vectors (2, H, W) along the edges, across and down.

    By the structure tensor (Förstner 1987) of all channels: gradients at a scale of `fine` pixels, averaged over
    `coarse`. Flat parts have the directions of `fallback` (2, H, W).
    """
    smooth = blurred(picture, fine)
    padded = F.pad(smooth[None], (1, 1, 1, 1), mode="replicate")[0]
    across = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    moments = torch.stack([(across * across).sum(0), (across * down).sum(0), (down * down).sum(0)])
    xx, xy, yy = blurred(moments, coarse)
    strength = moments[0].add(moments[2]).sqrt()
    double_cosine, double_sine = xx - yy, 2 * xy
    if fallback is not None:
        faint = 1e-5
        double_cosine = double_cosine - faint * (fallback[0].square() - fallback[1].square())
        double_sine = double_sine - faint * 2 * fallback[0] * fallback[1]
    angle = torch.atan2(double_sine, double_cosine) / 2 + math.pi / 2  # perpendicular to the gradient
    return strength, torch.stack([angle.cos(), angle.sin()])


def sampled(field: Tensor, points: Tensor) -> Tensor:
    """Values (..., C) of a field (C, H, W) at points (..., 2) in pixels from the corner, with border padding."""
    size = points.new_tensor([field.shape[2], field.shape[1]])
    grid = (points / size * 2 - 1).reshape(1, 1, -1, 2)
    values = F.grid_sample(field[None], grid, padding_mode="border", align_corners=False)
    return values[0, :, 0].T.reshape(*points.shape[:-1], len(field))


def resampled(paths: Tensor, count: int) -> Tensor:
    """Paths (M, T, 2) → (M, count, 2): points at equal distances along them, both ends included."""
    steps = (paths[:, 1:] - paths[:, :-1]).norm(dim=2)
    lengths = F.pad(steps.cumsum(1), (1, 0))
    wanted = lengths[:, -1:] * torch.linspace(0, 1, count)
    after = torch.searchsorted(lengths, wanted.contiguous()).clamp(1, paths.shape[1] - 1)
    low, high = lengths.gather(1, after - 1), lengths.gather(1, after)
    share = ((wanted - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)[..., None]
    index = after[..., None].expand(-1, -1, 2)
    return torch.lerp(paths.gather(1, index - 1), paths.gather(1, index), share)


def curves_through(points: Tensor) -> Tensor:
    """(M, 3·S + 1, 2) points → control points of the same shape, of S joined cubics through all of them."""
    parts = [_INTERPOLATION.to(points) @ points[:, first : first + 4] for first in range(0, points.shape[1] - 1, 3)]
    return torch.cat([parts[0][:, :1], *(part[:, 1:] for part in parts)], 1)
