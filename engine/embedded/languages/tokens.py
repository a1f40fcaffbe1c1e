"""Parting a text into words by alphabet, emoji, and what stands between them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["latin", "cyrillic", "asian", "emoji", "number", "other", "space", "mark"]

_LATIN = "A-Za-zªºÀ-ÖØ-öø-ɏḀ-ỿＡ-Ｚａ-ｚ"
_CYRILLIC = "Ѐ-ԯ"
_ASIAN = "々〆〇぀-ゟァ-ヺー-ヿㇰ-ㇿ㐀-䶿一-鿿豈-﫿ｦ-ﾟ\U00020000-\U0003ffff"
# Signs that are shown as letters unless a variation selector follows are emoji only with it.
_PICTURE = "\u231a-\u23ff\u25fb-\u27bf\u2934-\u2bff\U0001f000-\U0001faff"
_EMOJI_PART = f"(?:[{_PICTURE}][\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*|[\xa9\xae\u203c-\u3299]\ufe0f)"
_TOKEN = re.compile(
    rf"""
    (?P<emoji>[\U0001f1e6-\U0001f1ff]{{2}}|[0-9\#*]\ufe0f?\u20e3
        |{_EMOJI_PART}[\U000e0020-\U000e007f]*(?:\u200d{_EMOJI_PART})*)
    |(?P<latin>[0-9]*[{_LATIN}][{_LATIN}0-9\u0300-\u036f]*(?:['’\-‐][{_LATIN}0-9\u0300-\u036f]+)*)
    |(?P<cyrillic>[{_CYRILLIC}\u0300-\u036f]+(?:['’\-‐][{_CYRILLIC}]+)*)
    |(?P<asian>[{_ASIAN}]+)
    |(?P<number>[0-9０-９]+(?:[.,][0-9０-９]+)*)
    |(?P<other>[^\W\d_]+)
    |(?P<space>\s+|[\u200b-\u200f\ufe0e\ufe0f\u2060\ufeff]+)
    |(?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of a text: a word, emoji, or what stands between words. The pieces joined are the text."""

    kind: Kind
    text: str


def split(text: str) -> list[Token]:
    """The pieces of any text, in order."""
    return [Token(match.lastgroup, match.group()) for match in _TOKEN.finditer(text)]  # type: ignore[arg-type]


def clauses(tokens: Iterable[Token]) -> list[list[Token]]:
    """The tokens in pieces between marks; each mark is a piece of its own."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "mark":
            pieces += [[token], []]
        else:
            pieces[-1].append(token)
    return [piece for piece in pieces if piece]
