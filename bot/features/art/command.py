"""The /art command."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.bot import Interaction
from bot.features.art.form import art_form, open_form
from bot.jobs.drafts import Draft
from bot.pictures.attachments import Attachments
from bot.ui import choices
from bot.ui.tree import everywhere
from engine.spec.artspec import ASPECTS, FILMS, MAXIMUM_SEED, STYLES, VARIATIONS, ArtSpec
from engine.spec.modifiers import MOST, read_modifiers


async def modifier_choices(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return choices.modifier_lists(typed, MOST)


@app_commands.autocomplete(modifier=modifier_choices, palette=choices.palettes)
@app_commands.describe(
    prompt="What to paint; “a castle | fog:0.4” weighs several wishes, “a seed ^ a tree” tells a story",
    quality="How much work goes into it (draft, unless you say otherwise)",
    style="How it is made",
    aspect="Its shape",
    negative="What it should not look like; weights as in the prompt",
    modifier="Looks from a list, up to four with commas between: low poly, watercolour",
    variations="Several pictures of the same wish, as a grid",
    start_image="A picture to start from, 8 MiB at most",
    strength="How far the start image may change: 0 not at all, 1 completely",
    image_prompt="A picture that yours should look like, 8 MiB at most",
    palette="The colours: a palette from the list, or hex colours like #112233 #ffeedd",
    palette_image="A picture to take the colours from, 8 MiB at most",
    transparent="A sticker: only the thing itself, on nothing",
    film="The film of its making",
    seed="The same number paints the same picture again",
    advanced="Opens a form with everything else: size, iterations, camera, patterns, cuts and more",
)
async def art(
    interaction: Interaction,
    prompt: app_commands.Range[str, 1, 1000],
    quality: str = "draft",
    style: str | None = None,
    aspect: str = "square",
    negative: app_commands.Range[str, 1, 500] = "",
    modifier: app_commands.Range[str, 1, 300] = "",
    variations: int = 1,
    start_image: discord.Attachment | None = None,
    strength: app_commands.Range[float, 0.0, 1.0] | None = None,
    image_prompt: discord.Attachment | None = None,
    palette: app_commands.Range[str, 1, 600] = "",
    palette_image: discord.Attachment | None = None,
    transparent: bool = False,
    film: str = "mp4",
    seed: app_commands.Range[int, 0, MAXIMUM_SEED] | None = None,
    advanced: bool = False,
) -> None:
    """Submit the request, or open the form with the advanced settings first."""
    client = interaction.client
    attached = Attachments(start_image, image_prompt, palette_image)
    spec = ArtSpec(
        prompt=prompt,
        quality=quality,
        style=style or (await client.limits.settings(interaction)).default_style or "image",
        aspect=aspect,
        negative=negative,
        modifiers=read_modifiers(modifier),
        variations=variations,
        strength=strength,
        palette=palette.strip(),
        transparent=transparent,
        film=film,
        seed=seed,
        **attached.pending_fields(),
    )
    if not advanced:
        await client.submitter.submit(interaction, spec, attached)
        return
    await client.submitter.check(interaction, spec, attached)  # before the person fills in a form for nothing
    await open_form(interaction, Draft(interaction.user.id, spec, attached, art_form))


def art_command(qualities: tuple[str, ...]) -> app_commands.Command[Any, ..., None]:
    """The command, with these choices of quality."""
    counts = app_commands.choices(
        variations=[app_commands.Choice(name=str(count), value=count) for count in VARIATIONS]
    )
    named = app_commands.choices(
        quality=choices.named_choices(choices.QUALITY_NAMES, qualities),
        style=choices.named_choices(choices.STYLE_NAMES, STYLES),
        aspect=choices.named_choices(choices.ASPECT_NAMES, ASPECTS),
        film=choices.named_choices(choices.FILM_NAMES, FILMS),
    )
    return everywhere(
        app_commands.Command(name="art", description="Paint a picture from words", callback=counts(named(art)))
    )
