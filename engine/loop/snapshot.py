"""`Snapshot`: the state of a painting after a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image
from torch import Tensor

from engine.spec.artspec import ArtSpec

if TYPE_CHECKING:
    from engine.loop.loop import Painting

Arrange = Callable[[Sequence[Image.Image]], Image.Image]


class Snapshot:
    """A painting after `step` of `total` steps; with early stopping it may be `finished` before the last.

    Lazy: nothing is copied from the device until it is read. Read it before the next step: it is a view of the
    painting, not a copy.
    """

    def __init__(self, painting: Painting, loss: Tensor | None, arrange: Arrange) -> None:
        self._painting = painting
        self._loss = loss
        self._arrange = arrange
        self.step = painting.step
        self.total = painting.plan.iterations
        self.finished = painting.finished
        self.plan = painting.plan
        self.notes = painting.notes

    @property
    def specs(self) -> Sequence[ArtSpec]:
        """The specs of the single pictures, with their seeds."""
        return [plan.spec for plan in self._painting.plans]

    @property
    def seed(self) -> int:
        """The seed of the first picture."""
        return self.specs[0].seed or 0

    @property
    def loss(self) -> float:
        """Mean prompt loss of the batch before the last step; NaN before the first. Waits for the device."""
        return math.nan if self._loss is None else float(self._loss.mean())

    def scores(self) -> list[float]:
        """The CLIP score of each picture, 100 · cosine with its prompt. Waits for the device."""
        return [float(each) for each in self._painting.scores()]

    def pictures(self) -> list[Image.Image]:
        """The pictures, RGB, or RGBA for stickers. Until the painting is finished they are those that the last step
        rendered, before its update: that costs no extra render."""
        rendered = self._painting.rendered(fresh=self.finished)
        pixels = (rendered.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(each) for each in pixels]

    def picture(self) -> Image.Image:
        """The picture; several pictures of a spec as one sheet."""
        return self._arrange(self.pictures())

    def exports(self) -> dict[str, bytes]:
        """Further files of the finished picture, by suffix; none for several pictures."""
        return self._painting.exports(self.pictures()[0]) if len(self.specs) == 1 else {}

    def state(self) -> dict[str, Any]:
        """What `paint(..., resume=state)` needs to continue; for `torch.save` and `torch.load(weights_only=True)`."""
        return self._painting.state()
