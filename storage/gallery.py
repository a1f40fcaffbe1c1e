"""Every picture that was finished: whose it is, how it was painted, and where it can be found."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

import aiosqlite

from storage.database import Database


@dataclass(frozen=True)
class NewPicture:
    """A finished picture, before it is kept. Person, guild and job come from the job it finishes."""

    spec: str  # ArtSpec as JSON
    seed: int  # the one used, also where the spec left it open
    width: int  # pixels
    height: int
    image: str  # name in the FileStore
    films: tuple[str, ...]  # names in the FileStore
    extras: dict[str, str]  # what else belongs to it ("svg", "native.png", "1.png" … of a grid) → name in the FileStore
    seconds: float  # spent painting
    loss: float
    clip_score: float | None  # 100 · cosine of picture and words; None: not known
    models: str  # what painted it
    channel_id: int | None
    message_id: int | None  # where it was delivered, once that is known


@dataclass(frozen=True, kw_only=True)
class Picture(NewPicture):
    """A row of the gallery."""

    id: int
    job_id: int
    person_id: int
    guild_id: int | None
    score: int
    created: float

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all its files in the FileStore."""
        return (self.image, *self.films, *self.extras.values())


class Gallery:
    """The pictures in a database. They get there through `Queue.finish`, in one transaction with the end of the job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, picture_id: int) -> Picture | None:
        """The picture with this id."""
        row = await self._database.row("SELECT * FROM picture WHERE id = ?", (picture_id,))
        return None if row is None else picture_from(row)

    async def by_job(self, job_id: int) -> Picture | None:
        """The picture that this job painted."""
        row = await self._database.row("SELECT * FROM picture WHERE job_id = ?", (job_id,))
        return None if row is None else picture_from(row)

    async def of_person(self, person_id: int, limit: int, offset: int = 0) -> list[Picture]:
        """A person's pictures, newest first."""
        rows = await self._database.rows(
            "SELECT * FROM picture WHERE person_id = ? ORDER BY id DESC LIMIT ? OFFSET ?", (person_id, limit, offset)
        )
        return [picture_from(row) for row in rows]

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


async def insert_picture(
    connection: aiosqlite.Connection,
    picture: NewPicture,
    *,
    job_id: int,
    person_id: int,
    guild_id: int | None,
    created: float,
) -> Picture:
    """Adds the row inside the caller's transaction."""
    rows = await connection.execute_fetchall(
        """
        INSERT INTO picture (job_id, person_id, guild_id, spec, seed, width, height, image, films, extras, seconds,
                             loss, clip_score, models, channel_id, message_id, created)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *
        """,
        (
            job_id,
            person_id,
            guild_id,
            picture.spec,
            picture.seed,
            picture.width,
            picture.height,
            picture.image,
            json.dumps(picture.films),
            json.dumps(picture.extras),
            picture.seconds,
            picture.loss,
            picture.clip_score,
            picture.models,
            picture.channel_id,
            picture.message_id,
            created,
        ),
    )
    (row,) = rows
    return picture_from(row)


def picture_from(row: sqlite3.Row) -> Picture:
    """A row of the table as a value."""
    columns = dict(row)
    columns["films"] = tuple(json.loads(columns["films"]))
    columns["extras"] = json.loads(columns["extras"])
    for name in ("seconds", "loss", "clip_score", "created"):  # RETURNING hands out whole REALs as integers
        columns[name] = None if columns[name] is None else float(columns[name])
    return Picture(**columns)
