"""Pictures that people give for theirs, kept by the SHA-256 of their bytes for as long as somebody uses them."""

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

from engine.spec import ArtSpec
from storage.database import Database
from storage.files import FileStore

SETTING: Final = "start_images"
MOST: Final = 500  # pictures kept, the last used ones; each is 8 MiB at most


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str  # in the FileStore
    used: float  # UNIX seconds


def pictures_in(spec: ArtSpec) -> tuple[str, ...]:
    """The digests of all pictures that a spec names, each once."""
    named = (spec.start_image, spec.palette_image, *(each.image for each in spec.image_prompts))
    return tuple(dict.fromkeys(digest for digest in named if digest is not None))


class StartImages:
    """The pictures of all people: to start from, to look like, to take colours from. A spec names them by digest."""

    def __init__(self, database: Database, files: FileStore, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._turn = asyncio.Lock()

    async def keep(self, data: bytes, suffix: str) -> str:
        """Keep a picture and return the digest that finds it again. Raises StorageError where the disk refuses."""
        digest = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        async with self._turn:
            kept = await self._read()
            name = kept[digest].name if digest in kept else None
            if name is None or not await asyncio.to_thread(self._files.path(name).is_file):
                name = await self._files.put(data, suffix)
            kept[digest] = _Kept(name, self._clock())
            newest = sorted(kept, key=lambda each: kept[each].used, reverse=True)
            await self._write({each: kept[each] for each in newest[:MOST]})
            for each in newest[MOST:]:
                await self._files.remove(kept[each].name)
        return digest

    async def forget(self, digests: set[str]) -> None:
        """Remove those of these pictures that no job and no finished picture names any more."""
        async with self._turn:
            kept = await self._read()
            unused = [digest for digest in digests & set(kept) if not await self._is_named(digest)]
            await self._write({digest: each for digest, each in kept.items() if digest not in unused})
            for digest in unused:
                await self._files.remove(kept[digest].name)

    async def _is_named(self, digest: str) -> bool:
        found = await self._database.row(
            "SELECT 1 FROM job WHERE instr(spec, ?1) UNION ALL SELECT 1 FROM picture WHERE instr(spec, ?1) LIMIT 1",
            (digest,),
        )
        return found is not None

    async def path(self, digest: str) -> Path | None:
        """Where the picture with this digest lies; None where it is no longer kept."""
        kept = (await self._read()).get(digest)
        if kept is None:
            return None
        path = self._files.path(kept.name)
        return path if await asyncio.to_thread(path.is_file) else None

    async def paths(self, spec: ArtSpec) -> dict[str, Path] | None:
        """Where each picture that a spec names lies, by digest; None where one of them is no longer kept."""
        found = {digest: await self.path(digest) for digest in pictures_in(spec)}
        there = {digest: path for digest, path in found.items() if path is not None}
        return there if len(there) == len(found) else None

    async def names(self) -> set[str]:
        """The names of all pictures, for `FileStore.sweep`."""
        return {kept.name for kept in (await self._read()).values()}

    async def _read(self) -> dict[str, _Kept]:
        text = await self._database.setting(SETTING)
        return {} if text is None else {digest: _Kept(**value) for digest, value in json.loads(text).items()}

    async def _write(self, kept: dict[str, _Kept]) -> None:
        values = {digest: dataclasses.asdict(each) for digest, each in kept.items()}
        await self._database.set_setting(SETTING, json.dumps(values, separators=(",", ":")))
