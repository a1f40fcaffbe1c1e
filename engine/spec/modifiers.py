"""Keyword modifiers: named keywords that are appended to a prompt, listed in `modifiers.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rapidfuzz import fuzz, process

from engine.errors import InputError, either

MOST: Final = 4  # of one picture: more blur it, and CLIP reads 77 tokens only
MOST_COMPARED: Final = 25  # pictures of a comparison, 5 × 5
CHOICES: Final = 25  # of Discord's autocomplete
_LIST: Final = Path(__file__).with_name("modifiers.toml")
_LONGEST_NAME: Final = 60  # characters
_SIMILAR: Final = 55.0  # per cent, for a suggestion


@dataclass(frozen=True, slots=True)
class Modifier:
    """One entry of the list."""

    name: str  # 40 characters at most
    words: str  # appended to a prompt
    about: str  # description, 80 characters at most
    group: str

    @property
    def label(self) -> str:
        """Name and description, at most 100 characters, as many as a choice on Discord may have."""
        return f"{self.name}: {self.about}"


def find_modifier(name: str) -> Modifier:
    """The modifier of that name, ignoring case, hyphens, spaces, and British or American spelling.

    Raises `InputError` with the most similar names if there is none.
    """
    key = _key(name)
    if key in _BY_KEY:
        return _BY_KEY[key]
    typed = _visible(name)[:40]
    similar = process.extract(key[:_LONGEST_NAME], list(_BY_KEY), scorer=fuzz.ratio, limit=3, score_cutoff=_SIMILAR)
    if similar:
        raise InputError(
            "There is no modifier “{name}”: did you mean {names}?",
            name=typed,
            names=either([_BY_KEY[match].name for match, *_ in similar]),
        )
    raise InputError(
        "There is no modifier “{name}”: pick one from the list, for example low poly, watercolour or stained glass.",
        name=typed,
    )


def read_modifiers(text: str, limit: int = MOST) -> tuple[str, ...]:
    """The names in a comma-separated text, as the list spells them, each once and in the order typed.

    Raises `InputError` for an unknown name and for more than `limit`.
    """
    pieces = [piece for piece in (_visible(piece) for piece in text.split(",")) if piece]
    if len(pieces) > 2 * MOST_COMPARED:  # before looking up each
        raise _too_many(len(pieces), limit)
    names = tuple(dict.fromkeys(find_modifier(piece).name for piece in pieces))
    if len(names) > limit:
        raise _too_many(len(names), limit)
    return names


def matching(typed: str, limit: int = CHOICES) -> tuple[Modifier, ...]:
    """The modifiers for an autocomplete: names that begin with `typed`, then names and descriptions that contain it.

    If nothing is typed yet, the groups alternate, to show the breadth of the list.
    """
    key, folded = _key(typed), _visible(typed).casefold()
    if not key:
        return _ALTERNATING[:limit]
    first = [each for each in _ALTERNATING if _key(each.name).startswith(key)]
    inside = [each for each in _ALTERNATING if key in _key(each.name)]
    about = [each for each in _ALTERNATING if folded in f"{each.about} {each.words} {each.group}".casefold()]
    return tuple(dict.fromkeys([*first, *inside, *about]))[:limit]


def completions(typed: str, most: int = MOST, limit: int = CHOICES) -> tuple[str, ...]:
    """Autocompletions of a comma-separated list: the names before the last comma, with each that matches the last.

    Empty if `typed` has `most` names already or one of them is unknown.
    """
    before, _, last = typed.rpartition(",")
    try:
        chosen = read_modifiers(before, most)
    except InputError:
        return ()
    if len(chosen) == most:
        return ()
    fitting = (each.name for each in matching(last, limit + most) if each.name not in chosen)
    return tuple(", ".join((*chosen, name)) for name in fitting)[:limit]


def with_modifiers(text: str, names: Sequence[str]) -> str:
    """The text of a prompt with the modifiers' words appended: “a lighthouse, low poly, faceted …”.

    Raises `InputError` for an unknown name.
    """
    return ", ".join([text, *(find_modifier(name).words for name in names)])


def _read_list(text: str) -> dict[str, Modifier]:
    """The modifiers of a TOML document by name."""
    return {
        name: Modifier(name, words, about, group)
        for group, rows in tomllib.loads(text).items()
        for name, (words, about) in rows.items()
    }


def _key(name: str) -> str:
    """The name as it is looked up: letters and digits only, in one case and one spelling."""
    plain = "".join(letter for letter in name.casefold() if letter.isalnum())
    return plain.replace("colour", "color").replace("grey", "gray")


def _visible(text: str) -> str:
    """The text without control characters, white space collapsed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _alternating(modifiers: Iterable[Modifier]) -> tuple[Modifier, ...]:
    """The first modifier of each group, then the second of each, and so on."""
    groups: dict[str, list[Modifier]] = {}
    for each in modifiers:
        groups.setdefault(each.group, []).append(each)
    return tuple(each for row in zip_longest(*groups.values()) for each in row if each is not None)


def _too_many(count: int, limit: int) -> InputError:
    return InputError(
        "A picture takes {most} modifiers at most, and these are {number}: leave the weakest out.",
        most=limit,
        number=count,
    )


MODIFIERS: Final[Mapping[str, Modifier]] = MappingProxyType(_read_list(_LIST.read_text(encoding="utf-8")))
_BY_KEY: Final = {_key(name): each for name, each in MODIFIERS.items()}
_ALTERNATING: Final = _alternating(MODIFIERS.values())
