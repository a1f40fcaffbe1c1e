"""Paging: no item is shown twice or skipped."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Database, Page
from storage.pages import Listing, read_page

NEWEST = Listing("thing", "score >= ?", (0,), ("id",))
OLDEST = Listing("thing", "score >= ?", (0,), ("id",), descending=False)
BEST = Listing("thing", "score >= ?", (0,), ("score", "id"))
SHOWN = "SELECT thing.id, chosen.* FROM chosen JOIN thing ON thing.id = chosen.{id}"


def number(row: sqlite3.Row) -> int:
    return int(row["id"])


async def turned(database: Database, listing: Listing, limit: int, after: str | None = None) -> Page[int]:
    return await read_page(database, listing, SHOWN.format(id=f"k{len(listing.keys) - 1}"), number, limit, after)


@pytest.fixture
async def things(database: Database) -> Database:
    """Ten items, 1 to 10, with scores 0 1 2 0 1 2 ..."""
    async with database.transaction() as connection:
        await connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, score INTEGER NOT NULL) STRICT")
        await connection.executemany("INSERT INTO thing VALUES (?, ?)", [(id, (id - 1) % 3) for id in range(1, 11)])
    return database


@pytest.mark.parametrize(
    ("listing", "order"),
    [
        (NEWEST, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        (OLDEST, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (BEST, [9, 6, 3, 8, 5, 2, 10, 7, 4, 1]),
    ],
)
@pytest.mark.parametrize("limit", [1, 3, 5, 10, 11])
async def test_forth_and_back(things: Database, listing: Listing, order: list[int], limit: int) -> None:
    expected = [tuple(order[start : start + limit]) for start in range(0, 10, limit)]
    pages = [await turned(things, listing, limit)]
    assert pages[0].previous is None
    while (cursor := pages[-1].next) is not None:
        pages.append(await turned(things, listing, limit, cursor))
    assert [page.items for page in pages] == expected
    back = [pages[-1]]
    while (cursor := back[-1].previous) is not None:
        back.append(await turned(things, listing, limit, cursor))
    assert [page.items for page in back[::-1]] == expected
    assert back[-1].next == pages[0].next


async def test_what_is_added_in_front_moves_nothing(things: Database) -> None:
    first = await turned(things, NEWEST, 4)
    async with things.transaction() as connection:
        await connection.execute("INSERT INTO thing VALUES (11, 0)")
    second = await turned(things, NEWEST, 4, first.next)
    assert second.items == (6, 5, 4, 3)
    back = await turned(things, NEWEST, 4, second.previous)
    assert back.items == (10, 9, 8, 7)
    assert (await turned(things, NEWEST, 4, back.previous)).items == (11, 10, 9, 8)  # a first page is as full as it can


async def test_the_thing_at_the_cursor_may_be_gone(things: Database) -> None:
    first = await turned(things, NEWEST, 4)
    async with things.transaction() as connection:
        await connection.execute("DELETE FROM thing WHERE id IN (7, 6)")
    assert (await turned(things, NEWEST, 4, first.next)).items == (5, 4, 3, 2)


async def test_where_all_behind_is_gone_the_last_page_is_shown(things: Database) -> None:
    first = await turned(things, NEWEST, 4)
    async with things.transaction() as connection:
        await connection.execute("DELETE FROM thing WHERE id < 7")
    assert (await turned(things, NEWEST, 4, first.next)).items == (10, 9, 8, 7)
    async with things.transaction() as connection:
        await connection.execute("DELETE FROM thing")
    assert await turned(things, NEWEST, 4, first.next) == Page((), None, None)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_page_holds_something(things: Database, limit: int) -> None:
    with pytest.raises(ValueError, match="one thing at least"):
        await turned(things, NEWEST, limit)


@pytest.mark.parametrize("listing", [NEWEST, BEST])
@pytest.mark.parametrize("cursor", ["", "n", "n1.2.3", "x5", "n5; DROP TABLE thing", "n" + "9" * 19, "n٣", "n--1"])
async def test_what_is_no_cursor_shows_the_first_page(things: Database, listing: Listing, cursor: str) -> None:
    assert await turned(things, listing, 4, cursor) == await turned(things, listing, 4)


@given(
    scores=st.lists(st.integers(-3, 3), max_size=30),
    limit=st.integers(1, 7),
    descending=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_list_is_shown_whole_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, scores: list[int], limit: int, descending: bool
) -> None:
    async def walk(folder: Path) -> list[int]:
        database = await Database.open(folder)
        listing = Listing("thing", "TRUE", (), ("score", "id"), descending)
        try:
            async with database.transaction() as connection:
                await connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, score INTEGER) STRICT")
                await connection.executemany("INSERT INTO thing (score) VALUES (?)", [(score,) for score in scores])
            seen, cursor = list[int](), None
            while True:
                page = await turned(database, listing, limit, cursor)
                seen += page.items
                if (cursor := page.next) is None:
                    return seen
        finally:
            await database.close()

    expected = sorted(range(1, len(scores) + 1), key=lambda id: (scores[id - 1], id), reverse=descending)
    assert asyncio.run(walk(tmp_path_factory.mktemp("list"))) == expected
