"""Who may add a picture to the queue, and how it gets there: the one way for /art and for every button that paints."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot import messages, replies
from bot.attachments import Attachments, Intake
from bot.delivery import ReplyAddress
from bot.language import Language
from bot.limits import Limits
from bot.settings import Settings
from bot.start_images import StartImages
from engine.errors import InputError
from engine.presets import Family, cost, plan
from engine.prompts import stages_of
from engine.series import pictures_of
from engine.spec import QUALITIES, ArtSpec
from storage.people import People
from storage.queue import Job, NewJob, Origin, Queue

MOST_WORK: Final = 16.0  # of one wish, in pictures of its style at the largest quality: nine variations, a long story


class Admission:
    """The limits, and the steps from a wish to a waiting job."""

    def __init__(
        self,
        settings: Settings,
        queue: Queue,
        start_images: StartImages,
        limits: Limits,
        people: People,
        *,
        family: Callable[[], Awaitable[Family]],
        announce: Callable[[Job], Awaitable[None]],
    ) -> None:
        """`limits`: those of each server; `people`: the language that each chose; `family`: which models will paint,
        for the cost; `announce`: told of each job that was added."""
        self._settings = settings
        self._queue = queue
        self._limits = limits
        self._people = people
        self._intake = Intake(start_images)
        self._family = family
        self._announce = announce
        self._turn = asyncio.Lock()

    async def check(self, interaction: discord.Interaction[Any], spec: ArtSpec, attached: Attachments) -> float:
        """The work of a wish in units of cost, once nothing that is known before it is promised speaks against it.

        Raises InputError for a wish that can't be painted, is more than this bot or this server paints, or comes when
        there is no place for it.
        """
        language = interaction.locale
        stages_of(spec)
        self._check_quality(spec, language)
        attached.check_sizes(language)
        work = self._work(spec, await self._family(), language)
        await self._limits.check(interaction, spec, work)
        await self._check_places(interaction.user.id, language)
        return work

    async def ask(
        self,
        interaction: discord.Interaction[Any],
        spec: ArtSpec,
        attached: Attachments | None = None,
        *,
        parent_id: int | None = None,
        origin: Origin = "art",
        start: Callable[[], Awaitable[str]] | None = None,
    ) -> Job | None:
        """Answer a wish: with a private sentence (then None), or with a place in the queue for the job it returns.

        `parent_id` is the picture that it goes on from, and `origin` how; `start` keeps a picture to start from and
        gives its digest. Discord is told first that an answer follows, the job is added then: when that fails there is
        no job that nobody hears of, and when the connection drops afterwards the worker's own edits answer.
        Raises InputError for a wish that can't be painted.
        """
        attached = attached or Attachments()
        work = await self.check(interaction, spec, attached)
        message_id = await replies.acknowledge(interaction)
        try:
            fields = await self._intake.fetch(attached, interaction.locale)
            if start is not None:
                fields["start_image"] = await start()
            job = await self._add(
                interaction,
                NewJob(
                    person_id=interaction.user.id,
                    guild_id=interaction.guild_id,
                    spec=dataclasses.replace(spec, **fields).to_json(),
                    reply=(await self._address(interaction, message_id)).to_json(),
                    cost=work,
                    priority=await self._limits.priority(interaction),
                    parent_id=parent_id,
                    origin=origin,
                ),
            )
        except Exception as error:
            await replies.withdraw(interaction, replies.sentence_for(error, interaction.locale))
            return None
        await self._announce(job)
        return job

    def _check_quality(self, spec: ArtSpec, language: Language) -> None:
        largest = self._settings.largest_quality
        if QUALITIES.index(spec.quality) > QUALITIES.index(largest):
            raise InputError(messages.quality_too_large(spec.quality, largest, language))

    def _work(self, spec: ArtSpec, family: Family, language: Language) -> float:
        """In units of cost. Raises InputError for what these models can't paint, and for too much of it."""
        work = cost(plan(spec, family), pictures_of(spec))
        plainest = ArtSpec(prompt="anything", style=spec.style, quality=self._settings.largest_quality)
        if work > MOST_WORK * cost(plan(plainest, family)):
            raise InputError(messages.too_much_work(language))
        return work

    async def _check_places(self, person_id: int, language: Language) -> None:
        jobs = await self._queue.open_jobs()
        own = sum(job.person_id == person_id for job in jobs)
        if own >= self._settings.jobs_per_person:
            raise InputError(messages.too_many_of_yours(own, language))
        if len(jobs) >= self._settings.jobs_in_all:
            raise InputError(messages.too_many_in_all(len(jobs), language))

    async def _address(self, interaction: discord.Interaction[Any], message_id: int | None) -> ReplyAddress:
        """Where the answer goes, in the language that the person chose or Discord says."""
        address = ReplyAddress.of(interaction, message_id)
        chosen = await self._people.preferences(interaction.user.id)
        return address if chosen.locale is None else dataclasses.replace(address, language=chosen.locale)

    async def _add(self, interaction: discord.Interaction[Any], job: NewJob) -> Job:
        async with self._turn:  # two wishes at once must not both take the last place
            await self._limits.check_room(interaction, job.cost)
            await self._check_places(interaction.user.id, interaction.locale)
            return await self._queue.add(job)
