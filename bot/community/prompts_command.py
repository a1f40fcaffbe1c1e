"""/prompts: what people shared, page by page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import app_commands

from bot import options
from bot.buttons.base import StatefulItem
from bot.community.prompt_pages import render
from bot.community.prompt_query import KINDS, LONGEST_SEARCH, PATTERN, Kind, PromptQuery
from engine.spec import STYLES

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

KIND_NAMES: Final = {
    "new": "new",
    "week": "top this week",
    "ever": "top ever",
    "mine": "mine",
    "saved": "saved",
}


class PromptsPageButton(StatefulItem, template=PATTERN):
    """Leads to another page or list, in the same message."""

    def __init__(self, query: PromptQuery, label: str, here: bool = False) -> None:
        style = discord.ButtonStyle.primary if here else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button[Any](label=label, style=style, disabled=here, custom_id=query.custom_id))
        self.query = query

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(PromptQuery.of(match), "…")  # the label is never seen: the page is written anew

    def _press_of(self, interaction: Interaction) -> str:
        return str(interaction.id)  # leafing back and forth is no double press

    async def pressed(self, interaction: Interaction) -> None:
        page = await render(
            interaction.client,
            self.query,
            interaction.user.id,
            interaction.guild_id,
            interaction.locale,
            PromptsPageButton,
        )
        await interaction.response.edit_message(
            view=page.view, attachments=page.files, allowed_mentions=discord.AllowedMentions.none()
        )


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
    """/prompts: a page of what people shared here, for the asker's eyes."""
    query = PromptQuery(_kind(kind), None, style, search.strip())
    page = await render(
        interaction.client, query, interaction.user.id, interaction.guild_id, interaction.locale, PromptsPageButton
    )
    await interaction.response.send_message(
        view=page.view, files=page.files, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
    )


def prompts_command() -> app_commands.Command[Any, ..., None]:
    choices = app_commands.choices(
        kind=options.named(KIND_NAMES, KINDS),
        style=options.named(options.STYLE_NAMES, STYLES),
    )
    return app_commands.Command(
        name="prompts", description="Prompts that people here shared: paint them, save them", callback=choices(prompts)
    )


def _kind(name: str) -> Kind:
    return next((kind for kind in KINDS if kind == name), KINDS[0])
