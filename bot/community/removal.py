"""Removing a picture from everywhere at the wish of its owner: the gallery, the disk, and the messages that show it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

DELETE_SECONDS: Final = 30.0  # what one message may take, waiting for rate limits included

_log = logging.getLogger(__name__)


async def remove_everywhere(client: Atelier, picture: Picture) -> bool:
    """Remove a picture with its files and messages. False: it was gone already, or somebody else is at it.

    The row goes first: a row must never point at a file that is gone.
    """
    posts = await client.feed.posts_of(picture.id)  # which are forgotten with the picture
    removed = await client.gallery.remove(picture.id)
    if removed is None:
        return False
    for name in removed.files:
        await client.files.remove(name)
    messages = [(post.channel_id, post.message_id) for post in posts]
    if removed.channel_id is not None and removed.message_id is not None:
        messages.append((removed.channel_id, removed.message_id))
    for channel_id, message_id in messages:
        await delete_message(client, channel_id, message_id)
    return True


async def delete_message(client: Atelier, channel_id: int, message_id: int) -> None:
    """Delete a message of ours; where that can't be, it stays."""
    message = client.get_partial_messageable(channel_id).get_partial_message(message_id)
    try:
        async with asyncio.timeout(DELETE_SECONDS):
            await message.delete()
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        _log.info("message %d stays, although its picture is gone: %r", message_id, error)
