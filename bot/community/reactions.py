"""Reactions under posted pictures: ⭐ is a star and leads to the feed, ❌ by the owner deletes, ✉️ sends it to you.

Only what people react with is heard, never what they write: the intent `guild_reactions` is not privileged.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.community.feed_posts import fitted_picture, picture_embed
from bot.community.removal import remove_everywhere
from bot.presses import Presses
from bot.uploads import files_of
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

STAR: Final = "⭐"
DELETE: Final = "❌"
SEND: Final = "✉"
_SELECTOR: Final = "\ufe0f"  # phones write it behind an emoji, or don't
SENDING_AT_ONCE: Final = 4
SEND_SECONDS: Final = 60.0  # what one message may take, waiting for rate limits included

_log = logging.getLogger(__name__)


class Reactions:
    """Does what reactions ask for. What fails is logged: there is nobody to answer."""

    def __init__(self, client: Atelier) -> None:
        self._client = client
        self._sending = asyncio.Semaphore(SENDING_AT_ONCE)
        self._sent = Presses()

    async def hear(self, event: discord.RawReactionActionEvent, *, on: bool) -> None:
        """A reaction was added (`on`) or taken back."""
        emoji = str(event.emoji).removesuffix(_SELECTOR)
        if emoji not in (STAR, DELETE, SEND) or (event.member is not None and event.member.bot):
            return
        try:
            picture = await self._picture(event.message_id)
            if picture is None:
                return
            if emoji == STAR:
                await self._star(picture, event.user_id, on)
            elif on and emoji == DELETE and picture.person_id == event.user_id:
                await remove_everywhere(self._client, picture)
            elif on and emoji == SEND and self._sent.note(event.user_id, str(picture.id)):
                await self._send(picture, event.user_id)
        except Exception:
            _log.exception("the reaction %s to message %d came to nothing", emoji, event.message_id)

    async def _picture(self, message_id: int) -> Picture | None:
        """What the message shows: a delivered picture, or one in a feed."""
        delivered = await self._client.gallery.by_message(message_id)
        if delivered is not None:
            return delivered
        picture_id = await self._client.feed.by_message(message_id)
        return None if picture_id is None else await self._client.gallery.get(picture_id)

    async def _star(self, picture: Picture, person_id: int, on: bool) -> None:
        """Count it, and post the picture where enough people gave it one; nobody gives themselves a star."""
        if picture.person_id == person_id:
            return
        stars = await self._client.gallery.star(person_id, picture.id, on)
        if not on or not picture.public or picture.guild_id is None:
            return
        settings = await self._client.guild_settings.get(picture.guild_id)
        if stars >= settings.star_threshold:
            await self._client.community.feed_posts.post(picture, picture.guild_id)

    async def _send(self, picture: Picture, person_id: int) -> None:
        """The picture as a direct message, where the person takes any."""
        preferences = await self._client.people.preferences(person_id)
        fitted = await fitted_picture(self._client, picture)
        embed = await picture_embed(self._client, picture, fitted, preferences.locale)
        try:
            async with self._sending, asyncio.timeout(SEND_SECONDS):
                channel = await self._client.create_dm(discord.Object(person_id))
                await channel.send(
                    embed=embed, files=files_of(fitted.uploads), allowed_mentions=discord.AllowedMentions.none()
                )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("picture %d was not sent to person %d: %r", picture.id, person_id, error)
