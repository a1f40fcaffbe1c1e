"""Start images, image prompts and palette images, stored by the SHA-256 digest of their bytes."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.spec.artspec import ArtSpec
from storage.database import Database
from storage.files import FileStore

SETTING: Final = "start_images"
MAX_PICTURES: Final = 500  # kept, the last used ones; each of 8 MiB at most


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str  # in the FileStore
    used: float  # last, in UNIX seconds


def pictures_in(spec: ArtSpec) -> tuple[str, ...]:
    """The digests of all pictures that a spec names, without duplicates."""
    digests = (spec.start_image, spec.palette_image, *(each.image for each in spec.image_prompts))
    return tuple(dict.fromkeys(digest for digest in digests if digest is not None))


class StartImages:
    """Everybody's pictures for specs, which name them by digest. The index is a row of the table of settings."""

    def __init__(self, database: Database, files: FileStore, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._lock = asyncio.Lock()

    async def keep(self, data: bytes, suffix: str) -> str:
        """Store a picture and return its digest. Raises `StorageError` if it can't be written."""
        digest = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        async with self._lock:
            entries = await self._read()
            name = entries[digest].name if digest in entries else None
            if name is None or not await asyncio.to_thread(self._files.path(name).is_file):
                name = await self._files.put(data, suffix)
            entries[digest] = _Entry(name, self._clock())
            newest = sorted(entries, key=lambda key: entries[key].used, reverse=True)
            await self._write({key: entries[key] for key in newest[:MAX_PICTURES]})
            for key in newest[MAX_PICTURES:]:
                await self._files.remove(entries[key].name)
        return digest

    async def forget(self, digests: set[str]) -> None:
        """Delete those of these pictures that no job and no finished picture uses."""
        async with self._lock:
            entries = await self._read()
            unused = [digest for digest in digests & set(entries) if not await self._is_used(digest)]
            await self._write({digest: entry for digest, entry in entries.items() if digest not in unused})
            for digest in unused:
                await self._files.remove(entries[digest].name)

    async def _is_used(self, digest: str) -> bool:
        row = await self._database.row(
            "SELECT 1 FROM job WHERE instr(spec, ?1) UNION ALL SELECT 1 FROM picture WHERE instr(spec, ?1) LIMIT 1",
            (digest,),
        )
        return row is not None

    async def path(self, digest: str) -> Path | None:
        """The file with this digest; None if it is no longer stored."""
        entry = (await self._read()).get(digest)
        if entry is None:
            return None
        path = self._files.path(entry.name)
        return path if await asyncio.to_thread(path.is_file) else None

    async def paths(self, spec: ArtSpec) -> dict[str, Path] | None:
        """The files of all pictures that a spec names, by digest; None if one is no longer stored."""
        paths = {digest: await self.path(digest) for digest in pictures_in(spec)}
        existing = {digest: path for digest, path in paths.items() if path is not None}
        return existing if len(existing) == len(paths) else None

    async def names(self) -> set[str]:
        """The file names of all pictures, for `FileStore.sweep`."""
        return {entry.name for entry in (await self._read()).values()}

    async def _read(self) -> dict[str, _Entry]:
        text = await self._database.setting(SETTING)
        return {} if text is None else {digest: _Entry(**value) for digest, value in json.loads(text).items()}

    async def _write(self, entries: dict[str, _Entry]) -> None:
        values = {digest: dataclasses.asdict(entry) for digest, entry in entries.items()}
        await self._database.set_setting(SETTING, json.dumps(values, separators=(",", ":")))
