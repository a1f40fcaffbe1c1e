"""Pictures that mirror themselves, by construction rather than by persuasion."""

from __future__ import annotations

import torch
from torch import Tensor


def mirrored(pictures: Tensor, symmetry: str) -> Tensor:
    """(B, C, H, W) → the same shape: the left half goes on mirrored to the right ("horizontal"), the upper half
    downwards ("vertical"), or both. Differentiable; the hidden halves get no gradient."""
    if symmetry in ("horizontal", "both"):
        pictures = _mirrored_along(pictures, -1)
    if symmetry in ("vertical", "both"):
        pictures = _mirrored_along(pictures, -2)
    return pictures


def _mirrored_along(pictures: Tensor, dimension: int) -> Tensor:
    length = pictures.shape[dimension]
    first = pictures.narrow(dimension, 0, length - length // 2)
    return torch.cat([first, first.narrow(dimension, 0, length // 2).flip(dimension)], dimension)
