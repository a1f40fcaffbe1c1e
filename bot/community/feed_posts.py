"""A server's feed channel: pictures whose prompt was shared, and pictures that were given enough stars."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.community.credit import credit
from bot.community.prompt_buttons import PaintPromptButton, SavePromptButton
from bot.community.removal import delete_message
from bot.language import Language, say
from bot.links import titled
from bot.messages import plain
from bot.uploads import COMMON_LIMIT, Fitted, ResultFiles, files_of, fit
from storage.gallery import Picture
from storage.prompts import SharedPrompt

if TYPE_CHECKING:
    from bot.client import Atelier

POST_SECONDS: Final = 60.0  # what one post may take, waiting for rate limits included

_log = logging.getLogger(__name__)


class FeedPosts:
    """Posts each picture once in a feed channel, however many things lead there at the same time."""

    def __init__(self, client: Atelier) -> None:
        self._client = client
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)  # by server

    async def post(self, picture: Picture, guild_id: int, prompt: SharedPrompt | None = None) -> str | None:
        """Post the picture in the server's feed channel, unless it is there, and return the address of the post.

        With its shared prompt the post has the buttons to paint and to save it. None: the server has no feed channel,
        or I can't write there.
        """
        settings = await self._client.guild_settings.get(guild_id)
        channel_id = settings.feed_channel
        if channel_id is None:
            return None
        async with self._turns[guild_id]:
            for post in await self._client.feed.posts_of(picture.id):
                if post.channel_id == channel_id:
                    return address(guild_id, channel_id, post.message_id)
            message = await self._send(picture, channel_id, guild_id, prompt, settings.language)
            if message is None:
                return None
            await self._client.feed.post(guild_id, picture.id, channel_id, message.id)
        if await self._client.feed.by_message(message.id) is None:  # deleted by its owner while it was posted
            await delete_message(self._client, channel_id, message.id)
            return None
        return address(guild_id, channel_id, message.id)

    async def _send(
        self, picture: Picture, channel_id: int, guild_id: int, prompt: SharedPrompt | None, language: Language
    ) -> discord.Message | None:
        fitted = await fitted_picture(self._client, picture)
        embed = await picture_embed(self._client, picture, fitted, language)
        embed.set_footer(text=say(language, "⭐ gives it a star, ✉️ sends it to you."))
        view = discord.ui.View(timeout=None)
        if prompt is not None:
            view.add_item(PaintPromptButton(prompt.id, language))
            view.add_item(SavePromptButton(prompt.id, language))
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            async with asyncio.timeout(POST_SECONDS):
                return await channel.send(
                    embed=embed,
                    files=files_of(fitted.uploads),
                    view=view,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.warning("picture %d could not be posted to the feed of server %d: %r", picture.id, guild_id, error)
            return None


async def fitted_picture(client: Atelier, picture: Picture) -> Fitted:
    """The picture alone, small enough for every channel; without any file where it is gone."""
    return await fit(ResultFiles(f"atelier-{picture.id}", client.files.path(picture.image)), COMMON_LIMIT)


async def picture_embed(client: Atelier, picture: Picture, fitted: Fitted, language: Language) -> discord.Embed:
    """The picture with its prompt and everybody's due."""
    embed = discord.Embed(description=f"“{plain(picture.prompt)}”", colour=discord.Colour.dark_gold())
    painted = f"{titled(picture)} {await credit(client.gallery, picture, language)}"
    embed.add_field(name=say(language, "Painted"), value=painted, inline=False)
    if fitted.image_name is not None:
        embed.set_image(url=f"attachment://{fitted.image_name}")
    return embed


def address(guild_id: int | None, channel_id: int, message_id: int) -> str:
    """Where a message is found by whoever may see it."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"
