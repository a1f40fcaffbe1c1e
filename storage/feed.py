"""The posts in feed channels and the pictures they show."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True)
class FeedPost:
    """A message that shows a picture in a feed channel."""

    message_id: int
    channel_id: int
    guild_id: int
    picture_id: int
    created: float


class Feed:
    """The posts in the feed channels of all servers; they are forgotten with their picture."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def post(self, guild_id: int, picture_id: int, channel_id: int, message_id: int) -> None:
        """Notes that this message shows the picture; for a picture that is gone nothing is noted."""
        async with self._database.transaction() as connection:
            await connection.execute_fetchall(
                "INSERT OR IGNORE INTO feed_post (message_id, channel_id, guild_id, picture_id, created) "
                "SELECT ?, ?, ?, id, ? FROM picture WHERE id = ?",
                (message_id, channel_id, guild_id, self._clock(), picture_id),
            )

    async def by_message(self, message_id: int) -> int | None:
        """The id of the picture that this post shows."""
        row = await self._database.row("SELECT picture_id FROM feed_post WHERE message_id = ?", (message_id,))
        return None if row is None else int(row["picture_id"])

    async def posts_of(self, picture_id: int) -> list[FeedPost]:
        """The posts of a picture, oldest first."""
        rows = await self._database.rows(
            "SELECT * FROM feed_post WHERE picture_id = ? ORDER BY message_id", (picture_id,)
        )
        return [_post_from(row) for row in rows]


def _post_from(row: sqlite3.Row) -> FeedPost:
    return FeedPost(row["message_id"], row["channel_id"], row["guild_id"], row["picture_id"], row["created"])
