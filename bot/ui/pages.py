"""Pages of several pictures, in components v2: thumbnails, a line about each picture, and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from bot.ui.uploads import Upload, files_of
from engine.spec.prompts import clean
from storage.gallery import Picture

ALT_TEXT_LENGTH: Final = 250  # characters; Discord allows 256
TEXT_LENGTH: Final = 3800  # characters of a page; Discord allows 4,000


@dataclass(frozen=True, slots=True)
class PicturePage:
    """The content of a page: layout components and their files."""

    items: tuple[discord.ui.Item[Any], ...]
    uploads: tuple[Upload, ...] = ()

    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Replace the interaction's original response, which must have been deferred or be the pressed message."""
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.Container[Any](*self.items, accent_colour=discord.Colour.dark_gold()))
        await interaction.edit_original_response(
            view=view,
            attachments=files_of(self.uploads),
            allowed_mentions=discord.AllowedMentions.none(),
        )


def small_pictures(pictures: Sequence[Picture], uploads: dict[int, Upload]) -> list[discord.ui.MediaGallery[Any]]:
    """At most one gallery of the pictures that have an upload, with their prompts as alt texts."""
    items = [
        discord.MediaGalleryItem(
            f"attachment://{uploads[picture.id].name}", description=clean(picture.prompt)[:ALT_TEXT_LENGTH]
        )
        for picture in pictures
        if picture.id in uploads
    ]
    return [discord.ui.MediaGallery(*items)] if items else []


def text(lines: Sequence[str]) -> discord.ui.TextDisplay[Any]:
    """The lines as one text display, cut to `TEXT_LENGTH`."""
    content = "\n".join(lines)
    return discord.ui.TextDisplay(content if len(content) <= TEXT_LENGTH else content[: TEXT_LENGTH - 1] + "…")
