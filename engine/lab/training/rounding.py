"""Rounding the text tower to 4 bits while it learns, and what is stored of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from engine.embedded.four_bits import GROUP, restored
from engine.embedded.text_tower import TextTower


def rounded_groups(weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`numbers`, `scale` and `least` of a (rows, columns) matrix, each group from its least value to its greatest."""
    groups = weight.float().view(len(weight), -1, GROUP)
    least = groups.amin(-1).half()
    scale = ((groups.amax(-1) - least.float()) / 15).clamp_min(1e-6).half()
    numbers = ((groups - least.float()[..., None]) / scale.float()[..., None]).round().clamp(0, 15)
    return in_bytes(numbers.view(weight.shape).byte()), scale, least


def in_bytes(numbers: Tensor) -> Tensor:
    """(rows, columns) uint8 below 16 -> (rows, columns / 2): the even columns in the low half of a byte."""
    return numbers[:, ::2] | numbers[:, 1::2] << 4


class Rounded(nn.Module):
    """A weight as it will be stored; the gradient passes straight through. Without `on` the weight itself."""

    def __init__(self) -> None:
        super().__init__()
        self.on = False

    def forward(self, weight: Tensor) -> Tensor:
        if not self.on:
            return weight
        with torch.no_grad():
            change = restored(*rounded_groups(weight)) - weight
        return weight + change


def round_in_training(tower: TextTower) -> list[Rounded]:
    """Puts a `Rounded` before each matrix that is kept in 4 bits; all of them are off."""
    roundings: list[Rounded] = []
    for module in matrices(tower):
        roundings.append(Rounded())
        parametrize.register_parametrization(module, "weight", roundings[-1])
    return roundings


def matrices(tower: TextTower) -> list[nn.Module]:
    """The modules whose weights are kept in 4 bits."""
    found: list[nn.Module] = [tower.token_embedding, tower.line, tower.bend[0], tower.bend[2]]
    layer: Any
    for layer in tower.layers:
        found += [layer.joined, layer.out, layer.linear1, layer.linear2]
    return found


def stored_tower(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What is stored of a plain state dict: matrices in 4 bits, everything else in float16."""
    stored: dict[str, Tensor] = {}
    for key, value in state.items():
        if value.ndim == 2 and value.shape[1] % GROUP == 0 and key != "positional_embedding":
            for part, tensor in zip(("numbers", "scale", "least"), rounded_groups(value), strict=True):
                stored[f"{key}.{part}"] = tensor.contiguous()
        else:
            stored[key] = value.half().contiguous()
    return stored


class PlainState:
    """A module's state dict under the names that it has without parametrisations: the weights before rounding."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def state_dict(self) -> dict[str, Tensor]:
        return {_plain(key): value for key, value in self._module.state_dict().items()}

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        self._module.load_state_dict({key: state_dict[_plain(key)] for key in self._module.state_dict()})


def _plain(key: str) -> str:
    return key.replace("parametrizations.", "").removesuffix(".original")
