"""The `image` style: latents of a VQGAN (Esser et al. 2021), quantised to its codebook at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.camera import warped
from engine.drawers.clamp import clamp_with_gradient
from engine.drawers.drawer import Drawer, ParameterGroup
from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening

WRAPPED: Final = 4  # latents beyond each edge of a tile: what the decoder sees past the edge is the other side


class VQGANDrawer(Drawer):
    """Moves latents (B, C, H/f, W/f); each is shown as the nearest codebook row, decoded."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._vqgan = models.vqgan(plan.vqgan)
        self._tile = plan.tile
        codebook = self._vqgan.codebook
        self._low = codebook.amin(0)[None, :, None, None]
        self._high = codebook.amax(0)[None, :, None, None]
        self._spread = codebook.var()
        rows, columns = plan.height // self._vqgan.factor, plan.width // self._vqgan.factor
        begun, held = [], []
        for opening, generator in zip(openings, generators, strict=True):
            chance = self._random_codes(rows, columns, generator)
            begun.append(chance if opening.begins is None else self._encoded(opening.begins[None]))
            same = opening.held is None or opening.held is opening.begins
            held.append(begun[-1] if same else self._encoded(opening.held[None]))  # type: ignore[index]
        self._held = torch.cat(held)
        self._latents = torch.cat(begun).requires_grad_()

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._latents])]

    def render(self) -> Tensor:
        codes = self._vqgan.quantise(self._latents)
        return clamp_with_gradient(self._decoded_periodically(codes) if self._tile else self._vqgan.decode(codes))

    @torch.no_grad()
    def constrain(self) -> None:
        self._latents.copy_(self._latents.clamp(self._low, self._high))

    def strayed(self) -> Tensor:
        return (self._latents - self._held).square().sum(1).mean((1, 2)) / self._spread

    @torch.no_grad()
    def hold_to(self, pictures: Tensor) -> None:
        self._held.copy_(self._encoded(pictures))

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        """By way of the pixels: latents are no picture that could be resampled."""
        held = self._vqgan.decode(self._vqgan.quantise(self._held)).clamp(0, 1)
        self._latents.copy_(self._encoded(warped(self.render(), matrix)))
        self._held.copy_(self._encoded(warped(held, matrix)))

    def tensors(self) -> dict[str, Tensor]:
        return {"latents": self._latents, "held": self._held}

    def _decoded_periodically(self, codes: Tensor) -> Tensor:
        factor, rows, columns = self._vqgan.factor, *codes.shape[-2:]
        down, across = min(WRAPPED, rows), min(WRAPPED, columns)
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
