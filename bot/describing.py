"""“Describe this picture”: what CLIP sees in the picture of a message, in words that can be painted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import discord

from bot.attachments import Attachments, Intake
from bot.language import Language, say
from bot.message_pictures import attached_picture, picture_in
from bot.messages import plain
from bot.painter import OrderRefused, PainterDied, PaintingFailed, Seen
from engine.errors import InputError

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

PATIENCE: Final = 2.0  # seconds until the person is told that a painting goes first
LONGEST: Final = 780.0  # seconds: the interaction's token lives 900
MOST_SAID: Final = 5  # words of each kind
MOST_PAINTED: Final = 3  # words of the prompt that is proposed


async def describe(interaction: Interaction, message: discord.Message) -> None:
    """The menu entry: looks at the message's picture, for the eyes of who asks."""
    client, language = interaction.client, interaction.locale
    picture, attachment = await picture_in(interaction, message), attached_picture(message)
    if picture is None and attachment is None:
        raise InputError(say(language, "There is no picture in this message that I could describe."))
    attached = Attachments(start_image=attachment if picture is None else None)
    attached.check_sizes()
    await interaction.response.defer(ephemeral=True, thinking=True)
    path = await _fetched(client, attached) if picture is None else client.files.path(picture.image)
    looking = asyncio.create_task(client.painter.describe(path))
    try:
        await asyncio.wait({looking}, timeout=PATIENCE)
        if not looking.done():
            said = say(language, "I look at it as soon as the picture that I am painting is done.")
            await interaction.edit_original_response(content=said)
            await asyncio.wait({looking}, timeout=LONGEST)
        if not looking.done():
            raise InputError(say(language, "I am busy painting: please try again later."))
        seen = await looking
    except (OrderRefused, PaintingFailed, PainterDied) as error:
        raise InputError(str(error)) from error
    finally:
        looking.cancel()
    await interaction.edit_original_response(
        content=say(language, "This is what I see:"),
        embed=_embed(seen, language),
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _fetched(client: Atelier, attached: Attachments) -> Path:
    """The attached picture, opened with care and kept like one that somebody paints from."""
    fields = await Intake(client.start_images).fetch(attached)
    path = await client.start_images.path(fields["start_image"])
    assert path is not None  # it was kept just now
    return path


def _embed(seen: Seen, language: Language) -> discord.Embed:
    """The words with their certainty, and a prompt made of them, in a block that can be copied."""
    embed = discord.Embed(colour=discord.Colour.dark_gold())
    embed.add_field(name=say(language, "Things"), value=_lines(seen.things), inline=True)
    if seen.modifiers:
        embed.add_field(name=say(language, "Looks"), value=_lines(seen.modifiers), inline=True)
    words = [word for word, _ in (*seen.things[:MOST_PAINTED], *seen.modifiers[:1])]
    embed.add_field(name=say(language, "As a prompt"), value=f"```\n{', '.join(words)}\n```", inline=False)
    return embed


def _lines(words: tuple[tuple[str, float], ...]) -> str:
    return "\n".join(f"{plain(word)} · {share:.0%}" for word, share in words[:MOST_SAID]) or "–"
