"""What the painting loop needs of a thing that draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Parameters that learn at one pace."""

    tensors: list[Tensor]  # the first dimension of each counts the B pictures
    rate: float = 1.0  # times the plan's learning rate
    last: float | None = None  # share of the rate left at the last step; None: the plan's


class Drawer(ABC):
    """A picture maker with parameters to improve. A new style is one file that has one of these, and one line in
    DRAWERS (and its row in the presets)."""

    @abstractmethod
    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        """Begin B pictures, where an opening says nothing from chance."""

    @abstractmethod
    def groups(self) -> list[ParameterGroup]:
        """What the optimiser moves."""

    @abstractmethod
    def render(self) -> Tensor:
        """(B, 3, H, W) in [0, 1], differentiable in the parameters. With `plan.tile` the picture is periodic."""

    @abstractmethod
    def strayed(self) -> Tensor:
        """(B,) mean squared distance of the pictures from what they are held to, in units of their usual variance.

        In these units one weight fits all drawers; differentiable. Asked for after `render` in a step.
        """

    @abstractmethod
    def hold_to(self, pictures: Tensor) -> None:
        """From now on `strayed` tells the distance from these pictures (B, 3, H, W) in [0, 1]."""

    @abstractmethod
    def move(self, matrix: Tensor) -> None:
        """Move the camera: the pictures, and what they are held to, as `engine.camera.warped` moves pictures.

        matrix (2, 3) leads from points of the new picture to points of the old one, both in -1 … 1.
        """

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """All that makes the pictures and will make the next steps: the parameters, and what they are held to."""

    def constrain(self) -> None:
        """Bring the parameters back into their range after a step, in place."""
        return None

    def finish(self) -> None:
        """The pictures are finished, perhaps before their time: what was only approached is to be reached."""
        return None

    def exports(self, index: int) -> dict[str, bytes]:
        """Files that go beside the finished PNG of picture `index`, by suffix: "svg", "native.png"."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Tensors from which `load_state_dict` restores the same pictures."""
        return {name: tensor.detach().clone() for name, tensor in self.tensors().items()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name, tensor in self.tensors().items():
            tensor.copy_(state[name])
