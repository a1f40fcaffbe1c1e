"""Clauses in German, Spanish, French, Portuguese and Russian, word by word, in English order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.embedded.languages.emoji import is_feeling
from engine.embedded.languages.english import NOUNS, UNKNOWN, Word, in_number
from engine.embedded.languages.lexicon import Meaning, everyday, everyday_meanings, exact, is_english, meanings
from engine.embedded.languages.order import in_english_order
from engine.embedded.languages.tables import Code, folded, normal, tables

LONGEST_PHRASE = 5  # words


@dataclass(frozen=True)
class Unit:
    """A word as it is looked up, as it was typed, and its English if that is already known."""

    key: str
    source: str
    word: Word | None = None


def units_of(text: str) -> list[Unit]:
    """The units of a typed word: "l'arbre" has two."""
    keys = normal(text).split()
    if len(keys) < 2:
        return [Unit(key, text) for key in keys]
    parts = re.findall(r"[^'’]+['’]?", text)
    return [Unit(key, part) for key, part in zip(keys, parts, strict=False)]


def translate_clause(code: Code, units: Sequence[Unit], *, after_comma: bool) -> list[Word]:
    """The English words of a clause, in their order; Russian without articles."""
    return in_number(in_english_order(code, _read(code, units), after_comma=after_comma))


def _read(code: Code, units: Sequence[Unit]) -> list[Word]:
    """The words in their own order: the longest phrases of the table first."""
    words: list[Word] = []
    place = 0
    while place < len(units):
        ready = units[place].word
        long = max(1, _length_of_phrase(code, units[place : place + LONGEST_PHRASE]))
        words += _emoji(ready, words) if ready is not None else _meant(code, units[place : place + long], words)
        place += long
    return words


def _meant(code: Code, units: Sequence[Unit], before: Sequence[Word]) -> list[Word]:
    """The words for a word or phrase that follows the words `before`."""
    key, source = _key(units), _source(units)
    if key in tables().names:
        return [Word("n", source)]
    found = exact(code, key) if len(units) > 1 else _found(code, key)
    return [Word.meaning(_fitting(found, before), source)] if found else _unknown(code, source)


def _emoji(emoji: Word, before: Sequence[Word]) -> list[Word]:
    """A number as it is; emoji in place of a noun, or besides one, or left out where they only say it again."""
    if emoji.kind != "n" or not before or before[-1].kind not in NOUNS:
        return [emoji]
    if is_feeling(emoji.english) or emoji.english in {word.english for word in before}:
        return []
    return [Word("c", "and"), emoji]


def _found(code: Code, key: str) -> tuple[Meaning, ...]:
    return meanings(code, key) or (meanings(code, key.replace("-", "")) if "-" in key else ())


def _key(units: Sequence[Unit]) -> str:
    return " ".join(unit.key for unit in units)


def _source(units: Sequence[Unit]) -> str:
    return re.sub(r"(['’]) ", r"\1", " ".join(unit.source for unit in units))


def _length_of_phrase(code: Code, units: Sequence[Unit]) -> int:
    """How many of the first units are a phrase of the table: 0, or two and more."""
    ready = next((place for place, unit in enumerate(units) if unit.word is not None), len(units))
    for long in range(ready, 1, -1):
        key = _key(units[:long])
        if everyday(code, key):
            return long
        if exact(code, key) and not all(everyday_meanings(code, unit.key) for unit in units[:long]):
            return long  # "gato negro" has an emoji, but is read word by word
    return 0


def _unknown(code: Code, source: str) -> list[Word]:
    """The words for one that is in no table: those of its parts where they are known, or itself."""
    parts = [part for part in re.split("[-‐]", source) if part]
    if len(parts) > 1 and all(meanings(code, normal(part)) or is_english(part) for part in parts):
        return [word for part in parts for word in _read(code, units_of(part))]
    return [unknown_word(source)]


def unknown_word(source: str) -> Word:
    """A word that no table has: one in Latin letters stays, as English or as a name; others are left out."""
    if not folded(source)[:1].isascii():
        return Word(UNKNOWN, "", source)
    if is_english(source):
        return Word("a" if normal(source) in tables().before_nouns else "n", source)
    return Word(UNKNOWN, source, source)


def _fitting(found: tuple[Meaning, ...], before: Sequence[Word]) -> Meaning:
    """Of a word's meanings the noun at the beginning or after an article, else another: "une rose", "un chat rose"."""
    if len(found) == 1:
        return found[0]
    if before and before[-1].kind == "x":  # "qui court"
        return next((each for each in found if each.kind == "v"), found[0])
    noun_before = bool(before) and before[-1].kind in NOUNS
    return next((each for each in found if (each.kind == "n") != noun_before), found[0])
