"""Loading the embedded model from the files in `weights/`; nothing is downloaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.embedded.networks import TowerShape, restored_rows
from engine.embedded.perceptor import EmbeddedPerceptor
from engine.embedded.prior import EmbeddedPrior
from engine.embedded.retrieval.index import read_index
from engine.embedded.text import WordTable
from engine.models.vqgan import VQGAN, VQGANConfig

WEIGHTS = Path(__file__).with_name("weights")


@dataclass(frozen=True)
class EmbeddedFiles:
    """Paths of the files; those of the index are in `retrieval/index.py`."""

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


@dataclass(frozen=True)
class EmbeddedModel:
    """The networks and the prior, ready to paint."""

    vqgan: VQGAN
    perceptor: EmbeddedPerceptor
    prior: EmbeddedPrior


def load_embedded(
    device: torch.device | str = "cpu", precision: torch.dtype = torch.float32, files: EmbeddedFiles | None = None
) -> EmbeddedModel:
    """The embedded model on `device`, its matrix products in `precision`.

    `config.json` has the shape of the image tower and the `params` of `VQGANConfig.from_dict`. Raises FileNotFoundError
    for a missing file.
    """
    files = files or EmbeddedFiles()
    config = json.loads(files.config.read_text())
    state = {key: value.float() for key, value in load_file(files.vqgan).items()}
    stored = load_file(files.clip)
    tower = config["tower"]
    shape = TowerShape(**{**tower, "layers": tuple(tower["layers"])})
    perceptor = EmbeddedPerceptor(shape, _read_table(files.words, stored), stored, torch.device(device), precision)
    vqgan = VQGAN.from_state(VQGANConfig.from_dict(config["vqgan"]), state, device, precision)
    return EmbeddedModel(vqgan, perceptor, EmbeddedPrior(read_index(files.folder), perceptor))


def _read_table(words: Path, stored: dict[str, Tensor]) -> WordTable:
    """The table of the words in the file `words`, one a line, with their embeddings as int8 rows in `stored`."""
    rows = restored_rows(stored["words.numbers"], stored["words.scales"])
    lines = words.read_text().split("\n")
    if len(lines) != len(rows):
        raise ValueError(f"{words} has {len(lines)} words, but there are {len(rows)} rows")
    return WordTable({word: row for row, word in enumerate(lines)}, rows)
