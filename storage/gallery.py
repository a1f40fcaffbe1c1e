"""The gallery: every finished picture, with its owner, its ArtSpec, its visibility and its messages."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import aiosqlite

from storage.database import Database, Value
from storage.pages import Listing, Page, read_page
from storage.pictures import NewPicture, Picture, picture_from
from storage.searching import few_match, quoted, words_query

__all__ = ["Gallery", "GalleryQuery", "Lineage", "NewPicture", "Picture", "Sort"]

Sort = Literal["new", "top", "old"]
OLDEST_ANCESTOR: Final = 30  # generations
MOST_CHILDREN: Final = 25
NOTHING: Final = Listing("picture", "FALSE", (), ("id",))


@dataclass(frozen=True)
class GalleryQuery:
    """Which pictures, for whom, in which order.

    With a `guild_id` those of this server that are public or the viewer's own. Without one the viewer's own from
    everywhere; another person's are then not shown.
    """

    viewer_id: int
    person_id: int | None = None  # whose; None: everybody's
    guild_id: int | None = None
    search: str | None = None  # words that the prompt has, as typed; None or blank: any
    style: str | None = None
    sort: Sort = "new"


@dataclass(frozen=True)
class Lineage:
    """Where a picture comes from and what was made from it."""

    ancestors: tuple[Picture, ...]  # the first of all, ..., the parent
    children: tuple[Picture, ...]  # oldest first, 25 at most


class Gallery:
    """The pictures in a database. They get there through `Queue.finish`, in one transaction with the end of the job."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def get(self, picture_id: int) -> Picture | None:
        """The picture with this id."""
        row = await self._database.row("SELECT * FROM picture WHERE id = ?", (picture_id,))
        return None if row is None else picture_from(row)

    async def by_job(self, job_id: int) -> Picture | None:
        """The picture that this job painted."""
        row = await self._database.row("SELECT * FROM picture WHERE job_id = ?", (job_id,))
        return None if row is None else picture_from(row)

    async def by_message(self, message_id: int) -> Picture | None:
        """The picture that this message delivered (not a post in a feed: see `Feed.by_message`)."""
        row = await self._database.row(
            "SELECT * FROM picture WHERE message_id = ? ORDER BY id DESC LIMIT 1", (message_id,)
        )
        return None if row is None else picture_from(row)

    async def set_message(self, picture_id: int, channel_id: int, message_id: int) -> None:
        """Notes where the picture was delivered."""
        async with self._database.transaction() as connection:
            await connection.execute_fetchall(
                "UPDATE picture SET channel_id = ?, message_id = ? WHERE id = ?", (channel_id, message_id, picture_id)
            )

    async def remove(self, picture_id: int) -> Picture | None:
        """Forgets the picture and returns what it was, so that its files can be removed next; None: there was none."""
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall("DELETE FROM picture WHERE id = ? RETURNING *", (picture_id,))
        return next((picture_from(row) for row in rows), None)

    async def page(self, query: GalleryQuery, limit: int, after: str | None = None) -> Page[Picture]:
        """The pictures of a query, `limit` at a time; `after` is a cursor of the page before."""
        listing = await _listing(self._database, query)
        shown = f"SELECT picture.*, chosen.* FROM chosen JOIN picture ON picture.id = chosen.k{len(listing.keys) - 1}"
        return await read_page(self._database, listing, shown, picture_from, limit, after)

    async def count(self, query: GalleryQuery) -> int:
        """How many pictures `page` shows altogether."""
        listing = await _listing(self._database, query)
        row = await self._database.row(
            f"SELECT COUNT(*) AS number FROM {listing.source} WHERE {listing.condition}", listing.parameters
        )
        assert row is not None
        return int(row["number"])

    async def lineage(self, picture_id: int, viewer_id: int | None = None) -> Lineage:
        """The ancestors and children of a picture; with a viewer only those that are public or the viewer's own."""
        ancestors = await self._database.rows(
            """
            WITH RECURSIVE line (id, generation) AS (
                SELECT parent_id, 1 FROM picture WHERE id = ?
                UNION ALL
                SELECT picture.parent_id, generation + 1 FROM line JOIN picture ON picture.id = line.id
                WHERE generation < ?
            )
            SELECT picture.* FROM line JOIN picture ON picture.id = line.id ORDER BY generation DESC
            """,
            (picture_id, OLDEST_ANCESTOR),
        )
        children = await self._database.rows(
            "SELECT * FROM picture WHERE parent_id = ?1 AND (?2 IS NULL OR public = 1 OR person_id = ?2) "
            "ORDER BY id LIMIT ?3",
            (picture_id, viewer_id, MOST_CHILDREN),
        )
        seen = [picture_from(row) for row in ancestors]
        return Lineage(
            ancestors=tuple(each for each in seen if viewer_id in (None, each.person_id) or each.public),
            children=tuple(picture_from(row) for row in children),
        )

    async def set_public(self, picture_id: int, person_id: int, public: bool) -> bool:
        """Shows a picture of this person in galleries, or hides it. False: there is no such picture of theirs."""
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "UPDATE picture SET public = ? WHERE id = ? AND person_id = ? RETURNING id",
                (public, picture_id, person_id),
            )
        return bool(list(rows))

    async def favourite(self, person_id: int, picture_id: int, on: bool) -> int:
        """Adds a picture to this person's favourites if they may see it, or removes it; returns how many have it."""
        async with self._database.transaction() as connection:
            if on:
                await connection.execute_fetchall(
                    "INSERT OR IGNORE INTO favourite (person_id, picture_id, created) "
                    "SELECT ?1, id, ?3 FROM picture WHERE id = ?2 AND (public = 1 OR person_id = ?1)",
                    (person_id, picture_id, self._clock()),
                )
            else:
                await connection.execute_fetchall(
                    "DELETE FROM favourite WHERE person_id = ? AND picture_id = ?", (person_id, picture_id)
                )
            rows = await connection.execute_fetchall(
                "SELECT COUNT(*) AS number FROM favourite WHERE picture_id = ?", (picture_id,)
            )
        return next(int(row["number"]) for row in rows)

    async def is_favourite(self, person_id: int, picture_id: int) -> bool:
        """Whether the picture is among this person's favourites."""
        row = await self._database.row(
            "SELECT 1 FROM favourite WHERE picture_id = ? AND person_id = ?", (picture_id, person_id)
        )
        return row is not None

    async def favourites(self, person_id: int, limit: int, after: str | None = None) -> Page[Picture]:
        """This person's favourites, newest choice first, without pictures that became private."""
        listing = Listing(
            source="favourite JOIN picture ON picture.id = favourite.picture_id",
            condition="favourite.person_id = ? AND (picture.public = 1 OR picture.person_id = ?)",
            parameters=(person_id, person_id),
            keys=("favourite.id",),
        )
        shown = (
            "SELECT picture.*, chosen.* FROM chosen JOIN favourite ON favourite.id = chosen.k0 "
            "JOIN picture ON picture.id = favourite.picture_id"
        )
        return await read_page(self._database, listing, shown, picture_from, limit, after)

    async def star(self, person_id: int, picture_id: int, on: bool) -> int:
        """Adds this person's star to a picture they may see, or removes it; returns the number of its stars."""
        async with self._database.transaction() as connection:
            if on:
                await connection.execute_fetchall(
                    "INSERT OR IGNORE INTO star (picture_id, person_id, author_id, guild_id, created) "
                    "SELECT id, ?1, person_id, guild_id, ?3 FROM picture "
                    "WHERE id = ?2 AND (public = 1 OR person_id = ?1)",
                    (person_id, picture_id, self._clock()),
                )
            else:
                await connection.execute_fetchall(
                    "DELETE FROM star WHERE picture_id = ? AND person_id = ?", (picture_id, person_id)
                )
            return await count_stars(connection, picture_id)

    async def files(self) -> set[str]:
        """The names of all files that pictures refer to, for `FileStore.sweep`."""
        rows = await self._database.rows(
            """
            SELECT image AS name FROM picture
            UNION ALL SELECT value FROM picture, json_each(picture.films)
            UNION ALL SELECT value FROM picture, json_each(picture.extras)
            """
        )
        return {row["name"] for row in rows}


async def _listing(database: Database, query: GalleryQuery) -> Listing:
    """The query in SQL: a walk through an index in its order, or the few rows that have rare words."""
    person_id = query.person_id
    if query.guild_id is None:
        if person_id not in (None, query.viewer_id):
            return NOTHING
        person_id = query.viewer_id
    conditions, parameters = _filters(query, person_id)
    where = " AND ".join(conditions)
    whose = "guild" if person_id is None else "person"
    walked = f"picture INDEXED BY picture_{'top_' if query.sort == 'top' else ''}of_{whose}"
    keys, descending = ("score", "id") if query.sort == "top" else ("id",), query.sort != "old"
    if query.search is None or not query.search.strip():
        return Listing(walked, where, parameters, keys, descending)
    words = words_query(query.search)
    if words is None:
        return NOTHING
    match = f"words : ({words})"
    if await few_match(database, "picture_search", match):
        found = "picture_search CROSS JOIN picture ON picture.id = picture_search.rowid"
        return Listing(found, f"picture_search MATCH ? AND {where}", (match, *parameters), keys, descending)
    if query.sort == "top":
        where += " AND +id IN (SELECT rowid FROM picture_search WHERE picture_search MATCH ?)"
        return Listing(walked, where, (*parameters, match), keys)
    match += f" AND marks : ({_marks(query, person_id)})"
    return Listing("picture_search", "picture_search MATCH ?", (match,), ("rowid",), descending)


def _filters(query: GalleryQuery, person_id: int | None) -> tuple[list[str], tuple[Value, ...]]:
    """What a query asks of a row, with the parameters."""
    conditions: list[str] = []
    parameters: list[Value] = []
    if person_id is not None:
        conditions.append("person_id = ?")
        parameters.append(person_id)
    if query.guild_id is not None:
        conditions.append("guild_id = ?")
        parameters.append(query.guild_id)
    if query.style is not None:
        conditions.append("style = ?")
        parameters.append(query.style)
    if person_id != query.viewer_id:
        conditions.append("(public = 1 OR person_id = ?)")
        parameters.append(query.viewer_id)
    return conditions, tuple(parameters)


def _marks(query: GalleryQuery, person_id: int | None) -> str:
    """The same in the words of the view picture_searched; something is always asked."""
    marks: list[str] = []
    if person_id is not None:
        marks.append(f"person{person_id}")
    if query.guild_id is not None:
        marks.append(f"guild{query.guild_id}")
    if query.style is not None:
        marks.append(quoted(f"style{query.style}"))
    if person_id != query.viewer_id:
        marks.append(f"(public OR person{query.viewer_id})")
    return " AND ".join(marks)


async def count_stars(connection: aiosqlite.Connection, picture_id: int) -> int:
    """Brings the score of a picture up to date inside the caller's transaction and returns it; 0: no such picture."""
    rows = await connection.execute_fetchall(
        "UPDATE picture SET score = (SELECT COUNT(*) FROM star WHERE picture_id = picture.id) WHERE id = ? "
        "RETURNING score",
        (picture_id,),
    )
    return next((int(row["score"]) for row in rows), 0)
