"""How far a picture is: what the job row keeps of it, and the board that shows it without ever falling behind."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bot.delivery import Delivery, ReplyAddress
from bot.messages import progress
from bot.painter import Progress
from engine.spec import ArtSpec

LONGEST_PAUSE: Final = 30.0  # seconds between two edits, however much Discord refuses

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptProgress:
    """What survives a restart: for /queue while the job runs, for the final message once it is done."""

    step: int = 0
    total: int = 0
    elapsed: float = 0.0
    remaining: float = 0.0
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | None) -> KeptProgress:
        """Read it back; nothing kept, or by another version: no progress."""
        if text is None:
            return cls()
        try:
            values = json.loads(text)
            return cls(**{**values, "notes": tuple(values.get("notes", ()))})
        except (ValueError, TypeError, AttributeError):
            return cls()

    @classmethod
    def of(cls, event: Progress) -> KeptProgress:
        return cls(event.step, event.total, event.elapsed, event.remaining)


class ProgressBoard:
    """Shows the newest progress of one job in its reply, one edit at a time; what came in between is skipped."""

    def __init__(
        self,
        delivery: Delivery,
        address: ReplyAddress,
        spec: ArtSpec,
        job_id: int,
        pause: float,
    ) -> None:
        """`pause`: seconds between two edits; it doubles while Discord refuses and comes back afterwards."""
        self._delivery = delivery
        self._address = address
        self._spec = spec
        self._job_id = job_id
        self._shortest = self._pause = pause
        self._newest: Progress | None = None
        self._preview: bytes | None = None
        self._news = asyncio.Event()
        self._stopped = asyncio.Event()
        self._showing = asyncio.create_task(self._show_newest())

    def post(self, event: Progress) -> None:
        """Put up the newest state; an older one that was not shown yet never will be."""
        self._newest = event
        self._preview = event.preview or self._preview
        self._news.set()

    async def close(self) -> None:
        """Show nothing more; returns when the last edit is through, so that a later one can't be overtaken by it."""
        self._stopped.set()
        self._news.set()
        await self._showing

    async def _show_newest(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._stopped.is_set():
                return
            event, self._newest = self._newest, None
            if event is not None:
                await self._show(event)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause):
                        await self._stopped.wait()

    async def _show(self, event: Progress) -> None:
        payload = progress(
            self._spec,
            self._job_id,
            event.step,
            event.total,
            event.elapsed,
            event.remaining,
            preview=self._preview is not None,
            notes=event.notes,
            language=self._address.language,
        )
        try:
            shown = await self._delivery.show(self._address, payload, self._preview)
        except Exception:
            _log.exception("the progress of job %d could not be shown", self._job_id)
            shown = False
        self._pause = self._shortest if shown else min(self._pause * 2, LONGEST_PAUSE)
