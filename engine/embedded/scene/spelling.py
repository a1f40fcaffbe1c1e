"""The words of a text, and their singulars."""

from __future__ import annotations

import re
from collections.abc import Iterable

COMMA = ","
IRREGULAR = {
    "women": "woman",
    "men": "man",
    "children": "child",
    "people": "person",
    "mice": "mouse",
    "geese": "goose",
    "knives": "knife",
    "teeth": "tooth",
    "feet": "foot",
    "oxen": "ox",
}


def split_words(text: str) -> list[str]:
    """The words of a text: lower-case letters and digits, without apostrophes."""
    return re.findall(r"[a-z0-9]+", text.lower().replace("’", "").replace("'", ""))


def words_and_commas(text: str) -> list[str]:
    """The words of a text, with a comma for any marks that part one thing from the next."""
    words: list[str] = []
    for word in re.findall(r"[a-z0-9]+|[,;:.!?|/+&\n]", text.lower().replace("’", "").replace("'", "")):
        if word.isalnum():
            words.append(word)
        elif words and words[-1] != COMMA:
            words.append(COMMA)
    return words


def singular_guesses(word: str) -> Iterable[str]:
    """Possible singulars of an English plural."""
    if word in IRREGULAR:
        yield IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        yield word[:-3] + "y"
    if word.endswith("ves") and len(word) > 4:
        yield word[:-3] + "f"
    if word.endswith("es") and len(word) > 4:
        yield word[:-2]
    if word.endswith("s") and len(word) > 3:
        yield word[:-1]
