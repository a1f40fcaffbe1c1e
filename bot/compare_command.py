"""/compare: one subject with several modifiers, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot import options
from bot.language import say
from engine.errors import InputError
from engine.modifiers import MOST_COMPARED as LONGEST_LIST
from engine.modifiers import read_modifiers
from engine.spec import MAXIMUM_SEED, STYLES, ArtSpec

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

MOST_COMPARED: Final = 9  # as many as variations: more take too long for one wish


async def modifiers_choices(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return options.modifier_lists(typed, MOST_COMPARED)


@app_commands.autocomplete(modifiers=modifiers_choices)
@app_commands.describe(
    prompt="What to paint, once with each modifier",
    modifiers="Two to nine from the list, with commas between: oil painting, low poly, watercolour",
    quality="How much work goes into each (draft, unless you say otherwise)",
    style="How they are made",
    seed="The same number paints the same pictures again",
)
async def compare(
    interaction: Interaction,
    prompt: app_commands.Range[str, 1, 1000],
    modifiers: app_commands.Range[str, 1, 500],
    quality: str = "draft",
    style: str | None = None,
    seed: app_commands.Range[int, 0, MAXIMUM_SEED] | None = None,
) -> None:
    """/compare: a sheet of labelled pictures as one job."""
    names = read_modifiers(modifiers, LONGEST_LIST)
    if len(names) < 2:
        raise InputError(say(interaction.locale, "A comparison needs two modifiers or more: put commas between them."))
    if len(names) > MOST_COMPARED:
        raise InputError(
            say(
                interaction.locale,
                "A comparison takes {most} modifiers at most, and these are {number}.",
                most=MOST_COMPARED,
                number=len(names),
            )
        )
    chosen = style or (await interaction.client.limits.settings(interaction)).default_style or "image"
    spec = ArtSpec(prompt=prompt, compare=names, quality=quality, style=chosen, seed=seed)
    await interaction.client.admission.ask(interaction, spec)


def compare_command(qualities: tuple[str, ...]) -> app_commands.Command[Any, ..., None]:
    """The command with these qualities to choose from."""
    choices = app_commands.choices(
        quality=options.named(options.QUALITY_NAMES, qualities), style=options.named(options.STYLE_NAMES, STYLES)
    )
    return app_commands.Command(
        name="compare", description="Paint one thing with several modifiers, side by side", callback=choices(compare)
    )
