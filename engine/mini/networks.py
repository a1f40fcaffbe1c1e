"""The mini CLIP's networks. Its VQGAN is the engine's own class with fewer channels (`training/vqgan.py`).

The image tower is OpenAI's `ModifiedResNet`, only narrower; the text tower is a static table of words with a small
head (`text.py`).
"""

from __future__ import annotations

import importlib.util
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class TowerShape:
    """The numbers of the image tower."""

    layers: tuple[int, int, int, int] = (2, 2, 2, 2)
    width: int = 32
    heads: int = 16
    output_dim: int = 256
    input_resolution: int = 64

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@cache
def clip_model_module() -> ModuleType:
    """clip-anytorch's `clip/model.py` alone: `clip/__init__` would import torchvision.

    Raises ModuleNotFoundError when clip-anytorch is not installed.
    """
    package = importlib.util.find_spec("clip")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("clip-anytorch is not installed")
    spec = importlib.util.spec_from_file_location("mini_clip_model", Path(package.origin).with_name("model.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def image_tower(shape: TowerShape) -> nn.Module:
    """OpenAI's ModifiedResNet: (B, 3, S, S) normalised -> (B, output_dim)."""
    tower: nn.Module = clip_model_module().ModifiedResNet(**shape.as_dict())
    return tower


def normalised(pictures: Tensor) -> Tensor:
    """[0, 1] -> the mean and spread that CLIP's towers expect."""
    mean = pictures.new_tensor(CLIP_MEAN).view(1, 3, 1, 1)
    std = pictures.new_tensor(CLIP_STD).view(1, 3, 1, 1)
    return (pictures - mean) / std


class TextHead(nn.Module):
    """From a static sentence vector to the space that it shares with pictures."""

    def __init__(self, static_dim: int, hidden: int, output_dim: int) -> None:
        super().__init__()
        self.line = nn.Linear(static_dim, output_dim)
        self.bend = nn.Sequential(nn.Linear(static_dim, hidden), nn.GELU(), nn.Linear(hidden, output_dim))

    def forward(self, sentences: Tensor) -> Tensor:
        """(N, static_dim) unit vectors -> (N, output_dim), not unit length."""
        lifted = sentences * 5  # a unit vector's numbers are small for a GELU
        joint: Tensor = self.line(lifted) + self.bend(lifted)
        return joint


def quantised_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """int8 numbers and one float16 scale for each row; the row is numbers * scale."""
    flat = weight.flatten(1).float()
    scale = (flat.abs().amax(1).clamp_min(1e-8) / 127).half()
    numbers = (flat / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8)
    return numbers.view(weight.shape), scale


def restored_rows(numbers: Tensor, scale: Tensor) -> Tensor:
    """The float32 weight that `quantised_rows` packed."""
    shape = (-1,) + (1,) * (numbers.ndim - 1)
    return numbers.float() * scale.float().view(shape)
