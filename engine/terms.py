"""What is asked of a picture beside its words: to be smooth, colourful, in a palette."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from engine.loss import dullness, total_variation
from engine.presets import Plan
from engine.quantisation import palette_distance

SATURATION_WEIGHT: Final = 5.0
PALETTE_WEIGHT: Final = 20.0  # of the distance from a palette, outside style pixel, whose cells are bound to it


class Terms:
    """The weighted terms of a plan."""

    def __init__(self, planned: Plan, taken: Sequence[Tensor | None], device: torch.device) -> None:
        """`taken`: the palette (K, 3) that was taken from a picture, for each of the B pictures, where one was."""
        self._plan = planned
        self._palettes = _palettes(planned, taken, device)

    def of(self, shown: Tensor) -> Tensor:
        """(B,) of pictures (B, 3, H, W), differentiable."""
        total = shown.new_zeros(len(shown))
        if self._plan.smoothness:
            total = total + self._plan.smoothness * total_variation(shown)
        if self._plan.saturation:
            total = total + SATURATION_WEIGHT * self._plan.saturation * dullness(shown)
        if self._palettes:
            pairs = zip(shown, self._palettes, strict=True)
            total = total + PALETTE_WEIGHT * torch.cat([palette_distance(one[None], each) for one, each in pairs])
        return total


def _palettes(planned: Plan, taken: Sequence[Tensor | None], device: torch.device) -> list[Tensor]:
    """The colours (K, 3) that each picture is drawn to; none without a palette, and in style pixel."""
    if planned.style == "pixel":
        return []
    if planned.palette:
        return [torch.tensor(planned.palette, device=device) / 255] * len(taken)
    return [each.to(device) for each in taken if each is not None]
