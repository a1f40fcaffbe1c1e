"""/settings: what a server's moderators decide. Each choice is kept and counts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot import forms, replies
from bot.buttons.base import FieldMenu
from bot.language import LANGUAGES, Language, say, say_number, to_say
from bot.limits import drafts, work_of_a_draft
from bot.safety import LEVELS
from engine.errors import InputError
from engine.spec import QUALITIES, STYLES
from storage.guilds import Settings

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

MOST_CHOSEN: Final = 25  # in one menu
FIRST, LAST = 1, -1  # the priorities that the menus give
FORM: Final = "atelier:guild-limits"
UNSET: Final = "unset"  # the choice that leaves something to the bot
MOST_OPEN: Final = 100
MOST_DRAFTS: Final = 1_000_000
MOST_STARS: Final = 1000
SAFETY_NAMES: Final = {
    "off": to_say("Off – only what is never painted is refused"),
    "standard": to_say("Standard – no explicit and no cruel words"),
    "strict": to_say("Strict – no nudity, violence or drugs either"),
}


@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.default_permissions(manage_guild=True)
async def settings(interaction: Interaction) -> None:
    """/settings: everything that is set, with menus to change it, for the moderator's eyes only."""
    guild_id = _guild_of(interaction)
    layout = await _layout(interaction.client, guild_id, interaction.locale)
    await interaction.response.send_message(view=layout, ephemeral=True)


def settings_command() -> app_commands.Command[Any, ..., None]:
    """The command. Discord shows it to those with Manage Server, unless a server lets others use it."""
    return app_commands.Command(
        name="settings", description="For moderators: where and how much I paint in this server", callback=settings
    )


class GuildMenu(FieldMenu, template=r"atelier:guild:(?P<field>[a-z_]+)"):
    """A menu or button under /settings; what was chosen replaces what was set."""

    async def pressed(self, interaction: Interaction) -> None:
        client, guild_id = interaction.client, _guild_of(interaction)
        now = await client.guild_settings.get(guild_id)
        if self.field == "limits":
            draft = work_of_a_draft(await client.worker.family())
            await interaction.response.send_modal(_limits_form(now, draft, interaction.locale))
            return
        data: Any = interaction.data or {}
        await client.guild_settings.change(guild_id, **_change(now, self.field, data.get("values") or []))
        layout = await _layout(client, guild_id, interaction.locale)
        await interaction.response.edit_message(view=layout)


async def limits_sent(interaction: Interaction) -> None:
    """The form of the limits came back. Forms that are none of ours are left alone."""
    data: Any = interaction.data or {}
    if data.get("custom_id") != FORM:
        return
    try:
        client, guild_id = interaction.client, _guild_of(interaction)
        draft = work_of_a_draft(await client.worker.family())
        values = dict(forms.values_in(data.get("components") or []))
        await client.guild_settings.change(guild_id, **read_limits(values, draft, interaction.locale))
        layout = await _layout(client, guild_id, interaction.locale)
        await interaction.response.edit_message(view=layout)
    except Exception as error:
        await replies.explain(interaction, error)


def read_limits(values: Mapping[str, str], draft: float, language: Language) -> dict[str, Any]:
    """The fields of `Settings` that the form sets. Raises InputError for what is no number, or too large."""
    open_jobs = _whole(values.get("open_jobs", ""), MOST_OPEN, language)
    a_day = _whole(values.get("cost_a_day", ""), MOST_DRAFTS, language)
    stars = _whole(values.get("star_threshold", ""), MOST_STARS, language)
    quality, style = values.get("largest_quality"), values.get("default_style")
    return {
        "open_jobs": open_jobs,
        "cost_a_day": None if a_day is None else a_day * draft,
        "star_threshold": stars or 1,
        "largest_quality": quality if quality in QUALITIES else None,
        "default_style": style if style in STYLES else None,
    }


def _whole(typed: str, most: int, language: Language) -> int | None:
    """A number from 1 to `most`; None where nothing was typed."""
    text = typed.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= most):
        raise InputError(
            say(
                language,
                "“{typed}” is not a whole number from 1 to {most}: leave the field empty for no limit.",
                typed=text[:40],
                most=most,
            )
        )
    return int(text)


def _change(now: Settings, field: str, chosen: Sequence[str]) -> dict[str, Any]:
    """The fields of `Settings` that a choice in a menu sets."""
    if field in ("channels", "roles"):
        return {field: tuple(int(each) for each in chosen)}
    if field == "feed_channel":
        return {field: int(chosen[0]) if chosen else None}
    if field == "safety" and chosen and chosen[0] in LEVELS:
        return {field: chosen[0]}
    if field == "language":
        return {field: chosen[0] if chosen and chosen[0] in LANGUAGES else None}
    if field in ("first", "last"):
        own = FIRST if field == "first" else LAST
        roles = [int(each) for each in chosen]
        kept = [(role, priority) for role, priority in now.priorities if priority != own and role not in roles]
        return {"priorities": (*kept, *((role, own) for role in roles))}
    return {}


def _guild_of(interaction: Interaction) -> int:
    """The server whose settings may be changed here. Raises InputError where there is none, or not by this person."""
    if interaction.guild_id is None or not interaction.is_guild_integration():
        raise InputError(say(interaction.locale, "These settings are for servers that I am a member of."))
    if not interaction.permissions.manage_guild:
        raise InputError(say(interaction.locale, "Only those who manage this server change its settings."))
    return interaction.guild_id


async def _layout(client: Atelier, guild_id: int, language: Language) -> discord.ui.LayoutView:
    """The message: each setting with its menu, and what it is now."""
    now = await client.guild_settings.get(guild_id)
    draft = work_of_a_draft(await client.worker.family())
    container = discord.ui.Container[Any](accent_colour=discord.Colour.dark_gold())
    container.add_item(discord.ui.TextDisplay(_heading(language)))
    for field, (title, about) in _titles(language).items():
        container.add_item(discord.ui.TextDisplay(f"**{title}**\n{about}"))
        container.add_item(discord.ui.ActionRow(GuildMenu(_menu(field, now, language), field)))
    container.add_item(discord.ui.TextDisplay(_limits_text(now, draft, language)))
    button = discord.ui.Button[Any](
        label=say(language, "Change limits and style"),
        style=discord.ButtonStyle.primary,
        custom_id="atelier:guild:limits",
    )
    container.add_item(discord.ui.ActionRow(GuildMenu(button, "limits")))
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def _heading(language: Language) -> str:
    title = say(language, "Settings of this server")
    return f"## {title}\n" + say(language, "What you choose counts at once, for everybody.")


def _titles(language: Language) -> dict[str, tuple[str, str]]:
    """What each menu is called, and what it does."""
    return {
        "channels": (say(language, "Channels"), say(language, "Where I may be asked to paint. None chosen: anywhere.")),
        "roles": (say(language, "Roles"), say(language, "Who may ask me to paint. None chosen: everybody.")),
        "first": (say(language, "Served first"), say(language, "Roles whose pictures are painted before others.")),
        "last": (say(language, "Served last"), say(language, "Roles whose pictures wait until nobody else does.")),
        "feed_channel": (say(language, "Feed"), say(language, "The channel that shared pictures are posted to.")),
        "safety": (say(language, "Safety"), say(language, "Which words in prompts I politely refuse.")),
        "language": (say(language, "Language"), say(language, "What I post for everybody is written in this.")),
    }


def _menu(field: str, now: Settings, language: Language) -> discord.ui.Item[Any]:
    custom_id = f"atelier:guild:{field}"
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
    if field in ("roles", "first", "last"):
        chosen = now.roles if field == "roles" else _prioritised(now, FIRST if field == "first" else LAST)
        return discord.ui.RoleSelect(
            custom_id=custom_id,
            min_values=0,
            max_values=MOST_CHOSEN,
            default_values=[_default(each, discord.SelectDefaultValueType.role) for each in chosen],
        )
    if field == "safety":
        options = {level: say(language, name) for level, name in SAFETY_NAMES.items()}
        return _select(custom_id, options, now.safety)
    each_own = {UNSET: say(language, "English, where nothing is chosen")}
    return _select(custom_id, each_own | LANGUAGES, now.language or UNSET)


def _prioritised(now: Settings, priority: int) -> list[int]:
    """The roles with a priority on that side of 0."""
    return [role for role, given in now.priorities if given * priority > 0]


def _default(object_id: int, kind: discord.SelectDefaultValueType) -> discord.SelectDefaultValue:
    return discord.SelectDefaultValue(id=object_id, type=kind)


def _select(custom_id: str, names: Mapping[str, str], chosen: str, *, required: bool = True) -> discord.ui.Select[Any]:
    options = [discord.SelectOption(label=name, value=value, default=value == chosen) for value, name in names.items()]
    return discord.ui.Select(custom_id=custom_id, options=options, required=required)


def _limits_text(now: Settings, draft: float, language: Language) -> str:
    none = say(language, "no limit")
    open_jobs = none if now.open_jobs is None else str(now.open_jobs)
    a_day = none
    if now.cost_a_day is not None:
        a_day = say(language, "the work of {drafts} drafts", drafts=drafts(now.cost_a_day, draft))
    lines = [
        say(language, "Open pictures a person: {limit}", limit=open_jobs),
        say(language, "Painted a day and person: {limit}", limit=a_day),
        say(language, "Largest quality: {limit}", limit=now.largest_quality or none),
        say(language, "Style where none is chosen: {style}", style=now.default_style or STYLES[0]),
        say_number(
            language,
            "A picture comes into the feed with {number} star",
            "A picture comes into the feed with {number} stars",
            now.star_threshold,
        ),
    ]
    return "\n".join([f"**{say(language, 'Limits and style')}**", *lines])


def _limits_form(now: Settings, draft: float, language: Language) -> discord.ui.Modal:
    modal = discord.ui.Modal(title=say(language, "Limits and style")[:45], custom_id=FORM)
    a_day = "" if now.cost_a_day is None else str(max(1, round(now.cost_a_day / draft)))
    unset = say(language, "No limit")
    qualities = {UNSET: unset, **{quality: quality for quality in QUALITIES}}
    styles = {style: style for style in STYLES}
    empty = say(language, "Leave it empty for no limit")
    fields: tuple[tuple[str, str, discord.ui.Item[Any]], ...] = (
        (
            say(language, "Open pictures a person"),
            empty,
            _number("open_jobs", "" if now.open_jobs is None else str(now.open_jobs)),
        ),
        (
            say(language, "Drafts a day and person"),
            say(language, "Better pictures count as many drafts as they are work. Empty: no limit"),
            _number("cost_a_day", a_day),
        ),
        (
            say(language, "Largest quality"),
            say(language, "The most work that one picture may be"),
            _select("largest_quality", qualities, now.largest_quality or UNSET, required=False),
        ),
        (
            say(language, "Style"),
            say(language, "Where nobody chooses one"),
            _select("default_style", styles, now.default_style or STYLES[0], required=False),
        ),
        (
            say(language, "Stars for the feed"),
            say(language, "With so many a picture is posted to the feed channel"),
            _number("star_threshold", str(now.star_threshold)),
        ),
    )
    for label, description, item in fields:
        modal.add_item(discord.ui.Label(text=label[:45], description=description[:100], component=item))
    modal.stop()  # discord.py need not remember it: it comes back through `limits_sent`
    return modal


def _number(name: str, typed: str) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(custom_id=name, default=typed or None, required=False, max_length=12)
