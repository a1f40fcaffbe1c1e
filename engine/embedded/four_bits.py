"""Matrices in 4 bits.

The weights of a matrix stand in groups of `GROUP` along its rows, as number · scale + least: `NAME.numbers` has two of
them in a byte, the even columns in the low half; `NAME.scale` and `NAME.least` are float16, one for each group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

GROUP: Final = 128


def restored(numbers: Tensor, scale: Tensor, least: Tensor) -> Tensor:
    """(rows, columns) float32 of (rows, columns / 2) uint8 and (rows, columns / GROUP) float16."""
    rows, half = numbers.shape
    four_bits = torch.stack([numbers & 15, numbers >> 4], -1).view(rows, -1, GROUP)
    return (four_bits.float() * scale.float()[..., None] + least.float()[..., None]).view(rows, 2 * half)


def restored_state(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A float32 state dict of what a file holds: matrices in 4 bits, everything else in float16."""
    state: dict[str, Tensor] = {}
    for key, value in stored.items():
        name, _, part = key.rpartition(".")
        if part == "numbers":
            state[name] = restored(value, stored[f"{name}.scale"], stored[f"{name}.least"])
        elif f"{name}.numbers" not in stored:
            state[key] = value.float()
    return state
