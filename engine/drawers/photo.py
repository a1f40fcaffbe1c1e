"""The `photo` style: a free picture without a generator, in frequencies; works with any perceptor alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from engine.camera import warped
from engine.drawers.drawer import Drawer, ParameterGroup
from engine.drawers.spectrum import Spectrum
from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening

FINEST: Final = 0.25  # waves a pixel: with finer ones a perceptor would sprinkle single bright pixels
SPREAD: Final = 1 / 12  # variance of a colour that could be any


class PhotoDrawer(Drawer):
    """Moves the frequencies of the picture."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._spectrum = Spectrum(plan.height, plan.width, models.device, periodic=plan.tile, finest=FINEST)
        begun = [
            self._spectrum.chance(generator).to(models.device)
            if opening.begins is None
            else self._spectrum.parameters(opening.begins[None])[0]
            for opening, generator in zip(openings, generators, strict=True)
        ]
        held = [
            self._spectrum.pictures(start[None])[0] if opening.held is None else opening.held.to(models.device)
            for start, opening in zip(begun, openings, strict=True)
        ]
        self._held = torch.stack(held)
        self._waves = torch.stack(begun).requires_grad_()
        self._shown: Tensor | None = None

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._waves])]

    def render(self) -> Tensor:
        self._shown = self._spectrum.pictures(self._waves)
        return self._shown

    def strayed(self) -> Tensor:
        """Between pictures, where it is plain to see, and not between frequencies."""
        shown = self.render() if self._shown is None else self._shown
        return (shown - self._held).square().sum(1).mean((1, 2)) / SPREAD

    def constrain(self) -> None:
        self._shown = None  # it shows the waves as they were

    @torch.no_grad()
    def hold_to(self, pictures: Tensor) -> None:
        self._held.copy_(pictures)

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        self._waves.copy_(self._spectrum.parameters(warped(self.render(), matrix)))
        self._held.copy_(warped(self._held, matrix))
        self._shown = None

    def tensors(self) -> dict[str, Tensor]:
        return {"waves": self._waves, "held": self._held}
