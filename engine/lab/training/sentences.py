"""Sentences about drawings, and which drawings are things."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from engine.lab.training.augment import COLOURS
from engine.lab.training.drawings import Picture
from engine.models.describe import with_article

PEOPLE: Final = {"man", "woman", "person", "men", "women", "people", "boy", "girl", "hand", "hands", "family"}
ONE_COLOUR: Final = ("game-icons", "ph-duotone", "mdi", "temaki")
FEWEST_THINGS: Final = 20
RELATIONS: Final = ("on", "under", "beside", "behind", "in front of", "and", "with")
SETTINGS: Final = (
    "in the snow", "at night", "in the rain", "on a beach", "in the forest", "in the desert", "in the city",
    "at sunset", "under water", "in space", "on a hill", "in the mountains", "in a meadow", "by the sea",
    "in the jungle", "under a rainbow", "in autumn", "in winter", "in spring", "in a garden", "on a lake",
    "in the fog", "in a storm", "under the full moon", "under the stars", "in a cave", "on a street",
)  # fmt: skip


def names_and_tags(picture: Picture) -> tuple[str, ...]:
    """The name, then the tags."""
    return (picture.name, *picture.tags[:6])


def plural(name: str) -> str:
    if name.endswith(("s", "x", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


def things(pictures: Sequence[Picture]) -> dict[str, list[int]]:
    """The rows of everyday things: names of at most two words that several sets have drawn, no faces nor people.

    Where hardly any have, as in a trial, one set is enough.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, picture in enumerate(pictures):
        if picture.kind in ("emoji", "icon") and picture.source not in ONE_COLOUR and _is_thing(picture.name):
            rows[picture.name].append(row)
    several = {name: found for name, found in rows.items() if len({pictures[row].source for row in found}) >= 3}
    return several if len(several) >= FEWEST_THINGS else dict(rows)


def _is_thing(name: str) -> bool:
    words = name.split()
    no_person = not PEOPLE & set(words) and not name.endswith((" face", " button", " hand"))
    return no_person and len(words) <= 2 and not set(words) & set(COLOURS)


def scene_texts(names: Sequence[str], dice: random.Random) -> list[str]:
    """Some sentences, most of which differ from the first in a word; two of them may be the same."""
    first, second = dice.sample(names, 2)
    colour, relation, setting = dice.choice(COLOURS), dice.choice(RELATIONS), dice.choice(SETTINGS)
    kind = dice.random()
    if kind < 0.4:
        return _in_settings(first, setting, names, dice)
    if kind < 0.7:
        return _related(first, relation, colour, second, names, dice)
    if kind < 0.85:
        return _coloured_in_settings(first, second, colour, setting, dice)
    return [f"{with_article(first)} and {with_article(other)}" for other in (second, dice.choice(names))]


def _in_settings(first: str, setting: str, names: Sequence[str], dice: random.Random) -> list[str]:
    settings = [dice.sample(SETTINGS, 4), [setting] * 2 + dice.sample(SETTINGS, 2)]
    nouns = [[first] * 4, [first, dice.sample(names, 1)[0], first, first]]
    pick = dice.randrange(2)
    return [f"{with_article(noun)} {where}" for noun, where in zip(nouns[pick], settings[pick], strict=True)]


def _related(
    first: str, relation: str, colour: str, second: str, names: Sequence[str], dice: random.Random
) -> list[str]:
    parts = [
        (first, colour, second),
        (dice.choice(names), colour, second),
        (first, colour, dice.choice(names)),
        (first, _other_colour(colour, dice), second),
    ]
    return [f"{with_article(one)} {relation} {with_article(f'{shade} {other}')}" for one, shade, other in parts]


def _coloured_in_settings(first: str, second: str, colour: str, setting: str, dice: random.Random) -> list[str]:
    parts = [
        (first, colour, setting),
        (first, _other_colour(colour, dice), setting),
        (second, colour, setting),
        (first, colour, dice.choice(SETTINGS)),
    ]
    return [f"{with_article(f'{shade} {noun}')} {where}" for noun, shade, where in parts]


def _other_colour(colour: str, dice: random.Random) -> str:
    return dice.choice([each for each in COLOURS if each != colour])
