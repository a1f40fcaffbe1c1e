"""The final message of a job, and its delivery."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from typing import Final

from bot.jobs.delivery import Delivery, Outcome, ReplyAddress
from bot.jobs.notifications import Notifications
from bot.jobs.progress import SavedProgress
from bot.pictures.credit import made_from
from bot.pictures.result import done, files_to_send
from bot.text import messages
from bot.text.language import N_, _, localised, speaking
from bot.text.messages import Payload
from bot.ui.uploads import Fitted, ResultFiles
from engine.errors import InputError, Message
from engine.spec.artspec import ArtSpec
from storage.files import FileStore
from storage.gallery import Gallery, Picture
from storage.queue import Job, JobState, Queue

BROKE: Final = N_("Something broke on my side while painting; please try again.")
ABANDONED: Final = N_("The painting broke off too often, so it was given up.")  # as storage.queue writes it
DELIVERIES_AT_ONCE: Final = 4  # each has its files in memory
DELIVERY_SECONDS: Final = 3 * 86_400.0  # after the end of a job, until its delivery is given up

_log = logging.getLogger(__name__)


class FinalMessage:
    """The final message of a job, made from stored rows: the same at once and after a restart."""

    def __init__(self, job: Job, picture: Picture | None, made_from: str | None = None) -> None:
        self._job = job
        self._made_from = made_from
        self._picture = picture

    def files(self, store: FileStore) -> ResultFiles | None:
        """The files to send; None for a job without a picture."""
        return None if self._picture is None else files_to_send(self._picture, store)

    def build(self, fitted: Fitted) -> Payload:
        """The payload for the files that fit, in the current language."""
        job, picture = self._job, self._picture
        try:
            spec = ArtSpec.from_json(job.spec)
        except InputError:
            return messages.failed(None, job.id, job.person_id, localised(failure_reason(job.error)))
        if picture is not None:
            progress = SavedProgress.from_json(job.progress)
            return done(
                spec,
                picture,
                image_name=fitted.image_name,
                iterations=progress.total or None,
                notes=[localised(note) for note in (*progress.notes, *fitted.notes)],
                made_from=self._made_from,
            )
        if job.state is JobState.CANCELLED:
            return messages.cancelled(spec, job.id)
        if job.state is JobState.DONE:
            deleted = _("It was deleted before I could show it.")
            return messages.failed(spec, job.id, job.person_id, deleted)
        return messages.failed(spec, job.id, job.person_id, localised(failure_reason(job.error)))


def failure_reason(error: str | None) -> Message:
    """The message in `Job.error`: JSON from the worker, a sentence from the queue and older versions."""
    if error is None:
        return Message(BROKE)
    try:
        return Message.from_data(json.loads(error))
    except ValueError:
        return Message(error)


class FinalDeliveries:
    """Delivers the final messages of ended jobs in tasks, one a job."""

    def __init__(
        self, queue: Queue, gallery: Gallery, files: FileStore, delivery: Delivery, notifications: Notifications
    ) -> None:
        self._queue = queue
        self._gallery = gallery
        self._files = files
        self._delivery = delivery
        self._notifications = notifications
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by job
        self._slots = asyncio.Semaphore(DELIVERIES_AT_ONCE)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The running deliveries."""
        return list(self._tasks.values())

    def start(self, job_id: int) -> None:
        """Start the delivery of a job that has ended, unless it is running."""
        if job_id not in self._tasks:
            task = asyncio.create_task(self._run(job_id))
            self._tasks[job_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(job_id, None))

    async def start_all(self) -> None:
        """Start the delivery of all ended jobs that are not delivered."""
        for job in await self._queue.undelivered():
            self.start(job.id)

    async def _run(self, job_id: int) -> None:
        try:
            async with self._slots:
                job = await self._queue.get(job_id)
                if job is not None and job.ended is not None and not job.delivered:
                    await self._files.clear_work(job.id)
                    await self._deliver(job)
        except Exception:
            _log.exception("job %d could not be delivered; it is tried again", job_id)

    async def _deliver(self, job: Job) -> None:
        """Deliver the message, mark the job as delivered, and notify its person. Harmless to repeat."""
        try:
            address = ReplyAddress.from_json(job.reply)
        except ValueError:
            _log.error("job %d has no address that this version can read", job.id)
            await self._queue.mark_delivered(job.id)
            return
        picture = await self._gallery.by_job(job.id)
        with speaking(address.language):
            source = None if picture is None else await made_from(self._gallery, picture)
            message = FinalMessage(job, picture, source)
            receipt = await self._delivery.deliver(
                address, message.build, message.files(self._files), nonce=f"job-{job.id}"
            )
        if receipt.outcome is Outcome.LATER and time.time() - (job.ended or 0.0) < DELIVERY_SECONDS:
            return
        delivered: Picture | None = None
        if receipt.outcome is not Outcome.DELIVERED:
            _log.warning("job %d: person %d can't be reached; the picture is in the gallery", job.id, job.person_id)
        elif picture is not None and receipt.channel_id is not None and receipt.message_id is not None:
            await self._gallery.set_message(picture.id, receipt.channel_id, receipt.message_id)
            delivered = dataclasses.replace(picture, channel_id=receipt.channel_id, message_id=receipt.message_id)
        await self._queue.mark_delivered(job.id)
        await self._queue.set_reply(job.id, address.without_token().to_json())
        if delivered is not None:
            await self._notifications.notify(job, delivered, address)
