"""The words that the translation knows, from one file that `engine.lab.training.make_translations` writes."""

from __future__ import annotations

import functools
import gzip
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = Path(__file__).parents[1] / "weights" / "translations.json.gz"
Code = Literal["de", "es", "fr", "pt", "ru", "ja", "zh"]
CODES: tuple[Code, ...] = ("de", "es", "fr", "ja", "pt", "ru", "zh")
LATIN: tuple[Code, ...] = ("de", "es", "fr", "pt")
ALTERNATIVE = "|"  # between the meanings of one word: Spanish "rosa" is pink or a rose
STEM, ADJECTIVE_STEM = "-", "~"  # last letters of Russian keys to which endings are added


@dataclass(frozen=True)
class Words:
    """The words of one language, by their spelling as `normal` makes it.

    A meaning is a letter for its kind and the English: "ncat" a noun, "Nchildren" a noun in the plural, "ablack" an
    adjective, "vsleeping" a verb, "ron" a relation, "dthe" a determiner, "mtwo" a number, "tat night" a time or place,
    "cand" a conjunction, "bis" a form of to be, "pOF" a particle, "x" a word that is dropped.
    """

    everyday: Mapping[str, str]  # word or phrase -> meanings, parted by `ALTERNATIVE`
    of_emoji: Mapping[str, str]  # name or tag of an emoji -> English noun: these are less sure


@dataclass(frozen=True)
class Tables:
    """What the translation knows besides the words of the languages."""

    english: frozenset[str]  # common English words
    names: frozenset[str]  # "las vegas": foreign words that English uses
    given: frozenset[str]  # "luna": given names that are foreign words
    before_nouns: frozenset[str]  # English words after which a noun follows: "a", "black", "riding"
    plurals: Mapping[str, str]  # irregular ones: "woman" -> "women"
    mass: frozenset[str]  # English nouns without an article: "snow"
    unique: frozenset[str]  # English nouns with "the": "moon"
    traditional: Mapping[str, str]  # Chinese signs of Taiwan -> those of the table
    emoji: Mapping[str, str]  # code points in hex joined by "-", without variation selectors -> name


@functools.lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """The spelling in which words are looked up: lower case, composed, "ё" as "е", "l'arbre" as "l' arbre"."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return " ".join(text.replace("’", "'").replace("'", "' ").split())


def folded(text: str) -> str:
    """A text without accents: "árbol" as "arbol"."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


@functools.cache
def _lines() -> Sequence[str]:
    """The file's lines, each JSON: what all languages share, then one for each language."""
    return gzip.decompress(FILE.read_bytes()).decode().splitlines()


@functools.cache
def tables() -> Tables:
    """What the languages share, read once. Raises OSError where the file is missing."""
    content = json.loads(_lines()[0])
    return Tables(
        english=frozenset(content["english"].split()),
        names=frozenset(content["names"]),
        given=frozenset(content["given"]),
        before_nouns=frozenset(content["before_nouns"]),
        plurals=content["plurals"],
        mass=frozenset(content["mass"]),
        unique=frozenset(content["unique"]),
        traditional=content["traditional"],
        emoji=content["emoji"],
    )


@functools.cache
def words_of(code: Code) -> Words:
    """The words of a language, read when it is first needed."""
    content = json.loads(_lines()[1 + CODES.index(code)])
    return Words(content["everyday"], content["of_emoji"])
