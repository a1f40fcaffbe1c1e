"""/preferences: a person's own settings, which take effect at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord
from discord import app_commands

from bot.bot import Atelier, Interaction
from bot.text.language import LANGUAGES, N_, _
from bot.ui.items import StatefulItem, chosen
from bot.ui.tree import everywhere
from storage.people import Preferences

AS_DISCORD: Final = "discord"  # the option for the language of the Discord client
NOTIFY_NAMES: Final = {
    "mention": N_("Mention me where I asked"),
    "message": N_("Send me a direct message"),
    "none": N_("Don't tell me"),
}
PUBLIC_NAMES: Final = {
    "public": N_("Others in the same server may see them in galleries"),
    "private": N_("Only I see them in galleries"),
}


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(everywhere(preferences))


@app_commands.command(
    name="preferences",
    description="How I tell you that a picture is done, in which language, and who may see your pictures",
    extras={"help": N_("notifications, language, who may see your pictures")},
)
async def preferences(interaction: Interaction) -> None:
    """Show the person's preferences with menus to change them, visible only to them."""
    now = await interaction.client.people.preferences(interaction.user.id)
    await interaction.response.send_message(view=_layout(now), ephemeral=True)


class PreferenceMenu(StatefulItem, path="preference:{field:notify|locale|public}"):
    """A menu under /preferences: changes one preference."""

    once = False  # choosing the same option twice changes nothing
    field: str

    async def pressed(self, interaction: Interaction) -> None:
        change = _change(self.field, chosen(interaction))
        now = await interaction.client.people.change(interaction.user.id, **change)
        await interaction.response.edit_message(view=_layout(now))


def _change(field: str, values: Sequence[str]) -> dict[str, Any]:
    """The field of `Preferences` that a choice changes; none for what the menus don't offer."""
    value = values[0] if values else ""
    if field == "notify" and value in NOTIFY_NAMES:
        return {field: value}
    if field == "public" and value in PUBLIC_NAMES:
        return {field: value == "public"}
    if field == "locale":
        return {field: value if value in LANGUAGES else None}
    return {}


def _layout(now: Preferences) -> discord.ui.LayoutView:
    container = discord.ui.Container[Any](accent_colour=discord.Colour.blurple())
    container.add_item(discord.ui.TextDisplay("## " + _("Your preferences")))
    notify = {value: _(name) for value, name in NOTIFY_NAMES.items()}
    languages = {AS_DISCORD: _("The same as my Discord"), **LANGUAGES}
    public = {value: _(name) for value, name in PUBLIC_NAMES.items()}
    menus: tuple[tuple[str, str, str, Mapping[str, str], str], ...] = (
        (
            "notify",
            _("When a picture took more than a few minutes"),
            _("How I tell you that it is done."),
            notify,
            now.notify,
        ),
        (
            "locale",
            _("Language of my messages to you"),
            _("Of those that come later; at once I answer in the language of your Discord."),
            languages,
            now.locale or AS_DISCORD,
        ),
        (
            "public",
            _("Your new pictures"),
            _("The message with the picture stands where you asked for it either way."),
            public,
            "public" if now.public else "private",
        ),
    )
    for field, title, about, names, current in menus:
        container.add_item(discord.ui.TextDisplay(f"**{title}**\n{about}"))
        options = [
            discord.SelectOption(label=name, value=value, default=value == current) for value, name in names.items()
        ]
        container.add_item(discord.ui.ActionRow(PreferenceMenu.menu(options, field=field)))
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(container)
    return layout
