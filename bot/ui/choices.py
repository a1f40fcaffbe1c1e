"""Choices and autocompletion that several commands share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import discord
from discord import app_commands

from bot.text.messages import choice_name, option_name
from engine.spec.artspec import QUALITIES
from engine.spec.modifiers import completions
from engine.spec.palettes import PALETTES
from engine.spec.prompts import clean
from engine.spec.styles import STYLE_TABLE
from storage.gallery import GalleryQuery, Picture

MOST_CHOICES: Final = 25  # Discord's limit
LONGEST_CHOICE: Final = 100  # characters
QUALITY_NAMES: Final = {
    "draft": "draft – the quickest",
    "normal": "normal – larger and finer",
    "better": "better – takes its time",
    "best": "best – the most this bot can do",
}
STYLE_NAMES: Final = {name: style.label for name, style in STYLE_TABLE.items()}
ASPECT_NAMES: Final = {"square": "square", "widescreen": "widescreen (16:9)", "portrait": "portrait (4:5)"}
FILM_NAMES: Final = {"mp4": "MP4", "gif": "GIF", "both": "MP4 and GIF", "none": "no film"}


def named_choices(names: Mapping[str, str], values: tuple[str, ...]) -> list[app_commands.Choice[str]]:
    """The values as choices, with their names from `names`."""
    return [app_commands.Choice(name=names.get(value, value), value=value) for value in values]


def modifier_lists(typed: str, most: int) -> list[app_commands.Choice[str]]:
    """Autocompletion of a list of modifiers: lists that begin with what was typed.

    Name and value are the same, because Discord puts the name into the input and people continue typing after it.
    """
    matching = [text for text in completions(typed, most) if len(text) <= LONGEST_CHOICE]
    return [app_commands.Choice(name=text, value=text) for text in matching[:MOST_CHOICES]]


def qualities_up_to(largest: str) -> tuple[str, ...]:
    """The qualities that the bot's config allows, the quickest first."""
    return QUALITIES[: QUALITIES.index(largest) + 1]


def picture_choices(pictures: Iterable[Picture]) -> list[app_commands.Choice[int]]:
    """The pictures as choices, by number and prompt."""
    return [app_commands.Choice(name=choice_name(each.id, each.prompt), value=each.id) for each in pictures]


async def own_pictures(interaction: discord.Interaction[Any], typed: int | str) -> list[app_commands.Choice[int]]:
    """The person's newest pictures whose number begins with the typed text, or whose prompt has its words."""
    text = clean(str(typed))
    query = GalleryQuery(viewer_id=interaction.user.id, search=None if text.isdecimal() else text)
    page = await interaction.client.gallery.page(query, MOST_CHOICES)
    return picture_choices(each for each in page.items if not text.isdecimal() or str(each.id).startswith(text))


async def palettes(_: Any, typed: str) -> list[app_commands.Choice[str]]:
    """Autocompletion of palettes: those whose name or description contains what was typed."""
    search = typed.strip().casefold()
    matching = [
        palette
        for palette in PALETTES.values()
        if search in palette.description.casefold() or search.replace(" ", "-") in palette.name
    ]
    return [
        app_commands.Choice(name=option_name(palette.name, palette.description), value=palette.name)
        for palette in matching[:MOST_CHOICES]
    ]
