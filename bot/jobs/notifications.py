"""Notifications that a long job is done: the edit that delivers a picture notifies nobody."""

from __future__ import annotations

import logging
import time
from typing import Final

import aiohttp
import discord

from bot.jobs.delivery import TOKEN_MARGIN, ReplyAddress
from bot.text.language import _, speaking
from bot.text.links import jump_link
from bot.text.messages import plain
from storage.gallery import Picture
from storage.people import People
from storage.queue import Job

LONG_SECONDS: Final = 180.0  # from request to picture; for quicker jobs people are still watching
PROMPT_LENGTH: Final = 200  # characters

_log = logging.getLogger(__name__)


class Notifications:
    """Mentions or direct messages, as each person chose in /preferences."""

    def __init__(self, client: discord.Client, people: People, *, long: float = LONG_SECONDS) -> None:
        """`long`: seconds that a job must have taken, including the wait."""
        self._client = client
        self._people = people
        self._long = long

    async def notify(self, job: Job, picture: Picture, address: ReplyAddress) -> None:
        """Notify a person of a picture that was delivered; never raises.

        Nothing is sent for a quick job, to a person who chose none, or if the picture came as a direct message.
        """
        if job.ended is None or job.ended - job.created < self._long or picture.channel_id != address.channel_id:
            return
        try:
            chosen = await self._people.preferences(address.person_id)
            with speaking(chosen.locale or address.language):
                if chosen.notify == "message" and await self._by_direct_message(picture, address.person_id):
                    return
                if chosen.notify != "none":
                    await self._by_mention(picture, address)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("person %d was not notified of picture %d: %r", address.person_id, picture.id, error)
        except Exception:
            _log.exception("person %d was not notified of picture %d", address.person_id, picture.id)

    async def _by_direct_message(self, picture: Picture, person_id: int) -> bool:
        """Send a direct message with a link; False if the person accepts none."""
        link = jump_link(picture)
        lines = [f"“{plain(picture.prompt, PROMPT_LENGTH)}”"]
        if link is not None:
            look = _("Look at it")
            lines.append(f"[{look}]({link})")
        embed = discord.Embed(description="\n".join(lines), colour=discord.Colour.dark_gold())
        try:
            channel = await self._client.create_dm(discord.Object(person_id))
            await channel.send(
                _("Your picture {number} is ready.", number=picture.id),
                embed=embed,
                nonce=f"done-{picture.id}",
            )
        except discord.Forbidden:
            return False
        return True

    async def _by_mention(self, picture: Picture, address: ReplyAddress) -> None:
        """Send a message with a mention, by bot token as a reply to the picture, else by interaction token."""
        content = _("{person}, your picture is ready.", person=f"<@{address.person_id}>")
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(address.person_id)]
        )
        if address.bot_may_edit and picture.channel_id is not None and picture.message_id is not None:
            channel = self._client.get_partial_messageable(picture.channel_id, guild_id=address.guild_id)
            reference = channel.get_partial_message(picture.message_id).to_reference(fail_if_not_exists=False)
            await channel.send(content, reference=reference, allowed_mentions=mentions, nonce=f"done-{picture.id}")
        elif address.token is not None and time.time() < address.token_until - TOKEN_MARGIN:
            webhook = discord.Webhook.partial(address.application_id, address.token, client=self._client)
            await webhook.send(content, allowed_mentions=mentions)
