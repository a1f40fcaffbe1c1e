"""What a server's moderators decided about painting: where, by whom, how much, and what better not.

In direct messages and in servers that the bot is not a member of, only the words of a prompt are looked at.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot.language import Language, say, say_number
from bot.safety import refusal, refused_word
from engine.errors import InputError
from engine.presets import Family, cost, plan
from engine.spec import QUALITIES, ArtSpec
from storage.guilds import GuildSettings, Settings
from storage.queue import SQLiteQueue

DAY: Final = 86_400.0  # seconds that a budget is counted over, up to now
MOST_NAMED: Final = 5  # channels or roles in a sentence


def work_of_a_draft(family: Family) -> float:
    """Units of cost of one draft: what moderators and people count a day's budget in."""
    return cost(plan(ArtSpec(prompt="anything"), family))


class Limits:
    """The checks before a wish is let in. Each raises InputError with a sentence that says what to do instead."""

    def __init__(self, guilds: GuildSettings, queue: SQLiteQueue, family: Callable[[], Awaitable[Family]]) -> None:
        """`family`: which models will paint, for the work of a draft."""
        self._guilds = guilds
        self._queue = queue
        self._family = family

    async def check(self, interaction: discord.Interaction[Any], spec: ArtSpec, work: float) -> None:
        """Whether this wish, with its work in units of cost, may be painted for who asks, where they ask."""
        chosen = await self.settings(interaction)
        self._check_place(interaction, chosen)
        self._check_roles(interaction, chosen)
        self._check_quality(interaction.locale, chosen, spec)
        _check_words(interaction.locale, chosen, spec.prompt)
        await self.check_room(interaction, work)

    async def check_room(self, interaction: discord.Interaction[Any], work: float) -> None:
        """Whether there is room for work of this person; to be asked again where two wishes could come at once."""
        chosen = await self.settings(interaction)
        await self._check_open(interaction, chosen)
        await self._check_budget(interaction, chosen, work)

    async def priority(self, interaction: discord.Interaction[Any]) -> int:
        """The priority of who asks: that of their best role, 0 without one."""
        chosen = await self.settings(interaction)
        own = _roles_of(interaction)
        return max((priority for role_id, priority in chosen.priorities if role_id in own), default=0)

    async def settings(self, interaction: discord.Interaction[Any]) -> Settings:
        """What is set where somebody asks; outside of the bot's servers, what every server begins with."""
        if interaction.guild_id is None or not interaction.is_guild_integration():
            return Settings()
        return await self._guilds.get(interaction.guild_id)

    def _check_place(self, interaction: discord.Interaction[Any], chosen: Settings) -> None:
        if not chosen.channels or set(_places_of(interaction)) & set(chosen.channels):
            return
        guild = interaction.guild
        channels = [] if guild is None else [guild.get_channel(each) for each in chosen.channels]
        names = [f"#{each.name}" for each in channels if each is not None][:MOST_NAMED]
        if not names:
            raise InputError(say(interaction.locale, "This server does not have me paint in this channel."))
        raise InputError(
            say(
                interaction.locale,
                "This server has me paint elsewhere: please ask me in {channels}.",
                channels=", ".join(names),
            )
        )

    def _check_roles(self, interaction: discord.Interaction[Any], chosen: Settings) -> None:
        # Who changes the settings is never shut out by them.
        if not chosen.roles or interaction.permissions.manage_guild or _roles_of(interaction) & set(chosen.roles):
            return
        guild = interaction.guild
        roles = [] if guild is None else [guild.get_role(each) for each in chosen.roles]
        names = [each.name for each in roles if each is not None][:MOST_NAMED]
        if not names:
            raise InputError(say(interaction.locale, "This server lets only certain roles paint, and you have none."))
        raise InputError(
            say(
                interaction.locale,
                "This server lets these roles paint: {roles}. A moderator can give you one.",
                roles=", ".join(names),
            )
        )

    def _check_quality(self, language: Language, chosen: Settings, spec: ArtSpec) -> None:
        largest = chosen.largest_quality
        if largest is not None and QUALITIES.index(spec.quality) > QUALITIES.index(largest):
            raise InputError(
                say(
                    language,
                    "The quality {asked} is more than this server allows: choose {largest} or less.",
                    asked=spec.quality,
                    largest=largest,
                )
            )

    async def _check_open(self, interaction: discord.Interaction[Any], chosen: Settings) -> None:
        if chosen.open_jobs is None:
            return
        jobs = await self._queue.open_jobs(interaction.user.id)
        own = sum(job.guild_id == interaction.guild_id for job in jobs)
        if own >= chosen.open_jobs:
            raise InputError(
                say_number(
                    interaction.locale,
                    "You have a picture waiting or being painted, and one at a time is what this server gives each "
                    "person: wait for it to end, or take it back with /cancel.",
                    "You have {number} pictures waiting or being painted, which is as many as one person may have in "
                    "this server: wait for one to end, or take one back with /cancel.",
                    own,
                )
            )

    async def _check_budget(self, interaction: discord.Interaction[Any], chosen: Settings, work: float) -> None:
        if chosen.cost_a_day is None:
            return
        used = await self._queue.cost_today(interaction.user.id, interaction.guild_id, time.time() - DAY)
        if used + work <= chosen.cost_a_day:
            return
        draft = work_of_a_draft(await self._family())
        left = max(0.0, chosen.cost_a_day - used)
        raise InputError(
            say(
                interaction.locale,
                "This server gives each person a day the work of {limit} drafts; you have {left} left, and this "
                "picture takes {asked}. Choose a lower quality or a smaller size, or come back in some hours.",
                limit=drafts(chosen.cost_a_day, draft),
                left=drafts(left, draft, down=True),
                asked=drafts(work, draft),
            )
        )


def drafts(work: float, draft: float, *, down: bool = False) -> str:
    """Work as a number of drafts: `3`, `2.5`; with `down` never more than there is."""
    number = work / draft
    rounded = int(number * 10 + 1e-6) / 10 if down else round(number, 1)
    return f"{rounded:g}"


def _check_words(language: Language, chosen: Settings, text: str) -> None:
    word = refused_word(text, chosen.safety)
    if word is not None:
        raise InputError(refusal(word, language))


def _places_of(interaction: discord.Interaction[Any]) -> list[int | None]:
    """The channel, and the one that a thread hangs on."""
    parent: int | None = getattr(interaction.channel, "parent_id", None)
    return [interaction.channel_id, parent]


def _roles_of(interaction: discord.Interaction[Any]) -> set[int]:
    user = interaction.user
    return {role.id for role in user.roles} if isinstance(user, discord.Member) else set()
