"""The /prompts command."""

from __future__ import annotations

from typing import Final

import discord
from discord import app_commands

from bot.bot import Interaction
from bot.features.prompts.page import prompts_page
from bot.features.prompts.query import KINDS, LONGEST_SEARCH, Kind, PromptQuery
from bot.text.language import N_
from bot.ui.choices import STYLE_NAMES, named_choices
from engine.spec.artspec import STYLES

KIND_NAMES: Final = {
    "new": "new",
    "week": "top this week",
    "ever": "top ever",
    "mine": "mine",
    "saved": "saved",
}


@app_commands.command(
    name="prompts",
    description="Prompts that people here shared: paint them, save them",
    extras={"help": N_("what others shared, to paint it yourself")},
)
@app_commands.choices(kind=named_choices(KIND_NAMES, KINDS), style=named_choices(STYLE_NAMES, STYLES))
@app_commands.rename(kind="list")
@app_commands.describe(
    kind="Which prompts (the newest, unless you say otherwise)",
    search="Words that the prompt has",
    style="Only those of one style",
)
async def prompts(
    interaction: Interaction,
    kind: str = KINDS[0],
    search: app_commands.Range[str, 1, LONGEST_SEARCH] = "",
    style: str | None = None,
) -> None:
    """Show the first page of the shared prompts, visible only to the person."""
    page = await prompts_page(interaction, PromptQuery(_kind(kind), None, style, search.strip()))
    await interaction.response.send_message(
        view=page.view, files=page.files, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
    )


def _kind(name: str) -> Kind:
    return next((kind for kind in KINDS if kind == name), KINDS[0])
