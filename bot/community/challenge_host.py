"""Keeps the challenges: announces them, counts their entries, and closes them when their time has come.

When one ends is in the database, so a restart changes nothing: what ended meanwhile is closed soon after.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.community import challenge_messages as messages
from bot.community.challenge_buttons import EnterButton, EntryPageButton
from bot.community.feed_posts import fitted_picture
from bot.language import Language
from bot.uploads import files_of
from storage.challenges import Challenge, Entry

if TYPE_CHECKING:
    from bot.client import Atelier

LOOK_SECONDS: Final = 15.0  # between two looks for challenges that have ended
COUNT_SECONDS: Final = 3.0  # after which the announcement tells the new number of entries; more come together
SEND_SECONDS: Final = 60.0  # what one message may take, waiting for rate limits included

_log = logging.getLogger(__name__)


class ChallengeHost:
    """The one loop over all servers' challenges."""

    def __init__(self, client: Atelier, look_seconds: float = LOOK_SECONDS) -> None:
        self.look_seconds = look_seconds
        self._client = client
        self._keeping: asyncio.Task[None] | None = None
        self._counting: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to look for challenges that have ended."""
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End the loop; nothing is lost by it."""
        tasks = [*self._counting.values(), *([] if self._keeping is None else [self._keeping])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def announce(self, challenge: Challenge) -> bool:
        """Post an opened challenge in its channel. False: I can't write there."""
        language = await self._language(challenge)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                message = await self._channel(challenge).send(
                    embed=messages.announcement(challenge, 0, language),
                    view=_buttons(challenge, language),
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("challenge %d could not be announced: %r", challenge.id, error)
            return False
        await self._client.challenges.set_message(challenge.id, message.id)
        return True

    def count_soon(self, challenge_id: int) -> None:
        """There is a new entry: the announcement says so shortly."""
        if challenge_id not in self._counting:
            task = asyncio.create_task(self._count(challenge_id))
            self._counting[challenge_id] = task
            task.add_done_callback(lambda _: self._counting.pop(challenge_id, None))

    async def finish(self, challenge: Challenge) -> bool:
        """Post how a challenge ended, then close it. False: Discord can't be reached now, so try again later.

        In this order nothing is lost when the bot is killed in between, and `nonce` keeps Discord from taking the post
        twice. Where nobody may write any more the challenge is closed all the same.
        """
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
        await self._edit(challenge, messages.over(challenge, len(entries), await self._language(challenge)), None)
        return True

    async def _keep(self) -> None:
        while True:
            try:
                for challenge in await self._client.challenges.due(time.time()):
                    await self.finish(challenge)
            except Exception:
                _log.exception("challenges that have ended could not be closed")
            await asyncio.sleep(self.look_seconds)

    async def _post_result(self, challenge: Challenge, entries: list[Entry]) -> None:
        """The result with the pictures of the winners, who are notified."""
        language = await self._language(challenge)
        winners = messages.winners_of(entries)[: messages.MOST_WINNERS]
        embeds, files = [messages.result(challenge, entries, language)], list[discord.File]()
        for entry in winners:
            picture = await self._client.gallery.get(entry.picture_id)
            fitted = None if picture is None else await fitted_picture(self._client, picture)
            if fitted is None or fitted.image_name is None:
                continue
            files += files_of(fitted.uploads)
            shown = embeds[0] if len(files) == 1 else discord.Embed(colour=discord.Colour.gold())
            shown.set_image(url=f"attachment://{fitted.image_name}")
            if shown is not embeds[0]:
                embeds.append(shown)
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
        self._counting.pop(challenge_id, None)  # what is entered from now on is counted anew
        challenge = await self._client.challenges.get(challenge_id)
        if challenge is not None and challenge.closed is None:
            entries = len(await self._client.challenges.entries(challenge_id))
            language = await self._language(challenge)
            embed = messages.announcement(challenge, entries, language)
            await self._edit(challenge, embed, _buttons(challenge, language))

    async def _edit(self, challenge: Challenge, embed: discord.Embed, view: discord.ui.View | None) -> None:
        if challenge.message_id is None:
            return
        message = self._channel(challenge).get_partial_message(challenge.message_id)
        with suppress(discord.DiscordException, aiohttp.ClientError, OSError):  # its buttons say the same
            async with asyncio.timeout(SEND_SECONDS):
                await message.edit(embed=embed, view=view, allowed_mentions=discord.AllowedMentions.none())

    def _channel(self, challenge: Challenge) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(challenge.channel_id, guild_id=challenge.guild_id)

    async def _language(self, challenge: Challenge) -> Language:
        return (await self._client.guild_settings.get(challenge.guild_id)).language


def _buttons(challenge: Challenge, language: Language) -> discord.ui.View:
    """What stands under the announcement while the challenge runs."""
    view = discord.ui.View(timeout=None)
    view.add_item(EnterButton(challenge.id, language))
    view.add_item(EntryPageButton(challenge.id, 0, language))
    return view
