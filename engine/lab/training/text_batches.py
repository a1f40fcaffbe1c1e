"""What the text tower learns from: batches of pairs, the true text embeddings of some words, and means of pictures."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.lab.training.pairs import Pairs
from engine.models.describe import with_article

TEMPLATES: Final = (
    "{}", "{}", "{}", "{a}", "{a}", "a drawing of {a}", "a picture of {a}", "a photo of {a}", "{} clip art",
    "an emoji of {a}", "a cartoon of {a}", "an illustration of {a}", "there is {a} in the scene", "{} icon",
    "a painting of {a}", "the {}",
)  # fmt: skip
SHARES: Final = {  # of a batch, by kind of pair
    "drawings": 0.34, "placed": 0.2, "coloured": 0.1, "counted": 0.05, "scenes": 0.16, "views": 0.03, "restyled": 0.12
}  # fmt: skip
NAMED: Final = ("drawings", "placed")  # kinds whose first sentence is a bare name, and the others tags
NAME_SHARE: Final = 0.7  # how often such a pair is called by its name


@dataclass(frozen=True)
class TrueTexts:
    """OpenAI's own text embeddings of some words: unit rows (N, 512)."""

    words: list[str]
    rows: Tensor


def read_true_texts(files: Sequence[Path]) -> TrueTexts:
    """From JSON files of a word -> 512 numbers; a word that comes twice is taken from the first file."""
    table: dict[str, Tensor] = {}
    for file in files:
        for word, row in json.loads(file.read_text()).items():
            table.setdefault(word, F.normalize(torch.tensor(row), dim=-1))
    return TrueTexts(list(table), torch.stack(list(table.values())))


def of_pictures(pairs: Pairs, mean_text: Tensor) -> tuple[list[str], Tensor]:
    """Names with two drawings or more, and where their pictures say that the text should be: (N, 512) unit rows.

    That is the mean of all texts, plus twice the difference of the name's pictures from all pictures: with once, words
    of many meanings, which lie near the mean, would be nearest to everything.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, texts in enumerate(pairs.sentences):
        by_name[texts[0]].append(number)
    common = pairs.seen.mean(0)
    names = [name for name, numbers in by_name.items() if len(numbers) >= 2]
    centred = torch.stack([pairs.seen[by_name[name]].mean(0) - common for name in names])
    return names, F.normalize(mean_text + 2 * centred, dim=-1)


class Sampler:
    """Batches of pairs of all kinds that have a share; groups stay together."""

    def __init__(self, pairs: Mapping[str, Pairs], size: int, seed: int) -> None:
        """`size`: pairs in a batch; it has some more, since groups are taken whole."""
        self._pairs = {kind: each for kind, each in pairs.items() if kind in SHARES}
        total = sum(SHARES[kind] for kind in self._pairs)
        self._wanted = {kind: round(size * SHARES[kind] / total) for kind in self._pairs}
        self._groups = {kind: _by_group(each) for kind, each in self._pairs.items()}
        self._dice = random.Random(seed)

    def batch(self) -> tuple[list[str], list[str], Tensor]:
        """Sentences, what they are equal by, and (B, 512) image embeddings."""
        sentences: list[str] = []
        keys: list[str] = []
        seen: list[Tensor] = []
        for kind, pairs in self._pairs.items():
            end = len(sentences) + self._wanted[kind]
            while len(sentences) < end:
                for number in self._dice.choice(self._groups[kind]):
                    sentence, key = self._sentence(kind, pairs.sentences[number])
                    sentences.append(sentence)
                    keys.append(key)
                    seen.append(pairs.seen[number])
        return sentences, keys, torch.stack(seen)

    def templated(self, text: str) -> str:
        """A name in a sentence, or alone."""
        return self._dice.choice(TEMPLATES).format(text, a=with_article(text))

    def _sentence(self, kind: str, texts: tuple[str, ...]) -> tuple[str, str]:
        if kind not in NAMED:
            text = self._dice.choice(texts)
            return text, text
        text = texts[0] if len(texts) == 1 or self._dice.random() < NAME_SHARE else self._dice.choice(texts[1:])
        return self.templated(text), text


def _by_group(pairs: Pairs) -> list[list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(pairs.groups.tolist()):
        groups[group].append(number)
    return list(groups.values())
