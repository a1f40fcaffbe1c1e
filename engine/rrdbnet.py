"""The network of Real-ESRGAN (Wang et al. 2021): ESRGAN's residual-in-residual dense blocks, four times enlarged.

Written to the published keys: conv_first, body.N.rdbM.convK, conv_body, conv_up1, conv_up2, conv_hr, conv_last.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.checkpoints import State, check_shapes
from engine.errors import PaintingError
from engine.vqgan import autocast, settle

SCALE: Final = 4
RESIDUAL: Final = 0.2  # of what a block adds
SLOPE: Final = 0.2  # of the leaky rectifiers
_PARTS: Final = ("params_ema", "params")  # under which BasicSR keeps the weights; the averaged ones are the published


class DenseBlock(nn.Module):
    """Five convolutions, each seeing what all before it have found."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for number in range(1, 6):
            found = features if number == 5 else growth
            setattr(self, f"conv{number}", _convolution(features + (number - 1) * growth, found))

    def forward(self, entered: Tensor) -> Tensor:
        known = entered
        for number in range(1, 5):
            convolution: nn.Conv2d = getattr(self, f"conv{number}")
            known = torch.cat([known, _rectified(convolution(known))], 1)
        last: nn.Conv2d = self.get_submodule("conv5")  # type: ignore[assignment]
        added: Tensor = last(known)
        return entered + RESIDUAL * added


class ResidualBlock(nn.Module):
    """Three dense blocks, and a way around them."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, entered: Tensor) -> Tensor:
        added: Tensor = self.rdb3(self.rdb2(self.rdb1(entered)))
        return entered + RESIDUAL * added


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
        seen = coarse + self.conv_body(self.body(coarse))
        seen = _rectified(self.conv_up1(F.interpolate(seen, scale_factor=2, mode="nearest")))
        seen = _rectified(self.conv_up2(F.interpolate(seen, scale_factor=2, mode="nearest")))
        enlarged: Tensor = self.conv_last(_rectified(self.conv_hr(seen)))
        return enlarged


class Upscaler:
    """A settled RRDBNet on its device: frozen, its products in `precision`."""

    def __init__(self, network: RRDBNet, device: torch.device, precision: torch.dtype) -> None:
        settle(network, device, precision)
        self.device, self.precision = device, precision
        self._network = network

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], device: torch.device, precision: torch.dtype) -> Upscaler:
        """With published weights, whose keys and shapes say how large the network is.

        Raises `PaintingError` when they are no RRDBNet's.
        """
        numbers = [int(found[1]) for key in state if (found := re.match(r"body\.(\d{1,3})\.rdb1\.conv1\.weight$", key))]
        first, grown = state.get("conv_first.weight"), state.get("body.0.rdb1.conv1.weight")
        if first is None or grown is None or first.dim() != 4 or grown.dim() != 4:
            raise PaintingError("The weights are not those of this upscaler: its first layers are missing.")
        with torch.device("meta"):
            network = RRDBNet(max(numbers) + 1, len(first), len(grown))
        check_shapes({key: tuple(value.shape) for key, value in network.state_dict().items()}, state, "upscaler")
        network.load_state_dict({key: state[key].float() for key in network.state_dict()}, assign=True)
        return cls(network, device, precision)

    @torch.no_grad()
    def enlarge(self, picture: Tensor) -> Tensor:
        """(3, H, W) in [0, 1] → (3, 4H, 4W) in [0, 1], on the CPU as it was given there."""
        with autocast(self.device, self.precision):
            enlarged: Tensor = self._network(picture[None].to(self.device))
        return enlarged[0].float().clamp(0, 1).to(picture.device)


def read_upscaler(path: Path) -> State:
    """The weights in a file of BasicSR's or in safetensors. Nothing in it is run.

    Raises `PaintingError` when the file is missing, damaged, or holds anything but weights.
    """
    try:
        content = load_file(path) if _is_safetensors(path) else torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise PaintingError(
            f"The file {path.name} holds more than weights or is damaged, so it was not opened: pull it again."
        ) from error
    except (SafetensorError, OSError, RuntimeError, ValueError, EOFError, KeyError, IndexError, TypeError) as error:
        raise PaintingError(
            f"The file {path.name} is not a file of weights, or it is damaged: pull it again."
        ) from error
    state = next((content[part] for part in _PARTS if isinstance(content, dict) and part in content), content)
    if not isinstance(state, dict) or not any(isinstance(value, Tensor) for value in state.values()):
        raise PaintingError(f"The file {path.name} is a torch file without weights in it.")
    return {str(key): value for key, value in state.items() if isinstance(value, Tensor)}


def _is_safetensors(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _convolution(entering: int, leaving: int) -> nn.Conv2d:
    return nn.Conv2d(entering, leaving, 3, padding=1)


def _rectified(seen: Tensor) -> Tensor:
    return F.leaky_relu(seen, SLOPE)
