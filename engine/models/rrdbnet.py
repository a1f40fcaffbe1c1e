"""The network of Real-ESRGAN (Wang et al. 2021): ESRGAN's residual-in-residual dense blocks, 4 times enlargement.

With the published keys: conv_first, body.N.rdbM.convK, conv_body, conv_up1, conv_up2, conv_hr, conv_last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import Message, PaintingError
from engine.models.checkpoints import check_shapes
from engine.models.vqgan import autocast, settle

SCALE: Final = 4
RESIDUAL: Final = 0.2  # scale of a block's output
SLOPE: Final = 0.2  # of the leaky ReLUs


class DenseBlock(nn.Module):
    """Five densely connected convolutions with a residual connection."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for number in range(1, 6):
            outputs = features if number == 5 else growth
            setattr(self, f"conv{number}", _convolution(features + (number - 1) * growth, outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        features = inputs
        for number in range(1, 5):
            convolution: nn.Conv2d = getattr(self, f"conv{number}")
            features = torch.cat([features, _leaky_relu(convolution(features))], 1)
        last: nn.Conv2d = self.get_submodule("conv5")  # type: ignore[assignment]
        residual: Tensor = last(features)
        return inputs + RESIDUAL * residual


class ResidualBlock(nn.Module):
    """Three dense blocks with a residual connection."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, inputs: Tensor) -> Tensor:
        residual: Tensor = self.rdb3(self.rdb2(self.rdb1(inputs)))
        return inputs + RESIDUAL * residual


class RRDBNet(nn.Module):
    """(B, 3, H, W) in [0, 1] → (B, 3, 4H, 4W), about in [0, 1]."""

    def __init__(self, blocks: int = 23, features: int = 64, growth: int = 32) -> None:
        super().__init__()
        self.conv_first = _convolution(3, features)
        self.body = nn.Sequential(*(ResidualBlock(features, growth) for _ in range(blocks)))
        self.conv_body = _convolution(features, features)
        self.conv_up1 = _convolution(features, features)
        self.conv_up2 = _convolution(features, features)
        self.conv_hr = _convolution(features, features)
        self.conv_last = _convolution(features, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        coarse = self.conv_first(pictures)
        hidden = coarse + self.conv_body(self.body(coarse))
        hidden = _leaky_relu(self.conv_up1(F.interpolate(hidden, scale_factor=2, mode="nearest")))
        hidden = _leaky_relu(self.conv_up2(F.interpolate(hidden, scale_factor=2, mode="nearest")))
        enlarged: Tensor = self.conv_last(_leaky_relu(self.conv_hr(hidden)))
        return enlarged


class Upscaler:
    """An RRDBNet, frozen, on its device, its matrix products in `precision`."""

    def __init__(self, network: RRDBNet, device: torch.device, precision: torch.dtype) -> None:
        settle(network, device, precision)
        self.device, self.precision = device, precision
        self._network = network

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], device: torch.device, precision: torch.dtype) -> Upscaler:
        """The upscaler with published weights, whose keys and shapes determine its size.

        Raises `PaintingError` if they are not those of an RRDBNet.
        """
        numbers = [int(match[1]) for key in state if (match := re.match(r"body\.(\d{1,3})\.rdb1\.conv1\.weight$", key))]
        first, dense = state.get("conv_first.weight"), state.get("body.0.rdb1.conv1.weight")
        if first is None or dense is None or first.dim() != 4 or dense.dim() != 4:
            raise PaintingError("The weights are not those of this upscaler: its first layers are missing.")
        with torch.device("meta"):
            network = RRDBNet(max(numbers) + 1, len(first), len(dense))
        needed = {key: tuple(value.shape) for key, value in network.state_dict().items()}
        check_shapes(needed, state, Message("upscaler"))
        network.load_state_dict({key: state[key].float() for key in network.state_dict()}, assign=True)
        return cls(network, device, precision)

    @torch.no_grad()
    def enlarge(self, picture: Tensor) -> Tensor:
        """(3, H, W) in [0, 1] → (3, 4H, 4W) in [0, 1], on the device of `picture`."""
        with autocast(self.device, self.precision):
            enlarged: Tensor = self._network(picture[None].to(self.device))
        return enlarged[0].float().clamp(0, 1).to(picture.device)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _leaky_relu(hidden: Tensor) -> Tensor:
    return F.leaky_relu(hidden, SLOPE)
