"""Pages of several pictures, as components v2: small pictures, a line about each, and what one can press."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.community.thumbnails import SUFFIX, thumbnail
from bot.uploads import Upload, files_of
from engine.prompts import clean
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

SIDE: Final = 400  # pixels: two beside each other fill a phone
REMEMBERED: Final = 200  # thumbnails in memory, some 20 kB each
WORDS_LENGTH: Final = 250  # of a picture in words; Discord takes 256
TEXT_LENGTH: Final = 3800  # of all texts of a page; Discord takes 4,000


class Thumbnails:
    """Small pictures, the last ones kept in memory."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, bytes | None] = OrderedDict()

    async def of(self, client: Atelier, pictures: Sequence[Picture]) -> dict[int, Upload]:
        """By the id of the picture; those whose file is gone are missing."""
        found = await asyncio.gather(*(self._of(client, picture) for picture in pictures))
        return {
            picture.id: Upload(f"picture-{picture.id}{SUFFIX}", data)
            for picture, data in zip(pictures, found, strict=True)
            if data is not None
        }

    async def _of(self, client: Atelier, picture: Picture) -> bytes | None:
        if picture.image not in self._known:
            self._known[picture.image] = await thumbnail(client.files.path(picture.image), SIDE)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known.get(picture.image)


@dataclass(frozen=True, slots=True)
class PicturePage:
    """What a message is to show. An answer must have been promised before, or the message pressed under be edited."""

    items: tuple[discord.ui.Item[Any], ...]
    uploads: tuple[Upload, ...] = ()

    async def show(self, interaction: Interaction) -> None:
        """Put the page in place of what the answer says now."""
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.Container[Any](*self.items, accent_colour=discord.Colour.dark_gold()))
        await interaction.edit_original_response(
            view=view,
            attachments=files_of(self.uploads),
            allowed_mentions=discord.AllowedMentions.none(),
        )


def small_pictures(pictures: Sequence[Picture], uploads: dict[int, Upload]) -> list[discord.ui.MediaGallery[Any]]:
    """The pictures beside each other, with their prompts as words for who can't see them; nothing for none."""
    shown = [
        discord.MediaGalleryItem(f"attachment://{uploads[each.id].name}", description=clean(each.prompt)[:WORDS_LENGTH])
        for each in pictures
        if each.id in uploads
    ]
    return [discord.ui.MediaGallery(*shown)] if shown else []


def text(lines: Sequence[str]) -> discord.ui.TextDisplay[Any]:
    """Lines as one text, cut to what a page may hold."""
    whole = "\n".join(lines)
    return discord.ui.TextDisplay(whole if len(whole) <= TEXT_LENGTH else whole[: TEXT_LENGTH - 1] + "…")
