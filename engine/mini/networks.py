"""The mini model's networks: a small VQGAN with taming's classes and key names, and a small CLIP.

The VQGAN is read by the same loader as the published checkpoints, since its keys are the same. The image tower is
OpenAI's `ModifiedResNet`, only narrower; the text tower is a static table of words with a small head (`text.py`).
"""

from __future__ import annotations

import importlib.util
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from taming.modules.diffusionmodules.model import Decoder, Encoder
from torch import Tensor, nn

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class VQGANShape:
    """The numbers that taming calls `ddconfig`, with the codebook's two."""

    ch: int = 32  # taming's group norms need multiples of 32
    ch_mult: tuple[int, ...] = (1, 1, 2, 4)  # four levels: one code for 8x8 pixels
    num_res_blocks: int = 1
    z_channels: int = 32
    embed_dim: int = 16
    n_embed: int = 1024
    resolution: int = 256
    norm_groups: int = 4  # taming's 32 would norm each of 32 channels alone, which erases how bright it is

    def ddconfig(self) -> dict[str, Any]:
        return {
            "double_z": False,
            "z_channels": self.z_channels,
            "resolution": self.resolution,
            "in_channels": 3,
            "out_ch": 3,
            "ch": self.ch,
            "ch_mult": list(self.ch_mult),
            "num_res_blocks": self.num_res_blocks,
            "attn_resolutions": [],  # the middle block attends once, at the lowest resolution
            "dropout": 0.0,
        }

    def config(self) -> dict[str, Any]:
        """The `params` of a taming model configuration, and `norm_groups`, which taming fixes at 32."""
        return {
            "embed_dim": self.embed_dim,
            "n_embed": self.n_embed,
            "norm_groups": self.norm_groups,
            "ddconfig": self.ddconfig(),
        }


class Codebook(nn.Module):
    """Rows that stand for the pieces of a picture; the nearest row is the Euclidean one, as in taming."""

    def __init__(self, n_embed: int, embed_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_embed, embed_dim)

    def indices(self, z: Tensor) -> Tensor:
        """(B, D, h, w) -> (B, h, w) long: the row nearest to each position."""
        rows = self.embedding.weight
        flat = z.permute(0, 2, 3, 1).float()
        distance = (rows**2).sum(1) - 2 * flat @ rows.T  # |z|^2 is the same for every row
        nearest: Tensor = distance.argmin(-1)
        return nearest

    def lookup(self, indices: Tensor) -> Tensor:
        """(B, h, w) long -> (B, D, h, w)."""
        return F.embedding(indices, self.embedding.weight).permute(0, 3, 1, 2)


class VQGAN(nn.Module):
    """Encoder, codebook and decoder. Pictures are in [-1, 1] here, as in taming."""

    def __init__(self, shape: VQGANShape) -> None:
        super().__init__()
        ddconfig = shape.ddconfig()
        self.encoder = Encoder(**ddconfig)
        self.decoder = Decoder(**ddconfig)
        self.quantize = Codebook(shape.n_embed, shape.embed_dim)
        self.quant_conv = nn.Conv2d(shape.z_channels, shape.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(shape.embed_dim, shape.z_channels, 1)
        for module in self.modules():
            if isinstance(module, nn.GroupNorm):
                module.num_groups = shape.norm_groups  # parameters and keys stay the same

    def encode(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] -> (B, D, H/8, W/8), not quantised."""
        latent: Tensor = self.quant_conv(self.encoder(pictures))
        return latent

    def decode(self, latent: Tensor) -> Tensor:
        """(B, D, h, w) -> (B, 3, 8h, 8w), about [-1, 1]."""
        pictures: Tensor = self.decoder(self.post_quant_conv(latent))
        return pictures


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
