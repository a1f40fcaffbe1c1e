"""The `image` style: latents of a VQGAN (Esser et al. 2021), quantised to its codebook at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.drawers.clamp import clamp_with_gradient
from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening


class VQGANDrawer:
    """Moves latents (B, C, H/f, W/f); each is shown as the nearest codebook row, decoded."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._vqgan = models.vqgan(plan.vqgan)
        codebook = self._vqgan.codebook
        self._low = codebook.amin(0)[None, :, None, None]
        self._high = codebook.amax(0)[None, :, None, None]
        self._spread = codebook.var()
        rows, columns = plan.height // self._vqgan.factor, plan.width // self._vqgan.factor
        begun, held = [], []
        for opening, generator in zip(openings, generators, strict=True):
            begins = self._encoded(opening.begins)
            begun.append(self._random_codes(rows, columns, generator) if begins is None else begins)
            kept = begins if opening.held is opening.begins else self._encoded(opening.held)
            held.append(begun[-1] if kept is None else kept)
        self._held = torch.cat(held)
        self._latents = torch.cat(begun).requires_grad_()

    def parameters(self) -> list[Tensor]:
        return [self._latents]

    def render(self) -> Tensor:
        return clamp_with_gradient(self._vqgan.decode(self._vqgan.quantise(self._latents)))

    @torch.no_grad()
    def constrain(self) -> None:
        self._latents.copy_(self._latents.clamp(self._low, self._high))

    def strayed(self) -> Tensor:
        return (self._latents - self._held).square().sum(1).mean((1, 2)) / self._spread

    def state_dict(self) -> dict[str, Any]:
        return {"latents": self._latents.detach().clone(), "held": self._held}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._latents.copy_(state["latents"])
        self._held.copy_(state["held"])

    def _random_codes(self, rows: int, columns: int, generator: torch.Generator) -> Tensor:
        codebook = self._vqgan.codebook
        codes = torch.randint(len(codebook), (1, rows, columns), generator=generator)
        return codebook[codes.to(codebook.device)].permute(0, 3, 1, 2).contiguous()

    @torch.no_grad()
    def _encoded(self, picture: Tensor | None) -> Tensor | None:
        if picture is None:
            return None
        return self._vqgan.encode(picture[None].to(self._low.device)).clamp(self._low, self._high)
