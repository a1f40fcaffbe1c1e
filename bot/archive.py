"""A gallery as a ZIP: the pictures, the definition of each, and a list of them, in parts that Discord takes."""

from __future__ import annotations

import asyncio
import datetime
import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.gallery_view import GalleryView
from bot.uploads import COMMON_LIMIT
from engine.errors import InputError, PaintingError
from engine.pictures import shrink_picture
from engine.prompts import clean
from engine.spec import ArtSpec
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

MOST_PICTURES: Final = 100  # of one part
HEAD_ROOM: Final = 64 * 1024  # bytes for the list, and for what the format itself takes
EACH_ROOM: Final = 1024  # bytes that the names of a picture's two files take in the format, and its line in the list
LIST: Final = "pictures.json"
SLUG_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Part:
    """A ZIP, and where the gallery goes on."""

    name: str
    data: bytes
    pictures: int
    next: str | None  # cursor of what did not fit; None: it was the last part

    def file(self) -> discord.File:
        return discord.File(io.BytesIO(self.data), self.name)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A picture on its way into the ZIP."""

    picture: Picture
    source: Path

    @property
    def stem(self) -> str:
        """`00012-a-red-apple`: letters and digits only, whatever the prompt was."""
        words = re.findall(r"[^\W_]+", clean(self.picture.prompt).lower())
        return "-".join((f"{self.picture.id:05}", *words))[: SLUG_LENGTH + 6].rstrip("-")


async def archive_part(interaction: Interaction, view: GalleryView) -> Part:
    """As many pictures as fit into one file of this place, from the page of `view` on."""
    client = interaction.client
    limit = min(interaction.filesize_limit, COMMON_LIMIT)
    page = await view.page(client.gallery, interaction, MOST_PICTURES)
    entries = [_Entry(picture, client.files.path(picture.image)) for picture in page.items]
    data, count = await asyncio.to_thread(_packed, entries, limit)
    if count < len(entries):  # the cursor behind the last one that fitted
        page = await view.page(client.gallery, interaction, count)
    first = page.items[0].id if page.items else 0
    return Part(f"atelier-gallery-{first}.zip", data, count, page.next)


def _packed(entries: list[_Entry], limit: int) -> tuple[bytes, int]:
    """A ZIP of the first entries that fit into `limit` bytes, and how many these are: one at least, if there is one."""
    buffer = io.BytesIO()
    listed: list[dict[str, Any]] = []
    room = limit - HEAD_ROOM
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry in entries:
            image, suffix = _image(entry.source, room if not listed else limit)
            spec = _definition(entry.picture)
            needed = len(image) + len(spec) + EACH_ROOM + len(entry.picture.prompt.encode())
            if listed and needed > room:
                break
            room -= needed
            when = datetime.datetime.fromtimestamp(entry.picture.created, datetime.UTC).timetuple()[:6]
            name = f"{entry.stem}{suffix}" if image else None
            if name is not None:
                archive.writestr(zipfile.ZipInfo(name, when), image)  # stored: pictures are compressed already
            archive.writestr(zipfile.ZipInfo(f"{entry.stem}.json", when), spec, zipfile.ZIP_DEFLATED)
            listed.append(_about(entry.picture, name))
        archive.writestr(LIST, json.dumps(listed, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)
    return buffer.getvalue(), len(listed)


def _image(source: Path, limit: int) -> tuple[bytes, str]:
    """The picture as it is kept, or smaller where it would fill more than a whole part; nothing where it is gone."""
    try:
        if source.stat().st_size <= limit:
            return source.read_bytes(), source.suffix
        return shrink_picture(source, limit), ".webp"
    except (OSError, PaintingError):
        return b"", ""


def _definition(picture: Picture) -> bytes:
    """The definition with the seed that was used, as the engine reads it back."""
    try:
        return ArtSpec.from_json(picture.spec).with_seed(picture.seed).to_json().encode()
    except InputError:
        return picture.spec.encode()


def _about(picture: Picture, name: str | None) -> dict[str, Any]:
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
