"""`Drawer`: differentiable rendering of pictures from parameters; `Init`: its init image and target image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.registry import Models
from engine.spec.plan import Plan

COLOUR_VARIANCE: Final = 1 / 12  # of a random colour, uniform in [0, 1]


@dataclass(frozen=True, slots=True)
class Init:
    """Init image and target image of one picture, (3, H, W) in [0, 1]."""

    init_image: Tensor | None  # None: the drawer's random initialisation
    target_image: Tensor | None  # of the target loss; None: the initial picture
    palette: Tensor | None = None  # (K, 3) in [0, 1], extracted from a palette image
    hold: Tensor | None = None  # (H, W), how firmly the target image holds each part of the picture; None: 1 everywhere


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Parameters with one learning rate."""

    tensors: list[Tensor]  # the first dimension of each is B
    rate: float = 1.0  # times the plan's learning rate
    last: float | None = None  # share of the rate at the last step; None: the plan's


def holds_of(inits: Sequence[Init], rows: int, columns: int, device: torch.device | str) -> Tensor:
    """(B, rows, columns): the holds of B pictures on a grid."""
    holds = [torch.ones(rows, columns) if each.hold is None else each.hold for each in inits]
    return torch.cat([F.adaptive_avg_pool2d(hold[None], (rows, columns)) for hold in holds]).to(device)


DRAWERS: Final[dict[str, type[Drawer]]] = {}  # by the name of their style


class Drawer(ABC):
    """Renders B pictures from parameters, differentiably. A subclass with a `style` registers itself."""

    style: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "style" in cls.__dict__:
            DRAWERS[cls.style] = cls

    @abstractmethod
    def __init__(
        self, plan: Plan, models: Models, inits: Sequence[Init], generators: Sequence[torch.Generator]
    ) -> None:
        """Initialise B pictures, at random from `generators` where an init has no init image."""

    @abstractmethod
    def groups(self) -> list[ParameterGroup]:
        """The parameters that the optimiser changes."""

    @abstractmethod
    def render(self) -> Tensor:
        """(B, 3, H, W) in [0, 1], differentiable in the parameters. With `tile` the picture is periodic."""

    @abstractmethod
    def target_loss(self) -> Tensor:
        """(B,) mean squared distance of the pictures from their target images, times their hold, differentiable.

        In units of the usual variance, so that one weight fits all drawers. Called after `render` in a step.
        """

    @abstractmethod
    def set_target(self, pictures: Tensor) -> None:
        """Replace the target images by pictures (B, 3, H, W) in [0, 1]."""

    @abstractmethod
    def move(self, matrix: Tensor) -> None:
        """Move the camera: warp the pictures and their target images as `engine.images.tensors.warped` does.

        matrix (2, 3) maps points of the new picture to points of the old one, both in -1 … 1.
        """

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """The state by name: the parameters, the targets and all else that the next steps depend on."""

    def constrain(self) -> None:
        """Clamp the parameters to their range after a step, in place."""
        return

    def finish(self) -> None:
        """Called when the pictures are finished, perhaps early: what changes gradually takes its final value."""
        return

    def exports(self, index: int) -> dict[str, bytes]:
        """Further files of the finished picture `index`, by suffix: "svg", "native.png"."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """A copy of `tensors`, for `load_state_dict`."""
        return {name: tensor.detach().clone() for name, tensor in self.tensors().items()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name, tensor in self.tensors().items():
            tensor.copy_(state[name])
