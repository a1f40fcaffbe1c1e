"""Sharing a picture's prompt: others find it with /prompts, and it goes to the server's feed channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.community.answers import whisper
from bot.language import say
from engine.errors import InputError
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


async def share(interaction: Interaction, picture: Picture) -> None:
    """Share the prompt of a picture where the button was pressed, and say what came of it; again does no harm.

    A private picture becomes public by it. Raises InputError where the picture is another's.
    """
    client, language, guild_id = interaction.client, interaction.locale, interaction.guild_id
    if picture.person_id != interaction.user.id:
        raise InputError(say(language, "Only the one who painted this picture may share its prompt."))
    await interaction.response.defer(ephemeral=True, thinking=True)
    prompt = await client.prompts.share(picture.id, picture.person_id, guild_id)
    if prompt is None:
        raise InputError(say(language, "This picture was deleted."))
    if prompt.guild_id != guild_id:
        said = say(language, "You have shared this prompt already, in another place.")
    elif guild_id is None:
        said = say(language, "Your prompt is shared: whoever opens /prompts in direct messages with me can find it.")
    else:
        said = say(language, "Your prompt is shared: everybody here finds it with /prompts.")
        post = await client.community.feed_posts.post(picture, guild_id, prompt)
        if post is not None:
            said += " " + say(language, "It is in the feed as well: {address}", address=post)
    await whisper(interaction, said)
