"""Loading the embedded model from the files in `weights/`; nothing is downloaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from engine.embedded.four_bits import restored_state
from engine.embedded.perceptor import EmbeddedPerceptor
from engine.embedded.prior import EmbeddedPrior
from engine.embedded.retrieval.index import read_index
from engine.embedded.text_tower import TextEncoder
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
    def image_tower(self) -> Path:
        return self.folder / "clip_image.safetensors"

    @property
    def text_tower(self) -> Path:
        return self.folder / "clip_text.safetensors"

    @property
    def pieces(self) -> Path:
        """The text tower's vocabulary, one piece a line."""
        return self.folder / "pieces.txt"

    @property
    def config(self) -> Path:
        """The `params` of `VQGANConfig.from_dict`."""
        return self.folder / "config.json"


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

    Raises FileNotFoundError for a missing file.
    """
    files = files or EmbeddedFiles()
    config = VQGANConfig.from_dict(json.loads(files.config.read_text()))
    vqgan = VQGAN.from_state(config, restored_state(load_file(files.vqgan)), device, precision)
    texts = TextEncoder.from_files(files.text_tower, files.pieces)
    image_state = restored_state(load_file(files.image_tower))
    perceptor = EmbeddedPerceptor(image_state, texts, torch.device(device), precision)
    return EmbeddedModel(vqgan, perceptor, EmbeddedPrior(read_index(files.folder), perceptor))
