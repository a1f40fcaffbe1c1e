"""Search text as a safe FTS5 query."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

from storage.database import Database

LONGEST_SEARCH: Final = 200  # characters
MOST_WORDS: Final = 12
FEW: Final = 2000  # so many found rows are sorted in a few milliseconds
# Scripts that are written without spaces: each character is a word, so that any part of a sentence can be found.
UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def searchable(text: str) -> str:
    """A text as it is put into the index: one way to write each character, spaces around those of unspaced scripts."""
    return UNSPACED.sub(r" \g<0> ", unicodedata.normalize("NFC", storable(text)))


def words_query(search: str) -> str | None:
    """An FTS5 expression for texts that have all these words, or words that begin with them; None: nothing to look for.

    Every word is quoted, so nothing in it is an operator (https://sqlite.org/fts5.html section 3.1).
    """
    pieces = [searchable(piece).strip() for piece in search[:LONGEST_SEARCH].split()]
    words = [piece for piece in pieces if any(_is_indexed(character) for character in piece)]
    return " ".join(quoted(word) + "*" * (len(word) > 1) for word in words[:MOST_WORDS]) or None


async def few_match(database: Database, index: Literal["picture_search", "prompt_search"], match: str) -> bool:
    """Whether so few rows match that it is best to read and sort them all; else the sorted list is walked."""
    row = await database.row(
        f"SELECT COUNT(*) AS number FROM (SELECT 1 FROM {index} WHERE {index} MATCH ? LIMIT ?)", (match, FEW)
    )
    return row is not None and int(row["number"]) < FEW


def quoted(text: str) -> str:
    """A string of FTS5: the words in it, one directly after the other."""
    return '"' + storable(text).replace('"', '""') + '"'


def storable(text: str) -> str:
    """Without what SQLite stumbles over: half a surrogate pair, and zeros, at which its functions stop reading."""
    return text.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")


def _is_indexed(character: str) -> bool:
    """Whether the tokenizer unicode61 makes a word of it."""
    return unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Co"
