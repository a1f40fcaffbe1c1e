"""`Prior`: what proposes init images for prompts; `Proposal`: one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.errors import Message
from engine.models.vqgan import VQGAN


@dataclass(frozen=True, slots=True)
class Proposal:
    """An init image (3, H, W) in [0, 1], and how firmly the picture is held to it.

    `hold` (H, W) multiplies the weight of the target loss: large on a ground that is to stay clean, 1 on subjects,
    0 where nothing is known.
    """

    picture: Tensor
    hold: Tensor


class Prior(Protocol):
    """Proposes init images, so that the gradient steps need not find a composition in noise."""

    def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: VQGAN) -> Proposal:
        """The proposal for `text`; random choices come from `generator`."""

    def notes(self, text: str) -> tuple[Message, ...]:
        """Messages to the user: which words of `text` the model does not know."""
