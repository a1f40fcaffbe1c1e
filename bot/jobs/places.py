"""The places of waiting jobs in the queue, shown in their replies."""

from __future__ import annotations

import asyncio
from typing import Final

from cachetools import LRUCache

from bot.jobs.delivery import Delivery, ReplyAddress, Stage
from bot.jobs.estimates import wait_seconds
from bot.text import messages
from bot.text.language import speaking
from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from storage.queue import Job, JobState, Queue

UPDATED_PLACES: Final = 5  # of the first waiting jobs, when the queue moves
JOBS_REMEMBERED: Final = 1000


class QueuePlaces:
    """Shows waiting people their place in the queue, each place once."""

    def __init__(self, queue: Queue, delivery: Delivery) -> None:
        self._queue = queue
        self._delivery = delivery
        # By job: the place that was shown, and whether there was an estimate of the wait.
        self._shown: LRUCache[int, tuple[int, bool]] = LRUCache(JOBS_REMEMBERED)
        self._updating = asyncio.Lock()

    async def update(self) -> None:
        """Show the first waiting jobs their places, after the queue moved or a first speed was measured."""
        if self._updating.locked():
            return
        async with self._updating:
            waiting = [job for job in await self._queue.open_jobs() if job.state is JobState.WAITING]
            for place, job in enumerate(waiting[:UPDATED_PLACES], start=1):
                await self.show(job, place, await wait_seconds(self._queue, job.id))

    async def show(self, job: Job, place: int, wait: float | None) -> None:
        """Show a job's place, from 1, and wait in seconds (None: no estimate), unless they were shown before."""
        state = (place, wait is not None)
        if self._shown.get(job.id) == state:
            return
        self._shown[job.id] = state
        try:
            spec, address = ArtSpec.from_json(job.spec), ReplyAddress.from_json(job.reply)
        except (InputError, ValueError):
            return  # the worker will fail the job
        with speaking(address.language):
            await self._delivery.show(address, messages.waiting(spec, job.id, place, wait), stage=Stage.WAITING)
