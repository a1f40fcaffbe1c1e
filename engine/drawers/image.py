"""Style `image`: latents of a VQGAN (Esser et al. 2021), quantised to its codebook at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.clamp import clamp_with_gradient
from engine.drawers.drawer import Drawer, Init, ParameterGroup, holds_of
from engine.images.tensors import warped
from engine.registry import Models
from engine.spec.plan import Plan

TILE_PADDING: Final = 4  # latents of circular padding around a seamless tile


class ImageDrawer(Drawer):
    """Optimises latents (B, C, H/f, W/f), quantised to the nearest codebook rows and decoded."""

    style = "image"

    def __init__(
        self, plan: Plan, models: Models, inits: Sequence[Init], generators: Sequence[torch.Generator]
    ) -> None:
        self._vqgan = models.vqgan(plan.vqgan)
        self._tile = plan.spec.tile
        codebook = self._vqgan.codebook
        self._low = codebook.amin(0)[None, :, None, None]
        self._high = codebook.amax(0)[None, :, None, None]
        self._variance = codebook.var()
        rows, columns = plan.height // self._vqgan.factor, plan.width // self._vqgan.factor
        latents, targets = [], []
        for init, generator in zip(inits, generators, strict=True):
            codes = self._random_codes(rows, columns, generator)
            latents.append(codes if init.init_image is None else self._encoded(init.init_image[None]))
            same = init.target_image is None or init.target_image is init.init_image
            targets.append(latents[-1] if same else self._encoded(init.target_image[None]))  # type: ignore[index]
        self._target = torch.cat(targets)
        self._hold = holds_of(inits, rows, columns, codebook.device)
        self._latents = torch.cat(latents).requires_grad_()

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._latents])]

    def render(self) -> Tensor:
        codes = self._vqgan.quantise(self._latents)
        return clamp_with_gradient(self._decoded_periodically(codes) if self._tile else self._vqgan.decode(codes))

    @torch.no_grad()
    def constrain(self) -> None:
        self._latents.copy_(self._latents.clamp(self._low, self._high))

    def target_loss(self) -> Tensor:
        distances = (self._latents - self._target).square().sum(1)
        return (distances * self._hold).mean((1, 2)) / self._variance

    @torch.no_grad()
    def set_target(self, pictures: Tensor) -> None:
        self._target.copy_(self._encoded(pictures))

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        """Decodes, warps and encodes again: latents cannot be resampled like pixels."""
        target = self._vqgan.decode(self._vqgan.quantise(self._target)).clamp(0, 1)
        self._latents.copy_(self._encoded(warped(self.render(), matrix)))
        self._target.copy_(self._encoded(warped(target, matrix)))

    def tensors(self) -> dict[str, Tensor]:
        return {"latents": self._latents, "target": self._target}

    def _decoded_periodically(self, codes: Tensor) -> Tensor:
        factor, rows, columns = self._vqgan.factor, *codes.shape[-2:]
        down, across = min(TILE_PADDING, rows), min(TILE_PADDING, columns)
        around = F.pad(codes, (across, across, down, down), mode="circular")
        decoded = self._vqgan.decode(around)
        top, left = down * factor, across * factor
        return decoded[..., top : top + rows * factor, left : left + columns * factor]

    def _random_codes(self, rows: int, columns: int, generator: torch.Generator) -> Tensor:
        codebook = self._vqgan.codebook
        codes = torch.randint(len(codebook), (1, rows, columns), generator=generator)
        return codebook[codes.to(codebook.device)].permute(0, 3, 1, 2).contiguous()

    @torch.no_grad()
    def _encoded(self, pictures: Tensor) -> Tensor:
        """(B, C, h, w) latents of pictures (B, 3, H, W)."""
        return self._vqgan.encode(pictures.to(self._low.device)).clamp(self._low, self._high)
