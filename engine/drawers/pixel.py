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

CELLS: Final = 40  # wanted along the shorter side, as in Text2Art's square grid


class PixelDrawer:
    """Moves the colours (B, 3, rows, columns) of the cells directly."""

    def __init__(
        self, plan: Plan, models: Models, starts: Sequence[Tensor | None], generators: Sequence[torch.Generator]
    ) -> None:
        self._cell = cell_side(plan.width, plan.height)
        grid = (plan.height // self._cell, plan.width // self._cell)
        begun = [
            torch.rand(3, *grid, generator=generator) if start is None else F.adaptive_avg_pool2d(start, grid).cpu()
            for start, generator in zip(starts, generators, strict=True)
        ]
        self._start = torch.stack(begun).to(models.device)
        self._colours = self._start.clone().requires_grad_()

    def parameters(self) -> list[Tensor]:
        return [self._colours]

    def render(self) -> Tensor:
        shown = clamp_with_gradient(self._colours)
        return shown.repeat_interleave(self._cell, -2).repeat_interleave(self._cell, -1)

    @torch.no_grad()
    def constrain(self) -> None:
        self._colours.clamp_(0, 1)

    def strayed(self) -> Tensor:
        return (self._colours - self._start).square().sum(1).mean((1, 2))

    def state_dict(self) -> dict[str, Any]:
        return {"colours": self._colours.detach().clone(), "start": self._start}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._colours.copy_(state["colours"])
        self._start.copy_(state["start"])


def cell_side(width: int, height: int) -> int:
    """Pixels of a cell's side: the whole divisor of both sides that comes nearest to 40 cells along the shorter."""
    common = math.gcd(width, height)
    divisors = [side for side in range(1, common + 1) if common % side == 0]
    return min(divisors, key=lambda side: abs(math.log(min(width, height) / side / CELLS)))
