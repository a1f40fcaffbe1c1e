"""/preferences: what each person decides for themselves. Each choice is kept and counts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot.buttons.base import FieldMenu
from bot.language import LANGUAGES, Language, say, to_say
from storage.people import Preferences

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

AS_DISCORD: Final = "discord"
NOTIFY_NAMES: Final = {
    "mention": to_say("Mention me where I asked"),
    "message": to_say("Send me a direct message"),
    "none": to_say("Don't tell me"),
}
PUBLIC_NAMES: Final = {
    "public": to_say("Others in the same server may see them in galleries"),
    "private": to_say("Only I see them in galleries"),
}


async def preferences(interaction: Interaction) -> None:
    """/preferences: everything a person may choose, for their eyes only."""
    now = await interaction.client.people.preferences(interaction.user.id)
    await interaction.response.send_message(view=_layout(now, interaction.locale), ephemeral=True)


def preferences_command() -> app_commands.Command[Any, ..., None]:
    return app_commands.Command(
        name="preferences",
        description="How I tell you that a picture is done, in which language, and who may see your pictures",
        callback=preferences,
    )


class PreferenceMenu(FieldMenu, template=r"atelier:preference:(?P<field>notify|locale|public)"):
    """A menu under /preferences."""

    async def pressed(self, interaction: Interaction) -> None:
        data: Any = interaction.data or {}
        change = _change(self.field, data.get("values") or [])
        now = await interaction.client.people.change(interaction.user.id, **change)
        await interaction.response.edit_message(view=_layout(now, interaction.locale))


def _change(field: str, chosen: Sequence[str]) -> dict[str, Any]:
    """The field of `Preferences` that a choice sets; none for what the menus don't offer."""
    value = chosen[0] if chosen else ""
    if field == "notify" and value in NOTIFY_NAMES:
        return {field: value}
    if field == "public" and value in PUBLIC_NAMES:
        return {field: value == "public"}
    if field == "locale":
        return {field: value if value in LANGUAGES else None}
    return {}


def _layout(now: Preferences, language: Language) -> discord.ui.LayoutView:
    container = discord.ui.Container[Any](accent_colour=discord.Colour.blurple())
    container.add_item(discord.ui.TextDisplay(f"## {say(language, 'Your preferences')}"))
    notify = {value: say(language, name) for value, name in NOTIFY_NAMES.items()}
    spoken = {AS_DISCORD: say(language, "The same as my Discord"), **LANGUAGES}
    public = {value: say(language, name) for value, name in PUBLIC_NAMES.items()}
    menus: tuple[tuple[str, str, str, Mapping[str, str], str], ...] = (
        (
            "notify",
            say(language, "When a picture took more than a few minutes"),
            say(language, "How I tell you that it is done."),
            notify,
            now.notify,
        ),
        (
            "locale",
            say(language, "Language of my messages to you"),
            say(language, "Of those that come later; at once I answer in the language of your Discord."),
            spoken,
            now.locale or AS_DISCORD,
        ),
        (
            "public",
            say(language, "Your new pictures"),
            say(language, "The message with the picture stands where you asked for it either way."),
            public,
            "public" if now.public else "private",
        ),
    )
    for field, title, about, names, chosen in menus:
        container.add_item(discord.ui.TextDisplay(f"**{title}**\n{about}"))
        options = [
            discord.SelectOption(label=name, value=value, default=value == chosen) for value, name in names.items()
        ]
        menu = discord.ui.Select[Any](custom_id=f"atelier:preference:{field}", options=options)
        container.add_item(discord.ui.ActionRow(PreferenceMenu(menu, field)))
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(container)
    return layout
