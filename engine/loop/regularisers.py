"""Regularisers: losses that depend on the picture alone: smoothness, saturation, palette."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from engine.drawers.quantisation import palette_distance
from engine.spec.plan import Plan

SATURATION_WEIGHT: Final = 5.0
PALETTE_WEIGHT: Final = 20.0  # of the distance from a palette, in styles without cells, which are bound to it anyway
_TINY: Final = 1e-12  # added under a root, whose gradient at 0 is infinite


class Regularisers:
    """The weighted regularisers of a plan."""

    def __init__(self, plan: Plan, image_palettes: Sequence[Tensor | None], device: torch.device) -> None:
        """`image_palettes`: for each of the B pictures the palette (K, 3) of its palette image, or None."""
        self._smoothness, self._saturation = plan.smoothness, plan.spec.saturation
        self._palettes = _palettes(plan, image_palettes, device)

    def loss(self, pictures: Tensor) -> Tensor:
        """(B,) weighted sum for pictures (B, 3, H, W), differentiable."""
        total = pictures.new_zeros(len(pictures))
        if self._smoothness:
            total = total + self._smoothness * total_variation(pictures)
        if self._saturation:
            total = total + SATURATION_WEIGHT * self._saturation * dullness(pictures)
        if self._palettes:
            pairs = zip(pictures, self._palettes, strict=True)
            total = total + PALETTE_WEIGHT * torch.cat([palette_distance(one[None], each) for one, each in pairs])
        return total


def total_variation(images: Tensor) -> Tensor:
    """(B,) total variation of (B, 3, H, W): the mean squared difference of neighbouring pixels."""
    across = (images[..., :, 1:] - images[..., :, :-1]).square().mean((1, 2, 3))
    down = (images[..., 1:, :] - images[..., :-1, :]).square().mean((1, 2, 3))
    return across + down


def dullness(images: Tensor) -> Tensor:
    """(B,) 1 minus the mean standard deviation of a pixel's channels, for (B, 3, H, W): grey pictures have 1."""
    return 1 - (images.var(1, unbiased=False) + _TINY).sqrt().mean((1, 2))


def _palettes(plan: Plan, image_palettes: Sequence[Tensor | None], device: torch.device) -> list[Tensor]:
    """The palette (K, 3) of each picture; empty without palettes, and in styles whose cells are bound to them."""
    if plan.style.has_cells:
        return []
    if plan.palette:
        return [torch.tensor(plan.palette, device=device) / 255] * len(image_palettes)
    return [each.to(device) for each in image_palettes if each is not None]
