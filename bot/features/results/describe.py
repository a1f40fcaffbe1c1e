"""The context menu “Describe this picture”: the subjects and modifiers most similar to it in CLIP's embedding space."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import discord
from discord import app_commands

from bot.bot import Atelier, Interaction
from bot.jobs.painter import Description, OrderRefused, PainterDied, PaintingFailed
from bot.pictures.attachments import AttachmentFetcher, Attachments
from bot.pictures.source import attached_picture
from bot.text.language import _
from bot.text.messages import plain
from engine.errors import InputError

NOTICE_SECONDS: Final = 2.0  # until the person is told that the painter is busy
TIMEOUT_SECONDS: Final = 780.0  # the interaction's token is valid for 900
MOST_SHOWN: Final = 5  # words of each kind
MOST_PROPOSED: Final = 3  # things in the proposed prompt


@app_commands.context_menu(name="Describe this picture")
async def describe_menu(interaction: Interaction, message: discord.Message) -> None:
    """Describe the picture in the message, visible only to the person. Raises `InputError` if there is none."""
    client = interaction.client
    picture, attachment = await client.sources.in_message(message, client.user), attached_picture(message)
    if picture is None and attachment is None:
        raise InputError("There is no picture in this message that I could describe.")
    attached = Attachments(start_image=attachment if picture is None else None)
    attached.check_sizes()
    await interaction.response.defer(ephemeral=True, thinking=True)
    path = await _fetch(client, attached) if picture is None else client.files.path(picture.image)
    description = asyncio.create_task(client.painter.describe(path))
    try:
        await asyncio.wait({description}, timeout=NOTICE_SECONDS)
        if not description.done():
            notice = _("I look at it as soon as the picture that I am painting is done.")
            await interaction.edit_original_response(content=notice)
            await asyncio.wait({description}, timeout=TIMEOUT_SECONDS)
        if not description.done():
            raise InputError("I am busy painting: please try again later.")
        seen = await description
    except (OrderRefused, PaintingFailed, PainterDied) as error:
        raise InputError.of(error.message) from error
    finally:
        description.cancel()
    await interaction.edit_original_response(
        content=_("This is what I see:"),
        embed=_embed(seen),
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _fetch(client: Atelier, attached: Attachments) -> Path:
    """The path of the attached picture, checked and kept like a start image."""
    fields = await AttachmentFetcher(client.start_images).fetch(attached)
    path = await client.start_images.path(fields["start_image"])
    assert path is not None  # `fetch` has just stored it
    return path


def _embed(seen: Description) -> discord.Embed:
    """The words with their probabilities, and a prompt made of them in a code block, for copying."""
    embed = discord.Embed(colour=discord.Colour.dark_gold())
    embed.add_field(name=_("Things"), value=_lines(seen.things), inline=True)
    if seen.modifiers:
        embed.add_field(name=_("Looks"), value=_lines(seen.modifiers), inline=True)
    words = [word for word, _probability in (*seen.things[:MOST_PROPOSED], *seen.modifiers[:1])]
    embed.add_field(name=_("As a prompt"), value=f"```\n{', '.join(words)}\n```", inline=False)
    return embed


def _lines(words: tuple[tuple[str, float], ...]) -> str:
    return "\n".join(f"{plain(word)} · {probability:.0%}" for word, probability in words[:MOST_SHOWN]) or "–"
