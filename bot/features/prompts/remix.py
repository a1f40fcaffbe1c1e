"""The /remix command: a request that starts from another person's public picture and credits them."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Final

from discord import app_commands

from bot.bot import Interaction
from bot.pictures.attachments import PENDING
from bot.text.language import N_
from bot.ui.choices import MOST_CHOICES, picture_choices
from engine.errors import InputError
from engine.spec.artspec import VARIATIONS, ArtSpec
from engine.spec.variants import varied
from storage.gallery import GalleryQuery, Picture

STRENGTH: Final = 0.6  # default of the option `strength`
MOST_IN_A_GRID: Final = max(VARIATIONS)
PICTURE: Final = "picture"
WORDS: Final = "words"


@app_commands.command(
    name="remix",
    description="Make your own of somebody's public picture, with credit",
    extras={"help": N_("go on from another's picture, with credit")},
)
@app_commands.choices(
    keep=[
        app_commands.Choice(name="the picture, as the start of mine", value=PICTURE),
        app_commands.Choice(name="its words and settings only", value=WORDS),
    ]
)
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
    """Submit a request with the picture as init image, or with its prompt and settings only."""
    client = interaction.client
    original = await client.gallery.get(picture)
    if original is None or not _may_see(interaction, original):
        raise InputError("There is no picture {number} here that you may remix.", number=picture)
    source = await client.sources.get(picture, number or 0)
    if keep == WORDS:
        settings = dataclasses.replace(source.painted, seed=None, start_image=None, strength=None, start_weight=None)
        spec = _with_prompt(settings, prompt)
        await client.sources.check_attached(spec)
        await client.submitter.submit(interaction, spec, parent_id=picture, origin="remix")
        return
    spec = _with_prompt(varied(source.painted, PENDING, strength=strength, number=1), prompt)
    start = partial(client.sources.as_start_image, source)
    await client.submitter.submit(interaction, spec, parent_id=picture, origin="remix", start_image=start)


@remix.autocomplete("picture")
async def public_pictures(interaction: Interaction, typed: int | str) -> list[app_commands.Choice[int]]:
    """The pictures that may be remixed here and have the typed number, or whose prompt has the typed words."""
    client, text = interaction.client, str(typed).strip()
    pictures: tuple[Picture, ...] = ()
    if text.isdecimal():
        picture = await client.gallery.get(int(text[:18]))
        pictures = (picture,) if picture is not None and _may_see(interaction, picture) else ()
    if not pictures:
        query = GalleryQuery(viewer_id=interaction.user.id, guild_id=interaction.guild_id, search=text or None)
        pictures = (await client.gallery.page(query, MOST_CHOICES)).items
    return picture_choices(pictures)


def _may_see(interaction: Interaction, picture: Picture) -> bool:
    return picture.seen_by(interaction.user.id, interaction.guild_id)


def _with_prompt(spec: ArtSpec, prompt: str) -> ArtSpec:
    return dataclasses.replace(spec, prompt=prompt) if prompt else spec
