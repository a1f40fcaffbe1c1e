"""The interface of painters: orders, progress, results and failures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.errors import Message
from engine.service.protocol import Finished
from engine.spec.artspec import ArtSpec


class _PainterError(Exception):
    """Base of failures with a message for the person; `str(error)` is the English sentence."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class OrderRefused(_PainterError):
    """The order can't be painted; its person can change it."""


class PaintingFailed(_PainterError):
    """The painting failed, and would fail again."""


class PainterDied(_PainterError):
    """The painter ended, hung or did not start; the order may be retried."""


class Cancelled(Exception):
    """The order was cancelled by `cancel()`."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to paint."""

    job_id: int
    spec: ArtSpec
    folder: Path  # for this job only: checkpoint, film recording, results
    images: dict[str, Path]  # SHA-256 digest → file, for the pictures that the spec names


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a painting."""

    step: int
    total: int
    loss: float
    elapsed: float  # seconds of painting, including those before an interruption
    remaining: float  # seconds, estimated
    preview: bytes | None  # WebP of at most 512 pixels a side; None if there is no new one
    notes: tuple[Message, ...]  # for the person


@dataclass(frozen=True, slots=True)
class Suspended:
    """The painting was suspended; an order with the same spec and folder resumes from its checkpoint."""

    step: int


@dataclass(frozen=True, slots=True)
class PainterInfo:
    """The models and device of a painter."""

    family: str  # a ModelFamily
    device: str


@dataclass(frozen=True, slots=True)
class Description:
    """What is in a picture and what it looks like, in English words, of each kind the best first."""

    things: tuple[str, ...]  # “a lighthouse”
    sure: bool  # whether the first thing is likely in the picture at all
    colours: tuple[str, ...]  # one to three
    style: tuple[str, ...]  # names of modifiers, often none
    prompt: str


class Painter(Protocol):
    """Paints one order at a time."""

    async def start(self) -> PainterInfo:
        """Load the models, unless they are loaded. Raises `PainterDied`."""

    def paint(self, order: Order) -> AsyncIterator[Progress | Finished | Suspended]:
        """Paint; yields `Progress`, only the newest to a slow consumer, and last `Finished` or `Suspended`.

        Raises `OrderRefused`, `PaintingFailed`, `PainterDied` or `Cancelled`.
        """

    async def describe(self, image: Path) -> Description:
        """Describe a picture, after the painting that is running.

        Raises `OrderRefused`, `PaintingFailed` or `PainterDied`.
        """

    async def cancel(self) -> None:
        """End the running order with `Cancelled`, within a step."""

    async def suspend(self) -> None:
        """End the running order with `Suspended`, within a step."""

    async def close(self) -> None:
        """Suspend the running order and free all resources."""
