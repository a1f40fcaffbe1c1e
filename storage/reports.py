"""What people report to the moderators of a server."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True)
class Report:
    """A person's report of a picture; it is deleted with the picture."""

    id: int
    picture_id: int
    guild_id: int | None  # the picture's
    person_id: int  # who says so
    reason: str
    created: float
    settled: float | None  # None: the moderators have not decided yet
    settled_by: int | None
    action: str | None  # what they did


class Reports:
    """The reports of all servers. `clock` gives UNIX seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def add(self, picture_id: int, person_id: int, reason: str) -> Report | None:
        """Reports a picture; None: this person did so before, or there is no such picture."""
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "INSERT OR IGNORE INTO report (picture_id, guild_id, person_id, reason, created) "
                "SELECT id, guild_id, ?2, ?3, ?4 FROM picture WHERE id = ?1 RETURNING *",
                (picture_id, person_id, reason, self._clock()),
            )
        return next((_report_from(row) for row in rows), None)

    async def get(self, report_id: int) -> Report | None:
        """The report with this id."""
        row = await self._database.row("SELECT * FROM report WHERE id = ?", (report_id,))
        return None if row is None else _report_from(row)

    async def open(self, guild_id: int) -> list[Report]:
        """What is reported of a server's pictures and not settled, oldest first."""
        rows = await self._database.rows(
            "SELECT * FROM report WHERE guild_id = ? AND settled IS NULL ORDER BY id", (guild_id,)
        )
        return [_report_from(row) for row in rows]

    async def settle(self, report_id: int, by: int, action: str) -> Report | None:
        """Notes what a moderator did about it; None: it was settled before, or its picture is gone."""
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "UPDATE report SET settled = ?, settled_by = ?, action = ? WHERE id = ? AND settled IS NULL "
                "RETURNING *",
                (self._clock(), by, action, report_id),
            )
        return next((_report_from(row) for row in rows), None)


def _report_from(row: sqlite3.Row) -> Report:
    return Report(
        id=row["id"],
        picture_id=row["picture_id"],
        guild_id=row["guild_id"],
        person_id=row["person_id"],
        reason=row["reason"],
        created=float(row["created"]),
        settled=None if row["settled"] is None else float(row["settled"]),
        settled_by=row["settled_by"],
        action=row["action"],
    )
