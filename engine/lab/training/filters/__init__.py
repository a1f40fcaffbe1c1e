"""Filters that make a picture look as a keyword modifier of `modifiers.toml` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from torch import Tensor

from engine.lab.training.filters.built import BUILT
from engine.lab.training.filters.canvas import Look
from engine.lab.training.filters.drawn import DRAWN
from engine.lab.training.filters.graded_colours import GRADED_COLOURS
from engine.lab.training.filters.light import LIGHT
from engine.lab.training.filters.painted import PAINTED
from engine.lab.training.filters.photographed import PHOTOGRAPHED
from engine.lab.training.filters.printed import PRINTED
from engine.lab.training.filters.screens import SCREENS

Filter = Callable[[Tensor, torch.Generator], Tensor]


def _of_tensors(look: Look) -> Filter:
    """The look for (3, S, S) in [0, 1], its dice seeded by the generator."""

    def apply(picture: Tensor, generator: torch.Generator) -> Tensor:
        seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
        pixels = np.ascontiguousarray(picture.detach().cpu().float().permute(1, 2, 0).numpy())
        made = np.clip(look(pixels, np.random.default_rng(seed)), 0, 1).astype(np.float32)
        return torch.from_numpy(np.ascontiguousarray(made.transpose(2, 0, 1))).to(picture.device)

    return apply


FILTERS: Final[Mapping[str, Filter]] = MappingProxyType(
    {
        name: _of_tensors(look)
        for looks in (DRAWN, PAINTED, PRINTED, PHOTOGRAPHED, LIGHT, GRADED_COLOURS, BUILT, SCREENS)
        for name, look in looks.items()
    }
)


def filtered(picture: Tensor, modifier: str, generator: torch.Generator) -> Tensor:
    """(3, S, S) in [0, 1] -> the same, looking as the modifier of that name says."""
    return FILTERS[modifier](picture, generator)
