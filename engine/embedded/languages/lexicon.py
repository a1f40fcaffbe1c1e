"""Looking words up: what a word of a language means in English."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.embedded.languages.endings import Number, endings_of
from engine.embedded.languages.tables import ALTERNATIVE, LATIN, Code, folded, normal, tables, words_of

LONGEST_COMPOUND = 30  # letters
SHORTEST_PART = 3
_PREFIXES = ("herunter", "hinauf", "herum", "durch", "nach", "auf", "aus", "ein", "vor", "weg", "ab", "an", "zu")
_LINKS = ("", "s", "n", "en", "es", "er", "e")  # between the parts of a German compound


@dataclass(frozen=True)
class Meaning:
    """What a word means: its kind (see `Words`), English, and what its ending says of it."""

    kind: str
    english: str
    number: Number = "one"
    genitive: bool = False


def _read(value: str) -> tuple[Meaning, ...]:
    return tuple(
        Meaning(each[0].lower(), each[1:], "many" if each[0] == "N" else "one") for each in value.split(ALTERNATIVE)
    )


@functools.lru_cache(maxsize=4096)
def exact(code: Code, key: str) -> tuple[Meaning, ...]:
    """The meanings of a word or phrase in the form in which it stands in a table, the first one foremost."""
    return everyday(code, key) or _of_emoji(code, key)


def everyday(code: Code, key: str) -> tuple[Meaning, ...]:
    """The meanings of a word or phrase in the table of everyday words."""
    words = words_of(code).everyday
    value = words.get(key) or (words.get(folded(key)) if code in LATIN else None)
    return _read(value) if value else ()


def _of_emoji(code: Code, key: str) -> tuple[Meaning, ...]:
    words = words_of(code).of_emoji
    english = words.get(key) or (words.get(folded(key)) if code in LATIN else None)
    return (Meaning("n", english),) if english else ()


@functools.lru_cache(maxsize=4096)
def everyday_meanings(code: Code, word: str) -> tuple[Meaning, ...]:
    """The meanings of a normal word in the table of everyday words, also of its inflected forms."""
    return everyday(code, word) or _inflected(code, word, everyday)


@functools.lru_cache(maxsize=4096)
def meanings(code: Code, word: str) -> tuple[Meaning, ...]:
    """The meanings of a normal word, also of its inflected forms and, in German, of compounds; empty if unknown.

    An inflected form of an everyday word goes before the name of an emoji: "flores" are flowers, not a bouquet.
    """
    return (
        everyday_meanings(code, word)
        or _of_emoji(code, word)
        or _inflected(code, word, _of_emoji)
        or ((_with_prefix(word) or _compound(word)) if code == "de" else ())
    )


def _inflected(code: Code, word: str, look_up: Callable[[Code, str], tuple[Meaning, ...]]) -> tuple[Meaning, ...]:
    for ending in endings_of(code, word):
        base = word[: len(word) - len(ending.ending)] + ending.base
        for form in (base, _without_umlaut(base)) if code == "de" and "n" in ending.kinds else (base,):
            fitting = tuple(
                replace(each, number=_number(each, ending.number), genitive=ending.genitive)
                for each in look_up(code, form)
                if each.kind in ending.kinds
            )
            if fitting:
                return fitting
    return ()


def _number(meaning: Meaning, of_ending: Number) -> Number:
    return "many" if meaning.number == "many" else of_ending


def _without_umlaut(word: str) -> str:
    """The word with its last umlaut undone: "bäum" as "baum", "vögel" as "vogel"."""
    found = re.search("äu|[äöü](?=[^äöü]*$)", word)
    if not found:
        return word
    plain = {"äu": "au", "ä": "a", "ö": "o", "ü": "u"}[found.group()]
    return word[: found.start()] + plain + word[found.end() :]


def _with_prefix(word: str) -> tuple[Meaning, ...]:
    """A German verb written in one with its prefix: "anheult" as "heult … an"."""
    for prefix in _PREFIXES:
        if word.startswith(prefix):
            found = everyday_meanings("de", word.removeprefix(prefix))
            at = " at" if prefix == "an" else ""
            return tuple(
                replace(each, english=each.english.removesuffix(at) + at) for each in found if each.kind == "v"
            )
    return ()


def _compound(word: str) -> tuple[Meaning, ...]:
    """A German compound, by the longest last part: "Holzhaus" as "wood house", "dunkelblau" as "dark blue"."""
    if not 2 * SHORTEST_PART < len(word) <= LONGEST_COMPOUND:
        return ()
    for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        tail = next((each for each in meanings("de", word[cut:]) if each.kind in "na"), None)
        if tail is None or " " in tail.english:
            continue
        head = _first_part(word[:cut])
        if head is not None:
            return (replace(tail, english=f"{head.english} {tail.english}"),)
    return ()


def _first_part(word: str) -> Meaning | None:
    for link in _LINKS:
        if word.endswith(link) and len(word) - len(link) >= SHORTEST_PART:
            head = next((each for each in exact("de", word.removesuffix(link)) if each.kind in "na"), None)
            if head is not None:
                return head
    return next((each for each in exact("de", word + "e") if each.kind in "na"), None)


@functools.lru_cache(maxsize=4096)
def is_english(word: str) -> bool:
    """Whether a word, as it was typed, is a common English one, or made of such: "cat's", "blue-eyed", "trees"."""
    parts = folded(normal(word)).replace("'", "").replace("-", " ").split()
    return all(
        part in tables().english or part.removesuffix("s") in tables().english or part.isdigit() or part in _CONTRACTED
        for part in parts
    )


_CONTRACTED = {"s", "t", "re", "ve", "ll", "d", "m"}  # "it's", "don't"
