"""Random generators as a function of (seed, step, stream) alone.

A painting is therefore resumed without any generator state, and in a batch a picture gets the numbers that it would
get alone.
"""

from __future__ import annotations

import secrets
from enum import IntEnum

import torch

from engine.spec.artspec import MAXIMUM_SEED


class Stream(IntEnum):
    """Independent streams of random numbers within a step."""

    INIT = 0
    CUTOUTS = 1
    NOISE = 2


def fresh_seed() -> int:
    """A random seed, uniform in 0 … 2³²−1."""
    return secrets.randbelow(MAXIMUM_SEED + 1)


def generator(seed: int, step: int, stream: Stream, device: torch.device | str = "cpu") -> torch.Generator:
    """The generator on `device` of one stream in one step of the picture with this seed."""
    return torch.Generator(device).manual_seed(_mix(_mix(seed) ^ (step * len(Stream) + stream)))


def _mix(value: int) -> int:
    """SplitMix64 (Steele et al. 2014): neighbouring inputs give unrelated outputs, also in the lowest 32 bits, the only
    ones that torch's CPU generator uses."""
    mask = 2**64 - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return (value ^ (value >> 31)) & (2**63 - 1)
