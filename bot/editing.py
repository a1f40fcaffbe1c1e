"""What becomes of a form that Edit opened, once it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import replies
from bot.attachments import Attachments
from bot.buttons import view_of
from bot.descent import check_attached, source_of
from bot.drafts import Draft
from bot.edit_form import EditForm
from bot.messages import Button
from engine.errors import InputError

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


async def edit_sent(interaction: Interaction) -> None:
    """The picture as it was changed becomes a job, or is said to need a change. Other forms are left alone."""
    data: Any = interaction.data or {}
    form = EditForm.sent(data)
    if form is None:
        return
    try:
        await _wish(interaction, form)
    except Exception as error:
        await replies.explain(interaction, error)


async def _wish(interaction: Interaction, form: EditForm) -> None:
    client, language = interaction.client, interaction.locale
    source = await source_of(client, form.picture_id, form.number, language)
    try:
        spec = form.spec(source)
        await check_attached(client, spec, language)
        await client.admission.check(interaction, spec, Attachments())
    except InputError as error:
        number = client.drafts.keep(Draft(interaction.user.id, source.painted, Attachments(), form))
        await replies.privately(
            interaction, replies.sentence_for(error, language), view_of([Button("edit", number)], language)
        )
        return
    await client.admission.ask(interaction, spec, parent_id=source.picture.id, origin="edit")
