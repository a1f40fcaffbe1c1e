"""A stand-in for all-MiniLM-L6-v2: its shapes, random numbers, and a tokenizer of whole words."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.lab.training.minilm import LAYERS, WIDTH, MiniLM

WORDS = """
cat dog sun red blue a an the two of in drawing picture photo clip art emoji cartoon illustration there is scene icon
painting tree apple
"""
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "s", "x", "##s", "é", *WORDS.split())


class SmallMiniLM(MiniLM):
    def __init__(self, width: int = WIDTH, inner: int = 4 * WIDTH) -> None:
        self.weights = {}
        for part, rows in (("word", len(VOCABULARY)), ("position", 64), ("token_type", 2)):
            self.weights[f"embeddings.{part}_embeddings.weight"] = 0.02 * torch.randn(rows, width)
        self._add("embeddings.LayerNorm", width)
        for layer in range(LAYERS):
            for name in (
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
                "attention.output.dense",
            ):
                self._add(f"encoder.layer.{layer}.{name}", width, width)
            self._add(f"encoder.layer.{layer}.intermediate.dense", inner, width)
            self._add(f"encoder.layer.{layer}.output.dense", width, inner)
            self._add(f"encoder.layer.{layer}.attention.output.LayerNorm", width)
            self._add(f"encoder.layer.{layer}.output.LayerNorm", width)
        self.tokenizer: Any = self

    def _add(self, name: str, rows: int, columns: int | None = None) -> None:
        """Of a matrix, or of a norm."""
        self.weights[f"{name}.weight"] = torch.ones(rows) if columns is None else 0.02 * torch.randn(rows, columns)
        self.weights[f"{name}.bias"] = torch.zeros(rows)

    def vocabulary(self) -> dict[str, int]:
        return {piece: number for number, piece in enumerate(VOCABULARY)}

    def encode_batch(self, texts: Sequence[str]) -> list[SimpleNamespace]:
        numbers = self.vocabulary()
        return [SimpleNamespace(ids=[numbers.get(word, 1) for word in text.split()]) for text in texts]

    def embed(self, texts: Sequence[str], batch: int = 256) -> Tensor:
        """The mean of the word embeddings."""
        table = self.weights["embeddings.word_embeddings.weight"]
        return F.normalize(torch.stack([table[each.ids].mean(0) for each in self.encode_batch(texts)]), dim=-1)
