"""The `pixel` style: a coarse grid of colours, enlarged so that every cell is a clean square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.clamp import clamp_with_gradient
from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening

CELLS: Final = 40  # wanted along the shorter side, as in Text2Art's square grid
SPREAD: Final = 1 / 12  # variance of a colour that could be any


class PixelDrawer:
    """Moves the colours (B, 3, rows, columns) of the cells directly."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._cell = cell_side(plan.width, plan.height)
        grid = (plan.height // self._cell, plan.width // self._cell)
        begun, held = [], []
        for opening, generator in zip(openings, generators, strict=True):
            chance = torch.rand(3, *grid, generator=generator)
            begun.append(chance if opening.begins is None else F.adaptive_avg_pool2d(opening.begins, grid))
            held.append(begun[-1] if opening.held is None else F.adaptive_avg_pool2d(opening.held, grid))
        self._held = torch.stack(held).to(models.device)
        self._colours = torch.stack(begun).to(models.device).requires_grad_()

    def parameters(self) -> list[Tensor]:
        return [self._colours]

    def render(self) -> Tensor:
        shown = clamp_with_gradient(self._colours)
        return shown.repeat_interleave(self._cell, -2).repeat_interleave(self._cell, -1)

    @torch.no_grad()
    def constrain(self) -> None:
        self._colours.clamp_(0, 1)

    def strayed(self) -> Tensor:
        return (self._colours - self._held).square().sum(1).mean((1, 2)) / SPREAD

    def state_dict(self) -> dict[str, Any]:
        return {"colours": self._colours.detach().clone(), "held": self._held}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._colours.copy_(state["colours"])
        self._held.copy_(state["held"])


def cell_side(width: int, height: int) -> int:
    """Pixels of a cell's side: the whole divisor of both sides that comes nearest to 40 cells along the shorter."""
    common = math.gcd(width, height)
    divisors = [side for side in range(1, common + 1) if common % side == 0]
    return min(divisors, key=lambda side: abs(math.log(min(width, height) / side / CELLS)))
