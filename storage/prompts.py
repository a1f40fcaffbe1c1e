"""Shared prompts: everybody may paint them with another seed, and the author is credited."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from storage.database import Database, Value
from storage.pages import Listing, Page, read_page
from storage.searching import few_match, quoted, words_query

PromptKind = Literal["new", "week", "ever", "mine", "saved"]
WEEK_SECONDS: Final = 7 * 86_400.0
NOTHING: Final = Listing("prompt", "FALSE", (), ("id",))
SHOWN: Final = "prompt.*, picture.spec, picture.image, picture.score"


@dataclass(frozen=True)
class SharedPrompt:
    """A prompt with the picture it was shared with; it goes when the picture goes."""

    id: int
    picture_id: int
    person_id: int  # its author
    guild_id: int | None  # where it was shared; None: outside of servers
    prompt: str
    style: str
    uses: int  # paintings made from it
    created: float
    spec: str  # the picture's ArtSpec as JSON
    image: str  # the picture's name in the FileStore
    score: int  # the picture's stars


class Prompts:
    """The prompts that were shared, and who saved which. `clock` gives UNIX seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def share(self, picture_id: int, person_id: int, guild_id: int | None) -> SharedPrompt | None:
        """Shares the prompt of a picture of this person, which becomes public; None: there is no such picture.

        Sharing it again changes nothing.
        """
        async with self._database.transaction() as connection:
            now = self._clock()
            await connection.execute_fetchall(
                "INSERT OR IGNORE INTO prompt (picture_id, person_id, guild_id, prompt, words, style, created) "
                "SELECT id, person_id, ?3, prompt, words, style, ?4 FROM picture WHERE id = ?1 AND person_id = ?2",
                (picture_id, person_id, guild_id, now),
            )
            await connection.execute_fetchall(
                "UPDATE picture SET public = 1, shared_at = ?3 WHERE id = ?1 AND person_id = ?2 AND shared_at IS NULL",
                (picture_id, person_id, now),
            )
        row = await self._database.row(
            f"SELECT {SHOWN} FROM prompt JOIN picture ON picture.id = prompt.picture_id "
            "WHERE prompt.picture_id = ? AND prompt.person_id = ?",
            (picture_id, person_id),
        )
        return None if row is None else _prompt_from(row)

    async def get(self, prompt_id: int) -> SharedPrompt | None:
        """The prompt with this id."""
        row = await self._database.row(
            f"SELECT {SHOWN} FROM prompt JOIN picture ON picture.id = prompt.picture_id WHERE prompt.id = ?",
            (prompt_id,),
        )
        return None if row is None else _prompt_from(row)

    async def page(
        self,
        kind: PromptKind,
        guild_id: int | None,
        person_id: int,
        search: str | None = None,
        style: str | None = None,
        limit: int = 10,
        after: str | None = None,
    ) -> Page[SharedPrompt]:
        """Prompts, `limit` at a time; `after` is a cursor of the page before.

        "new", "week" (shared in the last seven days, most painted first) and "ever" (most painted first) show what was
        shared in this server, or outside of servers; "mine" and "saved" (last saved first) what the person has
        everywhere.
        """
        listing = await self._listing(kind, guild_id, person_id, search, style)
        if kind == "saved":
            source = "saved_prompt ON saved_prompt.id = chosen.k0 JOIN prompt ON prompt.id = saved_prompt.prompt_id"
        else:
            source = f"prompt ON prompt.id = chosen.k{len(listing.keys) - 1}"
        shown = f"SELECT {SHOWN}, chosen.* FROM chosen JOIN {source} JOIN picture ON picture.id = prompt.picture_id"
        return await read_page(self._database, listing, shown, _prompt_from, limit, after)

    async def used(self, prompt_id: int) -> None:
        """Counts a painting made from a prompt."""
        async with self._database.transaction() as connection:
            await connection.execute_fetchall("UPDATE prompt SET uses = uses + 1 WHERE id = ?", (prompt_id,))

    async def save(self, person_id: int, prompt_id: int, on: bool) -> bool:
        """Adds a prompt to a person's saved prompts, or removes it. False: there is no such prompt."""
        async with self._database.transaction() as connection:
            if on:
                await connection.execute_fetchall(
                    "INSERT OR IGNORE INTO saved_prompt (person_id, prompt_id, created) "
                    "SELECT ?, id, ? FROM prompt WHERE id = ?",
                    (person_id, self._clock(), prompt_id),
                )
            else:
                await connection.execute_fetchall(
                    "DELETE FROM saved_prompt WHERE person_id = ? AND prompt_id = ?", (person_id, prompt_id)
                )
            rows = await connection.execute_fetchall("SELECT 1 FROM prompt WHERE id = ?", (prompt_id,))
        return bool(list(rows))

    async def unshare(self, prompt_id: int, person_id: int) -> bool:
        """Stops sharing a prompt of this person and removes it from others' lists; False: there is no such prompt."""
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "DELETE FROM prompt WHERE id = ? AND person_id = ? RETURNING picture_id", (prompt_id, person_id)
            )
            for row in (gone := list(rows)):
                await connection.execute_fetchall(
                    "UPDATE picture SET shared_at = NULL WHERE id = ?", (row["picture_id"],)
                )
        return bool(gone)

    async def _listing(
        self, kind: PromptKind, guild_id: int | None, person_id: int, search: str | None, style: str | None
    ) -> Listing:
        """The list in SQL: a walk through an index in its order, or the few rows that have rare words."""
        words = None
        if search is not None and search.strip():
            words = words_query(search)
            if words is None:
                return NOTHING
        if kind == "saved":
            return _saved(person_id, words, style)
        where, parameters = self._filter(kind, guild_id, person_id, style)
        top = kind in ("week", "ever")
        walked = f"prompt INDEXED BY prompt_{'top_' if top else ''}of_{'person' if kind == 'mine' else 'guild'}"
        keys = ("uses", "id") if top else ("id",)
        if words is None:
            return Listing(walked, where, parameters, keys)
        match = f"words : ({words})"
        if await few_match(self._database, "prompt_search", match):
            found = "prompt_search CROSS JOIN prompt ON prompt.id = prompt_search.rowid"
            return Listing(found, f"prompt_search MATCH ? AND {where}", (match, *parameters), keys)
        if top:
            where += " AND +id IN (SELECT rowid FROM prompt_search WHERE prompt_search MATCH ?)"
            return Listing(walked, where, (*parameters, match), keys)
        marks = f"person{person_id}" if kind == "mine" else f"guild{'none' if guild_id is None else guild_id}"
        if style is not None:
            marks += f" AND {quoted(f'style{style}')}"
        return Listing("prompt_search", "prompt_search MATCH ?", (f"{match} AND marks : ({marks})",), ("rowid",))

    def _filter(
        self, kind: PromptKind, guild_id: int | None, person_id: int, style: str | None
    ) -> tuple[str, tuple[Value, ...]]:
        """What a list asks of a row, with the parameters."""
        conditions = ["person_id = ?" if kind == "mine" else "guild_id IS ?"]
        parameters: list[Value] = [person_id if kind == "mine" else guild_id]
        if style is not None:
            conditions.append("style = ?")
            parameters.append(style)
        if kind == "week":
            conditions.append("created >= ?")
            parameters.append(self._clock() - WEEK_SECONDS)
        return " AND ".join(conditions), tuple(parameters)


def _saved(person_id: int, words: str | None, style: str | None) -> Listing:
    source = "saved_prompt INDEXED BY saved_prompt_of_person"
    conditions, parameters = ["saved_prompt.person_id = ?"], list[Value]([person_id])
    if style is not None:
        source += " JOIN prompt ON prompt.id = saved_prompt.prompt_id"
        conditions.append("prompt.style = ?")
        parameters.append(style)
    if words is not None:
        conditions.append("prompt_id IN (SELECT rowid FROM prompt_search WHERE prompt_search MATCH ?)")
        parameters.append(f"words : ({words})")
    return Listing(source, " AND ".join(conditions), tuple(parameters), ("saved_prompt.id",))


def _prompt_from(row: sqlite3.Row) -> SharedPrompt:
    return SharedPrompt(
        id=row["id"],
        picture_id=row["picture_id"],
        person_id=row["person_id"],
        guild_id=row["guild_id"],
        prompt=row["prompt"],
        style=row["style"],
        uses=row["uses"],
        created=row["created"],
        spec=row["spec"],
        image=row["image"],
        score=row["score"],
    )
