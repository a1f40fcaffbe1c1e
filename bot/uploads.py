"""The files of a result, made to fit what Discord takes: what lies beside gives way first, then the film."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import discord

from bot.language import to_say
from engine.errors import PaintingError
from engine.film import shrink_film
from engine.pictures import shrink_picture

REQUEST_LIMIT: Final = 24 * 1024 * 1024  # bytes of files in one message; Discord takes 25 MiB a request in all
COMMON_LIMIT: Final = 10 * 1024 * 1024  # bytes a file that every place takes, whatever it said before
SMALLEST_LIMIT: Final = 32 * 1024  # bytes below which a file is not worth sending
FILM_DROPPED: Final = to_say("The film was too large to send.")
FILM_SHRUNK: Final = to_say("The film was made smaller to fit.")
PICTURE_SHRUNK: Final = to_say("The picture was compressed to fit.")
PICTURE_DROPPED: Final = to_say("The picture was too large to send.")
EXTRA_DROPPED: Final = "{name} was too large to send."
FILE_GONE: Final = to_say("A file of this picture is no longer kept.")


@dataclass(frozen=True, slots=True)
class ResultFiles:
    """A finished picture and what belongs to it as they are kept, and the name they are sent under, without suffix."""

    stem: str
    image: Path
    films: tuple[Path, ...] = ()
    extras: Mapping[str, Path] = field(default_factory=dict)  # "svg", "native.png" → file, in the order they are sent


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it is sent."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is left of a result within a limit of bytes a file, and what to tell the person about it."""

    limit: int
    uploads: tuple[Upload, ...] = ()
    image_name: str | None = None
    notes: tuple[str, ...] = ()


async def fit(results: ResultFiles | None, limit: int) -> Fitted:
    """The files within `limit` bytes each and 24 MiB in all; no files, no uploads."""
    if results is None:
        return Fitted(limit)
    return await asyncio.to_thread(_fit, results, limit)


async def smaller(results: ResultFiles | None, refused: Fitted) -> Fitted:
    """The next try after Discord called `refused` too large; in the end without any file."""
    largest = max((len(upload.data) for upload in refused.uploads), default=0)
    limit = COMMON_LIMIT if min(largest, refused.limit) > COMMON_LIMIT else min(largest, refused.limit) // 2
    if results is None or limit < SMALLEST_LIMIT:
        return Fitted(limit, notes=(PICTURE_DROPPED,))
    return await fit(results, limit)


def _fit(results: ResultFiles, limit: int) -> Fitted:
    with tempfile.TemporaryDirectory(prefix="atelier-") as scratch:
        notes = list[str]()
        image = _picture_within(results, limit, notes)
        uploads = [] if image is None else [image]
        for film in results.films:
            upload = _film_within(film, results.stem, _room(limit, uploads), Path(scratch), notes)
            if upload is not None:
                uploads.append(upload)
        for label, path in results.extras.items():
            upload = _extra_within(path, named(results.stem, label), _room(limit, uploads), notes)
            if upload is not None:
                uploads.append(upload)
    return Fitted(limit, tuple(uploads), None if image is None else image.name, tuple(dict.fromkeys(notes)))


def files_of(uploads: Iterable[Upload]) -> list[discord.File]:
    """Fresh file objects: a sent one is spent."""
    return [discord.File(io.BytesIO(each.data), each.name) for each in uploads]


def named(stem: str, label: str) -> str:
    """The name that something beside the picture is sent under: `atelier-5.svg`, `atelier-5-native.png`."""
    return f"{stem}-{label}" if "." in label else f"{stem}.{label}"


def _room(limit: int, uploads: list[Upload]) -> int:
    return min(limit, REQUEST_LIMIT - sum(len(upload.data) for upload in uploads))


def _picture_within(results: ResultFiles, limit: int, notes: list[str]) -> Upload | None:
    if not results.image.is_file():
        notes.append(FILE_GONE)
        return None
    if results.image.stat().st_size <= limit:
        return Upload(results.stem + results.image.suffix, results.image.read_bytes())
    try:
        data = shrink_picture(results.image, limit)
    except PaintingError:
        notes.append(PICTURE_DROPPED)
        return None
    notes.append(PICTURE_SHRUNK)
    return Upload(f"{results.stem}.webp", data)


def _film_within(film: Path, stem: str, limit: int, scratch: Path, notes: list[str]) -> Upload | None:
    if not film.is_file():
        notes.append(FILE_GONE)
        return None
    if film.stat().st_size <= limit:
        return Upload(stem + film.suffix, film.read_bytes())
    target = scratch / f"{stem}{film.suffix}"
    if limit < SMALLEST_LIMIT or not shrink_film(film, target, limit):
        notes.append(FILM_DROPPED)
        return None
    notes.append(FILM_SHRUNK)
    return Upload(target.name, target.read_bytes())


def _extra_within(path: Path, name: str, limit: int, notes: list[str]) -> Upload | None:
    """As it is or not at all: a drawing or a grid of colours that was made smaller would be another one."""
    if not path.is_file():
        notes.append(FILE_GONE)
        return None
    if path.stat().st_size > limit:
        notes.append(EXTRA_DROPPED.format(name=name))
        return None
    return Upload(name, path.read_bytes())
