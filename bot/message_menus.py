"""The entries in the context menu of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.buttons.keeping import tell_settings
from bot.describing import describe
from bot.language import say
from bot.message_pictures import picture_in
from bot.paint_from import paint_from
from bot.reports import report
from engine.errors import InputError

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


async def show_prompt(interaction: Interaction, message: discord.Message) -> None:
    """Prompt and settings of the picture in a message, for who asks."""
    picture = await picture_in(interaction, message)
    if picture is None:
        raise InputError(say(interaction.locale, "This message shows no picture of mine."))
    await tell_settings(interaction, picture.id)


def message_menus() -> tuple[app_commands.ContextMenu, ...]:
    """All of them; Discord takes five."""
    entries: tuple[tuple[str, Any], ...] = (
        ("Paint from this picture", paint_from),
        ("Describe this picture", describe),
        ("Show the prompt", show_prompt),
        ("Report", report),
    )
    return tuple(app_commands.ContextMenu(name=name, callback=callback) for name, callback in entries)
