"""Keyword modifiers: names that people pick, and the words that each puts behind a wish.

The list itself is data, in `modifiers.toml`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Final

from engine.errors import InputError

MOST: Final = 4  # on one picture: more are a blur, and CLIP reads 77 tokens
MOST_COMPARED: Final = 25  # pictures of a comparison, 5 × 5
CHOICES: Final = 25  # of Discord's autocomplete
_LIST: Final = Path(__file__).with_name("modifiers.toml")
_LONGEST_LOOKED_UP: Final = 60  # characters: no name is longer, and the search for neighbours is quadratic


@dataclass(frozen=True, slots=True)
class Modifier:
    """One entry of the list."""

    name: str  # what people pick, 40 characters at most
    words: str  # what is put behind a wish
    about: str  # what it does, in 80 characters at most
    group: str

    @property
    def label(self) -> str:
        """Name and description in 100 characters at most, as many as a choice on Discord may have."""
        return f"{self.name}: {self.about}"


def find_modifier(name: str) -> Modifier:
    """The modifier of that name, whatever its case, hyphens and blanks; colour and color are one word.

    Raises `InputError` with the nearest names for one that is not in the list.
    """
    key = _key(name)
    if key in _BY_KEY:
        return _BY_KEY[key]
    shown = _visible(name)[:40]
    near = difflib.get_close_matches(key[:_LONGEST_LOOKED_UP], _BY_KEY, n=3, cutoff=0.55)
    if near:
        raise InputError(
            f"There is no modifier “{shown}”: did you mean {_either([_BY_KEY[each].name for each in near])}?"
        )
    raise InputError(
        f"There is no modifier “{shown}”: pick one from the list, for example low poly, watercolour or stained glass."
    )


def read_modifiers(text: str, limit: int = MOST) -> tuple[str, ...]:
    """Names between commas, as the list spells them, each once and in the order given; none for a text of none.

    Raises `InputError` for an unknown name and for more than `limit`.
    """
    pieces = [piece for piece in (_visible(piece) for piece in text.split(",")) if piece]
    if len(pieces) > 2 * MOST_COMPARED:  # before each is looked up
        raise InputError(_too_many(len(pieces), limit))
    names = tuple(dict.fromkeys(find_modifier(piece).name for piece in pieces))
    if len(names) > limit:
        raise InputError(_too_many(len(names), limit))
    return names


def matching(typed: str, limit: int = CHOICES) -> tuple[Modifier, ...]:
    """The modifiers that fit what has been typed so far: names that begin so, names that have it inside, descriptions.

    With nothing typed the groups take turns, so that a first look shows the breadth of the list.
    """
    key, said = _key(typed), _visible(typed).casefold()
    if not key:
        return _IN_TURNS[:limit]
    begins = [each for each in _IN_TURNS if _key(each.name).startswith(key)]
    inside = [each for each in _IN_TURNS if key in _key(each.name)]
    about = [each for each in _IN_TURNS if said in f"{each.about} {each.words} {each.group}".casefold()]
    return tuple(dict.fromkeys([*begins, *inside, *about]))[:limit]


def completions(typed: str, most: int = MOST, limit: int = CHOICES) -> tuple[str, ...]:
    """Whole texts for `read_modifiers` that go on from `typed`: what stands before the last comma stays.

    None when `most` names stand there already or one of them is unknown.
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
    """The text of one wish with the modifiers' words behind it: “a lighthouse, low poly, faceted …”.

    Raises `InputError` for an unknown name.
    """
    return ", ".join([text, *(find_modifier(name).words for name in names)])


def _read_list(text: str) -> dict[str, Modifier]:
    return {
        name: Modifier(name, words, about, group)
        for group, rows in tomllib.loads(text).items()
        for name, (words, about) in rows.items()
    }


def _key(name: str) -> str:
    """Letters and digits only, in one case and one spelling."""
    plain = "".join(letter for letter in name.casefold() if letter.isalnum())
    return plain.replace("colour", "color").replace("grey", "gray")


def _visible(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _in_turns(modifiers: Iterable[Modifier]) -> tuple[Modifier, ...]:
    """The first of each group, then the second of each, and so on."""
    groups: dict[str, list[Modifier]] = {}
    for each in modifiers:
        groups.setdefault(each.group, []).append(each)
    return tuple(each for row in zip_longest(*groups.values()) for each in row if each is not None)


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _too_many(count: int, limit: int) -> str:
    return f"A picture takes {limit} modifiers at most, and these are {count}: leave the weakest out."


MODIFIERS: Final[Mapping[str, Modifier]] = MappingProxyType(_read_list(_LIST.read_text(encoding="utf-8")))
GROUPS: Final[tuple[str, ...]] = tuple(dict.fromkeys(each.group for each in MODIFIERS.values()))
_BY_KEY: Final = {_key(name): each for name, each in MODIFIERS.items()}
_IN_TURNS: Final = _in_turns(MODIFIERS.values())
