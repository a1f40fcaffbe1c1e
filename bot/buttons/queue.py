"""The button under a picture that waits or is being painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import replies
from bot.buttons.base import StatefulButton, pattern
from bot.language import Language, say
from engine.errors import InputError

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


class CancelButton(StatefulButton, template=pattern("cancel")):
    """Takes a waiting or running picture back."""

    action = "cancel"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Cancel")

    async def pressed(self, interaction: Interaction) -> None:
        client, language = interaction.client, interaction.locale
        job = await client.queue.get(self.target)
        if job is None:
            raise InputError(say(language, "This picture is no longer known; there is nothing to cancel."))
        if not replies.may_manage(interaction, job.person_id, job.guild_id):
            raise InputError(say(language, "Only the one who asked for this picture, or a moderator, may cancel."))
        await interaction.response.defer()
        if not await client.worker.cancel(job.id):
            await replies.privately(interaction, say(language, "This picture has already ended."))
