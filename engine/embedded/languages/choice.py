"""Which language a text in Latin letters is in."""

from __future__ import annotations

from collections.abc import Sequence

from engine.embedded.languages.lexicon import everyday, is_english, meanings
from engine.embedded.languages.tables import LATIN, Code, normal, tables

SHORTEST_FOREIGN = 4  # letters of a foreign word in an English sentence
LONGEST_NAME = 4  # words
_CONTENT = set("navmt")  # kinds of words that say something


def knows(code: Code, word: str) -> bool:
    """Whether a language has a word as it was typed, or all parts of it: "l'arbre", "Astronaut-Katze"."""
    parts = normal(word).replace("-", " ").split()
    return bool(meanings(code, normal(word))) or (len(parts) > 0 and all(meanings(code, part) for part in parts))


def language_of(words: Sequence[str], *, usual: Code | None = None) -> Code | None:
    """The language of the words and emoji of a text or a part of it, None for English.

    More of the words must be known in it than are English, or as many where it is the `usual` one, that of the whole
    text; and more than half of all, or more than one.
    """
    names = named(words)
    english = [place not in names and is_english(word) for place, word in enumerate(words)]
    scores = {code: _score(code, words, names) for code in LATIN}
    best = max(LATIN, key=lambda code: (*scores[code], code == usual))
    score, _ = scores[best]
    enough = score > 1 or 2 * score > len(words)
    more = score > sum(english) or (score == sum(english) > 0 and best == usual)
    return best if enough and more and (best == usual or _is_certain(best, words, english, names)) else None


def _score(code: Code, words: Sequence[str], names: set[int]) -> tuple[int, int]:
    """How many of the words a language has, and how many of them are everyday ones in their base form."""
    known = [word for place, word in enumerate(words) if place not in names and knows(code, word)]
    return len(known), sum(bool(everyday(code, normal(word))) for word in known)


def _is_certain(code: Code, words: Sequence[str], english: Sequence[bool], names: set[int]) -> bool:
    """Whether a word that is not English says something, or is followed by one that does: "le" alone may be a typo."""
    kinds = [_kinds(code, word) for word in words]
    for place, after in enumerate([*kinds[1:], set()]):
        if not english[place] and place not in names:
            says_something = kinds[place] & _CONTENT
            leads_to_something = kinds[place] & {"d", "r"} and after & {"n", "a", "emoji"}
            if says_something or leads_to_something:
                return True
    return False


def _kinds(code: Code, word: str) -> set[str]:
    parts = normal(word).replace("-", " ").split()
    kinds = {meaning.kind for part in parts for meaning in meanings(code, part)}
    return kinds or ({"emoji"} if not any(letter.isalpha() for letter in word) else set())


def named(words: Sequence[str]) -> set[int]:
    """The places of the words that make up a name which English has too: "Los Angeles"."""
    keys = [normal(word) for word in words]
    places: set[int] = set()
    for start in range(len(keys)):
        for end in range(start + 2, min(start + LONGEST_NAME, len(keys)) + 1):
            if " ".join(keys[start:end]) in tables().names:
                places |= set(range(start, end))
    return places


def foreign_in_english(word: str, before: str) -> str | None:
    """The English of a foreign noun or adjective in an English sentence, or None; `before` is the word before it.

    Names look like it: so it has a few letters, and a capital letter only after a word like "a".
    """
    key = normal(word)
    if len(key) < SHORTEST_FOREIGN or key in tables().given or is_english(word):
        return None
    if word[:1].isupper() and normal(before) not in tables().before_nouns:
        return None
    found = [meaning for code in LATIN for meaning in everyday(code, key) if meaning.kind in "na"]
    return found[0].english if found else None
