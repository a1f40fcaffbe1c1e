"""`Canvas`: a drawer with the symmetry and the sticker's silhouette of the spec, its parameters and learning rates."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from engine.drawers import DRAWERS, Init
from engine.images.tensors import mirrored
from engine.loop.silhouette import LEARNING_RATE as SILHOUETTE_LEARNING_RATE
from engine.loop.silhouette import Silhouette
from engine.registry import Models
from engine.spec.plan import Plan

NATIVE: Final = "native.png"
VECTORS: Final = "svg"


class Canvas:
    """B pictures as parameters, and their rendering."""

    def __init__(
        self, plan: Plan, models: Models, inits: Sequence[Init], generators: Sequence[torch.Generator]
    ) -> None:
        self._plan = plan
        self._device = models.device
        self.drawer = DRAWERS[plan.spec.style](plan, models, inits, generators)
        self._silhouette = Silhouette(plan, inits, models.device) if plan.spec.transparent else None
        groups = self.drawer.groups()
        self._tensors = [group.tensors for group in groups]
        self._learning_rates = [(group.rate * plan.learning_rate, group.last) for group in groups]
        if self._silhouette is not None:
            self._tensors.append([self._silhouette.logits])
            self._learning_rates.append((SILHOUETTE_LEARNING_RATE, None))

    @property
    def parameters(self) -> list[Tensor]:
        """All that the optimiser changes."""
        return [tensor for group in self._tensors for tensor in group]

    def optimiser(self) -> torch.optim.Adam:
        """Adam (Kingma & Ba 2015), with a parameter group for each learning rate (see `set_learning_rates`)."""
        groups: list[dict[str, Any]] = [{"params": tensors} for tensors in self._tensors]
        # Capturable: its step count stays on the device.
        return torch.optim.Adam(groups, lr=self._plan.learning_rate, capturable=self._device.type == "cuda")

    def set_learning_rates(self, optimiser: torch.optim.Optimizer, step: int) -> None:
        """Give every parameter group its learning rate at a step."""
        for group, (rate, last) in zip(optimiser.param_groups, self._learning_rates, strict=True):
            group["lr"] = learning_rate(self._plan, step, rate, last)

    def draw(self) -> Tensor:
        """(B, 3, H, W) in [0, 1], differentiable, without the silhouette."""
        return mirrored(self.drawer.render(), self._plan.spec.symmetry)

    def on_random_backgrounds(self, pictures: Tensor, rngs: Sequence[torch.Generator]) -> Tensor:
        """(B, 3, H, W) as the perceptors see them in a step: stickers each on one random colour."""
        if self._silhouette is None:
            return pictures
        backgrounds = torch.stack([torch.rand(3, generator=each) for each in rngs])
        return self._silhouette.over(pictures, backgrounds.to(self._device, non_blocking=True))

    @torch.no_grad()
    def cut_out(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) unchanged, or (B, 4, H, W) for stickers, with their opacity."""
        if self._silhouette is None:
            return pictures.detach()
        return torch.cat([pictures.detach(), self._silhouette.cut_out()], 1)

    def penalty(self, pictures: Tensor) -> Tensor:
        """(B,) penalties of the silhouettes; 0 without."""
        return pictures.new_zeros(len(pictures)) if self._silhouette is None else self._silhouette.penalty()

    def exports(self, picture: Image.Image) -> dict[str, bytes]:
        """The drawer's own files of the first picture; `picture` is how it looks when it is finished."""
        files = self.drawer.exports(0)
        if self._silhouette is not None:
            files.pop(VECTORS, None)  # strokes know nothing of the silhouette
        if NATIVE in files and (self._silhouette is not None or self._plan.spec.symmetry != "none"):
            files[NATIVE] = _in_native_size(picture, files[NATIVE])
        return files

    def state_dict(self) -> dict[str, Any]:
        logits = None if self._silhouette is None else self._silhouette.logits.detach().clone()
        return {"drawer": self.drawer.state_dict(), "silhouette": logits}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.drawer.load_state_dict(state["drawer"])
        if self._silhouette is not None:
            self._silhouette.logits.copy_(state["silhouette"])


def learning_rate(plan: Plan, step: int, rate: float | None = None, last: float | None = None) -> float:
    """The learning rate at a step: `rate`, annealed to its `last` share by a half cosine (Loshchilov & Hutter 2017).

    The schedule restarts at each stage of a story. `rate` and `last` are by default the plan's. With a moving camera
    the rate is constant, since new content comes into view until the end.
    """
    rate = plan.learning_rate if rate is None else rate
    if plan.spec.camera != "still":
        return rate
    stage = plan.stage_at(step)
    first, end = (plan.iterations * each // plan.stages for each in (stage, stage + 1))
    annealed = (1 - math.cos(math.pi * (step - first) / max(1, end - first - 1))) / 2
    return rate * (1 - (1 - (plan.last_rate if last is None else last)) * annealed)


def on_white(cut_out: Tensor) -> Tensor:
    """(B, 3 or 4, H, W) → (B, 3, H, W): stickers on white, other pictures as they are."""
    if cut_out.shape[1] == 3:
        return cut_out
    colours, opacity = cut_out.tensor_split([3], 1)
    return torch.lerp(torch.ones_like(colours), colours, opacity)


def _in_native_size(picture: Image.Image, native: bytes) -> bytes:
    """The finished picture as a PNG of the drawer's native size: one pixel a cell, symmetry and silhouette included."""
    with Image.open(io.BytesIO(native)) as opened:
        size = opened.size
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.NEAREST).save(buffer, format="PNG")
    return buffer.getvalue()
