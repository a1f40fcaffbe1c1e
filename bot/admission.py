"""Who may add a picture to the queue, and how it gets there: the one way for /art and for the button `again`."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot import messages, replies
from bot.attachments import Attachments, Intake
from bot.delivery import ReplyAddress
from bot.settings import Settings
from bot.start_images import StartImages
from engine.errors import InputError
from engine.presets import Family, cost, plan
from engine.prompts import stages_of
from engine.series import pictures_of
from engine.spec import QUALITIES, ArtSpec
from storage.gallery import Gallery
from storage.queue import Job, NewJob, Queue

MOST_WORK: Final = 16.0  # of one wish, in pictures of its style at the largest quality: nine variations, a long story
DOUBLE_PRESS_SECONDS: Final = 3.0


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
        self._intake = Intake(start_images)
        self._family = family
        self._announce = announce
        self._turn = asyncio.Lock()
        self._presses: dict[tuple[int, int], float] = {}

    async def check(self, person_id: int, spec: ArtSpec, attached: Attachments) -> float:
        """The work of a wish in units of cost, once nothing that is known before it is promised speaks against it.

        Raises InputError for a wish that can't be painted, is more than this bot paints, or comes when there is no
        place for it.
        """
        stages_of(spec)
        self._check_quality(spec)
        attached.check_sizes()
        work = self._work(spec, await self._family())
        await self._check_limits(person_id)
        return work

    async def ask(
        self, interaction: discord.Interaction[Any], spec: ArtSpec, attached: Attachments | None = None
    ) -> None:
        """Answer a wish: with a private sentence, or with a place in the queue.

        Discord is told first that an answer follows, the job is added then: when that fails there is no job that
        nobody hears of, and when the connection drops afterwards the worker's own edits answer.
        Raises InputError for a wish that can't be painted.
        """
        attached = attached or Attachments()
        work = await self.check(interaction.user.id, spec, attached)
        message_id = await replies.acknowledge(interaction)
        try:
            spec = dataclasses.replace(spec, **await self._intake.fetch(attached))
            job = await self._add(interaction, spec, work, ReplyAddress.of(interaction, message_id))
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
        if await self._start_images.paths(spec) is None:
            raise InputError("A picture that was attached is no longer kept: use /art and attach it again.")
        await self.ask(interaction, spec)

    def _check_quality(self, spec: ArtSpec) -> None:
        largest = self._settings.largest_quality
        if QUALITIES.index(spec.quality) > QUALITIES.index(largest):
            raise InputError(messages.quality_too_large(spec.quality, largest))

    def _work(self, spec: ArtSpec, family: Family) -> float:
        """In units of cost. Raises InputError for what these models can't paint, and for too much of it."""
        work = cost(plan(spec, family), pictures_of(spec))
        plainest = ArtSpec(prompt="anything", style=spec.style, quality=self._settings.largest_quality)
        if work > MOST_WORK * cost(plan(plainest, family)):
            raise InputError(messages.too_much_work())
        return work

    async def _check_limits(self, person_id: int) -> None:
        jobs = await self._queue.open_jobs()
        own = sum(job.person_id == person_id for job in jobs)
        if own >= self._settings.jobs_per_person:
            raise InputError(messages.too_many_of_yours(own))
        if len(jobs) >= self._settings.jobs_in_all:
            raise InputError(messages.too_many_in_all(len(jobs)))

    async def _add(
        self, interaction: discord.Interaction[Any], spec: ArtSpec, work: float, address: ReplyAddress
    ) -> Job:
        async with self._turn:  # two wishes at once must not both take the last place
            await self._check_limits(interaction.user.id)
            return await self._queue.add(
                NewJob(
                    person_id=interaction.user.id,
                    guild_id=interaction.guild_id,
                    spec=spec.to_json(),
                    reply=address.to_json(),
                    cost=work,
                )
            )
