"""Reporting a picture to the moderators of its server, and their decisions: keep or delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import app_commands

from bot.bot import Interaction
from bot.text.language import _, ngettext
from bot.text.links import number_link
from bot.text.messages import plain
from bot.ui import replies
from bot.ui.forms import Field, StatefulForm, lines
from bot.ui.items import StatefulItem
from bot.ui.pages import PicturePage, small_pictures, text
from engine.errors import InputError
from engine.spec.prompts import clean
from storage.gallery import Picture
from storage.reports import Report

LONGEST_REASON: Final = 500  # characters
MOST_SHOWN: Final = 5  # reports on the page, with two buttons each
PROMPT_SHOWN: Final = 80  # characters before escaping; a page holds 4,000 in total
REASON_SHOWN: Final = 150  # characters


@app_commands.context_menu(name="Report")
async def report(interaction: Interaction, message: discord.Message) -> None:
    """Open the report form for the picture in the message."""
    client = interaction.client
    picture = await client.sources.own_in_message(message, client.user)
    if picture.guild_id is None or picture.guild_id != interaction.guild_id:
        raise InputError("This picture is not from this server, so nobody here decides about it.")
    reason = Field(_("What is wrong with it?"), lines("reason", "", LONGEST_REASON, required=True))
    await interaction.response.send_modal(ReportForm.modal(_("Report this picture"), [reason], picture=picture.id))


class ReportForm(StatefulForm, path="report:{picture}"):
    """Stores the report for the moderators."""

    picture: int

    async def submitted(self, interaction: Interaction, fields: Mapping[str, str]) -> None:
        client, reason = interaction.client, clean(fields.get("reason", ""))[:LONGEST_REASON]
        await client.sources.picture(self.picture)
        if await client.reports.add(self.picture, interaction.user.id, reason) is None:
            raise InputError("You have reported this picture before; the moderators will look at it.")
        await replies.privately(interaction, _("Thank you. The moderators of this server find it with /reports."))


@app_commands.command(name="reports", description="For moderators: pictures that people reported")
@app_commands.guild_only()
@app_commands.default_permissions(manage_messages=True)
async def reports(interaction: Interaction) -> None:
    """Show the open reports."""
    _check_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await (await _page(interaction)).show(interaction)


class VerdictButton(StatefulItem, path="verdict:{report}:{verdict:delete|keep}"):
    """Deletes or keeps a reported picture, for moderators."""

    report: int
    verdict: str

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        _check_moderator(interaction)
        await interaction.response.defer()
        report = await client.reports.get(self.report)
        if report is not None and report.guild_id == interaction.guild_id:
            await client.reports.settle(report.id, interaction.user.id, self.verdict)
            picture = await client.gallery.get(report.picture_id)
            if self.verdict == "delete" and picture is not None:
                await client.removal.remove(picture)
        await (await _page(interaction)).show(interaction)


def _check_moderator(interaction: Interaction) -> None:
    if not interaction.permissions.manage_messages:
        raise InputError("Only moderators look at what was reported.")


async def _page(interaction: Interaction) -> PicturePage:
    """The oldest open reports, each with its picture, its reason and two buttons."""
    client = interaction.client
    assert interaction.guild_id is not None  # the command is for servers only
    reported = await client.reports.open(interaction.guild_id)
    looked_up = [(each, await client.gallery.get(each.picture_id)) for each in reported[:MOST_SHOWN]]
    shown = [(each, picture) for each, picture in looked_up if picture is not None]
    if not shown:
        return PicturePage((text([_("Nothing is reported.")]),))
    uploads = await client.thumbnails.of([picture for _report, picture in shown])
    items: list[discord.ui.Item[Any]] = [
        text([ngettext("### {number} open report", "### {number} open reports", len(reported))])
    ]
    for each, picture in shown:
        items.append(text([_line(each, picture)]))
        items += small_pictures([picture], uploads)
        items.append(_verdict_buttons(each))
    return PicturePage(tuple(items), tuple(uploads.values()))


def _verdict_buttons(each: Report) -> discord.ui.ActionRow[Any]:
    return discord.ui.ActionRow(
        VerdictButton.button(_("Delete"), style="danger", report=each.id, verdict="delete"),
        VerdictButton.button(_("Let it stand"), report=each.id, verdict="keep"),
    )


def _line(each: Report, picture: Picture) -> str:
    by = _("by {person}", person=f"<@{picture.person_id}>")
    return (
        f"{number_link(picture)} “{plain(picture.prompt, PROMPT_SHOWN)}” {by}\n"
        f"> <@{each.person_id}>: {plain(each.reason, REASON_SHOWN)}"
    )
