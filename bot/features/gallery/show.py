"""A picture of the gallery as a message with all its buttons."""

from __future__ import annotations

from bot.bot import Interaction
from bot.pictures.credit import made_from
from bot.pictures.result import files_to_send, shown_again
from bot.text.language import localised
from bot.ui.items import view_of
from bot.ui.uploads import COMMON_LIMIT, files_of, fit
from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from storage.gallery import Picture


async def show_picture(interaction: Interaction, picture_id: int, *, ephemeral: bool = False) -> None:
    """Respond with the picture; a private one is ephemeral. Raises `InputError` if the person may not see it here."""
    client = interaction.client
    picture = await client.gallery.get(picture_id)
    if picture is None or not await may_see(interaction, picture):
        raise InputError("There is no picture {number} that you may see here.", number=picture_id)
    spec = ArtSpec.from_json(picture.spec)
    await interaction.response.defer(ephemeral=ephemeral or not picture.public, thinking=True)
    fitted = await fit(files_to_send(picture, client.files), min(interaction.filesize_limit, COMMON_LIMIT))
    payload = shown_again(
        spec,
        picture,
        image_name=fitted.image_name,
        notes=[localised(note) for note in fitted.notes],
        made_from=await made_from(client.gallery, picture),
    )
    await interaction.edit_original_response(
        content=payload.content,
        embed=payload.embed,
        attachments=files_of(fitted.uploads),
        allowed_mentions=payload.allowed_mentions,
        view=view_of(payload.items),
    )


async def may_see(interaction: Interaction, picture: Picture) -> bool:
    """Whether the person may see a picture here; their favourites everywhere, while those are public."""
    if picture.seen_by(interaction.user.id, interaction.guild_id):
        return True
    return picture.public and await interaction.client.gallery.is_favourite(interaction.user.id, picture.id)
