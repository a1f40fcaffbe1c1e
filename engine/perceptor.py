"""What the painting loop needs of a network that sees: pictures and words as points of one sphere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Perceptor(Protocol):
    """A pair of towers, as CLIP's (Radford et al. 2021), whose parameters are frozen."""

    name: str
    device: torch.device
    input_size: int  # side of the square pictures it sees, in pixels
    dimensions: int  # D

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts, remembered between calls; over-long texts are truncated."""

    def encode_image(self, images: Tensor) -> Tensor:
        """(N, D) unit vectors of (N, 3, S, S) pictures in [0, 1], differentiable; normalises by itself."""

    def truncated(self, text: str) -> bool:
        """Whether `text` is longer than the perceptor reads."""
