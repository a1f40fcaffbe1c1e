"""Names of emoji."""

from __future__ import annotations

import itertools
import re

from engine.embedded.languages.english import plural
from engine.embedded.languages.tables import tables

_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
_SHOWN_AS_PICTURE = re.compile("[\ufe0e\ufe0f]")
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
# What people add to a sentence to say how they feel, rather than what to paint.
_FEELING = re.compile(r"\b(face|hearts?|sparkles|hundred points|collision|thumbs up|folded hands|zzz|hand)\b")


def name_of(emoji: str) -> str | None:
    """The English name of one emoji, whichever skin it has; of an unknown sequence that of its first part; or None."""
    emoji = _SHOWN_AS_PICTURE.sub("", emoji)
    for form in (emoji, _SKIN.sub("", emoji), _SKIN.sub("", emoji).split("\u200d")[0]):
        name = tables().emoji.get("-".join(f"{ord(letter):x}" for letter in form))
        if name is not None:
            return name
    return None


def names_of(emoji: list[str]) -> list[str]:
    """The names of a row of emoji, of equal ones together: "two cats"; unknown ones are left out."""
    read = []
    for name, group in itertools.groupby(map(name_of, emoji)):
        number = len(list(group))
        if name is not None:
            read.append(name if number == 1 else f"{_NUMBERS.get(number, 'many')} {plural(name)}")
    return read


def is_feeling(name: str) -> bool:
    """Whether an emoji after a sentence is about the sentence: a face, a heart."""
    return _FEELING.search(name) is not None
