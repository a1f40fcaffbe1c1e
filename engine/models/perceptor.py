"""`Perceptor`: what the loop needs of a CLIP: embeddings of pictures and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Perceptor(Protocol):
    """An image tower and a text tower with a joint embedding space, as CLIP's (Radford et al. 2021), frozen."""

    name: str
    device: torch.device
    input_size: int  # side of the square input pictures, in pixels
    dimensions: int  # D, of the embeddings

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts, cached between calls; over-long texts are truncated."""

    def read(self, texts: Sequence[str]) -> Tensor:
        """(N, D) as `encode_text`, for many short texts at once, without the cache."""

    def encode_image(self, images: Tensor) -> Tensor:
        """(N, D) unit vectors of (N, 3, S, S) pictures in [0, 1], differentiable; normalises colours itself."""

    def truncated(self, text: str) -> bool:
        """Whether `text` is longer than the perceptor can read."""
