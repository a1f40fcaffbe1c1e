"""The display names of people, for cards: unlike messages, pictures can't hold mentions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

import aiohttp
import discord
from cachetools import LRUCache

from engine.images.lettering import can_show

MOST_NAMES: Final = 500  # cached, in memory only
FETCH_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class Names:
    """A cache of names by person id, fetched from Discord."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._names: LRUCache[int, str] = LRUCache(MOST_NAMES)

    async def of(self, person_ids: Iterable[int]) -> dict[int, str]:
        """The names of these people by id; `…` for those that can't be fetched (a deleted account, an outage)."""
        wanted = list(dict.fromkeys(person_ids))
        await asyncio.gather(*(self._fetch(each) for each in wanted if each not in self._names))
        return {each: self._names.get(each, "…") for each in wanted}

    async def _fetch(self, person_id: int) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                user = await self._client.fetch_user(person_id)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("no name for person %d: %r", person_id, error)
            return
        self._names[person_id] = await asyncio.to_thread(_drawable, user)


def _drawable(user: discord.User) -> str:
    """The display name, or the user name, which is ASCII, if the installed fonts can't show it."""
    return user.display_name if can_show(user.display_name) else user.name
