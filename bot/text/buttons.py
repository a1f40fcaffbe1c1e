"""Buttons and menus as data, independent of the classes that handle their presses.

A custom_id carries the whole state of an item, so that it still works after a restart. One path template, such as
`vote:{challenge}:{entry}:{on}`, gives both the custom_id and the pattern that parses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from bot.text.language import _

PREFIX: Final = "atelier:"
LONGEST_CUSTOM_ID: Final = 100  # characters; Discord's limit
KINDS: Final = {
    "": r"[0-9]{1,18}",  # an integer
    "id": r"[0-9]{0,19}",  # a Discord id, or empty
    "word": r"[a-z0-9_-]{0,32}",
    "cursor": r"[a-z0-9.-]{0,30}",
    "text": r"(?s:.*)",
}
_FIELD: Final = re.compile(r"\{(?P<name>\w+)(?::(?P<kind>[^{}]*))?\}")

ButtonStyle = Literal["primary", "secondary", "success", "danger"]


@dataclass(frozen=True)
class Path:
    """A template of custom_ids: `{name}` is an integer, `{name:kind}` text of one of `KINDS`, `{name:a|b}` a choice.

    An ending in square brackets is optional: `again:{picture}[:{number}]`.
    """

    template: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of this path's custom_ids, with a named group for each field."""
        required, _bracket, optional = self.template.removesuffix("]").partition("[")
        return re.compile(PREFIX + _pattern(required) + (f"(?:{_pattern(optional)})?" if optional else ""))

    def custom_id(self, **values: int | str) -> str:
        """The custom_id with these values; the optional ending is left out if its values are 0 or missing.

        It is cut to `LONGEST_CUSTOM_ID`, so only a field of kind `text` at the end may be long.
        """
        required, _bracket, optional = self.template.removesuffix("]").partition("[")
        ending = optional if any(values.get(match["name"]) for match in _FIELD.finditer(optional)) else ""
        return (PREFIX + _FIELD.sub(lambda match: str(values[match["name"]]), required + ending))[:LONGEST_CUSTOM_ID]

    def read(self, custom_id: str) -> dict[str, int | str] | None:
        """The values in a custom_id; None if it does not match."""
        match = self.pattern.fullmatch(custom_id)
        return None if match is None else self.values(match)

    def values(self, match: re.Match[str]) -> dict[str, int | str]:
        """The values in a match of `pattern`, without those of a missing ending."""
        integers = {field["name"] for field in _FIELD.finditer(self.template) if not field["kind"]}
        texts = {name: text for name, text in match.groupdict().items() if text is not None}
        return {name: int(text) if name in integers else text for name, text in texts.items()}


def _pattern(part: str) -> str:
    return _FIELD.sub(lambda match: f"(?P<{match['name']}>{KINDS.get(match['kind'] or '', match['kind'])})", part)


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message."""

    custom_id: str
    label: str
    emoji: str | None = None
    style: ButtonStyle = "secondary"
    row: int | None = None  # 0 … 4


@dataclass(frozen=True, slots=True)
class Menu:
    """A select menu under a message, for one choice."""

    custom_id: str
    placeholder: str
    options: tuple[tuple[str, str], ...]  # (value, label), 25 at most
    row: int | None = None


@dataclass(frozen=True)
class Action:
    """What a button does with a picture or a job: its label and style, and the path of its custom_id."""

    path: Path
    label: str  # in English, marked with N_
    emoji: str | None = None
    style: ButtonStyle = "secondary"

    def button(self, row: int | None = None, **values: int | str) -> Button:
        """The button with these values in its custom_id, in the current language."""
        return Button(self.path.custom_id(**values), _(self.label), self.emoji, self.style, row)
