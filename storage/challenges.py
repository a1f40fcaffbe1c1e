"""Challenges: a theme for some days, one entry per person, and votes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiosqlite

from storage.database import Database, Value


@dataclass(frozen=True)
class Challenge:
    """A challenge of a server. Times are UNIX seconds."""

    id: int
    guild_id: int
    channel_id: int
    message_id: int | None  # where it was announced, once that is known
    theme: str
    opened_by: int | None  # None: somebody whose data was erased
    opened: float
    ends: float
    closed: float | None  # None: it runs, or is due


@dataclass(frozen=True)
class Entry:
    """A picture in a challenge."""

    id: int
    challenge_id: int
    person_id: int
    picture_id: int
    created: float
    votes: int


ENTRIES = """
SELECT entry.*, (SELECT COUNT(*) FROM vote WHERE vote.entry_id = entry.id) AS votes
FROM entry WHERE challenge_id = ? ORDER BY votes DESC, id
"""


class Challenges:
    """The challenges of all servers, one at a time in each. `clock` gives UNIX seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def open(self, guild_id: int, channel_id: int, theme: str, ends: float, by: int) -> Challenge | None:
        """Opens a challenge; None: one is running in this server already."""
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "INSERT INTO challenge (guild_id, channel_id, theme, opened_by, opened, ends) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING *",
                (guild_id, channel_id, theme, by, self._clock(), ends),
            )
        return next((_challenge_from(row) for row in rows), None)

    async def get(self, challenge_id: int) -> Challenge | None:
        """The challenge with this id."""
        return await self._one("SELECT * FROM challenge WHERE id = ?", challenge_id)

    async def running(self, guild_id: int) -> Challenge | None:
        """The challenge of this server that is not closed, also where it is due."""
        return await self._one("SELECT * FROM challenge WHERE guild_id = ? AND closed IS NULL", guild_id)

    async def due(self, now: float) -> list[Challenge]:
        """The challenges that have ended by `now` and are not closed, the longest ended first."""
        rows = await self._database.rows(
            "SELECT * FROM challenge WHERE closed IS NULL AND ends <= ? ORDER BY ends", (now,)
        )
        return [_challenge_from(row) for row in rows]

    async def set_message(self, challenge_id: int, message_id: int) -> None:
        """Notes where the challenge was announced."""
        async with self._database.transaction() as connection:
            await connection.execute_fetchall(
                "UPDATE challenge SET message_id = ? WHERE id = ?", (message_id, challenge_id)
            )

    async def enter(self, challenge_id: int, person_id: int, picture_id: int) -> Entry | None:
        """Enters a picture of this person, replacing an earlier entry and its votes; the picture becomes public.

        None: the challenge has ended, or there is no such picture of this person. The same picture again changes
        nothing.
        """
        async with self._database.transaction() as connection:
            if not await self._is_open(connection, challenge_id):
                return None
            own = await connection.execute_fetchall(
                "UPDATE picture SET public = 1 WHERE id = ? AND person_id = ? RETURNING id", (picture_id, person_id)
            )
            if not list(own):
                return None
            await connection.execute_fetchall(
                "DELETE FROM entry WHERE challenge_id = ? AND person_id = ? AND picture_id <> ?",
                (challenge_id, person_id, picture_id),
            )
            await connection.execute_fetchall(
                "INSERT OR IGNORE INTO entry (challenge_id, person_id, picture_id, created) VALUES (?, ?, ?, ?)",
                (challenge_id, person_id, picture_id, self._clock()),
            )
            rows = await connection.execute_fetchall(ENTRIES, (challenge_id,))
        return next(entry for entry in map(_entry_from, rows) if entry.person_id == person_id)

    async def vote(self, challenge_id: int, person_id: int, entry_id: int, on: bool) -> int | None:
        """Votes for another person's entry, or withdraws the vote; several entries may be voted for, each once.

        Returns how many votes the entry has now; None: the challenge has ended, there is no such entry, or it is the
        person's own.
        """
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "SELECT 1 FROM entry WHERE id = ? AND challenge_id = ? AND person_id <> ?",
                (entry_id, challenge_id, person_id),
            )
            if not list(rows) or not await self._is_open(connection, challenge_id):
                return None
            if on:
                await connection.execute_fetchall(
                    "INSERT OR IGNORE INTO vote (entry_id, person_id, created) VALUES (?, ?, ?)",
                    (entry_id, person_id, self._clock()),
                )
            else:
                await connection.execute_fetchall(
                    "DELETE FROM vote WHERE entry_id = ? AND person_id = ?", (entry_id, person_id)
                )
            votes = await connection.execute_fetchall(
                "SELECT COUNT(*) AS number FROM vote WHERE entry_id = ?", (entry_id,)
            )
        return next(int(row["number"]) for row in votes)

    async def has_voted(self, person_id: int, entry_id: int) -> bool:
        """Whether this person votes for this entry."""
        row = await self._database.row("SELECT 1 FROM vote WHERE entry_id = ? AND person_id = ?", (entry_id, person_id))
        return row is not None

    async def entries(self, challenge_id: int) -> list[Entry]:
        """All entries, those with most votes first, then the earliest."""
        return [_entry_from(row) for row in await self._database.rows(ENTRIES, (challenge_id,))]

    async def close(self, challenge_id: int) -> list[Entry] | None:
        """Ends a challenge and returns the winners: all with the most votes, nobody where nobody voted.

        None: it was closed before, or there is none; whoever closes it announces it.
        """
        async with self._database.transaction() as connection:
            closed = await connection.execute_fetchall(
                "UPDATE challenge SET closed = ? WHERE id = ? AND closed IS NULL RETURNING id",
                (self._clock(), challenge_id),
            )
            if not list(closed):
                return None
            entries = [_entry_from(row) for row in await connection.execute_fetchall(ENTRIES, (challenge_id,))]
        return [entry for entry in entries if entry.votes and entry.votes == entries[0].votes]

    async def _is_open(self, connection: aiosqlite.Connection, challenge_id: int) -> bool:
        rows = await connection.execute_fetchall(
            "SELECT 1 FROM challenge WHERE id = ? AND closed IS NULL AND ends > ?", (challenge_id, self._clock())
        )
        return bool(list(rows))

    async def _one(self, sql: str, *parameters: Value) -> Challenge | None:
        row = await self._database.row(sql, parameters)
        return None if row is None else _challenge_from(row)


def _challenge_from(row: sqlite3.Row) -> Challenge:
    return Challenge(
        id=row["id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        theme=row["theme"],
        opened_by=row["opened_by"],
        opened=float(row["opened"]),  # RETURNING hands out whole REALs as integers
        ends=float(row["ends"]),
        closed=None if row["closed"] is None else float(row["closed"]),
    )


def _entry_from(row: sqlite3.Row) -> Entry:
    return Entry(
        row["id"], row["challenge_id"], row["person_id"], row["picture_id"], float(row["created"]), row["votes"]
    )
