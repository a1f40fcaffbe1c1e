"""Reactions to posted pictures: ⭐ gives a star, ❌ by the owner deletes the picture, ✉️ sends it as a direct message.

A picture with enough stars is posted to the feed channel. The intent `guild_reactions` is not privileged; the bot does
not see what people write.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import aiohttp
import discord
from discord.ext import commands

from bot.bot import Atelier
from bot.text.language import speaking
from bot.ui.debounce import Debounce
from bot.ui.uploads import files_of
from storage.gallery import Picture

STAR: Final = "⭐"
DELETE: Final = "❌"
SEND: Final = "✉"
_VARIATION_SELECTOR: Final = "\ufe0f"  # some clients add it to an emoji, others don't
MOST_SENDING: Final = 4  # direct messages at a time
SEND_SECONDS: Final = 60.0  # timeout of one message, including waits for rate limits

_log = logging.getLogger(__name__)


async def setup(bot: Atelier) -> None:
    await bot.add_cog(Reactions(bot))


class Reactions(commands.Cog):
    """Acts on reactions. Failures are only logged, because a reaction has no reply."""

    def __init__(self, bot: Atelier) -> None:
        self._bot = bot
        self._sending = asyncio.Semaphore(MOST_SENDING)
        self._debounce = Debounce()

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self._on_reaction(event, on=True)

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self._on_reaction(event, on=False)

    async def _on_reaction(self, event: discord.RawReactionActionEvent, *, on: bool) -> None:
        """Act on a reaction that was added (`on`) or removed."""
        emoji = str(event.emoji).removesuffix(_VARIATION_SELECTOR)
        if emoji not in (STAR, DELETE, SEND) or (event.member is not None and event.member.bot):
            return
        try:
            picture = await self._bot.sources.by_message(event.message_id)
            if picture is None:
                return
            if emoji == STAR:
                await self._star(picture, event.user_id, on)
            elif on and emoji == DELETE and picture.person_id == event.user_id:
                await self._bot.removal.remove(picture)
            elif on and emoji == SEND and self._debounce.accept(event.user_id, str(picture.id)):
                await self._send(picture, event.user_id)
        except Exception:
            _log.exception("the reaction %s to message %d failed", emoji, event.message_id)

    async def _star(self, picture: Picture, person_id: int, on: bool) -> None:
        """Give or withdraw a star, and post a picture with enough stars to the feed. Owners can't star their own."""
        if picture.person_id == person_id:
            return
        stars = await self._bot.gallery.star(person_id, picture.id, on)
        if not on or not picture.public or picture.guild_id is None:
            return
        settings = await self._bot.guild_settings.get(picture.guild_id)
        if stars >= settings.star_threshold:
            await self._bot.feed_posts.post(picture, picture.guild_id)

    async def _send(self, picture: Picture, person_id: int) -> None:
        """Send the picture as a direct message, if the person accepts them."""
        preferences = await self._bot.people.preferences(person_id)
        fitted = await self._bot.feed_posts.fitted(picture)
        with speaking(preferences.locale):
            embed = await self._bot.feed_posts.embed(picture, fitted)
        try:
            async with self._sending, asyncio.timeout(SEND_SECONDS):
                channel = await self._bot.create_dm(discord.Object(person_id))
                await channel.send(
                    embed=embed, files=files_of(fitted.uploads), allowed_mentions=discord.AllowedMentions.none()
                )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("picture %d was not sent to person %d: %r", picture.id, person_id, error)
