"""The buttons for a shared prompt: paint it, save it, remove it from the saved ones, stop sharing it."""

from __future__ import annotations

from typing import Final

from bot.bot import Interaction
from bot.pictures.feed import PAINT_PROMPT, SAVE_PROMPT
from bot.text.buttons import Action, Path
from bot.text.language import N_, _
from bot.ui.items import StatefulItem
from bot.ui.replies import whisper
from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from storage.prompts import SharedPrompt

DROP_PROMPT: Final = Action(Path("drop-prompt:{prompt}"), N_("Off my list"))
UNSHARE_PROMPT: Final = Action(Path("unshare-prompt:{prompt}"), N_("Stop sharing"), style="danger")


class PaintPromptButton(StatefulItem, path=PAINT_PROMPT.path):
    """Submits the shared request with a new seed; the result credits the author."""

    prompt: int

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        shared = await _shared_prompt(interaction, self.prompt)
        spec = ArtSpec.from_json(shared.spec).with_seed(None)
        await client.sources.check_attached(spec)
        job = await client.submitter.submit(interaction, spec, parent_id=shared.picture_id, origin="remix")
        if job is not None:
            await client.prompts.used(shared.id)


class SavePromptButton(StatefulItem, path=SAVE_PROMPT.path):
    """Adds the prompt to the person's saved prompts."""

    prompt: int

    async def pressed(self, interaction: Interaction) -> None:
        shared = await _shared_prompt(interaction, self.prompt)
        await interaction.client.prompts.save(interaction.user.id, shared.id, True)
        await whisper(interaction, _("It is on your list now: /prompts list:saved."))


class DropPromptButton(StatefulItem, path=DROP_PROMPT.path):
    """Removes the prompt from the person's saved prompts."""

    prompt: int

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.client.prompts.save(interaction.user.id, self.prompt, False)
        await whisper(interaction, _("It is not on your list any more."))


class UnsharePromptButton(StatefulItem, path=UNSHARE_PROMPT.path):
    """Stops sharing the person's own prompt; what others painted from it stays."""

    prompt: int

    async def pressed(self, interaction: Interaction) -> None:
        if await interaction.client.prompts.unshare(self.prompt, interaction.user.id):
            text = _("It is not shared any more. Your picture stays in your gallery.")
        else:
            text = _("This prompt is not shared any more.")
        await whisper(interaction, text)


async def _shared_prompt(interaction: Interaction, prompt_id: int) -> SharedPrompt:
    """The shared prompt with this id. Raises `InputError` if it is no longer shared."""
    prompt = await interaction.client.prompts.get(prompt_id)
    if prompt is None:
        raise InputError("This prompt is not shared any more.")
    return prompt
