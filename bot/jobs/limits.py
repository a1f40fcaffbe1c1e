"""Limits from the guild settings: channels, roles, quality, open jobs, daily budget, and the word filter.

In direct messages and in guilds that the bot is not a member of, only the word filter applies.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot.jobs.safety import refusal, refused_word
from bot.text.language import ngettext
from engine.errors import InputError
from engine.spec.artspec import QUALITIES, ArtSpec
from engine.spec.plan import cost, plan
from engine.spec.presets import ModelFamily
from storage.guilds import Guilds, GuildSettings
from storage.queue import SQLiteQueue

DAY: Final = 86_400.0  # seconds before now that count for the daily budget
MOST_NAMED: Final = 5  # channels or roles in a refusal


def draft_work(family: ModelFamily) -> float:
    """The cost of one draft, the unit in which daily budgets are shown."""
    return cost(plan(ArtSpec(prompt="anything"), family))


class Limits:
    """Checks of a request against the guild settings. They raise `InputError`."""

    def __init__(self, guilds: Guilds, queue: SQLiteQueue, family: Callable[[], Awaitable[ModelFamily]]) -> None:
        """`family`: returns the family of the models that paint, for the cost of a draft."""
        self._guilds = guilds
        self._queue = queue
        self._family = family

    async def check(self, interaction: discord.Interaction[Any], spec: ArtSpec, work: float) -> None:
        """Check all limits for a request of cost `work`. Raises `InputError`."""
        settings = await self.settings(interaction)
        self._check_channel(interaction, settings)
        self._check_roles(interaction, settings)
        self._check_quality(settings, spec)
        _check_words(settings, spec.prompt)
        await self.check_room(interaction, work)

    async def check_room(self, interaction: discord.Interaction[Any], work: float) -> None:
        """Check open jobs and daily budget, which concurrent requests change. Raises `InputError`."""
        settings = await self.settings(interaction)
        await self._check_open(interaction, settings)
        await self._check_budget(interaction, settings, work)

    async def priority(self, interaction: discord.Interaction[Any]) -> int:
        """The highest priority of the person's roles, 0 without one."""
        settings = await self.settings(interaction)
        own = _role_ids(interaction)
        return max((priority for role_id, priority in settings.priorities if role_id in own), default=0)

    async def settings(self, interaction: discord.Interaction[Any]) -> GuildSettings:
        """The settings of the guild; the defaults in direct messages and in guilds without the bot."""
        if interaction.guild_id is None or not interaction.is_guild_integration():
            return GuildSettings()
        return await self._guilds.get(interaction.guild_id)

    def _check_channel(self, interaction: discord.Interaction[Any], settings: GuildSettings) -> None:
        if not settings.channels or set(_channel_ids(interaction)) & set(settings.channels):
            return
        guild = interaction.guild
        channels = [] if guild is None else [guild.get_channel(each) for each in settings.channels]
        names = [f"#{each.name}" for each in channels if each is not None][:MOST_NAMED]
        if not names:
            raise InputError("This server does not have me paint in this channel.")
        raise InputError("This server has me paint elsewhere: please ask me in {channels}.", channels=", ".join(names))

    def _check_roles(self, interaction: discord.Interaction[Any], settings: GuildSettings) -> None:
        # People who may change the settings are exempt.
        if not settings.roles or interaction.permissions.manage_guild or _role_ids(interaction) & set(settings.roles):
            return
        guild = interaction.guild
        roles = [] if guild is None else [guild.get_role(each) for each in settings.roles]
        names = [each.name for each in roles if each is not None][:MOST_NAMED]
        if not names:
            raise InputError("This server lets only certain roles paint, and you have none.")
        raise InputError(
            "This server lets these roles paint: {roles}. A moderator can give you one.", roles=", ".join(names)
        )

    def _check_quality(self, settings: GuildSettings, spec: ArtSpec) -> None:
        largest = settings.largest_quality
        if largest is not None and QUALITIES.index(spec.quality) > QUALITIES.index(largest):
            raise InputError(
                "The quality {asked} is more than this server allows: choose {largest} or less.",
                asked=spec.quality,
                largest=largest,
            )

    async def _check_open(self, interaction: discord.Interaction[Any], settings: GuildSettings) -> None:
        if settings.open_jobs is None:
            return
        jobs = await self._queue.open_jobs(interaction.user.id)
        own = sum(job.guild_id == interaction.guild_id for job in jobs)
        if own >= settings.open_jobs:
            raise InputError(
                ngettext(
                    "You have a picture waiting or being painted, and one at a time is what this server gives each "
                    "person: wait for it to end, or take it back with /cancel.",
                    "You have {number} pictures waiting or being painted, which is as many as one person may have in "
                    "this server: wait for one to end, or take one back with /cancel.",
                    own,
                )
            )

    async def _check_budget(self, interaction: discord.Interaction[Any], settings: GuildSettings, work: float) -> None:
        if settings.cost_a_day is None:
            return
        used = await self._queue.cost_today(interaction.user.id, interaction.guild_id, time.time() - DAY)
        if used + work <= settings.cost_a_day:
            return
        draft = draft_work(await self._family())
        left = max(0.0, settings.cost_a_day - used)
        raise InputError(
            "This server gives each person a day the work of {limit} drafts; you have {left} left, and this "
            "picture takes {asked}. Choose a lower quality or a smaller size, or come back in some hours.",
            limit=in_drafts(settings.cost_a_day, draft),
            left=in_drafts(left, draft, down=True),
            asked=in_drafts(work, draft),
        )


def in_drafts(work: float, draft: float, *, down: bool = False) -> str:
    """A cost as a number of drafts: `3`, `2.5`; with `down` it is rounded down."""
    number = work / draft
    rounded = int(number * 10 + 1e-6) / 10 if down else round(number, 1)
    return f"{rounded:g}"


def _check_words(settings: GuildSettings, text: str) -> None:
    word = refused_word(text, settings.safety)
    if word is not None:
        raise InputError(refusal(word))


def _channel_ids(interaction: discord.Interaction[Any]) -> list[int | None]:
    """The ids of the channel and, for a thread, of its parent."""
    parent: int | None = getattr(interaction.channel, "parent_id", None)
    return [interaction.channel_id, parent]


def _role_ids(interaction: discord.Interaction[Any]) -> set[int]:
    user = interaction.user
    return {role.id for role in user.roles} if isinstance(user, discord.Member) else set()
