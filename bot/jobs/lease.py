"""The lease of the running job, kept alive by heartbeats."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from bot.jobs.painter import Painter
from bot.jobs.progress import SavedProgress
from storage.queue import Beat, Claim, Queue

BEAT_SECONDS: Final = 2.0  # between two heartbeats, which also bring cancellations from the queue

_log = logging.getLogger(__name__)


class Lease:
    """Prolongs a claim while its job is painted, stores its progress, and cancels the painter if the claim is void."""

    def __init__(
        self, queue: Queue, claim: Claim, seconds: float, painter: Painter, on_speed: Callable[[], None]
    ) -> None:
        """`on_speed` is called once, when the stored progress gives a speed."""
        self._queue = queue
        self._claim = claim
        self._seconds = seconds
        self._painter = painter
        self._on_speed: Callable[[], None] | None = on_speed
        self.progress: SavedProgress | None = None

    async def hold(self) -> None:
        """Send heartbeats until cancelled."""
        pause = min(self._seconds / 3, BEAT_SECONDS)
        while True:
            try:
                progress = None if self.progress is None else self.progress.to_json()
                if await self._queue.beat(self._claim, self._seconds, progress) is not Beat.CONTINUE:
                    await self._painter.cancel()
                if self._on_speed is not None and progress is not None and SavedProgress.from_json(progress).step:
                    self._on_speed()
                    self._on_speed = None
            except Exception:
                _log.exception("the lease of job %d could not be prolonged", self._claim.job.id)
            await asyncio.sleep(pause)
