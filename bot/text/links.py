"""Links to messages."""

from __future__ import annotations

from storage.gallery import Picture


def message_link(guild_id: int | None, channel_id: int, message_id: int) -> str:
    """The URL of a message; without a guild, of a direct message."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"


def jump_link(picture: Picture) -> str | None:
    """The URL of the message that delivered the picture, or None if it is unknown."""
    if picture.channel_id is None or picture.message_id is None:
        return None
    return message_link(picture.guild_id, picture.channel_id, picture.message_id)


def number_link(picture: Picture) -> str:
    """`#5`, as a Markdown link to the picture's message if that is known."""
    link = jump_link(picture)
    return f"#{picture.id}" if link is None else f"[#{picture.id}]({link})"
