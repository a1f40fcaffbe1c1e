"""Where chance comes from: the numbers of every step are a function of (seed, step, stream) and of nothing else.

So a painting needs no generator state to be resumed, and a picture painted in a batch draws what it would draw alone.
"""

from __future__ import annotations

import secrets
from enum import IntEnum

import torch

from engine.spec import MAXIMUM_SEED


class Stream(IntEnum):
    """Independent sources of chance within a step."""

    START = 0
    VIEWS = 1
    GRAIN = 2


def fresh_seed() -> int:
    """A seed for someone who did not ask for one, uniform in 0 … 2³²−1."""
    return secrets.randbelow(MAXIMUM_SEED + 1)


def generator(seed: int, step: int, stream: Stream, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator on `device` that only this step of this picture uses for this purpose."""
    return torch.Generator(device).manual_seed(_mix(_mix(seed) ^ (step * len(Stream) + stream)))


def _mix(value: int) -> int:
    """SplitMix64 (Steele et al. 2014): neighbouring inputs give unrelated outputs, and torch's CPU generator looks
    only at the lowest 32 bits of a seed."""
    mask = 2**64 - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return (value ^ (value >> 31)) & (2**63 - 1)
