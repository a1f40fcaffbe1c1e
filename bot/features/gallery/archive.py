"""A gallery as ZIP files that Discord accepts: the pictures, the `ArtSpec` of each, and a list of them."""

from __future__ import annotations

import asyncio
import datetime
import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import discord

from bot.bot import Interaction
from bot.features.gallery.query import GalleryView
from bot.ui.uploads import COMMON_LIMIT
from engine.errors import InputError, PaintingError
from engine.images.pictures import shrink_picture
from engine.spec.artspec import ArtSpec
from engine.spec.prompts import clean
from storage.gallery import Picture

MOST_PICTURES: Final = 100  # in one part
OVERHEAD: Final = 64 * 1024  # bytes for the list and for the ZIP format
OVERHEAD_EACH: Final = 1024  # bytes for a picture's two ZIP entries and its item in the list, without the prompt
LIST_NAME: Final = "pictures.json"
SLUG_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Part:
    """A ZIP file with a part of a gallery."""

    name: str
    data: bytes
    pictures: int
    next: str | None  # cursor of the next part; None: this is the last

    def file(self) -> discord.File:
        return discord.File(io.BytesIO(self.data), self.name)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A picture to be archived, with its file."""

    picture: Picture
    source: Path

    @property
    def stem(self) -> str:
        """The file name without a suffix, such as `00012-a-red-apple`: only letters and digits of the prompt."""
        words = re.findall(r"[^\W_]+", clean(self.picture.prompt).lower())
        return "-".join((f"{self.picture.id:05}", *words))[: SLUG_LENGTH + 6].rstrip("-")


async def archive_part(interaction: Interaction, view: GalleryView) -> Part:
    """The ZIP of as many pictures as one file may hold here, from the page of `view` on."""
    client = interaction.client
    limit = min(interaction.filesize_limit, COMMON_LIMIT)
    page = await view.page(client.gallery, interaction, MOST_PICTURES)
    entries = [_Entry(picture, client.files.path(picture.image)) for picture in page.items]
    data, count = await asyncio.to_thread(_pack, entries, limit)
    if count < len(entries):  # read again, for the cursor after the last one that fitted
        page = await view.page(client.gallery, interaction, count)
    first = page.items[0].id if page.items else 0
    return Part(f"atelier-gallery-{first}.zip", data, count, page.next)


def _pack(entries: list[_Entry], limit: int) -> tuple[bytes, int]:
    """A ZIP of the first entries that fit into `limit` bytes, and their number: at least one unless there are none."""
    buffer = io.BytesIO()
    items: list[dict[str, Any]] = []
    room = limit - OVERHEAD
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry in entries:
            image, suffix = _image(entry.source, room if not items else limit)
            spec = _spec_json(entry.picture)
            needed = len(image) + len(spec) + OVERHEAD_EACH + len(entry.picture.prompt.encode())
            if items and needed > room:
                break
            room -= needed
            when = datetime.datetime.fromtimestamp(entry.picture.created, datetime.UTC).timetuple()[:6]
            name = f"{entry.stem}{suffix}" if image else None
            if name is not None:
                archive.writestr(zipfile.ZipInfo(name, when), image)  # stored: pictures are compressed already
            archive.writestr(zipfile.ZipInfo(f"{entry.stem}.json", when), spec, zipfile.ZIP_DEFLATED)
            items.append(_list_item(entry.picture, name))
        archive.writestr(LIST_NAME, json.dumps(items, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)
    return buffer.getvalue(), len(items)


def _image(source: Path, limit: int) -> tuple[bytes, str]:
    """The bytes and suffix of a picture, shrunk if it is larger than `limit` bytes; empty if the file is gone."""
    try:
        if source.stat().st_size <= limit:
            return source.read_bytes(), source.suffix
        return shrink_picture(source, limit), ".webp"
    except (OSError, PaintingError):
        return b"", ""


def _spec_json(picture: Picture) -> bytes:
    """The `ArtSpec` as JSON, with the seed that was used."""
    try:
        return ArtSpec.from_json(picture.spec).with_seed(picture.seed).to_json().encode()
    except InputError:
        return picture.spec.encode()


def _list_item(picture: Picture, name: str | None) -> dict[str, Any]:
    created = datetime.datetime.fromtimestamp(picture.created, datetime.UTC).isoformat(timespec="seconds")
    return {
        "id": picture.id,
        "file": name,
        "prompt": picture.prompt,
        "seed": picture.seed,
        "created": created,
        "made_from": picture.parent_id,
        "how": picture.origin,
        "stars": picture.score,
    }
