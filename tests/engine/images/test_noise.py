"""Structured noise to begin with: any size, full range, the same for the same generator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.images.noise import colour_gradient, fractal_noise, with_noise
from engine.loop.randomness import Stream, generator


@pytest.mark.parametrize("make", [fractal_noise, colour_gradient])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (176, 96), (32, 208), (2048, 32)])
def test_size_range_and_repeatability(make: Callable[..., Tensor], width: int, height: int) -> None:
    first, again, other = (make(width, height, generator(seed, 0, Stream.INIT)) for seed in (1, 1, 2))
    assert first.shape == (3, height, width)
    assert float(first.min()) >= 0 and float(first.max()) <= 1
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_fractal_noise_uses_the_whole_range_and_is_smooth() -> None:
    noise = fractal_noise(128, 96, generator(1, 0, Stream.INIT))
    assert float(noise.min()) == 0 and float(noise.max()) == 1
    assert float((noise[..., 1:] - noise[..., :-1]).abs().mean()) < 0.1


def test_noise_hides_the_picture_and_keeps_its_large_patches() -> None:
    picture = torch.zeros(3, 64, 96)
    picture[:, :, 48:] = 1.0
    picture[:, ::2] *= 0.5  # fine stripes
    clear, noisy, thick = (with_noise(picture, density, generator(1, 0, Stream.INIT)) for density in (0.0, 0.6, 1.0))
    for made in (clear, noisy, thick):
        assert made.shape == picture.shape
        assert float(made.min()) >= 0 and float(made.max()) <= 1
    stripes = (clear[:, 1:] - clear[:, :-1]).abs().mean()
    assert float(stripes) < 0.02
    assert float(clear[..., 60:].mean() - clear[..., :36].mean()) > 0.6
    torch.testing.assert_close(thick, fractal_noise(96, 64, generator(1, 0, Stream.INIT)))
    torch.testing.assert_close(noisy, torch.lerp(clear, thick, 0.6), atol=0.05, rtol=0)  # what overshoots is cut
