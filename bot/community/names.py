"""What people are called, for pictures of numbers: in messages a mention says it, on a picture there is none."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import aiohttp
import discord

from bot.community.lettering import can_show

REMEMBERED: Final = 500  # names in memory; nothing is written down
ASK_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class Names:
    """Names by id, asked of Discord once and kept in memory for a while."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._known: OrderedDict[int, str] = OrderedDict()

    async def of(self, person_ids: Iterable[int]) -> dict[int, str]:
        """Names of all these people; `…` for who can't be found (a deleted account, an outage)."""
        wanted = list(dict.fromkeys(person_ids))
        await asyncio.gather(*(self._ask(each) for each in wanted if each not in self._known))
        return {each: self._known.get(each, "…") for each in wanted}

    async def _ask(self, person_id: int) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                user = await self._client.fetch_user(person_id)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("no name for person %d: %r", person_id, error)
            return
        self._known[person_id] = await asyncio.to_thread(_drawable, user)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _drawable(user: discord.User) -> str:
    """The name a person chose, or, where no font here has its letters, their user name, which is plain."""
    return user.display_name if can_show(user.display_name) else user.name
