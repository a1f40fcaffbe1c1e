"""The embedded text tower: a small BERT that puts English sentences into the text space of OpenAI's ViT-B/16.

It begins as four layers of all-MiniLM-L6-v2 (Wang et al. 2020) and was trained on pictures with names: see
`engine.lab.training.text_tower`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.embedded.four_bits import restored_state

WIDTH, LAYERS, HEADS, INNER = 384, 4, 12, 1536
DIMENSIONS, BEND = 512, 768
LONGEST = 48  # tokens that are read, start and end included
CONTINUED = "##"  # prefix of pieces that do not begin a word
START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
LONGEST_WORD = 40  # letters


class Tokenizer:
    """WordPiece (Wu et al. 2016) as BERT's: lower case, without accents, the longest piece first from the left."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.numbers = {piece: number for number, piece in enumerate(pieces)}

    def encode(self, text: str) -> list[int]:
        """The numbers of all pieces of a text, without start and end."""
        return [number for word in words_and_signs(text) for number in self._pieces(word)]

    def knows(self, word: str) -> bool:
        """Whether a word in lower case is one piece."""
        return word in self.numbers

    def _pieces(self, word: str) -> list[int]:
        numbers: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self.numbers.get((CONTINUED if start else "") + word[start:end])
                if number is not None:
                    numbers.append(number)
                    start = end
                    break
            else:
                return [self.numbers[UNKNOWN]]
        return numbers


def words_and_signs(text: str) -> list[str]:
    """The words of a text in lower case without accents, and each punctuation mark alone."""
    spaced: list[str] = []
    for letter in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(letter)
        if category == "Mn":
            continue
        spaced.append(f" {letter} " if category[0] in "PS" else letter if category[0] in "LN" else " ")
    return [word[:LONGEST_WORD] for word in "".join(spaced).split()]


class Layer(nn.Module):
    """A layer of BERT (Devlin et al. 2019): attention, then two matrices; norms after the sums."""

    def __init__(self) -> None:
        super().__init__()
        self.joined = nn.Linear(WIDTH, 3 * WIDTH)  # queries, keys and values
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.linear1, self.linear2 = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, hidden: Tensor, hidden_from: Tensor) -> Tensor:
        """(N, L, WIDTH) of the same; `hidden_from` (N, 1, 1, L) is added to the attention's logits."""
        number, length, _ = hidden.shape
        split = self.joined(hidden).view(number, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = split
        logits = (query @ key.transpose(-1, -2)) * (WIDTH // HEADS) ** -0.5 + hidden_from
        seen = (logits.softmax(-1) @ value).transpose(1, 2).reshape(number, length, WIDTH)
        attended = self.norm1(hidden + self.out(seen))
        after: Tensor = self.norm2(attended + self.linear2(F.gelu(self.linear1(attended))))
        return after


class TextTower(nn.Module):
    """The network."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(pieces, WIDTH)
        self.positional_embedding = nn.Parameter(torch.zeros(LONGEST, WIDTH))
        self.ln_embedding = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.line = nn.Linear(WIDTH, DIMENSIONS)
        self.bend = nn.Sequential(nn.Linear(WIDTH, BEND), nn.GELU(), nn.Linear(BEND, DIMENSIONS))

    def sentence(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(N, L) numbers of pieces and (N, L) whether they are there -> (N, WIDTH), not of unit length."""
        hidden = self.ln_embedding(self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]])
        hidden_from = torch.where(mask, 0.0, -1e4)[:, None, None]
        for layer in self.layers:
            hidden = layer(hidden, hidden_from)
        there = mask[..., None].to(hidden.dtype)
        mean: Tensor = (hidden * there).sum(1) / there.sum(1)
        return mean

    def project(self, sentences: Tensor) -> Tensor:
        """(N, WIDTH) of `sentence` -> (N, DIMENSIONS) in CLIP's text space, not of unit length."""
        lifted = F.normalize(sentences, dim=-1) * WIDTH**0.5
        joint: Tensor = self.line(lifted) + self.bend(lifted)
        return joint


def batch_of(sentences: Iterable[Sequence[int]], start: int, end: int) -> tuple[Tensor, Tensor]:
    """(N, L) numbers and mask of sentences without start and end, the longest ones cut."""
    rows = [[start, *numbers[: LONGEST - 2], end] for numbers in sentences]
    tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros(tokens.shape, dtype=torch.bool)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = True
    return tokens, mask


class TextEncoder:
    """The text tower with its tokenizer, frozen, on the CPU in float32: it reads a prompt once."""

    def __init__(self, pieces: Sequence[str], state: Mapping[str, Tensor]) -> None:
        self.tokenizer = Tokenizer(pieces)
        with torch.device("meta"):
            self._tower = TextTower(len(pieces))
        self._tower.load_state_dict(state, assign=True)
        self._tower.eval().requires_grad_(False)

    @classmethod
    def from_files(cls, weights: Path, pieces: Path) -> TextEncoder:
        """Raises FileNotFoundError."""
        return cls(pieces.read_text(encoding="utf-8").split("\n"), restored_state(load_file(weights)))

    @torch.no_grad()
    def sentences(self, texts: Sequence[str]) -> Tensor:
        """(N, WIDTH) unit vectors by meaning, as all-MiniLM-L6-v2's."""
        return F.normalize(self._tower.sentence(*self._batch(texts)), dim=-1)

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> Tensor:
        """(N, DIMENSIONS) unit vectors in CLIP's text space."""
        return F.normalize(self._tower.project(self._tower.sentence(*self._batch(texts))), dim=-1)

    def truncated(self, text: str) -> bool:
        """Whether a text has more pieces than are read."""
        return len(self.tokenizer.encode(text)) > LONGEST - 2

    def _batch(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        numbers = self.tokenizer.numbers
        return batch_of(map(self.tokenizer.encode, texts), numbers[START], numbers[END])
