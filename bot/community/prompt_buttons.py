"""The buttons for a shared prompt: paint it, save it, drop it, take it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.buttons.base import StatefulItem
from bot.community.answers import whisper
from bot.descent import check_attached
from bot.language import Language, say
from engine.errors import InputError
from engine.spec import ArtSpec
from storage.prompts import SharedPrompt

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


class PromptButton(StatefulItem, template=r"atelier:(?!)"):
    """Base of them: `name` is the word in the custom_id, before the id of the prompt."""

    name: str
    style = discord.ButtonStyle.secondary
    emoji: str | None = None

    def __init__(self, prompt_id: int, language: Language = None) -> None:
        super().__init__(
            discord.ui.Button[Any](
                label=self.label(language),
                emoji=self.emoji,
                style=self.style,
                custom_id=f"atelier:{self.name}:{prompt_id}",
            )
        )
        self.prompt_id = prompt_id

    @classmethod
    def label(cls, language: Language) -> str:
        """What stands on the button."""
        raise NotImplementedError

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["prompt"]), interaction.locale)

    async def prompt(self, interaction: Interaction) -> SharedPrompt:
        """The prompt this button is for. Raises InputError where it is shared no longer."""
        found = await interaction.client.prompts.get(self.prompt_id)
        if found is None:
            raise InputError(say(interaction.locale, "This prompt is not shared any more."))
        return found


class PaintPromptButton(PromptButton, template=r"atelier:paint-prompt:(?P<prompt>[0-9]{1,18})"):
    """Paints the prompt as it was shared, with a seed of one's own; the author gets the credit."""

    name = "paint-prompt"
    style = discord.ButtonStyle.primary
    emoji = "🎨"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Paint it")

    async def pressed(self, interaction: Interaction) -> None:
        client, language = interaction.client, interaction.locale
        shared = await self.prompt(interaction)
        spec = ArtSpec.from_json(shared.spec).with_seed(None)
        await check_attached(client, spec, language)
        job = await client.admission.ask(interaction, spec, parent_id=shared.picture_id, origin="remix")
        if job is not None:
            await client.prompts.used(shared.id)


class SavePromptButton(PromptButton, template=r"atelier:save-prompt:(?P<prompt>[0-9]{1,18})"):
    """Puts the prompt on one's own list."""

    name = "save-prompt"
    emoji = "🔖"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Save")

    async def pressed(self, interaction: Interaction) -> None:
        shared = await self.prompt(interaction)
        await interaction.client.prompts.save(interaction.user.id, shared.id, True)
        await whisper(interaction, say(interaction.locale, "It is on your list now: /prompts list:saved."))


class DropPromptButton(PromptButton, template=r"atelier:drop-prompt:(?P<prompt>[0-9]{1,18})"):
    """Takes the prompt off one's own list."""

    name = "drop-prompt"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Off my list")

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.client.prompts.save(interaction.user.id, self.prompt_id, False)
        await whisper(interaction, say(interaction.locale, "It is not on your list any more."))


class UnsharePromptButton(PromptButton, template=r"atelier:unshare-prompt:(?P<prompt>[0-9]{1,18})"):
    """Takes one's own prompt back; what others painted from it stays."""

    name = "unshare-prompt"
    style = discord.ButtonStyle.danger

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Stop sharing")

    async def pressed(self, interaction: Interaction) -> None:
        if await interaction.client.prompts.unshare(self.prompt_id, interaction.user.id):
            said = say(interaction.locale, "It is not shared any more. Your picture stays in your gallery.")
        else:
            said = say(interaction.locale, "This prompt is not shared any more.")
        await whisper(interaction, said)
