"""What is painted on: a drawer, the mirror of its symmetry, and the outline of a sticker."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from engine.drawers import DRAWERS
from engine.models import Models
from engine.presets import Plan
from engine.schedule import learning_rate
from engine.silhouette import RATE as SILHOUETTE_RATE
from engine.silhouette import Silhouette
from engine.starts import Opening
from engine.symmetry import mirrored

NATIVE: Final = "native.png"
VECTORS: Final = "svg"


class Canvas:
    """B pictures as parameters, and how they are shown."""

    def __init__(
        self, planned: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._plan = planned
        self._device = models.device
        self.drawer = DRAWERS[planned.style](planned, models, openings, generators)
        self._silhouette = Silhouette(planned, openings, models.device) if planned.transparent else None
        groups = self.drawer.groups()
        self._tensors = [group.tensors for group in groups]
        self._paces = [(group.rate * planned.learning_rate, group.last) for group in groups]
        if self._silhouette is not None:
            self._tensors.append([self._silhouette.logits])
            self._paces.append((SILHOUETTE_RATE, None))

    @property
    def parameters(self) -> list[Tensor]:
        """All that the optimiser moves."""
        return [tensor for group in self._tensors for tensor in group]

    def optimiser(self) -> torch.optim.Adam:
        """Adam over the parameters, each group at its own pace (see `set_paces`)."""
        groups: list[dict[str, Any]] = [{"params": tensors} for tensors in self._tensors]
        # Capturable: its step count stays on the device.
        return torch.optim.Adam(groups, lr=self._plan.learning_rate, capturable=self._device.type == "cuda")

    def set_paces(self, optimiser: torch.optim.Optimizer, step: int) -> None:
        """The learning rates of a step."""
        for group, (rate, last) in zip(optimiser.param_groups, self._paces, strict=True):
            group["lr"] = learning_rate(self._plan, step, rate, last)

    def draw(self) -> Tensor:
        """(B, 3, H, W) in [0, 1], differentiable, without the outline."""
        return mirrored(self.drawer.render(), self._plan.symmetry)

    def on_grounds(self, shown: Tensor, chances: Sequence[torch.Generator]) -> Tensor:
        """The pictures as they are looked at in a step: stickers on plain grounds drawn from `chances`."""
        if self._silhouette is None:
            return shown
        grounds = torch.stack([torch.rand(3, generator=each) for each in chances])
        return self._silhouette.over(shown, grounds.to(self._device, non_blocking=True))

    @torch.no_grad()
    def cut_out(self, shown: Tensor) -> Tensor:
        """(B, 3, H, W) as they are, or (B, 4, H, W) for stickers."""
        if self._silhouette is None:
            return shown.detach()
        return torch.cat([shown.detach(), self._silhouette.cut_out()], 1)

    def penalty(self, shown: Tensor) -> Tensor:
        """(B,) what an outline costs."""
        return shown.new_zeros(len(shown)) if self._silhouette is None else self._silhouette.penalty()

    def exports(self, picture: Image.Image) -> dict[str, bytes]:
        """The drawer's own files of the first picture, which looks like `picture` when it is finished."""
        files = self.drawer.exports(0)
        if self._silhouette is not None:
            files.pop(VECTORS, None)  # strokes have no outline
        if NATIVE in files and (self._silhouette is not None or self._plan.symmetry != "none"):
            files[NATIVE] = _cells_of(picture, files[NATIVE])
        return files

    def state_dict(self) -> dict[str, Any]:
        outline = None if self._silhouette is None else self._silhouette.logits.detach().clone()
        return {"drawer": self.drawer.state_dict(), "silhouette": outline}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.drawer.load_state_dict(state["drawer"])
        if self._silhouette is not None:
            self._silhouette.logits.copy_(state["silhouette"])


def on_white(cut_out: Tensor) -> Tensor:
    """(B, 3, H, W) of pictures with or without an outline."""
    if cut_out.shape[1] == 3:
        return cut_out
    colours, opacity = cut_out.tensor_split([3], 1)
    return torch.lerp(torch.ones_like(colours), colours, opacity)


def _cells_of(picture: Image.Image, native: bytes) -> bytes:
    """The finished picture, symmetry and outline included, at one pixel a cell."""
    with Image.open(io.BytesIO(native)) as drawn:
        size = drawn.size
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.NEAREST).save(buffer, format="PNG")
    return buffer.getvalue()
