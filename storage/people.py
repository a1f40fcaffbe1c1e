"""Preferences of people, and the export and erasure of everything that is kept about a person."""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass
from typing import Any, Final, Literal

import aiosqlite

from storage.database import Database
from storage.gallery import count_stars
from storage.pictures import picture_from

MERGED_PAGES: Final = 32  # of the index of words at a time
Notify = Literal["mention", "message", "none"]


@dataclass(frozen=True)
class Preferences:
    """What a person chose. ValueError: a value that makes no sense."""

    notify: Notify = "mention"  # how they are told that a long job is done
    locale: str | None = None  # the language of what is sent to them later, as Discord names it
    public: bool = True  # whether others of the same server may see their new pictures in galleries

    def __post_init__(self) -> None:
        if self.notify not in ("mention", "message", "none"):
            raise ValueError(f"notify is mention, message or none, not {self.notify!r}")


# Each thing that is kept about a person, with the rows in which it is. Replies hold Discord's tokens: nobody's to see.
KEPT: Final = {
    "preferences": "SELECT notify, locale, public FROM person WHERE id = ?",
    "jobs": (
        "SELECT id, guild_id, spec, cost, priority, state, created, started, ended, seconds, error, parent_id, origin, "
        "predicted, first_started FROM job WHERE person_id = ? ORDER BY id"
    ),
    "pictures": (
        "SELECT id, job_id, guild_id, spec, seed, width, height, image, films, extras, seconds, loss, clip_score, "
        "models, channel_id, message_id, score, created, parent_id, origin, public, shared_at "
        "FROM picture WHERE person_id = ? ORDER BY id"
    ),
    "shared_prompts": (
        "SELECT id, picture_id, guild_id, prompt, uses, created FROM prompt WHERE person_id = ? ORDER BY id"
    ),
    "saved_prompts": "SELECT prompt_id, created FROM saved_prompt WHERE person_id = ? ORDER BY id",
    "favourites": "SELECT picture_id, created FROM favourite WHERE person_id = ? ORDER BY id",
    "stars_given": "SELECT picture_id, created FROM star WHERE person_id = ? ORDER BY picture_id",
    "challenge_entries": "SELECT challenge_id, picture_id, created FROM entry WHERE person_id = ? ORDER BY id",
    "challenge_votes": "SELECT entry_id, created FROM vote WHERE person_id = ? ORDER BY entry_id",
    "challenges_opened": "SELECT id, guild_id, theme, opened, ends FROM challenge WHERE opened_by = ? ORDER BY id",
    "reports": "SELECT picture_id, reason, created, settled, action FROM report WHERE person_id = ? ORDER BY id",
    "reports_settled": "SELECT id, picture_id, settled, action FROM report WHERE settled_by = ? ORDER BY id",
}
# Pictures take with them their stars, favourites, posts, entries, prompts and reports; a job goes after its picture.
ERASED: Final = (
    "DELETE FROM vote WHERE person_id = ?",
    "DELETE FROM entry WHERE person_id = ?",
    "DELETE FROM saved_prompt WHERE person_id = ?",
    "DELETE FROM favourite WHERE person_id = ?",
    "DELETE FROM report WHERE person_id = ?",
    "DELETE FROM prompt WHERE person_id = ?",
    "DELETE FROM picture WHERE person_id = ?",
    "DELETE FROM job WHERE person_id = ?",
    "DELETE FROM person WHERE id = ?",
    "UPDATE challenge SET opened_by = NULL WHERE opened_by = ?",
    "UPDATE report SET settled_by = NULL WHERE settled_by = ?",
)


class People:
    """Preferences, and everything else that the database has of a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def preferences(self, person_id: int) -> Preferences:
        """What this person chose; the defaults for who never chose."""
        row = await self._database.row("SELECT notify, locale, public FROM person WHERE id = ?", (person_id,))
        return Preferences() if row is None else _preferences_from(row)

    async def change(self, person_id: int, **fields: Any) -> Preferences:
        """Changes these fields of Preferences and leaves the others; returns what holds from now on.

        TypeError: no such field. ValueError: a value that makes no sense. Then nothing was changed.
        """
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "SELECT notify, locale, public FROM person WHERE id = ?", (person_id,)
            )
            old = next((_preferences_from(row) for row in rows), Preferences())
            chosen = dataclasses.replace(old, **fields)
            await connection.execute_fetchall(
                "INSERT INTO person (id, notify, locale, public) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET notify = excluded.notify, locale = excluded.locale, public = excluded.public",
                (person_id, chosen.notify, chosen.locale, chosen.public),
            )
        return chosen

    async def export(self, person_id: int) -> dict[str, list[dict[str, Any]]]:
        """Everything that is kept about a person, by kind, fit for JSON; every kind is there, empty or not."""
        async with self._database.transaction() as connection:  # all of it as of one moment
            return {
                kind: [dict(row) for row in await connection.execute_fetchall(sql, (person_id,))]
                for kind, sql in KEPT.items()
            }

    async def erase(self, person_id: int) -> list[str]:
        """Forgets a person and returns the names of the files to remove next.

        A running job is lost to its worker, which learns it at its next beat. What others made from this person's
        pictures stays, without the parent. Nothing of what was erased is left in the database's files.
        """
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall("SELECT * FROM picture WHERE person_id = ?", (person_id,))
            files = [name for row in rows for name in picture_from(row).files]
            await _take_back_stars(connection, person_id)
            for sql in ERASED:
                await connection.execute_fetchall(sql, (person_id,))
        for index in ("picture_search", "prompt_search"):
            await self._forget_words(index)
        await self._database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return files

    async def _forget_words(self, index: str) -> None:
        """Deleted words stay in FTS5's segments until these are merged (https://sqlite.org/fts5.html section 6.9).

        Bit by bit, so that the queue has its turn in between: all of it takes seconds in a large gallery.
        """
        pages = -MERGED_PAGES  # negative: all segments are to become one
        while True:
            async with self._database.transaction() as connection:
                before = connection.total_changes
                await connection.execute_fetchall(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', ?)", (pages,))
                if connection.total_changes - before < 2:
                    return
            pages = MERGED_PAGES


async def _take_back_stars(connection: aiosqlite.Connection, person_id: int) -> None:
    rows = await connection.execute_fetchall("DELETE FROM star WHERE person_id = ? RETURNING picture_id", (person_id,))
    for row in list(rows):
        await count_stars(connection, row["picture_id"])


def _preferences_from(row: sqlite3.Row) -> Preferences:
    return Preferences(notify=row["notify"], locale=row["locale"], public=bool(row["public"]))
