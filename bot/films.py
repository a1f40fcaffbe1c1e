"""The film of a picture as MP4 and as GIF, whichever of them was kept."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from bot.uploads import SMALLEST_LIMIT, Upload
from engine.film import shrink_film

KINDS: Final = (".mp4", ".gif")
MOST_AT_ONCE: Final = 2  # ffmpeg may take seconds on a core of its own

_turn = asyncio.Semaphore(MOST_AT_ONCE)


async def both_kinds(stem: str, films: tuple[Path, ...], limit: int) -> tuple[Upload, ...]:
    """The film in each kind that is there or can be made, within `limit` bytes each; nothing where it is gone."""
    async with _turn:
        return await asyncio.to_thread(_both_kinds, stem, films, limit)


def _both_kinds(stem: str, films: tuple[Path, ...], limit: int) -> tuple[Upload, ...]:
    there = {film.suffix: film for film in films if film.is_file()}
    if not there or limit < SMALLEST_LIMIT:
        return ()
    with tempfile.TemporaryDirectory(prefix="atelier-") as scratch:
        made = [_of_kind(there, Path(scratch) / f"{stem}{suffix}", limit) for suffix in KINDS]
    return tuple(upload for upload in made if upload is not None)


def _of_kind(there: dict[str, Path], target: Path, limit: int) -> Upload | None:
    kept = there.get(target.suffix)
    if kept is not None and kept.stat().st_size <= limit:
        return Upload(target.name, kept.read_bytes())
    source = kept or next(iter(there.values()))
    return Upload(target.name, target.read_bytes()) if shrink_film(source, target, limit) else None
