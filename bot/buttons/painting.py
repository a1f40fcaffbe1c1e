"""The buttons that paint on from a picture: for whoever presses them, under that person's limits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import discord

from bot.attachments import TO_COME
from bot.buttons.base import StatefulButton, pattern
from bot.descent import Source, check_attached, check_size, digest_of, source_of
from bot.edit_form import EditForm
from bot.language import Language, say
from engine.derived import continued, enlarged, varied
from engine.spec import ArtSpec
from storage.queue import Origin

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

STRENGTH: Final = 0.5  # how far variations go from their picture
VARIATIONS: Final = 4


class AgainButton(StatefulButton, template=pattern("again")):
    """Paints the same definition with a new seed."""

    action = "again"
    style = discord.ButtonStyle.primary
    emoji = "🔁"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Again")

    async def pressed(self, interaction: Interaction) -> None:
        source = await source_of(interaction.client, self.target, self.number, interaction.locale)
        await check_attached(interaction.client, source.painted, interaction.locale)
        await interaction.client.admission.ask(
            interaction, source.painted.with_seed(None), parent_id=self.target, origin="again"
        )


class VaryButton(StatefulButton, template=pattern("vary")):
    """Paints a grid of variations of the picture."""

    action = "vary"
    style = discord.ButtonStyle.primary
    emoji = "🎲"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Variations")

    async def pressed(self, interaction: Interaction) -> None:
        source = await source_of(interaction.client, self.target, self.number, interaction.locale)
        spec = varied(source.painted, TO_COME, strength=STRENGTH, number=VARIATIONS)
        await _go_on(interaction, source, spec, "variation")


class ReworkButton(StatefulButton, template=pattern("rework")):
    """Opens a form with prompt and settings filled in."""

    action = "rework"
    once = False
    emoji = "✏️"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Edit")

    async def pressed(self, interaction: Interaction) -> None:
        source = await source_of(interaction.client, self.target, self.number, interaction.locale)
        form = EditForm.of(source)
        largest = interaction.client.settings.largest_quality
        await interaction.response.send_modal(form.modal(largest, interaction.locale))


class ContinueButton(StatefulButton, template=pattern("continue")):
    """Paints on where the picture ended."""

    action = "continue"
    emoji = "⏩"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Continue")

    async def pressed(self, interaction: Interaction) -> None:
        source = await source_of(interaction.client, self.target, self.number, interaction.locale)
        spec = continued(source.painted, TO_COME, film=source.painted.film)
        await _go_on(interaction, source, spec, "continue")


class DoubleButton(StatefulButton, template=pattern("double")):
    """Enlarges the picture twice."""

    action = "double"
    emoji = "🔍"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Upscale ×2")

    async def pressed(self, interaction: Interaction) -> None:
        await _enlarge(interaction, self.target, self.number, 2)


class QuadrupleButton(StatefulButton, template=pattern("quadruple")):
    """Enlarges the picture four times."""

    action = "quadruple"
    emoji = "🔎"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Upscale ×4")

    async def pressed(self, interaction: Interaction) -> None:
        await _enlarge(interaction, self.target, self.number, 4)


async def _enlarge(interaction: Interaction, picture_id: int, number: int, factor: int) -> None:
    source = await source_of(interaction.client, picture_id, number, interaction.locale)
    await check_size(source, factor, interaction.locale)
    await _go_on(interaction, source, enlarged(source.spec, TO_COME, factor), "upscale")


async def _go_on(interaction: Interaction, source: Source, spec: ArtSpec, origin: Origin) -> None:
    """A job that begins with the picture; its bytes are kept once the person was told that an answer follows."""
    await interaction.client.admission.ask(
        interaction,
        spec,
        parent_id=source.picture.id,
        origin=origin,
        start=partial(digest_of, interaction.client, source, interaction.locale),
    )
