"""The embedded model at work: reads its weights, and sees words and pictures.

Nothing here trains and nothing is fetched; what made the weights is in `train.py`, what a painting starts from in
`prior.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from engine.mini.bank import read_bank
from engine.mini.networks import CLIP_MEAN, CLIP_STD, TextHead, TowerShape, image_tower, restored_rows
from engine.mini.prior import MiniPrior
from engine.mini.text import WordTable, split_words
from engine.mini.wishes import LONGEST, shortened
from engine.vqgan import autocast, settle

WEIGHTS = Path(__file__).with_name("weights")


@dataclass(frozen=True)
class MiniFiles:
    """Where the weights lie."""

    folder: Path = WEIGHTS

    @property
    def vqgan(self) -> Path:
        return self.folder / "vqgan.safetensors"

    @property
    def clip(self) -> Path:
        return self.folder / "clip.safetensors"

    @property
    def config(self) -> Path:
        return self.folder / "config.json"

    @property
    def words(self) -> Path:
        return self.folder / "words.txt"


def read_table(words: Path, stored: dict[str, Tensor]) -> WordTable:
    rows = restored_rows(stored["words.numbers"], stored["words.scales"])
    lines = words.read_text().split("\n")
    if len(lines) != len(rows):
        raise ValueError(f"{words} has {len(lines)} words, but there are {len(rows)} rows")
    return WordTable({word: row for row, word in enumerate(lines)}, rows)


class MiniPerceptor:
    """The mini CLIP, frozen: a narrow ModifiedResNet for pictures, a table of words with a small head for texts."""

    name = "mini"

    def __init__(
        self,
        shape: TowerShape,
        table: WordTable,
        stored: dict[str, Tensor],
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.input_size = shape.input_resolution
        self.dimensions = shape.output_dim
        self.table = table
        self.device = device
        self._precision = precision
        hidden, static_dim = stored["text.bend.0.weight"].shape
        # On the device "meta" CLIP's initialisation would import torch's compiler, which takes seconds.
        with torch.random.fork_rng(devices=[]):
            tower = image_tower(shape)
            head = TextHead(static_dim, hidden, shape.output_dim)
        tower.load_state_dict(_part(stored, "visual.", tower.state_dict()), assign=True)
        head.load_state_dict(_part(stored, "text.", head.state_dict()), assign=True)
        settle(tower, device, precision)
        settle(head, device, torch.float32)  # it reads a text once
        self._tower, self._head = tower, head
        # Kept on the device, so that a step sends nothing there.
        self._mean = torch.tensor(CLIP_MEAN, device=device).view(1, 3, 1, 1)
        self._spread = torch.tensor(CLIP_STD, device=device).view(1, 3, 1, 1)
        self._remembered = lru_cache(maxsize=512)(self._encode_one)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts. A text of no words gets what the head makes of zeros."""
        return torch.stack([self._remembered(text) for text in texts])

    @torch.no_grad()
    def _encode_one(self, text: str) -> Tensor:
        words = " ".join(shortened(split_words(text)))
        encoded: Tensor = self._head(self.table.embed([words]).to(self.device))[0]
        return F.normalize(encoded.float(), dim=-1)

    def encode_image(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) pictures in [0, 1] -> (B, D) unit vectors; differentiable."""
        with autocast(self.device, self._precision):
            seen = self._tower((images - self._mean) / self._spread)
        return F.normalize(seen.float(), dim=-1)

    def truncated(self, text: str) -> bool:
        """Whether `text` has more words than are read."""
        return len(split_words(text)) > LONGEST


def _part(stored: dict[str, Tensor], prefix: str, wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors below `prefix`, int8 rows restored, all float32."""
    part: dict[str, Tensor] = {}
    for key, like in wanted.items():
        if f"{prefix}{key}.scales" in stored:
            part[key] = restored_rows(stored[f"{prefix}{key}.numbers"], stored[f"{prefix}{key}.scales"])
        elif f"{prefix}{key}" in stored:
            value = stored[f"{prefix}{key}"]
            part[key] = value.float() if value.is_floating_point() else value
        elif key.endswith("num_batches_tracked"):
            part[key] = torch.zeros_like(like, device="cpu")  # the batch norms count in training only
        else:
            raise KeyError(f"The weights of the mini model have no {prefix}{key}")
    return part


def load_mini(
    device: torch.device | str = "cpu", precision: torch.dtype = torch.float32, files: MiniFiles | None = None
) -> tuple[dict[str, Tensor], dict[str, Any], MiniPerceptor, MiniPrior]:
    """The VQGAN's float32 weights and configuration, the perceptor, which multiplies in `precision`, and the prior.

    The configuration is the `params` of a taming model with `norm_groups` beside them: the number of groups of every
    group norm, where taming has 32. Raises FileNotFoundError when the weights are missing.
    """
    files = files or MiniFiles()
    config = json.loads(files.config.read_text())
    state = {key: value.float() for key, value in load_file(files.vqgan).items()}
    stored = load_file(files.clip)
    tower = config["tower"]
    shape = TowerShape(**{**tower, "layers": tuple(tower["layers"])})
    perceptor = MiniPerceptor(shape, read_table(files.words, stored), stored, torch.device(device), precision)
    return state, config["vqgan"], perceptor, MiniPrior(read_bank(files.folder), perceptor)
