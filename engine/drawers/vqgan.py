"""The `image` style: latents of a VQGAN (Esser et al. 2021), quantised to its codebook at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.drawers.clamp import clamp_with_gradient
from engine.models import Models
from engine.presets import Plan


class VQGANDrawer:
    """Moves latents (B, C, H/f, W/f); each is shown as the nearest codebook row, decoded."""

    def __init__(
        self, plan: Plan, models: Models, starts: Sequence[Tensor | None], generators: Sequence[torch.Generator]
    ) -> None:
        self._vqgan = models.vqgan(plan.vqgan)
        codebook = self._vqgan.codebook
        self._low = codebook.amin(0)[None, :, None, None]
        self._high = codebook.amax(0)[None, :, None, None]
        rows, columns = plan.height // self._vqgan.factor, plan.width // self._vqgan.factor
        begun = [
            self._random_codes(rows, columns, generator) if start is None else self._encoded(start, models.device)
            for start, generator in zip(starts, generators, strict=True)
        ]
        self._start = torch.cat(begun)
        self._latents = self._start.clone().requires_grad_()

    def parameters(self) -> list[Tensor]:
        return [self._latents]

    def render(self) -> Tensor:
        return clamp_with_gradient(self._vqgan.decode(self._vqgan.quantise(self._latents)))

    @torch.no_grad()
    def constrain(self) -> None:
        self._latents.copy_(self._latents.clamp(self._low, self._high))

    def strayed(self) -> Tensor:
        return (self._latents - self._start).square().sum(1).mean((1, 2))

    def state_dict(self) -> dict[str, Any]:
        return {"latents": self._latents.detach().clone(), "start": self._start}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._latents.copy_(state["latents"])
        self._start.copy_(state["start"])

    def _random_codes(self, rows: int, columns: int, generator: torch.Generator) -> Tensor:
        codebook = self._vqgan.codebook
        codes = torch.randint(len(codebook), (1, rows, columns), generator=generator)
        return codebook[codes.to(codebook.device)].permute(0, 3, 1, 2).contiguous()

    @torch.no_grad()
    def _encoded(self, start: Tensor, device: torch.device) -> Tensor:
        return self._vqgan.encode(start[None].to(device)).clamp(self._low, self._high)
