"""What a picture is before its first step: a given picture, structured noise, mist, or nothing (random codes)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PALE = 0.7  # the grey of haze
HAZE_DENSITY = 0.25
EDGE_SHARE = 0.2  # of a side is blended where a picture is made periodic
MIST_CELLS = 8  # along a side: what of a picture is still to be seen through the mist


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a painting begins and what it is held to: (3, H, W) in [0, 1], or None for the drawer's own chance."""

    begins: Tensor | None
    held: Tensor | None
    palette: Tensor | None = None  # (K, 3) in [0, 1], taken from a picture
    given: bool = False  # it is a picture that a person gave


def periodic(picture: Tensor) -> Tensor:
    """(3, H, W) → the same size: near each edge blended with its mirror image, so that opposite edges are equal."""
    for dimension in (-1, -2):
        length = picture.shape[dimension]
        from_edge = torch.minimum(torch.arange(length), torch.arange(length).flip(0)) / (EDGE_SHARE * length)
        share = (1 - from_edge).clamp(0, 1).square() / 2
        shape = (1, -1) if dimension == -1 else (-1, 1)
        picture = torch.lerp(picture, picture.flip(dimension), share.view(shape))
    return picture


def in_mist(picture: Tensor, density: float, generator: torch.Generator) -> Tensor:
    """(3, H, W) → the same size: the picture's large patches of colour behind fractal noise of `density` 0 … 1.

    A proposal that began as it is would leave nothing to watch, and its details nothing to be improved.
    """
    height, width = picture.shape[-2:]
    patches = F.interpolate(picture[None], (MIST_CELLS, MIST_CELLS), mode="area")
    patches = F.interpolate(patches, (height, width), mode="bicubic", align_corners=False)[0]
    return torch.lerp(patches, fractal_noise(width, height, generator), density).clamp(0, 1)


def fractal_noise(width: int, height: int, generator: torch.Generator) -> Tensor:
    """(3, height, width) in [0, 1]: octaves of smooth noise, each half as strong and twice as fine as the last.

    Sizes need not be square or powers of two.
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
    """(3, height, width) in [0, 1]: pale fractal noise, a start that is nothing yet and may become anything."""
    return torch.lerp(torch.tensor(PALE), fractal_noise(width, height, generator), HAZE_DENSITY)


def colour_gradient(width: int, height: int, generator: torch.Generator) -> Tensor:
    """(3, height, width) in [0, 1]: a smooth blend of four random corner colours."""
    corners = torch.rand(1, 3, 2, 2, generator=generator)
    return F.interpolate(corners, (height, width), mode="bilinear", align_corners=True)[0]
