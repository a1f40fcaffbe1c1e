"""The button Share: it adds a picture's prompt to /prompts and posts the picture in the server's feed channel."""

from __future__ import annotations

from bot.bot import Interaction
from bot.pictures.result import SHARE
from bot.text.language import _
from bot.ui.items import StatefulItem
from bot.ui.replies import whisper
from engine.errors import InputError
from storage.gallery import Picture


class ShareButton(StatefulItem, path=SHARE.path):
    """Shares a picture's prompt with the server."""

    picture: int

    async def pressed(self, interaction: Interaction) -> None:
        picture = await interaction.client.sources.picture(self.picture)
        await share(interaction, picture)


async def share(interaction: Interaction, picture: Picture) -> None:
    """Share the prompt of a picture in this server and confirm it; sharing again changes nothing.

    A private picture becomes public. Raises `InputError` if the picture is another person's.
    """
    client, guild_id = interaction.client, interaction.guild_id
    if picture.person_id != interaction.user.id:
        raise InputError("Only the one who painted this picture may share its prompt.")
    await interaction.response.defer(ephemeral=True, thinking=True)
    prompt = await client.prompts.share(picture.id, picture.person_id, guild_id)
    if prompt is None:
        raise InputError("This picture was deleted.")
    if prompt.guild_id != guild_id:
        text = _("You have shared this prompt already, in another place.")
    elif guild_id is None:
        text = _("Your prompt is shared: whoever opens /prompts in direct messages with me can find it.")
    else:
        text = _("Your prompt is shared: everybody here finds it with /prompts.")
        post = await client.feed_posts.post(picture, guild_id, prompt)
        if post is not None:
            text += " " + _("It is in the feed as well: {address}", address=post)
    await whisper(interaction, text)
