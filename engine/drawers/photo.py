"""Style `photo`: a picture without a generator network, as frequencies; needs no network but a perceptor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from engine.drawers.drawer import COLOUR_VARIANCE, Drawer, Init, ParameterGroup, holds_of
from engine.drawers.spectrum import Spectrum
from engine.images.tensors import warped
from engine.registry import Models
from engine.spec.plan import Plan

FINEST: Final = 0.25  # cycles a pixel: with finer ones single bright pixels appear


class PhotoDrawer(Drawer):
    """Optimises the frequencies of the picture."""

    style = "photo"

    def __init__(
        self, plan: Plan, models: Models, inits: Sequence[Init], generators: Sequence[torch.Generator]
    ) -> None:
        self._spectrum = Spectrum(plan.height, plan.width, models.device, periodic=plan.spec.tile, finest=FINEST)
        waves = [
            self._spectrum.random(generator).to(models.device)
            if init.init_image is None
            else self._spectrum.parameters(init.init_image[None])[0]
            for init, generator in zip(inits, generators, strict=True)
        ]
        targets = [
            self._spectrum.pictures(start[None])[0]
            if init.target_image is None
            else init.target_image.to(models.device)
            for start, init in zip(waves, inits, strict=True)
        ]
        self._target = torch.stack(targets)
        self._waves = torch.stack(waves).requires_grad_()
        self._hold = holds_of(inits, plan.height, plan.width, models.device)
        self._rendered: Tensor | None = None

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._waves])]

    def render(self) -> Tensor:
        self._rendered = self._spectrum.pictures(self._waves)
        return self._rendered

    def target_loss(self) -> Tensor:
        """Distance of pixels, not of frequencies."""
        rendered = self.render() if self._rendered is None else self._rendered
        return ((rendered - self._target).square().sum(1) * self._hold).mean((1, 2)) / COLOUR_VARIANCE

    def constrain(self) -> None:
        self._rendered = None  # outdated by the step

    @torch.no_grad()
    def set_target(self, pictures: Tensor) -> None:
        self._target.copy_(pictures)

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        self._waves.copy_(self._spectrum.parameters(warped(self.render(), matrix)))
        self._target.copy_(warped(self._target, matrix))
        self._rendered = None

    def tensors(self) -> dict[str, Tensor]:
        return {"waves": self._waves, "target": self._target}
