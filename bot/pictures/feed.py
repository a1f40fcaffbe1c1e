"""Posts in a guild's feed channel: pictures whose prompt was shared, and those with enough stars."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Final

import aiohttp
import discord

from bot.pictures.credit import credit
from bot.pictures.removal import Removal
from bot.text.buttons import Action, Path
from bot.text.language import N_, _, speaking
from bot.text.links import message_link, number_link
from bot.text.messages import plain
from bot.ui.items import view_of
from bot.ui.uploads import COMMON_LIMIT, Fitted, ResultFiles, files_of, fit
from storage.feed import Feed
from storage.files import FileStore
from storage.gallery import Gallery, Picture
from storage.guilds import Guilds
from storage.prompts import SharedPrompt

POST_SECONDS: Final = 60.0  # timeout of one post, including rate limits
PAINT_PROMPT: Final = Action(Path("paint-prompt:{prompt}"), N_("Paint it"), "🎨", "primary")
SAVE_PROMPT: Final = Action(Path("save-prompt:{prompt}"), N_("Save"), "🔖")

_log = logging.getLogger(__name__)


class FeedPosts:
    """Posts pictures to feed channels, each once a channel, also when posts of it coincide."""

    def __init__(
        self,
        client: discord.Client,
        guild_settings: Guilds,
        feed: Feed,
        gallery: Gallery,
        files: FileStore,
        removal: Removal,
    ) -> None:
        self._client = client
        self._guild_settings = guild_settings
        self._feed = feed
        self._gallery = gallery
        self._files = files
        self._removal = removal
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)  # by guild

    async def post(self, picture: Picture, guild_id: int, prompt: SharedPrompt | None = None) -> str | None:
        """Post the picture in the guild's feed channel, unless it is there already, and return the URL of the post.

        With `prompt`, its shared prompt, the post has buttons to paint and to save that. None if the guild has no feed
        channel, or the bot can't post there.
        """
        settings = await self._guild_settings.get(guild_id)
        channel_id = settings.feed_channel
        if channel_id is None:
            return None
        async with self._locks[guild_id]:
            for post in await self._feed.posts_of(picture.id):
                if post.channel_id == channel_id:
                    return message_link(guild_id, channel_id, post.message_id)
            with speaking(settings.language):
                message = await self._send(picture, channel_id, guild_id, prompt)
            if message is None:
                return None
            await self._feed.post(guild_id, picture.id, channel_id, message.id)
        if await self._feed.by_message(message.id) is None:  # the picture was deleted meanwhile
            await self._removal.delete_message(channel_id, message.id)
            return None
        return message_link(guild_id, channel_id, message.id)

    async def fitted(self, picture: Picture) -> Fitted:
        """The picture without its film, within the limit of every channel; without upload if its file is missing."""
        return await fit(ResultFiles(f"atelier-{picture.id}", self._files.path(picture.image)), COMMON_LIMIT)

    async def embed(self, picture: Picture, fitted: Fitted) -> discord.Embed:
        """The picture with its prompt and credit."""
        embed = discord.Embed(description=f"“{plain(picture.prompt)}”", colour=discord.Colour.dark_gold())
        painted = f"{number_link(picture)} {await credit(self._gallery, picture)}"
        embed.add_field(name=_("Painted"), value=painted, inline=False)
        if fitted.image_name is not None:
            embed.set_image(url=f"attachment://{fitted.image_name}")
        return embed

    async def _send(
        self, picture: Picture, channel_id: int, guild_id: int, prompt: SharedPrompt | None
    ) -> discord.Message | None:
        fitted = await self.fitted(picture)
        embed = await self.embed(picture, fitted)
        embed.set_footer(text=_("⭐ gives it a star, ✉️ sends it to you."))
        actions = () if prompt is None else (PAINT_PROMPT, SAVE_PROMPT)
        view = view_of(action.button(prompt=prompt.id) for action in actions if prompt is not None)
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            async with asyncio.timeout(POST_SECONDS):
                return await channel.send(
                    embed=embed,
                    files=files_of(fitted.uploads),
                    view=discord.utils.MISSING if view is None else view,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.warning("picture %d could not be posted to the feed of server %d: %r", picture.id, guild_id, error)
            return None
