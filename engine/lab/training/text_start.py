"""The text tower before its training: pieces and layers of all-MiniLM-L6-v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from engine.embedded.text_tower import CONTINUED, END, START, UNKNOWN, TextTower
from engine.lab.training.minilm import MiniLM

PIECES: Final = 16_000
TAKEN_LAYERS: Final = (0, 1, 3, 5)  # of MiniLM's six


def chosen_pieces(minilm: MiniLM, texts: Sequence[str], count: int = PIECES) -> list[str]:
    """`count` of MiniLM's: those that `texts` need, then the most frequent ones of the Latin alphabet."""
    vocabulary = minilm.vocabulary()
    needed = {number for encoding in minilm.tokenizer.encode_batch(list(texts)) for number in encoding.ids}
    order = sorted(vocabulary, key=vocabulary.__getitem__)  # BERT's order: by frequency within its parts
    usable = [piece for piece in order if piece.removeprefix(CONTINUED).isascii() and not piece.startswith("[")]
    wanted = [piece for piece in usable if vocabulary[piece] in needed]
    others = [piece for piece in usable if vocabulary[piece] not in needed]
    singles = [piece for piece in others if len(piece.removeprefix(CONTINUED)) == 1]
    rest = [piece for piece in others if len(piece.removeprefix(CONTINUED)) != 1]
    return [START, END, UNKNOWN, *wanted, *singles, *rest][:count]


def initial_tower(minilm: MiniLM, pieces: Sequence[str]) -> TextTower:
    """The tower with MiniLM's embeddings and four of its layers; the projection is random."""
    weights, vocabulary = minilm.weights, minilm.vocabulary()
    tower = TextTower(len(pieces))
    with torch.no_grad():
        rows = weights["embeddings.word_embeddings.weight"][[vocabulary[piece] for piece in pieces]]
        tower.token_embedding.weight.copy_(rows + weights["embeddings.token_type_embeddings.weight"][0])
        positions = weights["embeddings.position_embeddings.weight"]
        tower.positional_embedding.copy_(positions[: len(tower.positional_embedding)])
        _copy(tower.ln_embedding, weights, "embeddings.LayerNorm")
        for layer, number in zip(tower.layers, TAKEN_LAYERS, strict=True):
            _take_layer(layer, weights, f"encoder.layer.{number}")
        nn.init.normal_(tower.bend[2].weight, std=0.01)  # type: ignore[arg-type]
    return tower


def _take_layer(layer: Any, weights: Mapping[str, Tensor], prefix: str) -> None:
    for part in ("weight", "bias"):
        joined = torch.cat([weights[f"{prefix}.attention.self.{name}.{part}"] for name in ("query", "key", "value")])
        layer.joined.get_parameter(part).copy_(joined)
    _copy(layer.out, weights, f"{prefix}.attention.output.dense")
    _copy(layer.norm1, weights, f"{prefix}.attention.output.LayerNorm")
    _copy(layer.linear1, weights, f"{prefix}.intermediate.dense")
    _copy(layer.linear2, weights, f"{prefix}.output.dense")
    _copy(layer.norm2, weights, f"{prefix}.output.LayerNorm")


def _copy(module: Any, weights: Mapping[str, Tensor], name: str) -> None:
    module.weight.copy_(weights[f"{name}.weight"])
    module.bias.copy_(weights[f"{name}.bias"])
