"""The files of a result, shrunk to Discord's limits; extras are dropped first, then the film."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import discord

from engine.errors import Message, PaintingError
from engine.images.ffmpeg import shrink_film
from engine.images.pictures import shrink_picture

REQUEST_LIMIT: Final = 24 * 1024 * 1024  # bytes of all files in a message; Discord allows 25 MiB a request
COMMON_LIMIT: Final = 10 * 1024 * 1024  # bytes a file that every channel accepts
SMALLEST_LIMIT: Final = 32 * 1024  # bytes; smaller files are not worth sending
FILM_DROPPED: Final = Message("The film was too large to send.")
FILM_SHRUNK: Final = Message("The film was made smaller to fit.")
PICTURE_SHRUNK: Final = Message("The picture was compressed to fit.")
PICTURE_DROPPED: Final = Message("The picture was too large to send.")
FILE_GONE: Final = Message("A file of this picture is no longer kept.")


@dataclass(frozen=True, slots=True)
class ResultFiles:
    """The stored files of a finished picture, and the name for their uploads."""

    stem: str  # of the file names of the uploads
    image: Path
    films: tuple[Path, ...] = ()
    extras: Mapping[str, Path] = field(default_factory=dict)  # "svg", "native.png" → file, in order


@dataclass(frozen=True, slots=True)
class Upload:
    """The name and content of a file to send."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Fitted:
    """The uploads of a result within a limit of bytes a file, and notes about what was shrunk or dropped."""

    limit: int
    uploads: tuple[Upload, ...] = ()
    image_name: str | None = None  # of the picture's upload
    notes: tuple[Message, ...] = ()


async def fit(results: ResultFiles | None, limit: int) -> Fitted:
    """Uploads of at most `limit` bytes each and `REQUEST_LIMIT` in all; none for no results."""
    if results is None:
        return Fitted(limit)
    return await asyncio.to_thread(_fit, results, limit)


async def smaller(results: ResultFiles | None, refused: Fitted) -> Fitted:
    """Smaller uploads, after Discord called those of `refused` too large; in the end none."""
    largest = max((len(upload.data) for upload in refused.uploads), default=0)
    limit = COMMON_LIMIT if min(largest, refused.limit) > COMMON_LIMIT else min(largest, refused.limit) // 2
    if results is None or limit < SMALLEST_LIMIT:
        return Fitted(limit, notes=(PICTURE_DROPPED,))
    return await fit(results, limit)


def _fit(results: ResultFiles, limit: int) -> Fitted:
    with tempfile.TemporaryDirectory(prefix="atelier-") as scratch:
        notes = list[Message]()
        image = _picture_within(results, limit, notes)
        uploads = [] if image is None else [image]
        for film in results.films:
            upload = _film_within(film, results.stem, _room(limit, uploads), Path(scratch), notes)
            if upload is not None:
                uploads.append(upload)
        for label, path in results.extras.items():
            upload = _extra_within(path, extra_name(results.stem, label), _room(limit, uploads), notes)
            if upload is not None:
                uploads.append(upload)
    return Fitted(limit, tuple(uploads), None if image is None else image.name, tuple(dict.fromkeys(notes)))


def files_of(uploads: Iterable[Upload]) -> list[discord.File]:
    """New discord.py files for each attempt to send, as sending consumes them."""
    return [discord.File(io.BytesIO(each.data), each.name) for each in uploads]


def extra_name(stem: str, label: str) -> str:
    """The file name of an extra: `atelier-5.svg`, `atelier-5-native.png`."""
    return f"{stem}-{label}" if "." in label else f"{stem}.{label}"


def _room(limit: int, uploads: list[Upload]) -> int:
    return min(limit, REQUEST_LIMIT - sum(len(upload.data) for upload in uploads))


def _picture_within(results: ResultFiles, limit: int, notes: list[Message]) -> Upload | None:
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


def _film_within(film: Path, stem: str, limit: int, scratch: Path, notes: list[Message]) -> Upload | None:
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


def _extra_within(path: Path, name: str, limit: int, notes: list[Message]) -> Upload | None:
    """The unchanged file, or None if it is too large: vector graphics and pixel art must not be scaled."""
    if not path.is_file():
        notes.append(FILE_GONE)
        return None
    if path.stat().st_size > limit:
        notes.append(Message("{name} was too large to send.", name=name))
        return None
    return Upload(name, path.read_bytes())
