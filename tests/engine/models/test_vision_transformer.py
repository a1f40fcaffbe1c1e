"""The vision transformer against clip-anytorch's, on a small one with random weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.models.clip import clip_module
from engine.models.vision_transformer import MEAN, STANDARD_DEVIATION, VisionTransformer, resampled


@pytest.fixture(autouse=True)
def _one_thread_and_one_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def of_clip(side: int = 32) -> Any:
    """Two layers of two heads; patches of 16 pixels, 32 numbers out; no norm is the identity, no bias nought."""
    tower = clip_module("model").VisionTransformer(side, 16, 64 * 2, 2, 2, 32).eval()
    for name, parameter in tower.named_parameters():
        parameter.data += 0.1 * torch.randn_like(parameter) if parameter.ndim == 1 or "bias" in name else 0
    return tower


def seen_by_clip(tower: Any, pictures: Tensor) -> Tensor:
    mean, deviation = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STANDARD_DEVIATION).view(3, 1, 1)
    seen: Tensor = tower((pictures - mean) / deviation)
    return seen


def test_pictures_are_seen_as_by_clip() -> None:
    tower = of_clip()
    ours = VisionTransformer(tower.state_dict())
    assert (ours.input_resolution, ours.output_dim, ours.patch) == (32, 32, 16)
    pictures = torch.rand(3, 3, 32, 32)
    torch.testing.assert_close(ours(pictures), seen_by_clip(tower, pictures), atol=1e-5, rtol=1e-4)


def test_the_gradient_of_the_picture_is_clips() -> None:
    tower = of_clip()
    ours = VisionTransformer(tower.state_dict())
    pictures = torch.rand(2, 3, 32, 32, requires_grad=True)
    direction = torch.randn(32)
    (found,) = torch.autograd.grad((ours(pictures) @ direction).sum(), pictures)
    (expected,) = torch.autograd.grad((seen_by_clip(tower, pictures) @ direction).sum(), pictures)
    assert float(expected.abs().max()) > 0
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-3)
    assert not any(parameter.requires_grad for parameter in ours.parameters())


def test_half_precision_sees_nearly_the_same_in_float32() -> None:
    state = of_clip().state_dict()
    pictures = torch.rand(3, 3, 32, 32)
    exact, rough = VisionTransformer(state)(pictures), VisionTransformer(state, precision=torch.bfloat16)(pictures)
    assert rough.dtype == torch.float32
    assert (torch.cosine_similarity(exact, rough) > 0.999).all()


def test_another_side_has_a_resampled_grid_of_positions() -> None:
    state = of_clip(64).state_dict()
    ours = VisionTransformer(state, side=48)
    tower = of_clip(48)
    place = resampled(state["positional_embedding"], 3)
    tower.load_state_dict({**state, "positional_embedding": place})
    pictures = torch.rand(2, 3, 48, 48)
    assert ours.input_resolution == 48 and place.shape == (10, 128)
    torch.testing.assert_close(ours(pictures), seen_by_clip(tower, pictures), atol=1e-5, rtol=1e-4)


def test_resampling_keeps_the_class_token_a_plain_grid_and_directions() -> None:
    place = torch.randn(17, 5)
    assert resampled(place, 4) is place
    torch.testing.assert_close(resampled(place, 7)[0], place[0])
    plain = torch.cat([torch.zeros(1, 5), torch.ones(16, 5)])
    torch.testing.assert_close(resampled(plain, 6)[1:], torch.ones(36, 5))
    rising = torch.cat([torch.zeros(1), torch.arange(4.0).repeat_interleave(4)])[:, None]  # from above to below
    rows = resampled(rising, 8)[1:, 0].view(8, 8)
    assert (rows[1:] > rows[:-1]).all()
    torch.testing.assert_close(rows, rows[:, :1].expand(8, 8))
