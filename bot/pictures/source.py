"""Source pictures: the finished picture that a new request starts from, and its spec."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import discord
from PIL import Image

from bot.pictures.result import AGAIN, DELETE, EDIT, FAVOURITE, SETTINGS, VARY
from bot.pictures.start_images import StartImages
from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from engine.spec.variants import members
from storage.feed import Feed
from storage.files import FileStore
from storage.gallery import Gallery, Picture

LARGEST_SIDE: Final = 4096  # pixels of an upscaled picture, as in engine/models/upscaler.py, which imports torch
RESULT_ACTIONS: Final = (AGAIN, VARY, EDIT, SETTINGS, FAVOURITE, DELETE)  # any message with a picture has one of them


@dataclass(frozen=True, slots=True)
class Source:
    """A finished picture, or a single one of a grid or sheet."""

    picture: Picture
    number: int  # in the grid or sheet, from 1; 0: the whole picture
    spec: ArtSpec
    file: Path

    @property
    def painted(self) -> ArtSpec:
        """The spec without upscaling: of an upscaled picture, the one with which it would be painted."""
        if self.spec.iterations != 0:
            return self.spec
        return dataclasses.replace(self.spec, iterations=None, enlarge=1)


class Sources:
    """Finds source pictures by id or message."""

    def __init__(self, gallery: Gallery, feed: Feed, files: FileStore, start_images: StartImages) -> None:
        self._gallery = gallery
        self._feed = feed
        self._files = files
        self._start_images = start_images

    async def get(self, picture_id: int, number: int = 0) -> Source:
        """The source with this id. Raises `InputError` if the picture, or that part of a grid, does not exist."""
        picture = await self._gallery.get(picture_id)
        if picture is None:
            raise InputError("This picture was deleted, so I don't know any more how it was painted. Use /art instead.")
        spec = ArtSpec.from_json(picture.spec)
        if not number:
            return Source(picture, 0, spec, self._files.path(picture.image))
        file = picture.extras.get(f"{number}.png")
        if file is None:
            raise InputError("There is no picture {number} in this grid.", number=number)
        return Source(picture, number, members(spec, picture.seed)[number - 1], self._files.path(file))

    async def picture(self, picture_id: int) -> Picture:
        """The picture with this id. Raises `InputError` if it was deleted."""
        picture = await self._gallery.get(picture_id)
        if picture is None:
            raise InputError("This picture was deleted.")
        return picture

    async def own_in_message(self, message: discord.Message, me: discord.abc.Snowflake | None) -> Picture:
        """As `in_message`. Raises `InputError` if the message shows no picture of the bot's."""
        picture = await self.in_message(message, me)
        if picture is None:
            raise InputError("This message shows no picture of mine.")
        return picture

    async def in_message(self, message: discord.Message, me: discord.abc.Snowflake | None) -> Picture | None:
        """The picture shown by a message of `me`, the bot; None for other messages and deleted pictures."""
        if me is None or message.author.id != me.id:
            return None  # other bots can send messages with our custom_ids
        picture = await self.by_message(message.id)
        if picture is not None:
            return picture
        picture_id = _picture_id_in(message.components)
        return None if picture_id is None else await self._gallery.get(picture_id)

    async def by_message(self, message_id: int) -> Picture | None:
        """The picture that was delivered, or posted to a feed, in this message."""
        picture = await self._gallery.by_message(message_id)
        if picture is not None:
            return picture
        picture_id = await self._feed.by_message(message_id)
        return None if picture_id is None else await self._gallery.get(picture_id)

    async def as_start_image(self, source: Source) -> str:
        """Store the picture as a start image and return its digest. Raises `InputError` if its file is missing."""
        try:
            data = await asyncio.to_thread(source.file.read_bytes)
        except OSError:
            raise InputError("The file of this picture is no longer kept.") from None
        return await self._start_images.keep(data, source.file.suffix)

    async def check_attached(self, spec: ArtSpec) -> None:
        """Raises `InputError` if a picture that the spec names is no longer stored."""
        if await self._start_images.paths(spec) is None:
            raise InputError("A picture that was attached is no longer kept: use /art and attach it again.")


def attached_picture(message: discord.Message) -> discord.Attachment | None:
    """The first picture attached to a message."""
    return next((each for each in message.attachments if (each.content_type or "").startswith("image/")), None)


async def check_size(source: Source, factor: int) -> None:
    """Raises `InputError` if the upscaled picture would be too large. The painter checks it again."""
    side = await asyncio.to_thread(_longest_side, source.file)
    if side * factor > LARGEST_SIDE:
        raise InputError(
            "Enlarged {factor} times the picture would have {side} pixels a side, and {most} are the most.",
            factor=factor,
            side=side * factor,
            most=LARGEST_SIDE,
        )


def _longest_side(file: Path) -> int:
    try:
        with Image.open(file) as picture:
            return max(picture.size)
    except (OSError, ValueError, Image.DecompressionBombError):
        return 0  # the painter reports what is wrong with it


def _picture_id_in(components: Iterable[Any]) -> int | None:
    """The id of the picture, from the custom_ids of these components."""
    custom_ids = [item.custom_id for item in _walk(components) if getattr(item, "custom_id", None)]
    matches = (values for action in RESULT_ACTIONS for each in custom_ids if (values := action.path.read(each)))
    return next((int(values["picture"]) for values in matches), None)


def _walk(components: Iterable[Any]) -> Iterator[Any]:
    """The components with all that are nested in them."""
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))
        accessory = getattr(component, "accessory", None)
        if accessory is not None:
            yield accessory
