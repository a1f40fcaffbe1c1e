"""Static sentence vectors: a table with one row for each word, distilled from all-MiniLM-L6-v2.

A text's vector is the sum of its words' rows, whose lengths are the weights of the words. Words that are not in the
table are composed of pieces, as in WordPiece.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PIECE = "##"  # prefix of pieces that do not begin a word


def split_words(text: str) -> list[str]:
    """The words of a text: lower-case letters and digits, without apostrophes."""
    return re.findall(r"[a-z0-9]+", text.lower().replace("’", "").replace("'", ""))


def singular_guesses(word: str) -> Iterable[str]:
    """Possible singulars of an English plural."""
    if word.endswith("ies") and len(word) > 4:
        yield word[:-3] + "y"
    if word.endswith("ves") and len(word) > 4:
        yield word[:-3] + "f"
    if word.endswith("es") and len(word) > 4:
        yield word[:-2]
    if word.endswith("s") and len(word) > 3:
        yield word[:-1]


@dataclass(frozen=True)
class WordTable:
    """Rows of words and pieces of words. `index` has each one's row number in `rows` (V, D)."""

    index: dict[str, int]
    rows: Tensor

    def known(self, word: str) -> int | None:
        """The row number of a whole word or of its singular, or None."""
        if word in self.index:
            return self.index[word]
        for guess in singular_guesses(word):
            if guess in self.index:
                return self.index[guess]
        return None

    def pieces(self, word: str) -> list[int]:
        """The row numbers of a word: one, or those of its pieces, the longest first from the left."""
        row = self.known(word)
        if row is not None:
            return [row]
        rows: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = (PIECE if start else "") + word[start:end]
                if piece in self.index:
                    rows.append(self.index[piece])
                    start = end
                    break
            else:
                start += 1
        return rows

    def row_numbers(self, text: str) -> list[int]:
        """The row numbers of all words of a text."""
        return [row for word in split_words(text) for row in self.pieces(word)]

    def unknown_words(self, text: str) -> list[str]:
        """The words of a text that are not in the table as whole words."""
        return [word for word in split_words(text) if self.known(word) is None]

    def embed(self, texts: Sequence[str]) -> Tensor:
        """(N, D) unit vectors; zeros for a text without letters and digits."""
        numbers = [self.row_numbers(text) for text in texts]
        flat = torch.tensor([row for text in numbers for row in text], dtype=torch.long)
        starts = torch.tensor([0] + [len(text) for text in numbers[:-1]], dtype=torch.long).cumsum(0)
        if len(flat) == 0:
            return self.rows.new_zeros(len(texts), self.rows.shape[1])
        bags = F.embedding_bag(flat.to(self.rows.device), self.rows, starts.to(self.rows.device), mode="sum")
        return F.normalize(bags, dim=-1)
