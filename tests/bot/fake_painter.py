"""A painter for tests: small real pictures, real checkpoints, and failures on demand."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from pathlib import Path

from PIL import Image

from bot.jobs.painter import Cancelled, Description, Order, PainterInfo, Progress, Suspended
from engine.errors import Message
from engine.service.protocol import Finished

SIDE = 32


def colour_of(prompt: str) -> tuple[int, int, int]:
    """Each prompt's own colour, so that a mixed-up picture is seen."""
    red, green, blue = hashlib.sha256(prompt.encode()).digest()[:3]
    return red, green, blue


def picture_of(prompt: str) -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), colour_of(prompt))


class FakePainter:
    """Paints `steps` steps of `pause` seconds. `failures[prompt]` are raised, one a painting, at `failing_step`."""

    def __init__(self, steps: int = 4, pause: float = 0.01, *, notes: tuple[Message, ...] = ()) -> None:
        self.steps = steps
        self.pause = pause
        self.notes = notes
        self.failing_step = 2
        self.failures: defaultdict[str, deque[Exception]] = defaultdict(deque)
        self.orders: list[Order] = []
        self.started_at: list[int] = []
        self.film: bytes | None = None
        self.extras: dict[str, bytes] = {}  # "svg", "native.png", "1.png" …
        self.clip_score = 31.24
        self.models = "embedded mini"
        self.seen = Description(("an apple", "a peach"), True, ("red", "green"), ("low poly",), "a red apple, low poly")
        self.described: list[Path] = []
        self.closed = False
        self.unblocked = asyncio.Event()  # a test that needs a picture to take its time clears it
        self.unblocked.set()
        self._cancelled = False
        self._suspended = False
        self._paints = False

    async def start(self) -> PainterInfo:
        return PainterInfo("mini", "cpu")

    async def paint(self, order: Order) -> AsyncIterator[Progress | Finished | Suspended]:
        assert not self._paints, "two orders at once"
        self._paints, self._cancelled, self._suspended = True, False, False
        try:
            async for event in self._painting(order):
                yield event
        finally:
            self._paints = False

    async def _painting(self, order: Order) -> AsyncIterator[Progress | Finished | Suspended]:
        checkpoint = order.folder / "checkpoint"
        start = int(checkpoint.read_text()) if checkpoint.exists() else 0
        self.orders.append(order)
        self.started_at.append(start)
        for step in range(start, self.steps + 1):
            await self.unblocked.wait()
            if self._cancelled:
                raise Cancelled
            if step == self.failing_step and self.failures[order.spec.prompt]:
                raise self.failures[order.spec.prompt].popleft()
            checkpoint.write_text(str(step))
            if self._suspended:
                yield Suspended(step)
                return
            yield Progress(
                step, self.steps, 0.5, step * 0.1, (self.steps - step) * 0.1, preview_of(order.spec.prompt), self.notes
            )
            await asyncio.sleep(self.pause)
        yield self._finished(order)

    def _finished(self, order: Order) -> Finished:
        image = order.folder / "picture.png"
        picture_of(order.spec.prompt).save(image)
        films: dict[str, Path] = {}
        if self.film is not None:
            films["mp4"] = order.folder / "film.mp4"
            films["mp4"].write_bytes(self.film)
        extras = {label: order.folder / f"picture.{label}" for label in self.extras}
        for label, path in extras.items():
            path.write_bytes(self.extras[label])
        seed = order.spec.seed if order.spec.seed is not None else order.job_id
        numbers = (seed, SIDE, SIDE, self.steps, 0.4, 10.0, 0.25, self.clip_score)
        return Finished(image, films, extras, *numbers, self.notes, self.models)

    async def describe(self, image: Path) -> Description:
        self.described.append(image)
        await self.unblocked.wait()
        with Image.open(image) as picture:
            picture.load()
        return self.seen

    async def cancel(self) -> None:
        self._cancelled = True

    async def suspend(self) -> None:
        self._suspended = True

    async def close(self) -> None:
        self.closed = True


def preview_of(prompt: str) -> bytes:
    buffer = io.BytesIO()
    picture_of(prompt).save(buffer, format="WEBP", lossless=True)
    return buffer.getvalue()
