"""Deletes a picture: its row, its files and the messages that show it."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import aiohttp
import discord

from storage.feed import Feed
from storage.files import FileStore
from storage.gallery import Gallery, Picture

DELETE_SECONDS: Final = 30.0  # timeout for one message, including rate limits

_log = logging.getLogger(__name__)


class Removal:
    """Deletes pictures and the bot's messages."""

    def __init__(self, client: discord.Client, gallery: Gallery, feed: Feed, files: FileStore) -> None:
        self._client = client
        self._gallery = gallery
        self._feed = feed
        self._files = files

    async def remove(self, picture: Picture) -> bool:
        """Delete a picture with its files and messages; False if its row is already gone.

        The row is deleted first: no row may name a missing file.
        """
        posts = await self._feed.posts_of(picture.id)  # these rows are deleted with the picture's
        removed = await self._gallery.remove(picture.id)
        if removed is None:
            return False
        for name in removed.files:
            await self._files.remove(name)
        messages = [(post.channel_id, post.message_id) for post in posts]
        if removed.channel_id is not None and removed.message_id is not None:
            messages.append((removed.channel_id, removed.message_id))
        for channel_id, message_id in messages:
            await self.delete_message(channel_id, message_id)
        return True

    async def delete_message(self, channel_id: int, message_id: int) -> None:
        """Delete one of the bot's messages; failures are logged."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        try:
            async with asyncio.timeout(DELETE_SECONDS):
                await message.delete()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("message %d of a deleted picture could not be deleted: %r", message_id, error)
