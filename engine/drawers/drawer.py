"""What the painting loop needs of a thing that draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening


class Drawer(Protocol):
    """A picture maker with parameters to improve. A new style is one file that has this and one line in DRAWERS."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        """Begin B pictures, where an opening says nothing from chance."""

    def parameters(self) -> list[Tensor]:
        """What the optimiser moves."""

    def render(self) -> Tensor:
        """(B, 3, H, W) in [0, 1], differentiable in the parameters."""

    def constrain(self) -> None:
        """Bring the parameters back into their range after a step, in place."""

    def strayed(self) -> Tensor:
        """(B,) mean squared distance of the parameters from what they are held to, in units of their usual variance.

        In these units one weight fits all drawers; differentiable.
        """

    def state_dict(self) -> dict[str, Any]:
        """Tensors from which `load_state_dict` restores the same pictures."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
