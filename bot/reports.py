"""Reporting a picture to the moderators of its server, and what they do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, Self, cast

import discord
from discord import app_commands

from bot import replies
from bot.buttons.base import StatefulItem
from bot.community.removal import remove_everywhere
from bot.fields import form, lines
from bot.forms import values_in
from bot.language import Language, say, say_number
from bot.links import titled
from bot.message_pictures import picture_in
from bot.messages import plain
from bot.picture_pages import PicturePage, small_pictures, text
from engine.errors import InputError
from engine.prompts import clean
from storage.gallery import Picture
from storage.reports import Report

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

Verdict = Literal["delete", "keep"]

_CUSTOM_ID: Final = re.compile(r"atelier:report:([0-9]{1,18})")
LONGEST_REASON: Final = 500
MOST_SHOWN: Final = 5  # reports at once, with two buttons each
PROMPT_SHOWN: Final = 80  # characters before escaping; a page holds 4,000 in all
REASON_SHOWN: Final = 150


async def report(interaction: Interaction, message: discord.Message) -> None:
    """The menu entry: opens the form about the message's picture."""
    language = interaction.locale
    picture = await picture_in(interaction, message)
    if picture is None:
        raise InputError(say(language, "This message shows no picture of mine."))
    if picture.guild_id is None or picture.guild_id != interaction.guild_id:
        raise InputError(say(language, "This picture is not from this server, so nobody here decides about it."))
    reason = lines("reason", "", LONGEST_REASON, required=True)
    await interaction.response.send_modal(
        form(
            say(language, "Report this picture"),
            f"atelier:report:{picture.id}",
            ((say(language, "What is wrong with it?"), reason),),
        )
    )


async def report_sent(interaction: Interaction) -> None:
    """The form came back: the report is kept for the moderators. Other forms are left alone."""
    data: Any = interaction.data or {}
    found = _CUSTOM_ID.fullmatch(str(data.get("custom_id")))
    if found is None:
        return
    try:
        typed = dict(values_in(data.get("components") or []))
        await _keep(interaction, int(found[1]), clean(typed.get("reason", ""))[:LONGEST_REASON])
    except Exception as error:
        await replies.explain(interaction, error)


async def _keep(interaction: Interaction, picture_id: int, reason: str) -> None:
    client, language = interaction.client, interaction.locale
    if await client.gallery.get(picture_id) is None:
        raise InputError(say(language, "This picture was deleted."))
    if await client.reports.add(picture_id, interaction.user.id, reason) is None:
        raise InputError(say(language, "You have reported this picture before; the moderators will look at it."))
    await replies.privately(
        interaction, say(language, "Thank you. The moderators of this server find it with /reports.")
    )


@app_commands.guild_only()
@app_commands.default_permissions(manage_messages=True)
async def reports(interaction: Interaction) -> None:
    """/reports: what was reported and nobody has decided about."""
    _check_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await (await _page(interaction)).show(interaction)


def reports_command() -> app_commands.Command[Any, ..., None]:
    return app_commands.Command(
        name="reports", description="For moderators: pictures that people reported", callback=reports
    )


class VerdictButton(StatefulItem, template=r"atelier:verdict:(?P<report>[0-9]{1,18}):(?P<verdict>delete|keep)"):
    """A moderator deletes a reported picture, or lets it stand."""

    def __init__(self, report_id: int, verdict: Verdict, language: Language = None) -> None:
        delete = verdict == "delete"
        super().__init__(
            discord.ui.Button[Any](
                label=say(language, "Delete") if delete else say(language, "Let it stand"),
                style=discord.ButtonStyle.danger if delete else discord.ButtonStyle.secondary,
                custom_id=f"atelier:verdict:{report_id}:{verdict}",
            )
        )
        self.report_id, self.verdict = report_id, verdict

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["report"]), cast(Verdict, match["verdict"]), interaction.locale)

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        _check_moderator(interaction)
        await interaction.response.defer()
        found = await client.reports.get(self.report_id)
        if found is not None and found.guild_id == interaction.guild_id:
            await client.reports.settle(found.id, interaction.user.id, self.verdict)
            picture = await client.gallery.get(found.picture_id)
            if self.verdict == "delete" and picture is not None:
                await remove_everywhere(client, picture)
        await (await _page(interaction)).show(interaction)


def _check_moderator(interaction: Interaction) -> None:
    if not interaction.permissions.manage_messages:
        raise InputError(say(interaction.locale, "Only moderators look at what was reported."))


async def _page(interaction: Interaction) -> PicturePage:
    """The oldest open reports, a picture with its reason and two buttons each."""
    client, language = interaction.client, interaction.locale
    assert interaction.guild_id is not None  # the command is for servers only
    found = await client.reports.open(interaction.guild_id)
    shown = [(each, await client.gallery.get(each.picture_id)) for each in found[:MOST_SHOWN]]
    there = [(each, picture) for each, picture in shown if picture is not None]
    if not there:
        return PicturePage((text([say(language, "Nothing is reported.")]),))
    uploads = await client.thumbnails.of(client, [picture for _, picture in there])
    items: list[discord.ui.Item[Any]] = [
        text([say_number(language, "### {number} open report", "### {number} open reports", len(found))])
    ]
    for each, picture in there:
        items.append(text([_line(each, picture, language)]))
        items += small_pictures([picture], uploads)
        items.append(
            discord.ui.ActionRow(VerdictButton(each.id, "delete", language), VerdictButton(each.id, "keep", language))
        )
    return PicturePage(tuple(items), tuple(uploads.values()))


def _line(each: Report, picture: Picture, language: Language) -> str:
    by = say(language, "by {person}", person=f"<@{picture.person_id}>")
    return (
        f"{titled(picture)} “{plain(picture.prompt, PROMPT_SHOWN)}” {by}\n"
        f"> <@{each.person_id}>: {plain(each.reason, REASON_SHOWN)}"
    )
