"""The fields that forms are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord

from bot.language import Language, say

LONGEST_LABEL: Final = 45  # characters of a field's label, and of a form's title

LabelledField = tuple[str, discord.ui.Item[Any]]


def form(title: str, custom_id: str, fields: Sequence[LabelledField]) -> discord.ui.Modal:
    """A form that is found again by its custom_id alone."""
    modal = discord.ui.Modal(title=title[:LONGEST_LABEL], custom_id=custom_id)
    for label, item in fields:
        modal.add_item(discord.ui.Label(text=label[:LONGEST_LABEL], component=item))
    modal.stop()  # discord.py need not remember it: what it forgets with a restart is answered all the same
    return modal


def lines(name: str, typed: str, most: int, *, required: bool = False) -> discord.ui.TextInput[Any]:
    """Room for some lines of text, `most` characters."""
    return discord.ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph,
        default=typed[:most] or None,
        required=required,
        max_length=most,
    )


def choice(
    name: str, values: Sequence[str], labels: Mapping[str, str], chosen: str, language: Language
) -> discord.ui.Select[Any]:
    """One of the values, each by the label that people read."""
    offered = [
        discord.SelectOption(label=say(language, labels.get(value, value))[:100], value=value, default=value == chosen)
        for value in values
    ]
    return discord.ui.Select(custom_id=name, options=offered, required=True)
