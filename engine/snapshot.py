"""What a painting shows of itself after a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PIL import Image

from engine.spec import ArtSpec


class Snapshot(Protocol):
    """Where a painting is after `step` of `total` steps. Reads lazily: nothing leaves the device until asked for.

    Ask before the next step: it tells of the painting as it is, not as it was.
    """

    @property
    def step(self) -> int: ...

    @property
    def total(self) -> int:
        """Steps; a painting may be finished before it has done them all."""

    @property
    def finished(self) -> bool: ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person."""

    @property
    def seed(self) -> int:
        """The seed of the first picture."""

    @property
    def specs(self) -> Sequence[ArtSpec]:
        """The specs of the single pictures, with their seeds."""

    @property
    def loss(self) -> float:
        """Mean prompt loss of the batch before the last step; NaN before the first. Waits for the device."""

    def scores(self) -> list[float]:
        """The CLIP score of each picture, 100 · cosine: how well it fits its words. Waits for the device."""

    def pictures(self) -> list[Image.Image]:
        """The pictures, RGB, or RGBA for stickers; on the way they show the state before the last step, which costs
        no extra render."""

    def picture(self) -> Image.Image:
        """The picture; where a spec asks for several, all of them on one sheet."""

    def exports(self) -> dict[str, bytes]:
        """Files that belong beside the finished picture, by suffix; those of a single picture only."""

    def state(self) -> dict[str, Any]:
        """What `paint(..., resume=state)` needs to go on; fit for `torch.save` and `torch.load(weights_only=True)`."""
