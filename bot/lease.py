"""The claim on the job that is being painted, kept alive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from bot.painter import Painter
from bot.progress import KeptProgress
from storage.queue import Beat, Claim, Queue

BEAT_SECONDS: Final = 2.0  # between two beats: how soon a cancellation that another process noted is heeded

_log = logging.getLogger(__name__)


class Lease:
    """Keeps a claim alive while its job is painted, and passes on what the queue has to say about it."""

    def __init__(
        self, queue: Queue, claim: Claim, seconds: float, painter: Painter, measured: Callable[[], None]
    ) -> None:
        """`measured` is called once, when the progress in the queue tells a speed."""
        self._queue = queue
        self._claim = claim
        self._seconds = seconds
        self._painter = painter
        self._measured: Callable[[], None] | None = measured
        self.progress: KeptProgress | None = None

    async def hold(self) -> None:
        """Beat until cancelled."""
        pause = min(self._seconds / 3, BEAT_SECONDS)
        while True:
            try:
                progress = None if self.progress is None else self.progress.to_json()
                if await self._queue.beat(self._claim, self._seconds, progress) is not Beat.CONTINUE:
                    await self._painter.cancel()
                if self._measured is not None and progress is not None and KeptProgress.from_json(progress).step:
                    self._measured()
                    self._measured = None
            except Exception:
                _log.exception("the lease of job %d could not be prolonged", self._claim.job.id)
            await asyncio.sleep(pause)
