"""The /compare command: one subject painted with several modifiers, side by side."""

from __future__ import annotations

from typing import Any, Final

from discord import app_commands

from bot.bot import Interaction
from bot.text.language import N_
from bot.ui import choices
from bot.ui.tree import everywhere
from engine.errors import InputError
from engine.spec.artspec import MAXIMUM_SEED, STYLES, ArtSpec
from engine.spec.modifiers import MOST_COMPARED as LONGEST_LIST
from engine.spec.modifiers import read_modifiers

MOST_COMPARED: Final = 9  # like variations; more take too long for one request


async def modifier_choices(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return choices.modifier_lists(typed, MOST_COMPARED)


@app_commands.autocomplete(modifiers=modifier_choices)
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
    """Submit a comparison: one job, whose result is a sheet of labelled pictures."""
    names = read_modifiers(modifiers, LONGEST_LIST)
    if len(names) < 2:
        raise InputError("A comparison needs two modifiers or more: put commas between them.")
    if len(names) > MOST_COMPARED:
        raise InputError(
            "A comparison takes {most} modifiers at most, and these are {number}.",
            most=MOST_COMPARED,
            number=len(names),
        )
    style = style or (await interaction.client.limits.settings(interaction)).default_style or "image"
    spec = ArtSpec(prompt=prompt, compare=names, quality=quality, style=style, seed=seed)
    await interaction.client.submitter.submit(interaction, spec)


def compare_command(qualities: tuple[str, ...]) -> app_commands.Command[Any, ..., None]:
    """The command, with these choices of quality."""
    named = app_commands.choices(
        quality=choices.named_choices(choices.QUALITY_NAMES, qualities),
        style=choices.named_choices(choices.STYLE_NAMES, STYLES),
    )
    return everywhere(
        app_commands.Command(
            name="compare",
            description="Paint one thing with several modifiers, side by side",
            callback=named(compare),
            extras={"help": N_("one thing with several modifiers, side by side")},
        )
    )
