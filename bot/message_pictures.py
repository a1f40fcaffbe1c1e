"""Which picture a message shows: one of ours, or one that somebody attached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import discord

from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

# Buttons that are for one picture carry its id; one of them is under everything that shows a single picture.
_OURS: Final = re.compile(r"atelier:(?:again|vary|rework|settings|favourite|delete):([0-9]{1,18})(?::[0-9]{1,2})?")


async def picture_in(interaction: Interaction, message: discord.Message) -> Picture | None:
    """The picture of the gallery that a message of ours shows; None: it shows none, or it was deleted."""
    client = interaction.client
    if client.user is None or message.author.id != client.user.id:
        return None  # anybody can copy our buttons into a message of their own bot
    found = await client.gallery.by_message(message.id)
    if found is not None:
        return found
    picture_id = await client.feed.by_message(message.id) or _named(message.components)
    return None if picture_id is None else await client.gallery.get(picture_id)


def attached_picture(message: discord.Message) -> discord.Attachment | None:
    """The first picture that somebody attached to a message."""
    return next((each for each in message.attachments if (each.content_type or "").startswith("image/")), None)


def _named(components: Iterable[Any]) -> int | None:
    matches = (_OURS.fullmatch(each.custom_id) for each in _walk(components) if getattr(each, "custom_id", None))
    return next((int(match[1]) for match in matches if match is not None), None)


def _walk(components: Iterable[Any]) -> Iterator[Any]:
    for each in components:
        yield each
        yield from _walk(getattr(each, "children", ()))
        accessory = getattr(each, "accessory", None)
        if accessory is not None:
            yield accessory
