"""Structured noise to begin with: any size, full range, the same for the same generator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.randomness import Stream, generator
from engine.starts import colour_gradient, fractal_noise


@pytest.mark.parametrize("make", [fractal_noise, colour_gradient])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (176, 96), (32, 208), (2048, 32)])
def test_size_range_and_repeatability(make: Callable[..., Tensor], width: int, height: int) -> None:
    first, again, other = (make(width, height, generator(seed, 0, Stream.START)) for seed in (1, 1, 2))
    assert first.shape == (3, height, width)
    assert float(first.min()) >= 0 and float(first.max()) <= 1
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_fractal_noise_uses_the_whole_range_and_is_smooth() -> None:
    noise = fractal_noise(128, 96, generator(1, 0, Stream.START))
    assert float(noise.min()) == 0 and float(noise.max()) == 1
    assert float((noise[..., 1:] - noise[..., :-1]).abs().mean()) < 0.1
