"""Parser for spec options as people type them, one a line: `cuts 32`, `learning rate: 0.1`, `keep = best`, `tile`.

Names, types and choices come from the fields of `ArtSpec`, so a new field can be typed without a change here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Final

from rapidfuzz import fuzz, process

from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from engine.spec.modifiers import read_modifiers
from engine.spec.prompts import clean

SIZE: Final = "size"  # an option for width and height together
_SIZE: Final = re.compile(r"(\d{1,6})\s*(?:[x×*]|by)\s*(\d{1,6})(?:\s*(?:px|pixels))?", re.IGNORECASE | re.ASCII)
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?)\s*(%?)", re.IGNORECASE | re.ASCII)
_SEPARATOR: Final = re.compile(r"[;·]|,(?![0-9])")
_SWITCHES: Final = {
    **dict.fromkeys(("", "yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}
_PRESET: Final = ("default", "auto", "preset")
_LONGEST_QUOTE: Final = 40  # characters of what was typed, in a refusal
_SIMILAR: Final = 60.0  # percent, the least similarity of a name that a refusal suggests

Field = dataclasses.Field[Any]


def read_options(text: str) -> dict[str, Any]:
    """Values for fields of `ArtSpec`, from lines of a name and a value, separated by a space, `=` or `:`.

    A line may have several options, separated by `,`, `;` or `·`; text, such as a negative prompt, takes the rest of
    its line. Ranges are checked by `ArtSpec`. Raises `InputError` for an unknown name, a missing value, and an option
    that is given twice.
    """
    values: dict[str, Any] = {}
    for name, value in _pairs(text):
        values = merged(values, read_size(value) if name == SIZE else {name: _value(FIELDS[name], value)})
    return values


def read_option(name: str, text: str) -> dict[str, Any]:
    """The value of the field `name`; empty for empty text. Raises `InputError`."""
    return {name: _value(FIELDS[name], clean(text))} if clean(text) else {}


def read_size(text: str) -> dict[str, Any]:
    """Width and height in pixels, from `800x200`; empty for empty text. Raises `InputError`."""
    typed = clean(text)
    if not typed:
        return {}
    match = _SIZE.fullmatch(typed)
    if match is None:
        raise InputError(
            "“{typed}” is no size: write width and height in pixels, like 800x200.", typed=typed[:_LONGEST_QUOTE]
        )
    return {"width": int(match[1]), "height": int(match[2])}


def merged(values: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """The union of both. Raises `InputError` for an option in both."""
    for name in more:
        if name in values:
            raise InputError("“{name}” is given twice: leave one of them out.", name=words(name))
    return values | more


def words(name: str) -> str:
    """A field's name as people read it, with spaces."""
    return name.replace("_", " ")


def is_text(field: Field) -> bool:
    """Whether the field takes free text, to the end of its line."""
    kind = str(field.type)
    return kind.startswith("tuple[str") or (kind.startswith("str") and "choices" not in field.metadata)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """(name of the field, text of its value) for each option."""
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


def _split(option: str) -> tuple[str, str]:
    """The name of the field, and the text after it. Raises `InputError` for an unknown name."""
    before, *after = re.split(r"[=:]", option, maxsplit=1)
    if after and (name := _field_name(before)) is not None:
        return name, after[0]
    pieces = option.split(" ")
    for count in range(min(_MOST_WORDS, len(pieces)), 0, -1):
        if (name := _field_name(" ".join(pieces[:count]))) is not None:
            return name, " ".join(pieces[count:])
    raise _unknown(before if after and before.strip() else " ".join(pieces[:2]))


def _field_name(typed: str) -> str | None:
    """The name of the field that was typed, or None. Raises `InputError` for a field that is not an option here."""
    name = _BY_KEY.get(_key(typed))
    if name is not None and name != SIZE and name not in FIELDS:
        raise InputError("“{name}” can't be written here: it is an option of the command itself.", name=words(name))
    return name


def _unknown(typed: str) -> InputError:
    keys = dict.fromkeys((_key(typed)[:_LONGEST_QUOTE], _key(typed.split(" ")[0])[:_LONGEST_QUOTE]))
    near = [
        name
        for key in keys
        for name, *_ in process.extract(key, list(_BY_KEY), scorer=fuzz.ratio, limit=2, score_cutoff=_SIMILAR)
    ]
    names = [words(name) for name in dict.fromkeys(_BY_KEY[key] for key in near) if name in (*FIELDS, SIZE)]
    quote = typed[:_LONGEST_QUOTE].strip()
    if names:
        return InputError(
            "There is no setting “{typed}”: did you mean {names}?", typed=quote, names=" / ".join(names[:2])
        )
    return InputError(
        "There is no setting “{typed}”: known are {names}.", typed=quote, names=", ".join(map(words, FIELDS))
    )


def _value(field: Field, text: str) -> Any:
    """The text as a value of the field's type; unchanged if it is not one, so that `ArtSpec` refuses it."""
    kind, choices = str(field.type), field.metadata.get("choices", ())
    if kind == "bool":
        return _SWITCHES.get(text.casefold(), text)
    if not text:
        raise InputError("“{name}” has no value: write it behind the name.", name=words(field.name))
    chosen = {_key(choice): choice for choice in choices if isinstance(choice, str)}.get(_key(text))
    if chosen is not None:
        return chosen
    if not is_text(field) and text.casefold() in _PRESET:
        return field.default
    if kind.startswith("tuple"):
        return read_modifiers(text, field.metadata["most"])
    return text if kind.startswith("str") else _number(text)


def _number(text: str) -> int | float | str:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    number = float(match[1]) / (100 if match[2] else 1)
    return int(number) if number.is_integer() else number


def _key(text: str) -> str:
    """A name in a form for comparison: without case, spaces and hyphens, in British spelling."""
    return "".join(letter for letter in text.casefold() if letter.isalnum()).replace("color", "colour")


def _is_option(field: Field) -> bool:
    """Whether the field can be typed as an option: pictures are attached, and the prompt has its own parameter."""
    has_default = field.default is not dataclasses.MISSING
    return has_default and "picture" not in field.metadata and "Image" not in str(field.type)


FIELDS: Final[dict[str, Field]] = {field.name: field for field in dataclasses.fields(ArtSpec) if _is_option(field)}
_BY_KEY: Final = {
    **{_key(field.name): field.name for field in dataclasses.fields(ArtSpec)},
    "steps": "iterations",
    "ground": "background",  # the former name, in options that people have saved
    _key(SIZE): SIZE,
}
_MOST_WORDS: Final = max(len(words(name).split()) for name in FIELDS)
