"""What the commands that paint have in common: the names of choices, and what is proposed while somebody types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from discord import app_commands

from bot.messages import option_name
from engine.modifiers import completions
from engine.palettes import PALETTES

MOST_CHOICES: Final = 25
LONGEST_CHOICE: Final = 100  # characters
QUALITY_NAMES: Final = {
    "draft": "draft – the quickest",
    "normal": "normal – larger and finer",
    "better": "better – takes its time",
    "best": "best – the most this bot can do",
}
STYLE_NAMES: Final = {
    "image": "image – like a painting or photograph",
    "painting": "painting – brush strokes on a canvas",
    "pixel": "pixel – pixel art",
    "sketch": "sketch – pencil lines",
    "photo": "photo – a free picture, made without a generator",
}
ASPECT_NAMES: Final = {"square": "square", "widescreen": "widescreen (16:9)", "portrait": "portrait (4:5)"}
FILM_NAMES: Final = {"mp4": "MP4", "gif": "GIF", "both": "MP4 and GIF", "none": "no film"}


def named(names: Mapping[str, str], values: tuple[str, ...]) -> list[app_commands.Choice[str]]:
    """The values as choices, each by the name people read."""
    return [app_commands.Choice(name=names.get(value, value), value=value) for value in values]


def modifier_lists(typed: str, most: int) -> list[app_commands.Choice[str]]:
    """Lists of modifiers that go on from what was typed.

    Name and value are one: Discord writes the name into the field, and people type on behind it.
    """
    fitting = [text for text in completions(typed, most) if len(text) <= LONGEST_CHOICE]
    return [app_commands.Choice(name=text, value=text) for text in fitting[:MOST_CHOICES]]


async def palettes(_: Any, typed: str) -> list[app_commands.Choice[str]]:
    """The palettes whose name or description has what was typed."""
    wanted = typed.strip().casefold()
    fitting = [
        each
        for each in PALETTES.values()
        if wanted in each.description.casefold() or wanted.replace(" ", "-") in each.name
    ]
    return [
        app_commands.Choice(name=option_name(each.name, each.description), value=each.name)
        for each in fitting[:MOST_CHOICES]
    ]
