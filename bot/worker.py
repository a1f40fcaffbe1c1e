"""The single worker: takes the next job, has it painted, shows how far it is, keeps the result, delivers it."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bot import messages
from bot.delivery import Delivery, Outcome, ReplyAddress, Stage
from bot.descent import made_from
from bot.endings import BROKE, EndMessage
from bot.estimates import wait_seconds
from bot.language import to_say
from bot.lease import Lease
from bot.messages import Payload
from bot.notifications import Notifications
from bot.painter import (
    Cancelled,
    Finished,
    Order,
    OrderRefused,
    Painter,
    PainterDied,
    PaintingFailed,
    Progress,
    Suspended,
)
from bot.progress import KeptProgress, ProgressBoard
from bot.settings import Settings
from bot.start_images import StartImages
from engine.errors import InputError
from engine.presets import Family
from engine.spec import ArtSpec
from storage.database import Database
from storage.errors import StorageError
from storage.files import FileStore
from storage.gallery import Gallery, NewPicture, Picture
from storage.queue import Beat, Claim, Job, JobState, Queue

HOUSEKEEPING_SECONDS: Final = 60.0
TROUBLE_SECONDS: Final = 5.0  # pause after the queue itself failed
FAMILY_SECONDS: Final = 1.0  # how long a new job waits to learn which models will paint it
FAMILY_SETTING: Final = "models"
PLACES_TOLD: Final = 5  # how many of the waiting are told their new place when the line moves
DELIVERIES_AT_ONCE: Final = 4  # each holds its files in memory
LAST_DELIVERIES_SECONDS: Final = 5.0  # for what is on its way when the bot stops
DELIVERY_SECONDS: Final = 3 * 86_400.0  # after which a delivery that never got through is given up

_log = logging.getLogger(__name__)


class Worker:
    """Runs jobs one after another. What goes wrong in one never stops the next."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        queue: Queue,
        gallery: Gallery,
        files: FileStore,
        start_images: StartImages,
        painter: Painter,
        delivery: Delivery,
        notifications: Notifications,
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._gallery = gallery
        self._files = files
        self._start_images = start_images
        self._painter = painter
        self._delivery = delivery
        self._notifications = notifications
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: Claim | None = None
        self._deliveries: dict[int, asyncio.Task[None]] = {}
        self._delivering = asyncio.Semaphore(DELIVERIES_AT_ONCE)
        self._side_tasks: set[asyncio.Task[Any]] = set()
        self._told: dict[int, tuple[int, bool]] = {}  # by job: its place, and whether there was an estimate
        self._telling = asyncio.Lock()
        self._family: asyncio.Task[Family] | None = None

    async def run(self) -> None:
        """Work until `stop`."""
        self._family = asyncio.create_task(self._start_painter())
        await self._recover()
        housekeeping = asyncio.create_task(self._keep_house())
        try:
            while not self._stopping.is_set():
                claim = await self._next_claim()
                if claim is not None:
                    await self._serve(claim)
        finally:
            housekeeping.cancel()
            self._family.cancel()

    async def announce(self, job: Job) -> None:
        """There is a new job: tell the person its place, and go to work."""
        place, wait = await self._queue.position(job.id), await wait_seconds(self._queue, job.id)
        if wait is not None:
            await self._queue.set_predicted(job.id, wait)
        telling = asyncio.create_task(self._tell_place(job, place, wait))
        await asyncio.sleep(0)  # it takes its turn at the message before the painting's progress can
        self._news.set()
        await telling

    async def stop(self, running: asyncio.Task[None]) -> None:
        """Put the running picture aside, give its job back, and end `running`, the task of `run`.

        A painter that does not put it aside in time is left: the job goes on from its last checkpoint.
        """
        self._stopping.set()
        self._news.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.shutdown_seconds):
                while not running.done():
                    if self._running is not None:
                        await self._painter.suspend()
                    await asyncio.wait({running}, timeout=1.0)
        if not running.done():
            claim = self._running
            running.cancel()
            await asyncio.wait({running})
            if claim is not None and await self._queue.release(claim):
                _log.warning("job %d was not put aside in time; it goes on from its last checkpoint", claim.job.id)
        if tasks := [*self._deliveries.values(), *self._side_tasks]:
            _, late = await asyncio.wait(tasks, timeout=LAST_DELIVERIES_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def family(self) -> Family:
        """Which models paint: as set, as the painter says, or, while it is starting, as it said last time."""
        if self._settings.models != "auto":
            return self._settings.models
        if self._family is not None:
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(self._family), FAMILY_SECONDS)
        return _family(await self._database.setting(FAMILY_SETTING))

    async def cancel(self, job_id: int) -> bool:
        """Cancel a job on behalf of somebody who may. False: it has already ended, or there is none."""
        state = await self._queue.cancel(job_id)
        if state is JobState.RUNNING:
            if self._running is not None and self._running.job.id == job_id:
                await self._painter.cancel()
            return True
        if state is JobState.CANCELLED:
            self.deliver_soon(job_id)
            return True
        return False

    def deliver_soon(self, job_id: int) -> None:
        """Tell the person how the job ended, beside the painting; one delivery of a job at a time."""
        if job_id not in self._deliveries:
            task = asyncio.create_task(self._deliver(job_id))
            self._deliveries[job_id] = task
            task.add_done_callback(lambda _: self._deliveries.pop(job_id, None))

    async def _start_painter(self) -> Family:
        try:
            info = await self._painter.start()
        except Exception as error:
            # Not the end: the painter starts again with the first order, and its failure is that order's.
            _log.error("the painter did not start: %s", error)
            return _family(await self._database.setting(FAMILY_SETTING))
        _log.info("painting with the %s models on %s", info.family, info.device)
        await self._database.set_setting(FAMILY_SETTING, info.family)
        return _family(info.family)

    async def _recover(self) -> None:
        """Take back what the last run left: no other worker exists in this folder, so every lease is void."""
        for job in await self._queue.reap(everything=True):
            _log.info("job %d was left behind by the last run: %s", job.id, job.state)
        await self._deliver_undelivered()
        try:
            referenced = await self._gallery.files() | await self._start_images.names()
            await self._files.sweep(referenced, {job.id for job in await self._queue.open_jobs()})
        except StorageError as error:
            _log.warning("files that nobody needs could not be removed: %s", error)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            try:
                if await self._queue.reap():
                    self._news.set()
                await self._deliver_undelivered()
            except Exception:
                _log.exception("housekeeping failed")

    async def _deliver_undelivered(self) -> None:
        for job in await self._queue.undelivered():
            self.deliver_soon(job.id)

    async def _next_claim(self) -> Claim | None:
        """The next job, or None after a while without one."""
        self._news.clear()
        try:
            claim = await self._queue.claim(self._settings.lease_seconds)
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
                await self._news.wait()

    async def _serve(self, claim: Claim) -> None:
        """One job from claim to its end, whatever happens."""
        job_id = claim.job.id
        self._running = claim
        self._told.pop(job_id, None)
        self._in_background(self._tell_places())
        try:
            await self._paint(claim)
        except Exception:
            _log.exception("job %d failed unexpectedly", job_id)
            await self._give_up(claim, BROKE, retry=True)
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
            await self._give_up(claim, str(error) if isinstance(error, InputError) else BROKE, retry=False)
            return
        board = ProgressBoard(self._delivery, address, spec, job.id, self._settings.progress_seconds)
        lease = Lease(self._queue, claim, self._settings.lease_seconds, self._painter, self._speed_is_known)
        beating = asyncio.create_task(lease.hold())
        try:
            ending = await self._last_event(Order(job.id, spec, folder, images), board, lease)
        except OrderRefused as error:
            await self._give_up(claim, str(error), retry=False)
        except PaintingFailed as error:
            await self._give_up(claim, str(error), retry=False)  # it would fail again
        except PainterDied as error:
            _log.warning("job %d, attempt %d: %s", job.id, job.attempts, error)
            await self._give_up(claim, str(error), retry=True)
        except Cancelled:
            await self._give_up(claim, "It was cancelled.", retry=True)
        else:
            if isinstance(ending, Finished):
                lease.progress = _final_progress(ending)
                await self._keep(claim, spec, address, ending)
            else:
                await self._put_aside(
                    claim, messages.paused(spec, job.id, ending.step, address.language), address, board
                )
        finally:
            beating.cancel()
            self._in_background(board.close())

    async def _images(self, spec: ArtSpec) -> dict[str, Path]:
        images = await self._start_images.paths(spec)
        if images is None:
            raise InputError(to_say("A picture that was attached is no longer kept: use /art and attach it again."))
        return images

    async def _last_event(self, order: Order, board: ProgressBoard, lease: Lease) -> Finished | Suspended:
        """Follow an order to its end, showing what happens on the way."""
        ending: Finished | Suspended | None = None
        async for event in self._painter.paint(order):
            if isinstance(event, Progress):
                board.post(event)
                lease.progress = KeptProgress.of(event)
            else:
                ending = event
        if ending is None:
            raise PainterDied("The painter ended without a picture.")
        return ending

    async def _keep(self, claim: Claim, spec: ArtSpec, address: ReplyAddress, finished: Finished) -> None:
        """Store the result, end the job, and see to its delivery."""
        kept = _final_progress(finished).to_json()
        if await self._queue.beat(claim, self._settings.lease_seconds, kept) is not Beat.CONTINUE:
            await self._give_up(claim, "It was cancelled.", retry=True)
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
            _log.warning("job %d was taken away while it was painted; its result is dropped", claim.job.id)
            for name in (image, *films, *extras.values()):
                await self._files.remove(name)
            return
        self.deliver_soon(claim.job.id)

    async def _give_up(self, claim: Claim, sentence: str, *, retry: bool) -> None:
        """End an attempt without a picture."""
        try:
            state = await self._queue.fail(claim, sentence, retry=retry)
        except StorageError as error:
            _log.error("job %d could not be ended, its lease will run out: %s", claim.job.id, error)
            return
        if state in (JobState.FAILED, JobState.CANCELLED):
            self.deliver_soon(claim.job.id)

    async def _put_aside(self, claim: Claim, paused: Payload, address: ReplyAddress, board: ProgressBoard) -> None:
        if not await self._queue.release(claim):
            return
        job = await self._queue.get(claim.job.id)
        if job is not None and job.state is JobState.CANCELLED:
            self.deliver_soon(job.id)
            return
        _log.info("job %d is put aside", claim.job.id)

        async def tell() -> None:
            await board.close()
            await self._delivery.show(address, paused)

        self._in_background(tell())

    def _speed_is_known(self) -> None:
        self._in_background(self._tell_places())

    async def _tell_places(self) -> None:
        """The line has moved, or its speed was measured: tell the next ones in it where they are now."""
        if self._telling.locked():
            return
        async with self._telling:
            waiting = [job for job in await self._queue.open_jobs() if job.state is JobState.WAITING]
            for place, job in enumerate(waiting[:PLACES_TOLD], start=1):
                await self._tell_place(job, place, await wait_seconds(self._queue, job.id))

    async def _tell_place(self, job: Job, place: int, wait: float | None) -> None:
        known = (place, wait is not None)
        if self._told.get(job.id) == known:
            return
        self._told[job.id] = known
        try:
            spec, address = ArtSpec.from_json(job.spec), ReplyAddress.from_json(job.reply)
        except (InputError, ValueError):
            return  # its turn will show that nobody can read it
        await self._delivery.show(
            address, messages.waiting(spec, job.id, place, wait, address.language), stage=Stage.WAITING
        )

    def _in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception:
                _log.exception("something beside the painting failed")

        task = asyncio.create_task(guarded())
        self._side_tasks.add(task)
        task.add_done_callback(self._side_tasks.discard)

    async def _deliver(self, job_id: int) -> None:
        try:
            async with self._delivering:
                job = await self._queue.get(job_id)
                if job is not None and job.ended is not None and not job.delivered:
                    await self._files.clear_work(job.id)
                    await self._deliver_job(job)
        except Exception:
            _log.exception("job %d could not be delivered; it is tried again", job_id)

    async def _deliver_job(self, job: Job) -> None:
        """Tell the person how the job ended, and note that they know. Doing it twice changes nothing."""
        self._told.pop(job.id, None)
        try:
            address = ReplyAddress.from_json(job.reply)
        except ValueError:
            _log.error("job %d has no address that this version can read", job.id)
            await self._queue.mark_delivered(job.id)
            return
        picture = await self._gallery.by_job(job.id)
        source = None if picture is None else await made_from(self._gallery, picture, address.language)
        message = EndMessage(job, picture, address.language, source)
        receipt = await self._delivery.deliver(
            address, message.build, message.files(self._files), nonce=f"job-{job.id}"
        )
        if receipt.outcome is Outcome.LATER and time.time() - (job.ended or 0.0) < DELIVERY_SECONDS:
            return
        shown: Picture | None = None
        if receipt.outcome is not Outcome.DELIVERED:
            _log.warning("job %d: there is no way to person %d, who has it in the gallery", job.id, job.person_id)
        elif picture is not None and receipt.channel_id is not None and receipt.message_id is not None:
            await self._gallery.set_message(picture.id, receipt.channel_id, receipt.message_id)
            shown = dataclasses.replace(picture, channel_id=receipt.channel_id, message_id=receipt.message_id)
        await self._queue.mark_delivered(job.id)
        await self._queue.set_reply(job.id, address.without_token().to_json())
        if shown is not None:
            await self._notifications.tell(job, shown, address)


def _final_progress(finished: Finished) -> KeptProgress:
    """What the last message needs and the gallery does not keep."""
    steps = finished.iterations
    return KeptProgress(steps, steps, finished.seconds, 0.0, finished.notes)


def _family(name: str | None) -> Family:
    return "full" if name == "full" else "mini"
