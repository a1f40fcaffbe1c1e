"""Thumbnails of stored pictures, for pages that show several."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cachetools import LRUCache
from PIL import Image

from bot.ui.uploads import Upload
from storage.files import FileStore
from storage.gallery import Picture

SIDE: Final = 240  # pixels beside a text: shown 85 points wide, on phones with three pixels a point
LARGE_SIDE: Final = 400  # pixels in a gallery: two side by side fill a phone
CACHED: Final = 200  # thumbnails in memory, some 20 kB each
QUALITY: Final = 80  # of WebP
SUFFIX: Final = ".webp"

_log = logging.getLogger(__name__)


class Thumbnails:
    """A cache of thumbnails."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._cache: LRUCache[str, bytes | None] = LRUCache(CACHED)

    async def of(self, pictures: Sequence[Picture]) -> dict[int, Upload]:
        """The thumbnails by id of the picture, without those whose file is missing."""
        thumbnails = await asyncio.gather(*(self._of(picture) for picture in pictures))
        return {
            picture.id: Upload(f"picture-{picture.id}{SUFFIX}", data)
            for picture, data in zip(pictures, thumbnails, strict=True)
            if data is not None
        }

    async def _of(self, picture: Picture) -> bytes | None:
        if picture.image not in self._cache:
            self._cache[picture.image] = await thumbnail(self._files.path(picture.image), LARGE_SIDE)
        return self._cache.get(picture.image)


async def thumbnail(path: Path, side: int = SIDE) -> bytes | None:
    """A WebP of at most `side`×`side` pixels; None if the file is missing or no picture."""
    return await asyncio.to_thread(_shrunk, path, side)


def _shrunk(path: Path, side: int) -> bytes | None:
    try:
        with Image.open(path) as picture:
            small = picture.convert("RGBA" if "transparency" in picture.info or "A" in picture.getbands() else "RGB")
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        _log.warning("no thumbnail of %s: %s", path.name, error)
        return None
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", quality=QUALITY)
    return buffer.getvalue()
