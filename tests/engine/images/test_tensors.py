from __future__ import annotations

import pytest
import torch

from engine.images.tensors import mirrored


@pytest.mark.parametrize("size", [(6, 8), (5, 7)])
def test_mirrored_pictures_are_their_own_mirror_image(size: tuple[int, int]) -> None:
    picture = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    across, down, both = (mirrored(picture, each) for each in ("horizontal", "vertical", "both"))
    assert torch.equal(across, across.flip(-1)) and torch.equal(down, down.flip(-2))
    assert torch.equal(both, both.flip(-1)) and torch.equal(both, both.flip(-2))
    assert torch.equal(across[..., : size[1] // 2], picture[..., : size[1] // 2])
    assert torch.equal(down[..., : size[0] // 2, :], picture[..., : size[0] // 2, :])
    assert mirrored(picture, "none") is picture and across.shape == picture.shape


def test_the_seen_half_gets_the_gradient_of_both() -> None:
    picture = torch.zeros(1, 1, 2, 4, requires_grad=True)
    mirrored(picture, "horizontal").sum().backward()  # type: ignore[no-untyped-call]
    assert picture.grad is not None and picture.grad[0, 0].tolist() == [[2.0, 2.0, 0.0, 0.0]] * 2
