"""The form that /art opens for what it has no options for: its fields, and what people fill in.

Discord takes five fields a form. Forms come back as interactions of their own and are found again by their custom_id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord

from bot.advanced import FIELDS, merged, read_setting, read_settings, read_size
from bot.language import LONGEST_DESCRIPTION, Language, say, to_say
from engine.spec import CAMERAS, SYMMETRIES

TITLE: Final = to_say("More settings")
LONGEST_LABEL: Final = 45  # of a field or title, in characters
TILE: Final = "tile"
PATTERNS: Final = {
    "none": to_say("none"),
    "horizontal": to_say("the right half mirrors the left"),
    "vertical": to_say("the lower half mirrors the upper"),
    "both": to_say("four quarters that mirror each other"),
    TILE: to_say("a seamless tile: copies fit side by side"),
}
_CUSTOM_ID: Final = re.compile(r"atelier:form:([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields; as they are when the form is opened for the first time."""

    size: str = ""
    iterations: str = ""
    camera: str = CAMERAS[0]
    pattern: str = SYMMETRIES[0]
    settings: str = ""

    def changes(self) -> dict[str, Any]:
        """Values for fields of `ArtSpec`. Raises `InputError` for what can't be understood."""
        chosen: dict[str, Any] = {}
        if self.camera != CAMERAS[0]:
            chosen["camera"] = self.camera
        if self.pattern == TILE:
            chosen[TILE] = True
        elif self.pattern != SYMMETRIES[0]:
            chosen["symmetry"] = self.pattern
        sized = merged(read_size(self.size), read_setting("iterations", self.iterations))
        return merged(merged(chosen, sized), read_settings(self.settings))


def modal_of(number: int, form: Form, language: Language = None) -> discord.ui.Modal:
    """The form of the draft with this number, filled in as given."""
    modal = discord.ui.Modal(title=say(language, TITLE)[:LONGEST_LABEL], custom_id=f"atelier:form:{number}")
    fields: tuple[tuple[str, str, discord.ui.Item[Any]], ...] = (
        (
            say(language, "Size"),
            say(language, "Width and height in pixels, {range} each", range=_range("width", language)),
            _line("size", form.size, "800x200"),
        ),
        (
            say(language, "Iterations"),
            say(language, "How many steps, {range}", range=_range("iterations", language)),
            _line("iterations", form.iterations, "300"),
        ),
        (
            say(language, "Camera of the film"),
            say(language, "A moving camera films a journey"),
            _camera(form.camera),
        ),
        (
            say(language, "Pattern"),
            say(language, "Whether the picture repeats itself"),
            _pattern(form.pattern, language),
        ),
        (
            say(language, "Other settings, one a line"),
            say(language, "A name and a value, such as “cuts 32” or “keep best”"),
            _lines(form.settings),
        ),
    )
    for label, description, item in fields:
        modal.add_item(
            discord.ui.Label(text=label[:LONGEST_LABEL], description=description[:LONGEST_DESCRIPTION], component=item)
        )
    modal.stop()  # discord.py need not remember it: what it forgets with a restart is answered all the same
    return modal


def number_in(custom_id: str) -> int | None:
    """The number of the draft that a form is for; None: it is no form of ours."""
    found = _CUSTOM_ID.fullmatch(custom_id)
    return None if found is None else int(found[1])


def filled_in(data: Mapping[str, Any]) -> Form:
    """What a person sent, from the data of the interaction; fields that are missing are as at first."""
    values = dict(values_in(data.get("components") or []))
    return Form(**{name: value for name, value in values.items() if name in Form.__dataclass_fields__})


def values_in(components: list[Any]) -> Iterator[tuple[str, str]]:
    """The text or the first choice of each field, by its custom_id."""
    for each in components:
        inner = each.get("component") or {}
        custom_id = str(inner.get("custom_id"))
        if "values" not in inner:
            yield custom_id, str(inner.get("value") or "")
        elif inner["values"]:
            yield custom_id, str(inner["values"][0])


def _range(name: str, language: Language) -> str:
    """`32 to 2048`, as the field of `ArtSpec` has it."""
    rule = FIELDS[name].metadata
    return say(language, "{low} to {high}", low=rule["low"], high=rule["high"])


def _line(name: str, typed: str, example: str) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=name, default=typed or None, placeholder=example, required=False, max_length=20
    )


def _lines(typed: str) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id="settings",
        style=discord.TextStyle.paragraph,
        default=typed or None,
        placeholder="cuts 32\nlearning rate 0.1\nema 0.99\npatience 100\nfilm seconds 12",
        required=False,
        max_length=2000,
    )


def _camera(chosen: str) -> discord.ui.Select[Any]:
    return _select("camera", {name: name.replace("-", " ") for name in CAMERAS}, chosen)


def _pattern(chosen: str, language: Language) -> discord.ui.Select[Any]:
    return _select("pattern", {value: say(language, name) for value, name in PATTERNS.items()}, chosen)


def _select(name: str, labels: Mapping[str, str], chosen: str) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(label=label, value=value, default=value == chosen) for value, label in labels.items()
    ]
    return discord.ui.Select(custom_id=name, options=options, required=False, min_values=0)
