"""/remix: from another's public picture to one's own, with credit."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot.attachments import TO_COME
from bot.descent import check_attached, digest_of, source_of
from bot.language import say
from bot.messages import choice_name
from bot.options import MOST_CHOICES
from engine.derived import varied
from engine.errors import InputError
from engine.spec import VARIATIONS, ArtSpec
from storage.gallery import GalleryQuery, Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

STRENGTH: Final = 0.6  # how far a remix goes from the picture it starts from, unless the person says
MOST_IN_A_GRID: Final = max(VARIATIONS)
PICTURE: Final = "picture"
WORDS: Final = "words"


async def public_pictures(interaction: Interaction, typed: int | str) -> list[app_commands.Choice[int]]:
    """The pictures that may be remixed here: by their number, or by words of their prompt."""
    client, wanted = interaction.client, str(typed).strip()
    found: tuple[Picture, ...] = ()
    if wanted.isdecimal():
        picture = await client.gallery.get(int(wanted[:18]))
        found = (picture,) if picture is not None and _may_see(interaction, picture) else ()
    if not found:
        query = GalleryQuery(viewer_id=interaction.user.id, guild_id=interaction.guild_id, search=wanted or None)
        found = (await client.gallery.page(query, MOST_CHOICES)).items
    return [app_commands.Choice(name=choice_name(each.id, each.prompt), value=each.id) for each in found]


@app_commands.autocomplete(picture=public_pictures)
@app_commands.describe(
    picture="Which picture of this server: its number, or words of its prompt",
    prompt="Your own words; without them it is painted from the same words, with a new seed",
    keep="What you take from it: the picture to start from, or its words and settings only",
    strength="How far yours may go from the picture: 0 not at all, 1 completely",
    number="Which one, where the picture is a grid of several",
)
async def remix(
    interaction: Interaction,
    picture: app_commands.Range[int, 1, 2**53 - 1],
    prompt: app_commands.Range[str, 1, 1000] = "",
    keep: str = PICTURE,
    strength: app_commands.Range[float, 0.0, 1.0] = STRENGTH,
    number: app_commands.Range[int, 1, MOST_IN_A_GRID] | None = None,
) -> None:
    """/remix: a job that goes on from somebody's picture; the result says whose it was."""
    client, language = interaction.client, interaction.locale
    there = await client.gallery.get(picture)
    if there is None or not _may_see(interaction, there):
        raise InputError(say(language, "There is no picture {number} here that you may remix.", number=picture))
    source = await source_of(client, picture, number or 0, language)
    if keep == WORDS:
        alone = dataclasses.replace(source.painted, seed=None, start_image=None, strength=None, start_weight=None)
        spec = _with_words(alone, prompt)
        await check_attached(client, spec, language)
        await client.admission.ask(interaction, spec, parent_id=picture, origin="remix")
        return
    spec = _with_words(varied(source.painted, TO_COME, strength=strength, number=1), prompt)
    await client.admission.ask(
        interaction, spec, parent_id=picture, origin="remix", start=partial(digest_of, client, source, language)
    )


def remix_command() -> app_commands.Command[Any, ..., None]:
    choices = app_commands.choices(
        keep=[
            app_commands.Choice(name="the picture, as the start of mine", value=PICTURE),
            app_commands.Choice(name="its words and settings only", value=WORDS),
        ]
    )
    return app_commands.Command(
        name="remix", description="Make your own of somebody's public picture, with credit", callback=choices(remix)
    )


def _may_see(interaction: Interaction, picture: Picture) -> bool:
    return picture.seen_by(interaction.user.id, interaction.guild_id)


def _with_words(spec: ArtSpec, prompt: str) -> ArtSpec:
    return dataclasses.replace(spec, prompt=prompt) if prompt else spec
