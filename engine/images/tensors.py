"""Pictures as tensors, (B, 3, H, W) in [0, 1]: conversion, warping, mirroring, luminance, border colour."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor


def as_tensor(picture: Image.Image) -> Tensor:
    """(3, H, W) in [0, 1] of an image of any mode."""
    pixels = torch.frombuffer(bytearray(picture.convert("RGB").tobytes()), dtype=torch.uint8)
    return pixels.view(picture.height, picture.width, 3).permute(2, 0, 1).float() / 255


def warped(pictures: Tensor, matrix: Tensor, beyond: str = "reflection") -> Tensor:
    """(B, 3, H, W) → the same shape under an affine map, bicubic; `beyond` is the padding mode of `grid_sample`.

    matrix (2, 3) maps points of the new picture to points of the old one, both in -1 … 1.
    """
    grid = F.affine_grid(matrix.to(pictures).expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bicubic", padding_mode=beyond, align_corners=False).clamp(0, 1)


def mirrored(pictures: Tensor, symmetry: str) -> Tensor:
    """(B, C, H, W) → the same shape: the right half mirrors the left ("horizontal"), the lower the upper ("vertical"),
    or both. Differentiable; the replaced halves get no gradient."""
    if symmetry in ("horizontal", "both"):
        pictures = _mirrored_along(pictures, -1)
    if symmetry in ("vertical", "both"):
        pictures = _mirrored_along(pictures, -2)
    return pictures


def _mirrored_along(pictures: Tensor, dimension: int) -> Tensor:
    length = pictures.shape[dimension]
    first = pictures.narrow(dimension, 0, length - length // 2)
    return torch.cat([first, first.narrow(dimension, 0, length // 2).flip(dimension)], dimension)


def luminance(picture: Tensor) -> Tensor:
    """(3, H, W) in [0, 1] → (H, W), by the weights of ITU-R BT.601."""
    return 0.299 * picture[0] + 0.587 * picture[1] + 0.114 * picture[2]


def border_colour(picture: Tensor) -> Tensor:
    """(3,) the median along the edges of (3, H, W): of a subject on a plain background, the background."""
    border = torch.cat([picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1]], 1)
    return border.median(1).values
