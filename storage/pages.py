"""Keyset pagination: pages of a list, read from where the last page ended, however long the list is."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from storage.database import Database, Value

T = TypeVar("T")
CURSOR: Final = re.compile(r"([np])(-?[0-9]{1,19}(?:\.-?[0-9]{1,19})*)")
LARGEST: Final = 2**63 - 1


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list. A cursor is a short text that fits into a custom_id; given as `after` it turns the page."""

    items: tuple[T, ...]
    previous: str | None  # cursor of the page before; None: this is the first
    next: str | None  # cursor of the page behind; None: this is the last


@dataclass(frozen=True)
class Listing:
    """A list in SQL: what is in it (`source`, `condition` and its parameters), and in which order.

    `keys` are columns of integers that together differ in each row, the id last; `condition` and `keys` should be
    answered by one index.
    """

    source: str
    condition: str
    parameters: tuple[Value, ...]
    keys: tuple[str, ...]
    descending: bool = True


async def read_page(
    database: Database,
    listing: Listing,
    shown: str,
    build: Callable[[sqlite3.Row], T],
    limit: int,
    after: str | None,
) -> Page[T]:
    """The page behind (or, by its cursor, before) a cursor; the first page for None and for what is no cursor of this.

    `shown` is `SELECT ... FROM chosen JOIN ...`, where `chosen` has the keys of the rows on this page as k0, k1, ...
    """
    if limit < 1:
        raise ValueError(f"a page holds one thing at least, not {limit}")
    cursor = _parsed(after, len(listing.keys))
    backwards = cursor is not None and cursor[0] == "p"
    rows = await database.rows(*_statement(listing, shown, limit + 1, cursor))
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        if not more:  # the list's beginning: as full a page as there can be
            return await read_page(database, listing, shown, build, limit, None)
        rows.reverse()
    elif not rows and after is not None and cursor is not None:  # what was behind it is gone
        return await read_page(database, listing, shown, build, limit, "p" + after[1:])
    return Page(
        items=tuple(build(row) for row in rows),
        previous=_cursor("p", rows[0], listing) if rows and (more if backwards else cursor is not None) else None,
        next=_cursor("n", rows[-1], listing) if rows and (backwards or more) else None,
    )


def _statement(
    listing: Listing, shown: str, limit: int, cursor: tuple[str, tuple[int, ...]] | None
) -> tuple[str, Sequence[Value]]:
    backwards = cursor is not None and cursor[0] == "p"
    descending = listing.descending != backwards
    way = "DESC" if descending else "ASC"
    where, parameters = listing.condition, list(listing.parameters)
    if cursor is not None:
        where += f" AND {_row(listing.keys)} {'<' if descending else '>'} {_row(['?'] * len(listing.keys))}"
        parameters += cursor[1]
    columns = ", ".join(f"{key} AS k{number}" for number, key in enumerate(listing.keys))
    order = ", ".join(f"{key} {way}" for key in listing.keys)
    chosen = f"SELECT {columns} FROM {listing.source} WHERE {where} ORDER BY {order} LIMIT ?"
    shown_order = ", ".join(f"chosen.k{number} {way}" for number in range(len(listing.keys)))
    return f"WITH chosen AS MATERIALIZED ({chosen}) {shown} ORDER BY {shown_order}", [*parameters, limit]


def _row(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def _cursor(way: str, row: sqlite3.Row, listing: Listing) -> str:
    return way + ".".join(str(row[f"k{number}"]) for number in range(len(listing.keys)))


def _parsed(text: str | None, keys: int) -> tuple[str, tuple[int, ...]] | None:
    match = CURSOR.fullmatch(text or "")
    if match is None:
        return None
    values = tuple(int(value) for value in match[2].split("."))
    return (match[1], values) if len(values) == keys and all(abs(value) <= LARGEST for value in values) else None
