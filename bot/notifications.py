"""Telling a person that a long job is done: the edit that delivers a picture notifies nobody."""

from __future__ import annotations

import logging
import time
from typing import Final

import aiohttp
import discord

from bot.delivery import TOKEN_MARGIN, ReplyAddress
from bot.language import Language, say
from bot.links import jump_link
from bot.messages import plain
from storage.gallery import Picture
from storage.people import People
from storage.queue import Job

LONG_SECONDS: Final = 180.0  # from wish to picture, after which people have turned to something else
PROMPT_LENGTH: Final = 200

_log = logging.getLogger(__name__)


class Notifications:
    """Mentions people or writes to them, as each chose in /preferences."""

    def __init__(self, client: discord.Client, people: People, *, long: float = LONG_SECONDS) -> None:
        """`long`: seconds that a job must have taken, waiting included."""
        self._client = client
        self._people = people
        self._long = long

    async def tell(self, job: Job, picture: Picture, address: ReplyAddress) -> None:
        """Say that a picture stands where its message is, once it was delivered; never raises.

        Who was quick, who chose not to be told, and who got the picture as a direct message anyway hear nothing.
        """
        if job.ended is None or job.ended - job.created < self._long or picture.channel_id != address.channel_id:
            return
        try:
            chosen = await self._people.preferences(address.person_id)
            language = chosen.locale or address.language
            if chosen.notify == "message" and await self._by_message(picture, address.person_id, language):
                return
            if chosen.notify != "none":
                await self._by_mention(picture, address, language)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("person %d was not told that picture %d is done: %r", address.person_id, picture.id, error)
        except Exception:
            _log.exception("person %d was not told that picture %d is done", address.person_id, picture.id)

    async def _by_message(self, picture: Picture, person_id: int, language: Language) -> bool:
        """False: this person takes no messages of the bot's."""
        link = jump_link(picture)
        lines = [f"“{plain(picture.prompt, PROMPT_LENGTH)}”"]
        if link is not None:
            lines.append(f"[{say(language, 'Look at it')}]({link})")
        embed = discord.Embed(description="\n".join(lines), colour=discord.Colour.dark_gold())
        try:
            channel = await self._client.create_dm(discord.Object(person_id))
            await channel.send(
                say(language, "Your picture {number} is ready.", number=picture.id),
                embed=embed,
                nonce=f"done-{picture.id}",
            )
        except discord.Forbidden:
            return False
        return True

    async def _by_mention(self, picture: Picture, address: ReplyAddress, language: Language) -> None:
        """A new message in answer to the picture's, by the way that is open."""
        said = say(language, "{person}, your picture is ready.", person=f"<@{address.person_id}>")
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(address.person_id)]
        )
        if address.bot_may_edit and picture.channel_id is not None and picture.message_id is not None:
            channel = self._client.get_partial_messageable(picture.channel_id, guild_id=address.guild_id)
            reference = channel.get_partial_message(picture.message_id).to_reference(fail_if_not_exists=False)
            await channel.send(said, reference=reference, allowed_mentions=mentions, nonce=f"done-{picture.id}")
        elif address.token is not None and time.time() < address.token_until - TOKEN_MARGIN:
            webhook = discord.Webhook.partial(address.application_id, address.token, client=self._client)
            await webhook.send(said, allowed_mentions=mentions)
