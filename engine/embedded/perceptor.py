"""The embedded CLIP as a `Perceptor`: a narrow ModifiedResNet for images, a word table with a head for texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.networks import TextHead, TowerShape, image_tower, restored_rows
from engine.embedded.scene.read import LONGEST, shortened
from engine.embedded.text import WordTable, split_words
from engine.models.clip import MEAN, STANDARD_DEVIATION
from engine.models.vqgan import autocast, settle


class EmbeddedPerceptor:
    """The image tower and the text tower, frozen. `stored` are the tensors of `clip.safetensors`."""

    name = "mini"

    def __init__(
        self,
        shape: TowerShape,
        table: WordTable,
        stored: Mapping[str, Tensor],
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.input_size = shape.input_resolution
        self.dimensions = shape.output_dim
        self.table = table
        self.device = device
        self._precision = precision
        hidden, static_dim = stored["text.bend.0.weight"].shape
        # Not on the device "meta": CLIP's initialisation would import torch's compiler, which takes seconds.
        with torch.random.fork_rng(devices=[]):
            tower = image_tower(shape)
            head = TextHead(static_dim, hidden, shape.output_dim)
        tower.load_state_dict(_part(stored, "visual.", tower.state_dict()), assign=True)
        head.load_state_dict(_part(stored, "text.", head.state_dict()), assign=True)
        settle(tower, device, precision)
        settle(head, device, torch.float32)  # it reads a text once
        self._tower, self._head = tower, head
        # On the device, so that a step copies nothing there.
        self._mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        self._deviation = torch.tensor(STANDARD_DEVIATION, device=device).view(1, 3, 1, 1)
        self._encode_cached = lru_cache(maxsize=512)(self._encode_one)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts. A text without words has the head's output for zeros."""
        return torch.stack([self._encode_cached(text) for text in texts])

    @torch.no_grad()
    def _encode_one(self, text: str) -> Tensor:
        words = " ".join(shortened(split_words(text)))
        encoded: Tensor = self._head(self.table.embed([words]).to(self.device))[0]
        return F.normalize(encoded.float(), dim=-1)

    def encode_image(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) pictures in [0, 1] -> (B, D) unit vectors; differentiable."""
        with autocast(self.device, self._precision):
            embedded = self._tower((images - self._mean) / self._deviation)
        return F.normalize(embedded.float(), dim=-1)

    def truncated(self, text: str) -> bool:
        """Whether `text` has more words than are read."""
        return len(split_words(text)) > LONGEST


def _part(stored: Mapping[str, Tensor], prefix: str, template: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The float32 state dict of one tower: tensors with `prefix` and the keys of `template`, int8 rows restored."""
    part: dict[str, Tensor] = {}
    for key, like in template.items():
        if f"{prefix}{key}.scales" in stored:
            part[key] = restored_rows(stored[f"{prefix}{key}.numbers"], stored[f"{prefix}{key}.scales"])
        elif f"{prefix}{key}" in stored:
            value = stored[f"{prefix}{key}"]
            part[key] = value.float() if value.is_floating_point() else value
        elif key.endswith("num_batches_tracked"):
            part[key] = torch.zeros_like(like, device="cpu")  # counted by batch norms in training only
        else:
            raise KeyError(f"The weights of the embedded model have no {prefix}{key}")
    return part
