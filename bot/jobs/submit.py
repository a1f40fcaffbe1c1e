"""Submission of requests to the queue, for /art and for every button that paints."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot.config import Config
from bot.jobs.delivery import ReplyAddress
from bot.jobs.limits import Limits
from bot.pictures.attachments import AttachmentFetcher, Attachments
from bot.pictures.start_images import StartImages
from bot.text import messages
from bot.ui import replies
from engine.errors import InputError
from engine.spec.artspec import QUALITIES, ArtSpec
from engine.spec.plan import cost, plan
from engine.spec.presets import ModelFamily
from engine.spec.prompts import stages_of
from engine.spec.variants import pictures_of
from storage.people import People
from storage.queue import Job, NewJob, Origin, Queue

MOST_WORK: Final = 16.0  # of one request, in pictures of its style at the largest quality


class Submitter:
    """Checks requests and turns them into waiting jobs."""

    def __init__(
        self,
        config: Config,
        queue: Queue,
        start_images: StartImages,
        limits: Limits,
        people: People,
        *,
        family: Callable[[], Awaitable[ModelFamily]],
        announce: Callable[[Job], Awaitable[None]],
    ) -> None:
        """`family`: returns the family of the models that paint, for the cost; `announce`: called with each new job."""
        self._config = config
        self._queue = queue
        self._limits = limits
        self._people = people
        self._fetcher = AttachmentFetcher(start_images)
        self._family = family
        self._announce = announce
        self._lock = asyncio.Lock()

    async def check(self, interaction: discord.Interaction[Any], spec: ArtSpec, attached: Attachments) -> float:
        """Check a request before it is acknowledged, and return its cost.

        Raises `InputError` if it can't be painted, exceeds a limit of the bot or the guild, or the queue is full.
        """
        stages_of(spec)
        self._check_quality(spec)
        attached.check_sizes()
        work = self._work(spec, await self._family())
        await self._limits.check(interaction, spec, work)
        await self._check_queue(interaction.user.id)
        return work

    async def submit(
        self,
        interaction: discord.Interaction[Any],
        spec: ArtSpec,
        attached: Attachments | None = None,
        *,
        parent_id: int | None = None,
        origin: Origin = "art",
        start_image: Callable[[], Awaitable[str]] | None = None,
    ) -> Job | None:
        """Acknowledge a request and add its job, which is returned; None after a private refusal.

        `parent_id`: the source picture; `origin`: how the request came from it; `start_image`: stores a start image
        and returns its digest. The job is added after the interaction is acknowledged, so that no job lacks a reply;
        if the connection drops after that, the worker's edits answer. Raises `InputError`, as `check`.
        """
        attached = attached or Attachments()
        work = await self.check(interaction, spec, attached)
        message_id = await replies.acknowledge(interaction)
        try:
            fields = await self._fetcher.fetch(attached)
            if start_image is not None:
                fields["start_image"] = await start_image()
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
            await replies.withdraw(interaction, replies.sentence_for(error))
            return None
        await self._announce(job)
        return job

    def _check_quality(self, spec: ArtSpec) -> None:
        largest = self._config.largest_quality
        if QUALITIES.index(spec.quality) > QUALITIES.index(largest):
            raise InputError(
                "The quality {asked} is more than this bot paints: choose {largest} or less.",
                asked=spec.quality,
                largest=largest,
            )

    def _work(self, spec: ArtSpec, family: ModelFamily) -> float:
        """The cost of a request. Raises `InputError` if these models can't paint it, or if it is too much work."""
        work = cost(plan(spec, family), pictures_of(spec))
        plain = ArtSpec(prompt="anything", style=spec.style, quality=self._config.largest_quality)
        if work > MOST_WORK * cost(plan(plain, family)):
            raise InputError(
                "This is more work than I take on for one wish: choose a smaller size, fewer iterations or fewer "
                "pictures."
            )
        return work

    async def _check_queue(self, person_id: int) -> None:
        jobs = await self._queue.open_jobs()
        own = sum(job.person_id == person_id for job in jobs)
        if own >= self._config.jobs_per_person:
            raise InputError(messages.too_many_of_yours(own))
        if len(jobs) >= self._config.jobs_in_all:
            raise InputError(messages.too_many_in_all(len(jobs)))

    async def _address(self, interaction: discord.Interaction[Any], message_id: int | None) -> ReplyAddress:
        """The address of the reply, in the language that the person chose or else their Discord client has."""
        address = ReplyAddress.of(interaction, message_id)
        preferences = await self._people.preferences(interaction.user.id)
        return address if preferences.locale is None else dataclasses.replace(address, language=preferences.locale)

    async def _add(self, interaction: discord.Interaction[Any], job: NewJob) -> Job:
        async with self._lock:  # concurrent requests must not both take the last place
            await self._limits.check_room(interaction, job.cost)
            await self._check_queue(interaction.user.id)
            return await self._queue.add(job)
