"""Init images: fractal noise, haze, a gradient of colours, and pictures overlaid with noise."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

PALE = 0.7  # grey value of haze
HAZE_DENSITY = 0.25
EDGE_SHARE = 0.2  # of a side: width of the blended edge of a periodic picture
COARSE_CELLS = 8  # along a side: what remains of a picture below the noise


def periodic(picture: Tensor) -> Tensor:
    """(3, H, W) → the same size: blended near each edge with its mirror image, so that opposite edges are equal."""
    for dimension in (-1, -2):
        length = picture.shape[dimension]
        from_edge = torch.minimum(torch.arange(length), torch.arange(length).flip(0)) / (EDGE_SHARE * length)
        share = (1 - from_edge).clamp(0, 1).square() / 2
        shape = (1, -1) if dimension == -1 else (-1, 1)
        picture = torch.lerp(picture, picture.flip(dimension), share.view(shape))
    return picture


def with_noise(picture: Tensor, density: float, generator: torch.Generator) -> Tensor:
    """(3, H, W) → the same size: coarse patches of the picture's colours below fractal noise of `density` 0 … 1.

    From an unchanged proposal there would be nothing to watch, and the gradient could hardly change its details.
    """
    height, width = picture.shape[-2:]
    patches = F.interpolate(picture[None], (COARSE_CELLS, COARSE_CELLS), mode="area")
    patches = F.interpolate(patches, (height, width), mode="bicubic", align_corners=False)[0]
    return torch.lerp(patches, fractal_noise(width, height, generator), density).clamp(0, 1)


def fractal_noise(width: int, height: int, generator: torch.Generator) -> Tensor:
    """(3, height, width) in [0, 1]: octaves of smooth noise, each half as strong and twice as fine as the last.

    Any size, not only powers of two.
    """
    octaves = max(1, int(math.log2(max(width, height))) - 2)
    total = torch.zeros(3, height, width)
    for octave in range(octaves):
        cells = 2 ** (octave + 1)
        rows, columns = max(2, cells * height // max(width, height)), max(2, cells * width // max(width, height))
        coarse = torch.rand(1, 3, rows, columns, generator=generator)
        total += F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)[0] / 2**octave
    low, high = total.amin((1, 2), keepdim=True), total.amax((1, 2), keepdim=True)
    return (total - low) / (high - low).clamp_min(1e-6)


def haze(width: int, height: int, generator: torch.Generator) -> Tensor:
    """(3, height, width) in [0, 1]: pale fractal noise."""
    return torch.lerp(torch.tensor(PALE), fractal_noise(width, height, generator), HAZE_DENSITY)


def colour_gradient(width: int, height: int, generator: torch.Generator) -> Tensor:
    """(3, height, width) in [0, 1]: a smooth blend of four random corner colours."""
    corners = torch.rand(1, 3, 2, 2, generator=generator)
    return F.interpolate(corners, (height, width), mode="bilinear", align_corners=True)[0]
