"""The worker: claims jobs one after another, has them painted, stores the results and starts their delivery."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bot.config import Config
from bot.jobs.delivery import Delivery, ReplyAddress
from bot.jobs.estimates import wait_seconds
from bot.jobs.final import BROKE, FinalDeliveries
from bot.jobs.lease import Lease
from bot.jobs.painter import (
    Cancelled,
    Order,
    OrderRefused,
    Painter,
    PainterDied,
    PaintingFailed,
    Progress,
    Suspended,
)
from bot.jobs.places import QueuePlaces
from bot.jobs.progress import ProgressBoard, SavedProgress
from bot.pictures.start_images import StartImages
from bot.text import messages
from bot.text.language import speaking
from engine.errors import InputError, Message
from engine.service.protocol import Finished
from engine.spec.artspec import ArtSpec
from engine.spec.presets import ModelFamily
from storage.database import Database
from storage.errors import StorageError
from storage.files import FileStore
from storage.gallery import Gallery, NewPicture
from storage.queue import Beat, Claim, Job, JobState, Queue

HOUSEKEEPING_SECONDS: Final = 60.0
TROUBLE_SECONDS: Final = 5.0  # pause after a failure of the queue
FAMILY_SECONDS: Final = 1.0  # how long a request waits for the painter to report its models
FAMILY_SETTING: Final = "models"
LAST_TASKS_SECONDS: Final = 5.0  # for deliveries and edits that are running when the bot stops

_log = logging.getLogger(__name__)


class Worker:
    """Runs jobs one after another. A failure of one job never stops the next."""

    def __init__(
        self,
        config: Config,
        *,
        database: Database,
        queue: Queue,
        gallery: Gallery,
        files: FileStore,
        start_images: StartImages,
        painter: Painter,
        delivery: Delivery,
        final_deliveries: FinalDeliveries,
    ) -> None:
        self._config = config
        self._database = database
        self._queue = queue
        self._gallery = gallery
        self._files = files
        self._start_images = start_images
        self._painter = painter
        self._delivery = delivery
        self._final_deliveries = final_deliveries
        self._places = QueuePlaces(queue, delivery)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: Claim | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._family: asyncio.Task[ModelFamily] | None = None

    async def run(self) -> None:
        """Run jobs until `stop`."""
        self._family = asyncio.create_task(self._start_painter())
        await self._recover()
        housekeeping = asyncio.create_task(self._housekeeping())
        try:
            while not self._stopping.is_set():
                claim = await self._next_claim()
                if claim is not None:
                    await self._run_job(claim)
        finally:
            housekeeping.cancel()
            self._family.cancel()

    async def announce(self, job: Job) -> None:
        """Show a new job its place in the queue, and wake up the worker."""
        place, wait = await self._queue.position(job.id), await wait_seconds(self._queue, job.id)
        if wait is not None:
            await self._queue.set_predicted(job.id, wait)
        showing = asyncio.create_task(self._places.show(job, place, wait))
        await asyncio.sleep(0)  # so that it locks the message before the first progress does
        self._wake.set()
        await showing

    async def stop(self, running: asyncio.Task[None]) -> None:
        """Suspend the running job, and end `running`, the task of `run`, and all deliveries.

        If the painter does not suspend within `shutdown_seconds`, the job will resume from its last checkpoint.
        """
        self._stopping.set()
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._config.shutdown_seconds):
                while not running.done():
                    if self._running is not None:
                        await self._painter.suspend()
                    await asyncio.wait({running}, timeout=1.0)
        if not running.done():
            claim = self._running
            running.cancel()
            await asyncio.wait({running})
            if claim is not None and await self._queue.release(claim):
                _log.warning("job %d was not suspended in time; it will resume from a checkpoint", claim.job.id)
        if tasks := [*self._final_deliveries.tasks, *self._background]:
            _, late = await asyncio.wait(tasks, timeout=LAST_TASKS_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def family(self) -> ModelFamily:
        """The family of the models that paint: as configured, as the painter reports or, while it starts, as last."""
        if self._config.models != "auto":
            return self._config.models
        if self._family is not None:
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(self._family), FAMILY_SECONDS)
        return _family(await self._database.setting(FAMILY_SETTING))

    async def cancel(self, job_id: int) -> bool:
        """Cancel a job; False if it does not exist or has ended. Permissions are the caller's concern."""
        state = await self._queue.cancel(job_id)
        if state is JobState.RUNNING:
            if self._running is not None and self._running.job.id == job_id:
                await self._painter.cancel()
            return True
        if state is JobState.CANCELLED:
            self._final_deliveries.start(job_id)
            return True
        return False

    async def _start_painter(self) -> ModelFamily:
        try:
            info = await self._painter.start()
        except Exception as error:
            # The painter starts again with the first order, which fails if that fails.
            _log.error("the painter did not start: %s", error)
            return _family(await self._database.setting(FAMILY_SETTING))
        _log.info("painting with the %s models on %s", info.family, info.device)
        await self._database.set_setting(FAMILY_SETTING, info.family)
        return _family(info.family)

    async def _recover(self) -> None:
        """Reclaim what the last run left: this folder has no other worker, so all leases are void."""
        for job in await self._queue.reap(everything=True):
            _log.info("job %d was left by the last run: %s", job.id, job.state)
        await self._final_deliveries.start_all()
        try:
            referenced = await self._gallery.files() | await self._start_images.names()
            await self._files.sweep(referenced, {job.id for job in await self._queue.open_jobs()})
        except StorageError as error:
            _log.warning("unreferenced files could not be removed: %s", error)

    async def _housekeeping(self) -> None:
        """Reap expired leases and repeat failed deliveries, until cancelled."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            try:
                if await self._queue.reap():
                    self._wake.set()
                await self._final_deliveries.start_all()
            except Exception:
                _log.exception("housekeeping failed")

    async def _next_claim(self) -> Claim | None:
        """A claim on the next job, or None after a pause without one."""
        self._wake.clear()
        try:
            claim = await self._queue.claim(self._config.lease_seconds)
        except Exception:
            _log.exception("no job could be claimed")
            await self._pause(TROUBLE_SECONDS)
            return None
        if claim is None:
            await self._pause(HOUSEKEEPING_SECONDS)
        return claim

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _run_job(self, claim: Claim) -> None:
        """Run a job from its claim to its end; logs unexpected exceptions."""
        self._running = claim
        self._in_background(self._places.update())
        try:
            await self._paint(claim)
        except Exception:
            _log.exception("job %d failed unexpectedly", claim.job.id)
            await self._fail(claim, Message(BROKE), retry=True)
        finally:
            self._running = None

    async def _paint(self, claim: Claim) -> None:
        job = claim.job
        try:
            spec, address = ArtSpec.from_json(job.spec), ReplyAddress.from_json(job.reply)
            images = await self._images(spec)
            folder = await asyncio.to_thread(self._files.work_folder, job.id)
        except (InputError, ValueError) as error:
            _log.warning("job %d can't be painted: %s", job.id, error)
            reason = error.message if isinstance(error, InputError) else Message(BROKE)
            await self._fail(claim, reason, retry=False)
            return
        board = ProgressBoard(self._delivery, address, spec, job.id, self._config.progress_seconds)
        lease = Lease(self._queue, claim, self._config.lease_seconds, self._painter, self._on_speed)
        heartbeats = asyncio.create_task(lease.hold())
        try:
            result = await self._last_event(Order(job.id, spec, folder, images), board, lease)
        except (OrderRefused, PaintingFailed) as error:  # which would happen again
            await self._fail(claim, error.message, retry=False)
        except PainterDied as error:
            _log.warning("job %d, attempt %d: %s", job.id, job.attempts, error)
            await self._fail(claim, error.message, retry=True)
        except Cancelled:
            await self._fail(claim, Message("It was cancelled."), retry=True)
        else:
            if isinstance(result, Finished):
                lease.progress = _final_progress(result)
                await self._finish(claim, spec, address, result)
            else:
                await self._suspend(claim, spec, result.step, address, board)
        finally:
            heartbeats.cancel()
            self._in_background(board.close())

    async def _images(self, spec: ArtSpec) -> dict[str, Path]:
        images = await self._start_images.paths(spec)
        if images is None:
            raise InputError("A picture that was attached is no longer kept: use /art and attach it again.")
        return images

    async def _last_event(self, order: Order, board: ProgressBoard, lease: Lease) -> Finished | Suspended:
        """Paint an order, show and store its progress, and return its last event."""
        last: Finished | Suspended | None = None
        async for event in self._painter.paint(order):
            if isinstance(event, Progress):
                board.post(event)
                lease.progress = SavedProgress.of(event)
            else:
                last = event
        if last is None:
            raise PainterDied(Message("The painter ended without a picture."))
        return last

    async def _finish(self, claim: Claim, spec: ArtSpec, address: ReplyAddress, finished: Finished) -> None:
        """Store the result, end the job and start its delivery."""
        progress = _final_progress(finished).to_json()
        if await self._queue.beat(claim, self._config.lease_seconds, progress) is not Beat.CONTINUE:
            await self._fail(claim, Message("It was cancelled."), retry=True)
            return
        image = await self._files.put(finished.image, finished.image.suffix)
        films = [await self._files.put(film, film.suffix) for film in finished.films.values()]
        extras = {label: await self._files.put(file, file.suffix) for label, file in finished.extras.items()}
        picture = NewPicture(
            spec=spec.to_json(),
            seed=finished.seed,
            width=finished.width,
            height=finished.height,
            image=image,
            films=tuple(films),
            extras=extras,
            seconds=finished.seconds,
            loss=finished.loss,
            clip_score=finished.clip_score,
            models=finished.models,
            channel_id=address.channel_id,
            message_id=address.message_id,
        )
        if await self._queue.finish(claim, picture) is None:
            _log.warning("the claim on job %d was lost while it was painted; its result is dropped", claim.job.id)
            for name in (image, *films, *extras.values()):
                await self._files.remove(name)
            return
        self._final_deliveries.start(claim.job.id)

    async def _fail(self, claim: Claim, reason: Message, *, retry: bool) -> None:
        """End an attempt without a picture. The reason is stored as JSON, to be localised on delivery."""
        try:
            state = await self._queue.fail(claim, json.dumps(reason.to_data()), retry=retry)
        except StorageError as error:
            _log.error("job %d could not be ended, its lease will run out: %s", claim.job.id, error)
            return
        if state in (JobState.FAILED, JobState.CANCELLED):
            self._final_deliveries.start(claim.job.id)

    async def _suspend(
        self, claim: Claim, spec: ArtSpec, step: int | None, address: ReplyAddress, board: ProgressBoard
    ) -> None:
        """Give a suspended job back to the queue, and say so in its reply."""
        if not await self._queue.release(claim):
            return
        job_id = claim.job.id
        job = await self._queue.get(job_id)
        if job is not None and job.state is JobState.CANCELLED:
            self._final_deliveries.start(job_id)
            return
        _log.info("job %d is suspended", job_id)

        async def show() -> None:
            await board.close()
            with speaking(address.language):
                await self._delivery.show(address, messages.paused(spec, job_id, step))

        self._in_background(show())

    def _on_speed(self) -> None:
        self._in_background(self._places.update())

    def _in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception:
                _log.exception("a background task of the worker failed")

        task = asyncio.create_task(guarded())
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _final_progress(finished: Finished) -> SavedProgress:
    """What the final message needs and the gallery does not store."""
    steps = finished.iterations
    return SavedProgress(steps, steps, finished.seconds, 0.0, finished.notes)


def _family(name: str | None) -> ModelFamily:
    return "full" if name == "full" else "mini"
