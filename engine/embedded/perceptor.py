"""The embedded CLIP as a `Perceptor`: OpenAI's ViT-B/16 image tower in 4 bits, and the embedded text tower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.text_tower import TextEncoder
from engine.embedded.translate import in_english
from engine.models.vision_transformer import VisionTransformer

SIDE: Final = 160  # pixels: half the work of the 224 that the tower was trained at, and nearly the same judgement
READ_AT_ONCE: Final = 64  # texts


class EmbeddedPerceptor:
    """Both towers, frozen. The text tower stays on the CPU: it reads a prompt once."""

    name = "mini"
    input_size = SIDE

    def __init__(
        self,
        image_state: Mapping[str, Tensor],
        texts: TextEncoder,
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        """`image_state` is the image tower's, as in OpenAI's checkpoint without the prefix `visual.`."""
        self.device = device
        self.texts = texts
        self._tower = VisionTransformer(image_state, side=SIDE, device=device, precision=precision)
        self.dimensions = self._tower.output_dim
        self._encode_cached = lru_cache(maxsize=4096)(self._encode_one)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts, in any language of the bot, cached between calls."""
        return torch.stack([self._encode_cached(text) for text in texts])

    def read(self, texts: Sequence[str]) -> Tensor:
        """(N, D) as `encode_text`, for many short texts at once, without the cache."""
        english = [in_english(text).text for text in texts]
        parts = [english[start : start + READ_AT_ONCE] for start in range(0, len(english), READ_AT_ONCE)]
        return torch.cat([self.texts.encode(part) for part in parts]).to(self.device)

    def encode_image(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) pictures in [0, 1] -> (B, D) float32 unit vectors; differentiable."""
        return F.normalize(self._tower(images), dim=-1)

    def truncated(self, text: str) -> bool:
        """Whether `text` is longer than is read."""
        return self.texts.truncated(in_english(text).text)

    def _encode_one(self, text: str) -> Tensor:
        return self.texts.encode([in_english(text).text])[0].to(self.device)
