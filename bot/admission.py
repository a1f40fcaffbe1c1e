"""Who may add a picture to the queue, and how it gets there: the one way for /art and for the button `again`."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import discord

from bot import messages, replies
from bot.delivery import ReplyAddress
from bot.settings import Settings
from bot.start_images import StartImages
from engine.errors import InputError
from engine.pictures import open_picture
from engine.presets import Family, cost, plan
from engine.prompts import parse_prompts
from engine.spec import QUALITIES, ArtSpec
from storage.gallery import Gallery
from storage.queue import Job, NewJob, Queue

LARGEST_START_IMAGE: Final = 8 * 1024 * 1024  # bytes
LONGEST_SIDE: Final = 2048  # pixels of a start image as it is kept: no picture is painted larger
DOWNLOAD_SECONDS: Final = 30.0
DOUBLE_PRESS_SECONDS: Final = 3.0

_log = logging.getLogger(__name__)


class Admission:
    """The limits, and the steps from a wish to a waiting job."""

    def __init__(
        self,
        settings: Settings,
        queue: Queue,
        gallery: Gallery,
        start_images: StartImages,
        *,
        family: Callable[[], Awaitable[Family]],
        announce: Callable[[Job], Awaitable[None]],
    ) -> None:
        """`family`: which models will paint, for the cost; `announce`: told of each job that was added."""
        self._settings = settings
        self._queue = queue
        self._gallery = gallery
        self._start_images = start_images
        self._family = family
        self._announce = announce
        self._turn = asyncio.Lock()
        self._decoding = asyncio.Lock()  # one at a time: a picture of 8 MiB may hold 160 MB of pixels
        self._presses: dict[tuple[int, int], float] = {}

    async def ask(
        self, interaction: discord.Interaction[Any], spec: ArtSpec, start_image: discord.Attachment | None = None
    ) -> None:
        """Answer a wish: with a private sentence, or with a place in the queue.

        Discord is told first that an answer follows, the job is added then: when that fails there is no job that
        nobody hears of, and when the connection drops afterwards the worker's own edits answer.
        Raises InputError for a wish that can't be painted.
        """
        parse_prompts(spec.prompt)
        self._check_quality(spec)
        if start_image is not None and start_image.size > LARGEST_START_IMAGE:
            raise InputError("The start image is larger than 8 MiB: attach a smaller one.")
        await self._check_limits(interaction.user.id)
        message_id = await replies.acknowledge(interaction)
        try:
            if start_image is not None:
                spec = dataclasses.replace(spec, start_image=await self._fetch(start_image))
            job = await self._add(interaction, spec, ReplyAddress.of(interaction, message_id))
        except Exception as error:
            await replies.withdraw(interaction, replies.sentence_for(error))
            return
        await self._announce(job)

    async def again(self, interaction: discord.Interaction[Any], picture_id: int) -> None:
        """The same definition with a new seed, as a job of whoever pressed the button."""
        press = (interaction.user.id, picture_id)
        now = time.monotonic()
        self._presses = {key: then for key, then in self._presses.items() if now - then < DOUBLE_PRESS_SECONDS}
        if press in self._presses:
            await interaction.response.defer()
            return
        self._presses[press] = now
        picture = await self._gallery.get(picture_id)
        if picture is None:
            raise InputError("This picture was deleted, so I don't know any more how it was painted. Use /art instead.")
        spec = ArtSpec.from_json(picture.spec).with_seed(None)
        if spec.start_image is not None and await self._start_images.path(spec.start_image) is None:
            raise InputError("The start image of this picture is no longer kept: use /art and attach it again.")
        await self.ask(interaction, spec)

    def _check_quality(self, spec: ArtSpec) -> None:
        largest = self._settings.largest_quality
        if QUALITIES.index(spec.quality) > QUALITIES.index(largest):
            raise InputError(messages.quality_too_large(spec.quality, largest))

    async def _check_limits(self, person_id: int) -> None:
        jobs = await self._queue.open_jobs()
        own = sum(job.person_id == person_id for job in jobs)
        if own >= self._settings.jobs_per_person:
            raise InputError(messages.too_many_of_yours(own))
        if len(jobs) >= self._settings.jobs_in_all:
            raise InputError(messages.too_many_in_all(len(jobs)))

    async def _fetch(self, attachment: discord.Attachment) -> str:
        """The attachment's digest, once it was downloaded, opened and kept. Raises InputError."""
        try:
            async with asyncio.timeout(DOWNLOAD_SECONDS):
                data = await attachment.read()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.info("a start image could not be downloaded: %r", error)
            raise InputError("I could not download the start image: please attach it again.") from None
        if len(data) > LARGEST_START_IMAGE:
            raise InputError("The start image is larger than 8 MiB: attach a smaller one.")
        async with self._decoding:
            picture = await asyncio.to_thread(_redrawn, data)
        return await self._start_images.keep(picture, ".png")

    async def _add(self, interaction: discord.Interaction[Any], spec: ArtSpec, address: ReplyAddress) -> Job:
        family = await self._family()
        async with self._turn:  # two wishes at once must not both take the last place
            await self._check_limits(interaction.user.id)
            return await self._queue.add(
                NewJob(
                    person_id=interaction.user.id,
                    guild_id=interaction.guild_id,
                    spec=spec.to_json(),
                    reply=address.to_json(),
                    cost=cost(plan(spec, family)),
                )
            )


def _redrawn(data: bytes) -> bytes:
    """A stranger's picture opened with care and written anew as PNG, so that nobody after this meets its bytes."""
    picture = open_picture(data, limit_bytes=LARGEST_START_IMAGE)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
