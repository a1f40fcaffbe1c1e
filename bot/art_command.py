"""/art: from what is typed and filled in to a wish."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import forms, options, replies
from bot.attachments import Attachments
from bot.buttons import view_of
from bot.drafts import GONE, Draft
from bot.language import say
from bot.messages import Button
from engine.errors import InputError
from engine.modifiers import MOST, read_modifiers
from engine.spec import ASPECTS, FILMS, MAXIMUM_SEED, STYLES, VARIATIONS, ArtSpec

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


async def modifier_choices(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return options.modifier_lists(typed, MOST)


@app_commands.autocomplete(modifier=modifier_choices, palette=options.palettes)
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
    """/art: a wish becomes a job, or opens the form first."""
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
        **attached.expected(),
    )
    if not advanced:
        await client.admission.ask(interaction, spec, attached)
        return
    await client.admission.check(interaction, spec, attached)  # nobody should fill in a form in vain
    draft = Draft(interaction.user.id, spec, attached)
    await interaction.response.send_modal(forms.modal_of(client.drafts.keep(draft), forms.Form(), interaction.locale))


def art_command(qualities: tuple[str, ...]) -> app_commands.Command[Any, ..., None]:
    """The command with these qualities to choose from."""
    counts = app_commands.choices(
        variations=[app_commands.Choice(name=str(count), value=count) for count in VARIATIONS]
    )
    choices = app_commands.choices(
        quality=options.named(options.QUALITY_NAMES, qualities),
        style=options.named(options.STYLE_NAMES, STYLES),
        aspect=options.named(options.ASPECT_NAMES, ASPECTS),
        film=options.named(options.FILM_NAMES, FILMS),
    )
    return app_commands.Command(name="art", description="Paint a picture from words", callback=counts(choices(art)))


async def form_sent(interaction: Interaction) -> None:
    """A form came back: with the wish it was opened for it becomes a job, or is said to need a change.

    Forms that are none of ours are left alone.
    """
    data: Any = interaction.data or {}
    number = forms.number_in(str(data.get("custom_id")))
    if number is None:
        return
    try:
        await _wish(interaction, number, forms.filled_in(data))
    except Exception as error:
        await replies.explain(interaction, error)


async def _wish(interaction: Interaction, number: int, form: forms.Form) -> None:
    client, person_id = interaction.client, interaction.user.id
    draft = client.drafts.take(number, person_id)  # before anything is waited for: a form counts once
    if draft is None:
        raise InputError(say(interaction.locale, GONE))
    try:
        spec = dataclasses.replace(draft.spec, **form.changes())
        await client.admission.check(interaction, spec, draft.attached)
    except Exception as error:
        client.drafts.keep(dataclasses.replace(draft, form=form), number)
        sentence = replies.sentence_for(error, interaction.locale)
        await replies.privately(interaction, sentence, view_of([Button("edit", number)], interaction.locale))
        return
    await client.admission.ask(interaction, spec, draft.attached)
