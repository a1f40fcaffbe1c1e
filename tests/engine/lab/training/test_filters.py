"""The looks that filters give to a made-up picture."""

from __future__ import annotations

import importlib.util

import pytest
import torch
from torch import Tensor

from engine.spec.modifiers import MODIFIERS

if importlib.util.find_spec("scipy") is None:
    pytest.skip("needs the packages of the extra `lab`", allow_module_level=True)

from engine.lab.training.filters import FILTERS, filtered


def disc(side: int) -> Tensor:
    """An orange disc with a blue bar to the right of its middle, on white."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    picture = torch.ones(3, side, side)
    picture[:, y**2 + x**2 < 0.5] = torch.tensor([0.9, 0.5, 0.1])[:, None]
    picture[:, (y.abs() < 0.12) & ((x - 0.2).abs() < 0.4)] = torch.tensor([0.1, 0.2, 0.6])[:, None]
    return picture


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_filter_is_named_as_a_modifier() -> None:
    assert set(FILTERS) <= set(MODIFIERS) and len(FILTERS) >= 44


@pytest.mark.parametrize("name", FILTERS)
def test_a_look_keeps_shape_and_range_and_follows_its_seed(name: str) -> None:
    picture = disc(128)
    made = filtered(picture, name, seeded(3))
    assert made.shape == picture.shape and made.dtype == torch.float32
    assert float(made.min()) >= 0 and float(made.max()) <= 1
    assert float((made - picture).abs().mean()) > 0.01
    assert torch.equal(made, filtered(picture, name, seeded(3)))
    assert torch.equal(picture, disc(128)), "the picture itself stays as it was"


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("shade", [0.0, 1.0])
def test_plain_and_odd_sized_pictures_are_taken_too(name: str, shade: float) -> None:
    made = filtered(torch.full((3, 151, 151), shade), name, seeded(1))
    assert made.shape == (3, 151, 151) and bool(torch.isfinite(made).all())
