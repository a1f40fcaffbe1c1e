"""What may be tuned on: concepts that are none of the judge's words, known to its tower by other people's pictures.

A concept is an emoji that four or more vendors of the training pictures and the test style drew. Its prototype is the
mean of what the tower sees in those of its pictures that the index of drawings does not hold: the style that was never
shown, and vendors that were left out.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.embedded.retrieval.index import Entry
from engine.embedded.text import singular_guesses, split_words
from engine.lab.evaluation.judge import CachedTower, Pixels
from engine.lab.training.drawings import Picture
from engine.lab.training.sources import EMOJI_SETS

VENDORS: Final = 4  # that must have drawn a concept
_PEOPLE = (
    "man woman person men women people family hand hands boy girl face faces child baby adult older mage fairy elf "
    "vampire zombie merperson genie superhero supervillain couple kiss prince princess santa mrs mx"
)
_SIGNS = (
    "input registered information aries taurus gemini cancer leo virgo libra scorpio sagittarius capricorn aquarius "
    "pisces ophiuchus suit circle square bars points eject medal map index"
)
NO_SUBJECTS: Final = frozenset(f"{_PEOPLE} {_SIGNS}".split())
SEED: Final = 3  # of the die that chooses among the concepts


@dataclass(frozen=True)
class Concept:
    """A name, its pictures that the index holds, and those that stand for what others would draw."""

    name: str
    inside: tuple[int, ...]  # rows of the training pictures; where the index holds none, of all
    outside: tuple[int, ...]  # rows of the training pictures
    unseen: tuple[int, ...]  # rows of the test style


def read_concepts(
    pictures: Sequence[Picture], unseen: Sequence[Picture], index: Iterable[Entry], taboo: Iterable[str], most: int
) -> list[Concept]:
    """At most `most` concepts in an order that a fixed die chose, none of which names or means a word of `taboo`.

    Which ones they are does not depend on the index, so that figures of several indexes compare.
    """
    held = {(entry.name, source) for entry in index for source in entry.sources}
    inside, outside, other = (defaultdict[str, list[int]](list) for _ in range(3))
    vendors: dict[str, set[str]] = defaultdict(set)
    tags: dict[str, tuple[str, ...]] = {}
    for row, picture in enumerate(pictures):
        if picture.kind == "emoji" and picture.source in EMOJI_SETS:
            (inside if (picture.name, picture.source) in held else outside)[picture.name].append(row)
            vendors[picture.name].add(picture.source)
            tags[picture.name] = picture.tags
    for row, picture in enumerate(unseen):
        if picture.kind == "emoji":
            other[picture.name].append(row)
    forbidden = list(taboo)
    names = sorted(
        name
        for name in tags
        if len(vendors[name]) >= VENDORS
        and name in other
        and len(split_words(name)) <= 2
        and not NO_SUBJECTS & set(split_words(name))
        and not any(_means(word, name, tags[name]) for word in forbidden)
    )
    random.Random(SEED).shuffle(names)
    return [
        Concept(name, tuple(inside[name] or outside[name]), tuple(outside[name]), tuple(other[name]))
        for name in names[:most]
    ]


def _means(word: str, name: str, tags: Sequence[str]) -> bool:
    """Whether `word` is in the name, in the singular or the plural, or is a tag as a whole."""
    plain = " ".join(_singular(each) for each in split_words(name))
    wanted = " ".join(_singular(each) for each in split_words(word))
    return re.search(rf"\b{re.escape(wanted)}\b", plain) is not None or wanted in tags or word in tags


def _singular(word: str) -> str:
    return next(iter(singular_guesses(word)), word)


def on_white(rgba: NDArray[np.uint8]) -> Pixels:
    """(H, W, 4) with straight alpha -> (H, W, 3)."""
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def prototypes(
    concepts: Sequence[Concept], pixels: NDArray[np.uint8], unseen_pixels: NDArray[np.uint8], tower: CachedTower
) -> Tensor:
    """(concepts, D) unit vectors: the mean of what the tower sees in the pictures outside the index."""
    pictures = [
        on_white(each)
        for concept in concepts
        for each in (*pixels[list(concept.outside)], *unseen_pixels[list(concept.unseen)])
    ]
    counts = [len(concept.outside) + len(concept.unseen) for concept in concepts]
    seen = torch.split(tower.embed(pictures), counts)
    return F.normalize(torch.stack([each.mean(0) for each in seen]), dim=-1)
