"""The /settings command: the settings of a server, which take effect at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord
from discord import app_commands

from bot.bot import Atelier, Interaction
from bot.jobs.limits import draft_work, in_drafts
from bot.jobs.safety import LEVELS
from bot.text.language import LANGUAGES, N_, _, ngettext
from bot.ui.forms import Field, StatefulForm, choice, line
from bot.ui.items import StatefulItem, chosen
from engine.errors import InputError
from engine.spec.artspec import QUALITIES, STYLES
from storage.guilds import GuildSettings

MOST_CHOSEN: Final = 25  # channels or roles in one menu
FIRST, LAST = 1, -1  # the priorities that the menus give
UNSET: Final = "unset"  # the option for no setting
MOST_OPEN: Final = 100  # waiting or running jobs of a person
MOST_DRAFTS: Final = 1_000_000  # of a person in a day
MOST_STARS: Final = 1000
SAFETY_NAMES: Final = {
    "off": N_("Off – only what is never painted is refused"),
    "standard": N_("Standard – no explicit and no cruel words"),
    "strict": N_("Strict – no nudity, violence or drugs either"),
}


@app_commands.command(
    name="settings",
    description="For moderators: where and how much I paint in this server",
    extras={"help": N_("for moderators: channels, roles, limits, safety")},
)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.default_permissions(manage_guild=True)
async def settings(interaction: Interaction) -> None:
    """Show the settings with menus to change them, visible only to the moderator.

    Discord offers the command to people with Manage Server, unless a server permits others to use it.
    """
    guild_id = _guild_of(interaction)
    layout = await _layout(interaction.client, guild_id)
    await interaction.response.send_message(view=layout, ephemeral=True)


class GuildMenu(StatefulItem, path="guild:{field:word}"):
    """A menu or button under /settings: changes one setting, or opens the form for the limits."""

    once = False  # choosing the same option twice changes nothing
    field: str

    async def pressed(self, interaction: Interaction) -> None:
        client, guild_id = interaction.client, _guild_of(interaction)
        now = await client.guild_settings.get(guild_id)
        if self.field == "limits":
            draft = draft_work(await client.worker.family())
            await interaction.response.send_modal(_limits_form(now, draft))
            return
        await client.guild_settings.change(guild_id, **_change(now, self.field, chosen(interaction)))
        await interaction.response.edit_message(view=await _layout(client, guild_id))


class LimitsForm(StatefulForm, path="guild-limits"):
    """Changes the limits to those in the form."""

    async def submitted(self, interaction: Interaction, fields: Mapping[str, str]) -> None:
        client, guild_id = interaction.client, _guild_of(interaction)
        draft = draft_work(await client.worker.family())
        await client.guild_settings.change(guild_id, **read_limits(fields, draft))
        await interaction.response.edit_message(view=await _layout(client, guild_id))


def read_limits(values: Mapping[str, str], draft: float) -> dict[str, Any]:
    """The fields of `GuildSettings` that the form sets. Raises `InputError` for an invalid number.

    `draft` is the cost of a draft, in the unit of `cost_a_day`.
    """
    open_jobs = _parse_number(values.get("open_jobs", ""), MOST_OPEN)
    a_day = _parse_number(values.get("cost_a_day", ""), MOST_DRAFTS)
    stars = _parse_number(values.get("star_threshold", ""), MOST_STARS)
    quality, style = values.get("largest_quality"), values.get("default_style")
    return {
        "open_jobs": open_jobs,
        "cost_a_day": None if a_day is None else a_day * draft,
        "star_threshold": stars or 1,
        "largest_quality": quality if quality in QUALITIES else None,
        "default_style": style if style in STYLES else None,
    }


def _parse_number(typed: str, most: int) -> int | None:
    """A number from 1 to `most`; None if the field is empty."""
    text = typed.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= most):
        raise InputError(
            "“{typed}” is not a whole number from 1 to {most}: leave the field empty for no limit.",
            typed=text[:40],
            most=most,
        )
    return int(text)


def _change(now: GuildSettings, field: str, values: Sequence[str]) -> dict[str, Any]:
    """The fields of `GuildSettings` that a choice in a menu changes; none for what the menus don't offer."""
    if field in ("channels", "roles"):
        return {field: tuple(int(each) for each in values)}
    if field == "feed_channel":
        return {field: int(values[0]) if values else None}
    if field == "safety" and values and values[0] in LEVELS:
        return {field: values[0]}
    if field == "language":
        return {field: values[0] if values and values[0] in LANGUAGES else None}
    if field in ("first", "last"):
        chosen_priority = FIRST if field == "first" else LAST
        roles = [int(each) for each in values]
        kept = [
            (role, priority) for role, priority in now.priorities if priority != chosen_priority and role not in roles
        ]
        return {"priorities": (*kept, *((role, chosen_priority) for role in roles))}
    return {}


def _guild_of(interaction: Interaction) -> int:
    """The id of this server. Raises `InputError` outside servers, and if the person may not change the settings."""
    if interaction.guild_id is None or not interaction.is_guild_integration():
        raise InputError("These settings are for servers that I am a member of.")
    if not interaction.permissions.manage_guild:
        raise InputError("Only those who manage this server change its settings.")
    return interaction.guild_id


async def _layout(client: Atelier, guild_id: int) -> discord.ui.LayoutView:
    """The message: each setting with its menu and its present value."""
    now = await client.guild_settings.get(guild_id)
    draft = draft_work(await client.worker.family())
    container = discord.ui.Container[Any](accent_colour=discord.Colour.dark_gold())
    container.add_item(discord.ui.TextDisplay(_heading()))
    for field, (title, about) in _titles().items():
        container.add_item(discord.ui.TextDisplay(f"**{title}**\n{about}"))
        container.add_item(discord.ui.ActionRow(_menu(field, now)))
    container.add_item(discord.ui.TextDisplay(_limits_text(now, draft)))
    button = GuildMenu.button(_("Change limits and style"), style="primary", field="limits")
    container.add_item(discord.ui.ActionRow(button))
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def _heading() -> str:
    title = _("Settings of this server")
    return f"## {title}\n" + _("What you choose counts at once, for everybody.")


def _titles() -> dict[str, tuple[str, str]]:
    """Title and description of each menu, by field."""
    return {
        "channels": (_("Channels"), _("Where I may be asked to paint. None chosen: anywhere.")),
        "roles": (_("Roles"), _("Who may ask me to paint. None chosen: everybody.")),
        "first": (_("Served first"), _("Roles whose pictures are painted before others.")),
        "last": (_("Served last"), _("Roles whose pictures wait until nobody else does.")),
        "feed_channel": (_("Feed"), _("The channel that shared pictures are posted to.")),
        "safety": (_("Safety"), _("Which words in prompts I politely refuse.")),
        "language": (_("Language"), _("What I post for everybody is written in this.")),
    }


def _menu(field: str, now: GuildSettings) -> GuildMenu:
    """The menu for a field: a string select, channel select or role select."""
    if field == "safety":
        return _string_menu(field, {level: _(name) for level, name in SAFETY_NAMES.items()}, now.safety)
    if field == "language":
        unset = {UNSET: _("English, where nothing is chosen")}
        return _string_menu(field, unset | LANGUAGES, now.language or UNSET)
    return GuildMenu(_channel_or_role_select(field, now), {"field": field})


def _string_menu(field: str, names: Mapping[str, str], now: str) -> GuildMenu:
    options = [discord.SelectOption(label=name, value=value, default=value == now) for value, name in names.items()]
    return GuildMenu.menu(options, field=field)


def _channel_or_role_select(
    field: str, now: GuildSettings
) -> discord.ui.ChannelSelect[Any] | discord.ui.RoleSelect[Any]:
    custom_id = GuildMenu.path.custom_id(field=field)
    if field == "channels":
        return discord.ui.ChannelSelect(
            custom_id=custom_id,
            min_values=0,
            max_values=MOST_CHOSEN,
            default_values=[_default(each, discord.SelectDefaultValueType.channel) for each in now.channels],
        )
    if field == "feed_channel":
        feed = [] if now.feed_channel is None else [now.feed_channel]
        return discord.ui.ChannelSelect(
            custom_id=custom_id,
            channel_types=[discord.ChannelType.text, discord.ChannelType.news],
            min_values=0,
            max_values=1,
            default_values=[_default(each, discord.SelectDefaultValueType.channel) for each in feed],
        )
    roles = now.roles if field == "roles" else _roles_with(now, FIRST if field == "first" else LAST)
    return discord.ui.RoleSelect(
        custom_id=custom_id,
        min_values=0,
        max_values=MOST_CHOSEN,
        default_values=[_default(each, discord.SelectDefaultValueType.role) for each in roles],
    )


def _roles_with(now: GuildSettings, priority: int) -> list[int]:
    """The roles whose priority has the same sign."""
    return [role for role, each in now.priorities if each * priority > 0]


def _default(object_id: int, kind: discord.SelectDefaultValueType) -> discord.SelectDefaultValue:
    return discord.SelectDefaultValue(id=object_id, type=kind)


def _limits_text(now: GuildSettings, draft: float) -> str:
    none = _("no limit")
    open_jobs = none if now.open_jobs is None else str(now.open_jobs)
    a_day = none
    if now.cost_a_day is not None:
        a_day = _("the work of {drafts} drafts", drafts=in_drafts(now.cost_a_day, draft))
    lines = [
        _("Open pictures a person: {limit}", limit=open_jobs),
        _("Painted a day and person: {limit}", limit=a_day),
        _("Largest quality: {limit}", limit=now.largest_quality or none),
        _("Style where none is chosen: {style}", style=now.default_style or STYLES[0]),
        ngettext(
            "A picture comes into the feed with {number} star",
            "A picture comes into the feed with {number} stars",
            now.star_threshold,
        ),
    ]
    return "\n".join(["**" + _("Limits and style") + "**", *lines])


def _limits_form(now: GuildSettings, draft: float) -> discord.ui.Modal:
    open_jobs = "" if now.open_jobs is None else str(now.open_jobs)
    a_day = "" if now.cost_a_day is None else str(max(1, round(now.cost_a_day / draft)))
    quality, style = now.largest_quality or UNSET, now.default_style or STYLES[0]
    return LimitsForm.modal(
        _("Limits and style"),
        (
            Field(_("Open pictures a person"), _number_field("open_jobs", open_jobs), _("Leave it empty for no limit")),
            Field(
                _("Drafts a day and person"),
                _number_field("cost_a_day", a_day),
                _("Better pictures count as many drafts as they are work. Empty: no limit"),
            ),
            Field(
                _("Largest quality"),
                choice("largest_quality", (UNSET, *QUALITIES), {UNSET: N_("No limit")}, quality, required=False),
                _("The most work that one picture may be"),
            ),
            Field(
                _("Style"),
                choice("default_style", STYLES, {}, style, required=False),
                _("Where nobody chooses one"),
            ),
            Field(
                _("Stars for the feed"),
                _number_field("star_threshold", str(now.star_threshold)),
                _("With so many a picture is posted to the feed channel"),
            ),
        ),
    )


def _number_field(name: str, typed: str) -> discord.ui.TextInput[Any]:
    return line(name, typed, "", most=12)
