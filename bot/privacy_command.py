"""/privacy: what is kept about a person, all of it to take along, and a way to have it forgotten."""

from __future__ import annotations

import asyncio
import io
import logging
import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import app_commands

from bot import replies
from bot.buttons.base import StatefulItem
from bot.language import Language, say, say_number
from bot.personal_data import PersonalData, forget, read_all

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

MOST_PARTS: Final = 20  # ZIP files of one export
MOST_PARTS_ALONE: Final = 5  # where only the person installed the bot: Discord's limit of follow-ups
LARGEST_PART: Final = 20 * 1024 * 1024  # bytes, whatever Discord takes as one file: a request holds 25 MiB

_log = logging.getLogger(__name__)


async def privacy(interaction: Interaction) -> None:
    """/privacy: what is kept about who asks, for their eyes only, with buttons to take it along or have it erased."""
    data = await read_all(interaction.client, interaction.user.id)
    await interaction.response.send_message(
        embed=_overview(data, interaction.locale),
        view=_buttons(interaction.locale, "export", "ask"),
        ephemeral=True,
    )


def privacy_command() -> app_commands.Command[Any, ..., None]:
    return app_commands.Command(
        name="privacy",
        description="What I keep about you: see it, take it along, or have it erased",
        callback=privacy,
    )


class PrivacyButton(StatefulItem, template=r"atelier:privacy:(?P<deed>export|ask|erase|keep)"):
    """The buttons under /privacy. Whoever presses one gets or loses their own data, never another's."""

    def __init__(self, deed: str, language: Language = None) -> None:
        names = {
            "export": say(language, "Take everything along"),
            "ask": say(language, "Erase everything …"),
            "erase": say(language, "Yes, erase everything"),
            "keep": say(language, "No, keep it"),
        }
        styles = {"export": discord.ButtonStyle.primary, "erase": discord.ButtonStyle.danger}
        style = styles.get(deed, discord.ButtonStyle.secondary)
        super().__init__(discord.ui.Button(label=names[deed], style=style, custom_id=f"atelier:privacy:{deed}"))
        self.deed = deed

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["deed"], interaction.locale)

    def _press_of(self, interaction: Interaction) -> str:
        return self.custom_id if self.deed in ("export", "erase") else str(interaction.id)  # to and fro counts

    async def pressed(self, interaction: Interaction) -> None:
        if self.deed == "export":
            await _export(interaction)
        elif self.deed == "ask":
            question = discord.Embed(description=_question(interaction.locale), colour=discord.Colour.red())
            buttons = _buttons(interaction.locale, "erase", "keep")
            await interaction.response.edit_message(embed=question, view=buttons)
        elif self.deed == "erase":
            await _erase(interaction)
        else:
            data = await read_all(interaction.client, interaction.user.id)
            buttons = _buttons(interaction.locale, "export", "ask")
            await interaction.response.edit_message(embed=_overview(data, interaction.locale), view=buttons)


def _buttons(language: Language, *deeds: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for deed in deeds:
        view.add_item(PrivacyButton(deed, language))
    return view


def _overview(data: PersonalData, language: Language) -> discord.Embed:
    """How much of each kind there is, and why."""
    kept = data.kept
    megabytes = data.size / 1e6
    sparse = sum(len(kept[kind]) for kind in ("favourites", "saved_prompts", "stars_given"))
    together = sum(len(rows) for kind, rows in kept.items() if kind.startswith(("challenge", "report")))
    lines = [
        say_number(language, "{number} picture", "{number} pictures", len(kept["pictures"]))
        + " · "
        + say_number(
            language,
            "{number} file ({size} MB)",
            "{number} files ({size} MB)",
            len(data.files),
            size=f"{megabytes:.1f}",
        ),
        say_number(
            language,
            "{number} wish: prompt, settings, server, and how long it took",
            "{number} wishes: prompt, settings, server, and how long each took",
            len(kept["jobs"]),
        ),
        say_number(
            language,
            "{number} prompt that you shared",
            "{number} prompts that you shared",
            len(kept["shared_prompts"]),
        ),
        say_number(
            language,
            "{number} favourite, star or saved prompt",
            "{number} favourites, stars and saved prompts",
            sparse,
        ),
        say_number(
            language,
            "{number} entry, vote or report",
            "{number} entries, votes and reports",
            together,
        ),
        say(language, "Your preferences") if kept["preferences"] else say(language, "No preferences"),
    ]
    about = say(
        language,
        "I know you by the number of your Discord account alone. I read no messages, and everything here serves to "
        "paint your pictures, to find them again, and to share the work fairly.",
    )
    embed = discord.Embed(title=say(language, "What I keep about you"), colour=discord.Colour.blurple())
    embed.description = "\n".join(f"• {line}" for line in lines) + f"\n\n{about}"
    return embed


def _question(language: Language) -> str:
    return say(
        language,
        "This erases your pictures with their files, your wishes, shared and saved prompts, favourites, stars, votes "
        "and preferences, takes back what still waits, and deletes my messages with your pictures where I can. It "
        "can't be undone. What others made from your pictures stays theirs. Erase everything?",
    )


async def _export(interaction: Interaction) -> None:
    """Send everything as ZIP files of a size that Discord takes, one after another."""
    language = interaction.locale
    await interaction.response.defer(ephemeral=True, thinking=True)
    data = await read_all(interaction.client, interaction.user.id)
    limit = min(interaction.filesize_limit, LARGEST_PART)
    most = MOST_PARTS if interaction.is_guild_integration() else MOST_PARTS_ALONE
    plan = data.parts(limit)
    parts, left = plan.parts[:most], plan.left_out + sum(len(part) for part in plan.parts[most:])
    said = say_number(
        language,
        "Here is everything, in {number} file.",
        "Here is everything, in {number} files; each opens by itself.",
        len(parts),
    )
    if left:
        said = say_number(
            language,
            "Here is what I know about you, with the newest pictures. {number} file was too much for Discord: "
            "use /gallery to see it.",
            "Here is what I know about you, with the newest pictures. {number} files were too much for Discord: "
            "use /gallery to see them.",
            left,
        )
    for number, part in enumerate(parts, start=1):
        archive = await asyncio.to_thread(data.archive, part, first=number == 1)
        file = discord.File(io.BytesIO(archive), f"atelier-{number}.zip")
        if number == 1:
            await interaction.edit_original_response(content=said, attachments=[file])
        else:
            await interaction.followup.send(file=file, ephemeral=True)


async def _erase(interaction: Interaction) -> None:
    """Forget who pressed, and say so in place of the question."""
    await interaction.response.defer()
    await forget(interaction.client, interaction.user.id)
    done = discord.Embed(
        description=say(interaction.locale, "Everything about you is erased. You are welcome to start anew."),
        colour=discord.Colour.green(),
    )
    try:
        await interaction.edit_original_response(embed=done, view=None)
    except discord.HTTPException as error:
        _log.info("the question stays: %r", error)
        await replies.privately(interaction, done.description or "")
