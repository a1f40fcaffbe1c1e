"""The context menu “Describe this picture”: what CLIP sees in it, its colours and style, and a button to paint that."""

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
from bot.text.buttons import Action
from bot.text.buttons import Path as CustomId
from bot.text.language import N_, _
from bot.text.messages import plain
from bot.ui.items import StatefulItem, view_of
from engine.errors import InputError
from engine.spec.artspec import ArtSpec

NOTICE_SECONDS: Final = 2.0  # until the person is told that the painter is busy
TIMEOUT_SECONDS: Final = 780.0  # the interaction's token is valid for 900
PAINT_SEEN: Final = Action(CustomId("paint-seen:{prompt:text}"), N_("Paint it"), "🎨", "primary")
COLOURS: Final = (
    N_("red"),
    N_("orange"),
    N_("yellow"),
    N_("green"),
    N_("turquoise"),
    N_("blue"),
    N_("purple"),
    N_("pink"),
    N_("brown"),
    N_("beige"),
    N_("black"),
    N_("grey"),
    N_("white"),
)  # that a description names


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
        content=_sentence(seen),
        embed=_embed(seen),
        view=view_of([PAINT_SEEN.button(prompt=seen.prompt)]),
        allowed_mentions=discord.AllowedMentions.none(),
    )


class PaintSeenButton(StatefulItem, path=PAINT_SEEN.path):
    """Paints the prompt of a description."""

    prompt: str

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.client.submitter.submit(interaction, ArtSpec(self.prompt))


async def _fetch(client: Atelier, attached: Attachments) -> Path:
    """The path of the attached picture, checked and kept like a start image."""
    fields = await AttachmentFetcher(client.start_images).fetch(attached)
    path = await client.start_images.path(fields["start_image"])
    assert path is not None  # `fetch` has just stored it
    return path


def _sentence(seen: Description) -> str:
    """What is in the picture, and plainly when that is a guess."""
    best, *others = map(plain, seen.things)
    if seen.sure:
        return _("This looks like: {things}", things=", ".join((f"**{best}**", *others)))
    return _("I'm not sure what this is. It might be: {things}", things=", ".join((best, *others)))


def _embed(seen: Description) -> discord.Embed:
    """Colours, style if there is one, and the prompt in a code block, for copying."""
    embed = discord.Embed(colour=discord.Colour.dark_gold())
    embed.add_field(name=_("Colours"), value=", ".join(_(colour) for colour in seen.colours), inline=True)
    if seen.style:
        embed.add_field(name=_("Style"), value=plain(", ".join(seen.style)), inline=True)
    embed.add_field(name=_("As a prompt"), value=f"```\n{seen.prompt}\n```", inline=False)
    return embed
