"""Progress of a job: as stored in its row, and as shown in its reply."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bot.jobs.delivery import Delivery, ReplyAddress
from bot.jobs.painter import Progress
from bot.text.language import localised, speaking
from bot.text.messages import progress
from engine.errors import Message
from engine.spec.artspec import ArtSpec

LONGEST_PAUSE: Final = 30.0  # seconds between two edits, at most

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SavedProgress:
    """The progress in a job's row: for estimates and /queue while it runs, for the final message afterwards."""

    step: int = 0
    total: int = 0
    elapsed: float = 0.0
    remaining: float = 0.0
    notes: tuple[Message, ...] = ()

    def to_json(self) -> str:
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return json.dumps(values, separators=(",", ":"), default=Message.to_data)

    @classmethod
    def from_json(cls, text: str | None) -> SavedProgress:
        """The inverse of `to_json`; no progress for None and for JSON of another version."""
        if text is None:
            return cls()
        try:
            values = json.loads(text)
            return cls(**{**values, "notes": tuple(map(Message.from_data, values.get("notes", ())))})
        except (ValueError, TypeError, AttributeError):
            return cls()

    @classmethod
    def of(cls, event: Progress) -> SavedProgress:
        return cls(event.step, event.total, event.elapsed, event.remaining)


class ProgressBoard:
    """Shows the newest progress of a job in its reply, one edit at a time; older states are skipped."""

    def __init__(
        self,
        delivery: Delivery,
        address: ReplyAddress,
        spec: ArtSpec,
        job_id: int,
        pause: float,
    ) -> None:
        """`pause`: seconds between two edits; it doubles after each failed edit and is reset by a successful one."""
        self._delivery = delivery
        self._address = address
        self._spec = spec
        self._job_id = job_id
        self._shortest = self._pause = pause
        self._newest: Progress | None = None
        self._preview: bytes | None = None
        self._changed = asyncio.Event()
        self._stopped = asyncio.Event()
        self._showing = asyncio.create_task(self._show_newest())

    def post(self, event: Progress) -> None:
        """Show this state next, instead of any older one."""
        self._newest = event
        self._preview = event.preview or self._preview
        self._changed.set()

    async def close(self) -> None:
        """Show nothing more; returns after the running edit, so that it can't overwrite a later message."""
        self._stopped.set()
        self._changed.set()
        await self._showing

    async def _show_newest(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._stopped.is_set():
                return
            event, self._newest = self._newest, None
            if event is not None:
                with speaking(self._address.language):
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
            notes=[localised(note) for note in event.notes],
        )
        try:
            succeeded = await self._delivery.show(self._address, payload, self._preview)
        except Exception:
            _log.exception("the progress of job %d could not be shown", self._job_id)
            succeeded = False
        self._pause = self._shortest if succeeded else min(self._pause * 2, LONGEST_PAUSE)
