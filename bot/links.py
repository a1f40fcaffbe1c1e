"""Addresses of messages that lead to a picture."""

from __future__ import annotations

from storage.gallery import Picture


def jump_link(picture: Picture) -> str | None:
    """Where Discord shows the message that delivered it; None: that is not known."""
    if picture.channel_id is None or picture.message_id is None:
        return None
    place = "@me" if picture.guild_id is None else picture.guild_id
    return f"https://discord.com/channels/{place}/{picture.channel_id}/{picture.message_id}"


def titled(picture: Picture) -> str:
    """`#5`, leading to its message where that is known."""
    link = jump_link(picture)
    return f"#{picture.id}" if link is None else f"[#{picture.id}]({link})"
