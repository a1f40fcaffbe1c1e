"""The snapshots of a painting in the making."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image
from torch import Tensor

from engine.spec import ArtSpec

if TYPE_CHECKING:
    from engine.painting import Painting

Arrange = Callable[[Sequence[Image.Image]], Image.Image]


class Moment:
    """The `Snapshot` of a painting in the making."""

    def __init__(self, painting: Painting, loss: Tensor | None, arrange: Arrange) -> None:
        self._painting = painting
        self._loss = loss
        self._arrange = arrange
        self.step = painting.step
        self.total = painting.plan.iterations
        self.finished = painting.finished
        self.seeds = painting.seeds
        self.notes = painting.notes

    @property
    def seed(self) -> int:
        """The seed of the first picture."""
        return self.seeds[0]

    @property
    def specs(self) -> Sequence[ArtSpec]:
        """The specs of the single pictures, with their seeds."""
        return self._painting.specs

    @property
    def loss(self) -> float:
        """Mean prompt loss of the batch before the last step; NaN before the first. Waits for the device."""
        return math.nan if self._loss is None else float(self._loss.mean())

    def scores(self) -> list[float]:
        """The CLIP score of each picture, 100 · cosine: how well it fits its words. Waits for the device."""
        return [float(each) for each in self._painting.scores()]

    def pictures(self) -> list[Image.Image]:
        """The pictures, RGB, or RGBA for stickers; on the way they show the state before the last step, which costs
        no extra render."""
        shown = self._painting.shown(fresh=self.finished)
        pixels = (shown.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(each) for each in pixels]

    def picture(self) -> Image.Image:
        """The picture; where a spec asks for several, all of them on one sheet."""
        return self._arrange(self.pictures())

    def exports(self) -> dict[str, bytes]:
        """Files that belong beside the finished picture, by suffix; those of a single picture only."""
        return self._painting.exports(self.pictures()[0]) if len(self.seeds) == 1 else {}

    def state(self) -> dict[str, Any]:
        """What `paint(..., resume=state)` needs to go on; fit for `torch.save` and `torch.load(weights_only=True)`."""
        return self._painting.state()
