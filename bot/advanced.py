"""Settings that people write a line each: `cuts 32`, `learning rate: 0.1`, `keep = best`, `tile`.

Names, sorts and choices are those of `ArtSpec`: a field that it gets can be written here at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator
from typing import Any, Final

from bot.language import LocalisedInputError
from engine.modifiers import read_modifiers
from engine.prompts import clean
from engine.spec import ArtSpec

SIZE: Final = "size"  # width and height in one
_SIZE: Final = re.compile(r"(\d{1,6})\s*(?:[x×*]|by)\s*(\d{1,6})(?:\s*(?:px|pixels))?", re.IGNORECASE | re.ASCII)
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?)\s*(%?)", re.IGNORECASE | re.ASCII)
_SEPARATOR: Final = re.compile(r"[;·]|,(?![0-9])")
_SWITCHES: Final = {
    **dict.fromkeys(("", "yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}
_PRESET: Final = ("default", "auto", "preset")
_LONGEST_SHOWN: Final = 40  # characters of what was typed, in a sentence

Field = dataclasses.Field[Any]


def read_settings(text: str) -> dict[str, Any]:
    """Values for fields of `ArtSpec`, from lines of a name and a value with a blank, `=` or `:` between.

    Several may share a line with `,`, `;` or `·` between, but text, such as a negative prompt, takes the rest of its
    line. Whether a value is within its range is the spec's to say. Raises `InputError` for a name that is
    not known, a missing value, and a setting that is given twice.
    """
    values: dict[str, Any] = {}
    for name, value in _pairs(text):
        values = merged(values, read_size(value) if name == SIZE else {name: _value(FIELDS[name], value)})
    return values


def read_setting(name: str, text: str) -> dict[str, Any]:
    """The value of the one field called `name`; nothing for no text. Raises `InputError`."""
    return {name: _value(FIELDS[name], clean(text))} if clean(text) else {}


def read_size(text: str) -> dict[str, Any]:
    """Width and height in pixels, from `800x200`; nothing for no text. Raises `InputError`."""
    typed = clean(text)
    if not typed:
        return {}
    found = _SIZE.fullmatch(typed)
    if found is None:
        raise LocalisedInputError(
            "“{typed}” is no size: write width and height in pixels, like 800x200.", typed=typed[:_LONGEST_SHOWN]
        )
    return {"width": int(found[1]), "height": int(found[2])}


def merged(values: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both together. Raises `InputError` for a setting that is in both."""
    for name in more:
        if name in values:
            raise LocalisedInputError("“{name}” is given twice: leave one of them out.", name=words(name))
    return values | more


def words(name: str) -> str:
    """A field's name as people read it."""
    return name.replace("_", " ")


def is_text(each: Field) -> bool:
    """Whether the field takes any text, to the end of its line."""
    kind = str(each.type)
    return kind.startswith("tuple[str") or (kind.startswith("str") and "choices" not in each.metadata)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The names of the fields that are set, each with the text of its value."""
    for line in text.splitlines():
        rest = clean(line).lstrip("-–•*> ,;·")
        while rest:
            first = _SEPARATOR.split(rest, maxsplit=1)[0]
            name, value = _split(first)
            rest = rest[len(first) :]
            if name != SIZE and is_text(FIELDS[name]):
                value, rest = value + rest, ""
            yield name, value.strip()
            rest = rest.lstrip(" ,;·")


def _split(setting: str) -> tuple[str, str]:
    """The name that begins it, and what stands behind the name."""
    before, *after = re.split(r"[=:]", setting, maxsplit=1)
    if after and (name := _named(before)) is not None:
        return name, after[0]
    pieces = setting.split(" ")
    for count in range(min(_MOST_WORDS, len(pieces)), 0, -1):
        if (name := _named(" ".join(pieces[:count]))) is not None:
            return name, " ".join(pieces[count:])
    raise _unknown(before if after and before.strip() else " ".join(pieces[:2]))


def _named(typed: str) -> str | None:
    """The field of that name, or None. Raises `InputError` for one that can't be set here."""
    name = _BY_KEY.get(_key(typed))
    if name is not None and name != SIZE and name not in FIELDS:
        raise LocalisedInputError(
            "“{name}” can't be written here: it is an option of the command itself.", name=words(name)
        )
    return name


def _unknown(typed: str) -> LocalisedInputError:
    keys = dict.fromkeys((_key(typed)[:_LONGEST_SHOWN], _key(typed.split(" ")[0])[:_LONGEST_SHOWN]))
    near = [match for key in keys for match in difflib.get_close_matches(key, _BY_KEY, n=2, cutoff=0.6)]
    names = [words(name) for name in dict.fromkeys(_BY_KEY[key] for key in near) if name in (*FIELDS, SIZE)]
    shown = typed[:_LONGEST_SHOWN].strip()
    if names:
        return LocalisedInputError(
            "There is no setting “{typed}”: did you mean {names}?", typed=shown, names=" / ".join(names[:2])
        )
    return LocalisedInputError(
        "There is no setting “{typed}”: known are {names}.", typed=shown, names=", ".join(map(words, FIELDS))
    )


def _value(each: Field, text: str) -> Any:
    """The text in the field's sort; where it is none of that, as it is, for the spec to refuse."""
    kind, choices = str(each.type), each.metadata.get("choices", ())
    if kind == "bool":
        return _SWITCHES.get(text.casefold(), text)
    if not text:
        raise LocalisedInputError("“{name}” has no value: write it behind the name.", name=words(each.name))
    chosen = {_key(choice): choice for choice in choices if isinstance(choice, str)}.get(_key(text))
    if chosen is not None:
        return chosen
    if not is_text(each) and text.casefold() in _PRESET:
        return each.default
    if kind.startswith("tuple"):
        return read_modifiers(text, each.metadata["most"])
    return text if kind.startswith("str") else _number(text)


def _number(text: str) -> int | float | str:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    number = float(found[1]) / (100 if found[2] else 1)
    return int(number) if number.is_integer() else number


def _key(text: str) -> str:
    """A name without what people write differently: case, blanks, hyphens, British or American."""
    return "".join(letter for letter in text.casefold() if letter.isalnum()).replace("color", "colour")


def _can_be_written(each: Field) -> bool:
    """A picture can only be attached, and the prompt is what the command is for."""
    return each.default is not dataclasses.MISSING and "pattern" not in each.metadata and "Image" not in str(each.type)


FIELDS: Final[dict[str, Field]] = {each.name: each for each in dataclasses.fields(ArtSpec) if _can_be_written(each)}
_BY_KEY: Final = {
    **{_key(each.name): each.name for each in dataclasses.fields(ArtSpec)},
    "steps": "iterations",
    _key(SIZE): SIZE,
}
_MOST_WORDS: Final = max(len(words(name).split()) for name in FIELDS)
