"""English sentences from words: plurals, articles, and "a" before a vowel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.embedded.languages.endings import Number
from engine.embedded.languages.lexicon import Meaning
from engine.embedded.languages.tables import tables

UNKNOWN = "?"  # kind of a word that was not understood: it stays, perhaps it is a name
NOUNS = ("n", UNKNOWN)
_SAME_IN_PLURAL = {"fish", "sheep", "deer", "reindeer", "moose", "goldfish", "jellyfish", "starfish", "dice"}


@dataclass(frozen=True)
class Word:
    """A word of the English sentence, or a few, with what it was made of."""

    kind: str  # see `Words`, or UNKNOWN
    english: str
    source: str = ""
    number: Number = "one"
    genitive: bool = False

    @classmethod
    def meaning(cls, meaning: Meaning, source: str) -> Word:
        return cls(meaning.kind, meaning.english, source, meaning.number, meaning.genitive)


def plural(noun: str) -> str:
    """The plural of a noun phrase: "black cat" -> "black cats", "woman" -> "women"."""
    before, _, last = noun.rpartition(" ")
    irregular = tables().plurals.get(last)
    if irregular:
        many = irregular
    elif last in _SAME_IN_PLURAL or last in tables().mass or last.endswith("s"):
        many = last
    elif re.search("(x|z|ch|sh)$", last) or last in ("tomato", "potato", "hero", "superhero"):
        many = last + "es"
    elif re.search("[^aeiou]y$", last):
        many = last[:-1] + "ies"
    else:
        many = last + "s"
    return f"{before} {many}".strip()


def in_number(words: Sequence[Word]) -> list[Word]:
    """The words with nouns after numbers above one, or known to be many, in the plural."""
    read: list[Word] = []
    counted = False
    for word in words:
        if word.kind == "m":
            counted = word.english not in ("one", "1") and not word.english.startswith("a ")
        if word.kind == "d" and word.english in ("many", "some", "all"):
            counted = True
        if word.kind in NOUNS or word.kind in "rvct":
            many = word.kind == "n" and (counted or word.number == "many")
            read.append(replace(word, english=plural(word.english), number="many") if many else word)
            counted = False
        else:
            read.append(word)
    return read


def with_articles(words: Sequence[Word]) -> list[Word]:
    """The words with "a" or "the" before noun phrases without a determiner."""
    read: list[Word] = []
    place = 0
    while place < len(words):
        end = _end_of_phrase(words, place)
        phrase = words[place:end]
        read += [*_article(phrase), *phrase]
        if end == place:
            read.append(words[place])
        place = max(end, place + 1)
    return read


def _end_of_phrase(words: Sequence[Word], start: int) -> int:
    """The end of the noun phrase that begins at `start`, or `start`."""
    end = start
    while end < len(words):
        joined = words[end].kind == "c" and end > start and _is_adjective(words, end - 1, end + 1)
        if not joined and words[end].kind not in ("d", "m", "a", *NOUNS):
            break
        if end > start and words[end].kind in "dm" and words[end - 1].kind in NOUNS:
            break
        end += 1
    return end


def _is_adjective(words: Sequence[Word], *places: int) -> bool:
    return all(place < len(words) and words[place].kind == "a" for place in places)


def _article(phrase: Sequence[Word]) -> list[Word]:
    if not phrase or any(word.kind in "dm" for word in phrase) or phrase[-1].kind != "n":
        return []
    noun = phrase[-1]
    head = noun.english.split()[-1]
    if noun.english in tables().unique:
        return [Word("d", "the")]
    if noun.number == "many" or head in tables().mass or noun.english in tables().mass:
        return []
    return [Word("d", "a")]


def without_ends(words: Sequence[Word]) -> list[Word]:
    """The words without relations and conjunctions that have lost what followed them, since it was not understood."""
    return [
        word
        for place, word in enumerate(words)
        if word.kind not in "rc" or (place + 1 < len(words) and (words[place + 1].kind not in "rc" or word.kind == "r"))
    ]


def sentence(words: Sequence[Word]) -> str:
    """The words joined, with "an" before vowels."""
    text = " ".join(word.english for word in words if word.english)
    text = re.sub(r" at (?=(at|from|in|on|over|through|under)\b)", " ", text)  # "looking at through a window"
    return re.sub(r"\ba (?=(?!uni|use|eu|one\b|ufo)[aeiouAEIOU]|hour\b)", "an ", text)
