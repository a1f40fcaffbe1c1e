"""The /privacy command: an overview of a person's data, with buttons to export and to erase it."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import Final

import discord
from discord import app_commands

from bot.bot import Interaction
from bot.features.privacy.personal_data import PersonalData, erase, read_all
from bot.text.buttons import Action, Path
from bot.text.language import N_, _, ngettext
from bot.ui import replies
from bot.ui.items import StatefulItem, view_of

EXPORT: Final = Action(Path("privacy:export"), N_("Take everything along"), style="primary")
ASK: Final = Action(Path("privacy:ask"), N_("Erase everything …"))
ERASE: Final = Action(Path("privacy:erase"), N_("Yes, erase everything"), style="danger")
KEEP: Final = Action(Path("privacy:keep"), N_("No, keep it"))
MOST_PARTS: Final = 20  # ZIP files of one export
MOST_PARTS_ALONE: Final = 5  # where the bot is only user-installed: Discord's limit of follow-ups
LARGEST_PART: Final = 20 * 1024 * 1024  # bytes, even where files may be larger: a whole request may have 25 MiB

_log = logging.getLogger(__name__)


@app_commands.command(
    name="privacy",
    description="What I keep about you: see it, take it along, or have it erased",
    extras={"help": N_("what I keep about you, and how to have it erased")},
)
async def privacy(interaction: Interaction) -> None:
    """Show what is kept about the person, visible only to them, with buttons to export and to erase it."""
    data = await read_all(interaction.client, interaction.user.id)
    view = view_of([EXPORT.button(), ASK.button()]) or discord.utils.MISSING
    await interaction.response.send_message(embed=_overview(data), view=view, ephemeral=True)


# The custom_ids name no person: these buttons always act on the data of the person who presses them.


class ExportButton(StatefulItem, path=EXPORT.path):
    """Sends all data as ZIP files of a size that Discord accepts, one after another."""

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        data = await read_all(interaction.client, interaction.user.id)
        limit = min(interaction.filesize_limit, LARGEST_PART)
        most = MOST_PARTS if interaction.is_guild_integration() else MOST_PARTS_ALONE
        plan = data.parts(limit)
        parts, left_out = plan.parts[:most], plan.left_out + sum(len(part) for part in plan.parts[most:])
        content = _exported(len(parts), left_out)
        for number, part in enumerate(parts, start=1):
            archive = await asyncio.to_thread(data.archive, part, first=number == 1)
            file = discord.File(io.BytesIO(archive), f"atelier-{number}.zip")
            if number == 1:
                await interaction.edit_original_response(content=content, attachments=[file])
            else:
                await interaction.followup.send(file=file, ephemeral=True)


class AskButton(StatefulItem, path=ASK.path):
    """Asks for confirmation before all data is erased."""

    once = False  # going back and forth quickly is no double press

    async def pressed(self, interaction: Interaction) -> None:
        question = discord.Embed(description=_question(), colour=discord.Colour.red())
        view = view_of([ERASE.button(), KEEP.button()])
        await interaction.response.edit_message(embed=question, view=view)


class EraseButton(StatefulItem, path=ERASE.path):
    """Erases the person's data and replaces the question with a confirmation."""

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await erase(interaction.client, interaction.user.id)
        done = discord.Embed(
            description=_("Everything about you is erased. You are welcome to start anew."),
            colour=discord.Colour.green(),
        )
        try:
            await interaction.edit_original_response(embed=done, view=None)
        except discord.HTTPException as error:
            _log.info("the question could not be replaced: %r", error)
            await replies.privately(interaction, done.description or "")


class KeepButton(StatefulItem, path=KEEP.path):
    """Returns to the overview."""

    once = False

    async def pressed(self, interaction: Interaction) -> None:
        data = await read_all(interaction.client, interaction.user.id)
        view = view_of([EXPORT.button(), ASK.button()])
        await interaction.response.edit_message(embed=_overview(data), view=view)


def _overview(data: PersonalData) -> discord.Embed:
    """How much of each kind of data is kept, and what for."""
    kept = data.kept
    megabytes = data.size / 1e6
    liked = sum(len(kept[kind]) for kind in ("favourites", "saved_prompts", "stars_given"))
    together = sum(len(rows) for kind, rows in kept.items() if kind.startswith(("challenge", "report")))
    lines = [
        ngettext("{number} picture", "{number} pictures", len(kept["pictures"]))
        + " · "
        + ngettext("{number} file ({size} MB)", "{number} files ({size} MB)", len(data.files), size=f"{megabytes:.1f}"),
        ngettext(
            "{number} wish: prompt, settings, server, and how long it took",
            "{number} wishes: prompt, settings, server, and how long each took",
            len(kept["jobs"]),
        ),
        ngettext("{number} prompt that you shared", "{number} prompts that you shared", len(kept["shared_prompts"])),
        ngettext("{number} favourite, star or saved prompt", "{number} favourites, stars and saved prompts", liked),
        ngettext("{number} entry, vote or report", "{number} entries, votes and reports", together),
        _("Your preferences") if kept["preferences"] else _("No preferences"),
    ]
    about = _(
        "I know you by the number of your Discord account alone. I read no messages, and everything here serves to "
        "paint your pictures, to find them again, and to share the work fairly."
    )
    embed = discord.Embed(title=_("What I keep about you"), colour=discord.Colour.blurple())
    embed.description = "\n".join(f"• {line}" for line in lines) + f"\n\n{about}"
    return embed


def _exported(files: int, left_out: int) -> str:
    if left_out:
        return ngettext(
            "Here is what I know about you, with the newest pictures. {number} file was too much for Discord: "
            "use /gallery to see it.",
            "Here is what I know about you, with the newest pictures. {number} files were too much for Discord: "
            "use /gallery to see them.",
            left_out,
        )
    return ngettext(
        "Here is everything, in {number} file.",
        "Here is everything, in {number} files; each opens by itself.",
        files,
    )


def _question() -> str:
    return _(
        "This erases your pictures with their files, your wishes, shared and saved prompts, favourites, stars, votes "
        "and preferences, takes back what still waits, and deletes my messages with your pictures where I can. It "
        "can't be undone. What others made from your pictures stays theirs. Erase everything?"
    )
