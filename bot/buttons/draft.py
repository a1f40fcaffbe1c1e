"""The button under a form that could not be taken as it was filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.buttons.base import StatefulButton, pattern
from bot.drafts import GONE
from bot.edit_form import EditForm
from bot.forms import modal_of
from bot.language import Language, say
from engine.errors import InputError

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


class EditButton(StatefulButton, template=pattern("edit")):
    """Opens a form again, as it was filled in."""

    action = "edit"
    style = discord.ButtonStyle.primary
    once = False

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Change it")

    async def pressed(self, interaction: Interaction) -> None:
        draft = interaction.client.drafts.get(self.target, interaction.user.id)
        if draft is None:
            raise InputError(say(interaction.locale, GONE))
        if isinstance(draft.form, EditForm):
            largest = interaction.client.settings.largest_quality
            await interaction.response.send_modal(draft.form.modal(largest, interaction.locale))
        else:
            await interaction.response.send_modal(modal_of(self.target, draft.form, interaction.locale))
