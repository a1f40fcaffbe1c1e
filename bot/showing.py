"""A picture of the gallery once more, as a message with all its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.buttons import view_of
from bot.descent import made_from, members_of
from bot.endings import SENT
from bot.language import say
from bot.result_message import shown
from bot.uploads import COMMON_LIMIT, ResultFiles, files_of, fit
from engine.errors import InputError
from engine.spec import ArtSpec
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


async def show_picture(interaction: Interaction, picture_id: int, *, ephemeral: bool = False) -> None:
    """Answer with the picture; a private one to its owner alone. Raises InputError where there is none to be seen."""
    client = interaction.client
    picture = await client.gallery.get(picture_id)
    if picture is None or not await may_see(interaction, picture):
        raise InputError(
            say(interaction.locale, "There is no picture {number} that you may see here.", number=picture_id)
        )
    spec = ArtSpec.from_json(picture.spec)
    await interaction.response.defer(ephemeral=ephemeral or not picture.public, thinking=True)
    films = tuple(client.files.path(name) for name in picture.films)
    extras = {label: client.files.path(picture.extras[label]) for label in SENT if label in picture.extras}
    results = ResultFiles(f"atelier-{picture.id}", client.files.path(picture.image), films, extras)
    fitted = await fit(results, min(interaction.filesize_limit, COMMON_LIMIT))
    payload = shown(
        spec,
        picture,
        image_name=fitted.image_name,
        notes=[say(interaction.locale, note) for note in fitted.notes],
        members=members_of(picture),
        made_from=await made_from(client.gallery, picture, interaction.locale),
        language=interaction.locale,
    )
    given: dict[str, Any] = {"view": view_of(payload.buttons, payload.language)}
    await interaction.edit_original_response(
        content=payload.content,
        embed=payload.embed,
        attachments=files_of(fitted.uploads),
        allowed_mentions=payload.allowed_mentions,
        **given,
    )


async def may_see(interaction: Interaction, picture: Picture) -> bool:
    """Whether who asks may see a picture where they ask: also one they have among their favourites."""
    if picture.seen_by(interaction.user.id, interaction.guild_id):
        return True
    return picture.public and await interaction.client.gallery.is_favourite(interaction.user.id, picture.id)
