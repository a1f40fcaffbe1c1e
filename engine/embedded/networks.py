"""The networks of the embedded CLIP. (The embedded VQGAN is an ordinary `VQGAN` with fewer channels.)

The image tower is a narrow `ModifiedResNet` of OpenAI's; the text tower is a static word table (`text.py`) with a small
head.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.models.clip import MEAN, STANDARD_DEVIATION, clip_module


@dataclass(frozen=True)
class TowerShape:
    """Hyperparameters of the image tower; names as in CLIP's ModifiedResNet."""

    layers: tuple[int, int, int, int] = (2, 2, 2, 2)
    width: int = 32
    heads: int = 16
    output_dim: int = 256
    input_resolution: int = 64

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def image_tower(shape: TowerShape) -> nn.Module:
    """OpenAI's ModifiedResNet: (B, 3, S, S) normalised -> (B, output_dim)."""
    tower: nn.Module = clip_module("model").ModifiedResNet(**shape.as_dict())
    return tower


def normalised(pictures: Tensor) -> Tensor:
    """(B, 3, H, W) in [0, 1] -> the same with CLIP's mean and standard deviation."""
    mean = pictures.new_tensor(MEAN).view(1, 3, 1, 1)
    std = pictures.new_tensor(STANDARD_DEVIATION).view(1, 3, 1, 1)
    return (pictures - mean) / std


class TextHead(nn.Module):
    """Projects a static sentence embedding into the joint space: a linear map plus an MLP."""

    def __init__(self, static_dim: int, hidden: int, output_dim: int) -> None:
        super().__init__()
        self.line = nn.Linear(static_dim, output_dim)
        self.bend = nn.Sequential(nn.Linear(static_dim, hidden), nn.GELU(), nn.Linear(hidden, output_dim))

    def forward(self, sentences: Tensor) -> Tensor:
        """(N, static_dim) unit vectors -> (N, output_dim), not unit length."""
        lifted = sentences * 5  # the components of a unit vector are small for a GELU
        joint: Tensor = self.line(lifted) + self.bend(lifted)
        return joint


def quantised_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """int8 numbers and a float16 scale for each row, which is numbers * scale."""
    flat = weight.flatten(1).float()
    scale = (flat.abs().amax(1).clamp_min(1e-8) / 127).half()
    numbers = (flat / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8)
    return numbers.view(weight.shape), scale


def restored_rows(numbers: Tensor, scale: Tensor) -> Tensor:
    """The inverse of `quantised_rows`: float32 weights."""
    shape = (-1,) + (1,) * (numbers.ndim - 1)
    return numbers.float() * scale.float().view(shape)
