"""Stored pictures made small, for pages that show several."""

from __future__ import annotations

import asyncio
import io
import logging
from pathlib import Path
from typing import Final

from PIL import Image

SIDE: Final = 240  # pixels: a thumbnail is shown 85 points wide, on a phone with three pixels a point
QUALITY: Final = 80
SUFFIX: Final = ".webp"

_log = logging.getLogger(__name__)


async def thumbnail(path: Path, side: int = SIDE) -> bytes | None:
    """WEBP of at most `side`×`side` pixels; None where the file is gone or no picture."""
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
