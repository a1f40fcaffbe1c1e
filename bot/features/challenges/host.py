"""The cog that runs the challenges: it announces them, shows how many entries they have, and closes them in time.

The end of a challenge is in the database, so one that ended while the bot was down is closed after the restart.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Final

import aiohttp
import discord
from discord.ext import commands, tasks

from bot.bot import Atelier
from bot.features.challenges import messages
from bot.features.challenges.messages import ENTER, LOOK
from bot.text.buttons import Button
from bot.text.language import Language, speaking
from bot.ui.items import view_of
from bot.ui.uploads import files_of
from storage.challenges import Challenge, Entry

CHECK_SECONDS: Final = 15.0  # between checks for challenges that have ended
COUNT_SECONDS: Final = 3.0  # from a new entry to the edit of the announcement, which gathers several entries
SEND_SECONDS: Final = 60.0  # timeout of one message, including waits for rate limits

_log = logging.getLogger(__name__)


class ChallengeHost(commands.Cog):
    """One loop over the challenges of all servers."""

    def __init__(self, client: Atelier) -> None:
        self._client = client
        self._to_count: set[int] = set()  # ids of challenges with new entries
        self._counting: set[asyncio.Task[None]] = set()

    async def cog_load(self) -> None:
        self.close_due.start()

    async def cog_unload(self) -> None:
        """Cancel all tasks and wait for them, because the database is closed next. A restart resumes their work."""
        loop = self.close_due.get_task()
        tasks = [*self._counting, *([] if loop is None else [loop])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @tasks.loop(seconds=CHECK_SECONDS)
    async def close_due(self) -> None:
        """Close the challenges that have ended."""
        try:
            for challenge in await self._client.challenges.due(time.time()):
                await self.finish(challenge)
        except Exception:  # the next check tries again
            _log.exception("challenges that have ended could not be closed")

    async def announce(self, challenge: Challenge) -> bool:
        """Post a new challenge in its channel. False: the bot can't write there."""
        with speaking(await self._language(challenge)):
            embed, view = messages.announcement(challenge, 0), view_of(_buttons(challenge))
        try:
            async with asyncio.timeout(SEND_SECONDS):
                message = await self._channel(challenge).send(
                    embed=embed,
                    view=view or discord.utils.MISSING,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("challenge %d could not be announced: %r", challenge.id, error)
            return False
        await self._client.challenges.set_message(challenge.id, message.id)
        return True

    def count_soon(self, challenge_id: int) -> None:
        """Update the number of entries in the announcement, after `COUNT_SECONDS`."""
        if challenge_id not in self._to_count:
            self._to_count.add(challenge_id)
            task = asyncio.create_task(self._count(challenge_id))
            self._counting.add(task)
            task.add_done_callback(self._counting.discard)

    async def finish(self, challenge: Challenge) -> bool:
        """Post the result of a challenge, then close it. False: Discord can't be reached now, so try again later.

        In this order nothing is lost if the bot is killed in between, and `nonce` keeps Discord from posting twice.
        A challenge whose channel is gone or closed to the bot is closed without a post.
        """
        with speaking(await self._language(challenge)):
            return await self._finish(challenge)

    async def _finish(self, challenge: Challenge) -> bool:
        entries = await self._client.challenges.entries(challenge.id)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._post_result(challenge, entries)
        except (discord.Forbidden, discord.NotFound) as error:
            _log.warning("challenge %d ends without a post: %s", challenge.id, error)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.warning("challenge %d is closed later: %r", challenge.id, error)
            return False
        await self._client.challenges.close(challenge.id)
        challenge = await self._client.challenges.get(challenge.id) or challenge
        await self._edit(challenge, messages.closed(challenge, len(entries)), ())
        return True

    async def _post_result(self, challenge: Challenge, entries: list[Entry]) -> None:
        """Post the result with the winners' pictures, and mention the winners."""
        winners = messages.winners_of(entries)[: messages.MOST_WINNERS]
        embeds, files = [messages.result(challenge, entries)], list[discord.File]()
        for entry in winners:
            picture = await self._client.gallery.get(entry.picture_id)
            fitted = None if picture is None else await self._client.feed_posts.fitted(picture)
            if fitted is None or fitted.image_name is None:
                continue
            files += files_of(fitted.uploads)
            embed = embeds[0] if len(files) == 1 else discord.Embed(colour=discord.Colour.gold())
            embed.set_image(url=f"attachment://{fitted.image_name}")
            if embed is not embeds[0]:
                embeds.append(embed)
        await self._channel(challenge).send(
            content=" ".join(f"<@{entry.person_id}>" for entry in winners) or None,
            embeds=embeds,
            files=files,
            nonce=f"challenge-{challenge.id}",
            allowed_mentions=discord.AllowedMentions(
                everyone=False, roles=False, users=[discord.Object(entry.person_id) for entry in winners]
            ),
        )

    async def _count(self, challenge_id: int) -> None:
        await asyncio.sleep(COUNT_SECONDS)
        self._to_count.discard(challenge_id)  # an entry from now on starts another count
        challenge = await self._client.challenges.get(challenge_id)
        if challenge is not None and challenge.closed is None:
            entries = len(await self._client.challenges.entries(challenge_id))
            with speaking(await self._language(challenge)):
                await self._edit(challenge, messages.announcement(challenge, entries), _buttons(challenge))

    async def _edit(self, challenge: Challenge, embed: discord.Embed, buttons: tuple[Button, ...]) -> None:
        if challenge.message_id is None:
            return
        message = self._channel(challenge).get_partial_message(challenge.message_id)
        with suppress(
            discord.DiscordException, aiohttp.ClientError, OSError
        ):  # only the display is stale: the buttons check again
            async with asyncio.timeout(SEND_SECONDS):
                await message.edit(embed=embed, view=view_of(buttons), allowed_mentions=discord.AllowedMentions.none())

    def _channel(self, challenge: Challenge) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(challenge.channel_id, guild_id=challenge.guild_id)

    async def _language(self, challenge: Challenge) -> Language:
        return (await self._client.guild_settings.get(challenge.guild_id)).language


def host_of(client: Atelier) -> ChallengeHost:
    """The `ChallengeHost` of a running bot."""
    host = client.get_cog(ChallengeHost.__name__)
    assert isinstance(host, ChallengeHost)
    return host


def _buttons(challenge: Challenge) -> tuple[Button, ...]:
    """The buttons under the announcement while the challenge is open."""
    return ENTER.button(challenge=challenge.id), LOOK.button(challenge=challenge.id, place=0)
