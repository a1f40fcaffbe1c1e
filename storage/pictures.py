"""A finished picture as a value and as a row."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from dataclasses import dataclass
from typing import Final

import aiosqlite

from storage.searching import searchable, storable


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
    score: int  # how many people gave it a star
    created: float
    parent_id: int | None  # the picture it was made from; None: from words alone, or the other is gone
    origin: str  # how: see NewJob
    prompt: str  # as in the spec
    style: str  # as in the spec
    public: bool  # whether others of its server may see it in galleries
    shared_at: float | None  # when its prompt was shared

    def seen_by(self, person_id: int, guild_id: int | None) -> bool:
        """Whether this person may see it where they are: their own always, a public one in the server it is from."""
        return self.person_id == person_id or (self.public and guild_id is not None and self.guild_id == guild_id)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all its files in the FileStore."""
        return (self.image, *self.films, *self.extras.values())


async def insert_picture(
    connection: aiosqlite.Connection,
    picture: NewPicture,
    *,
    job_id: int,
    person_id: int,
    guild_id: int | None,
    created: float,
    parent_id: int | None = None,
    origin: str = "art",
) -> Picture:
    """Adds the row inside the caller's transaction; public or private as the person prefers."""
    prompt, style = _prompt_and_style(picture.spec)
    rows = await connection.execute_fetchall(
        """
        INSERT INTO picture (job_id, person_id, guild_id, spec, seed, width, height, image, films, extras, seconds,
                             loss, clip_score, models, channel_id, message_id, created, parent_id, origin, prompt,
                             words, style, public)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
                COALESCE((SELECT public FROM person WHERE id = ?), 1)) RETURNING *
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
            parent_id,
            origin,
            prompt,
            searchable(prompt),
            style,
            person_id,
        ),
    )
    (row,) = rows
    return picture_from(row)


def _prompt_and_style(spec: str) -> tuple[str, str]:
    """What the spec says of them; storage knows no more of it."""
    try:
        values = json.loads(spec)
    except ValueError:
        return "", "image"
    known = values if isinstance(values, dict) else {}
    return storable(str(known.get("prompt", ""))), storable(str(known.get("style", "image")))


def picture_from(row: sqlite3.Row) -> Picture:
    """A row of the table as a value."""
    columns = {name: row[name] for name in PICTURE_COLUMNS}
    columns["films"] = tuple(json.loads(columns["films"]))
    columns["extras"] = json.loads(columns["extras"])
    columns["public"] = bool(columns["public"])
    for name in REAL_COLUMNS:  # RETURNING hands out whole REALs as integers
        columns[name] = None if columns[name] is None else float(columns[name])
    return Picture(**columns)


PICTURE_COLUMNS: Final = tuple(each.name for each in dataclasses.fields(Picture))
REAL_COLUMNS: Final = ("seconds", "loss", "clip_score", "created", "shared_at")
