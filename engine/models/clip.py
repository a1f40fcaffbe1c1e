"""OpenAI's CLIP (Radford et al. 2021) as a `Perceptor`, on clip-anytorch's model and tokenizer."""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import PaintingError
from engine.models.vision_transformer import MEAN, STANDARD_DEVIATION, VisionTransformer
from engine.models.vqgan import autocast, settle

CACHED_TEXTS: Final = 1024  # 2 MB at 512 numbers
CACHED_WORDS: Final = 50_000  # the tokenizer caches every word


class CLIPPerceptor:
    """CLIP's towers with frozen weights. The text tower stays on the CPU: it reads a prompt once."""

    def __init__(
        self, name: str, clip: Any, device: torch.device | str = "cpu", precision: torch.dtype = torch.float32
    ) -> None:
        """`clip` is a `CLIP` of clip-anytorch's `clip/model.py`, which is modified.

        With `precision` bfloat16 the image tower's matrix products are stored and computed in bfloat16.
        """
        clip.float().eval().requires_grad_(False)
        self.name = name
        self.device = torch.device(device)
        self.precision = precision
        self._text = clip
        visual = clip.visual
        del clip.visual
        self.image_tower: Any
        if isinstance(visual, clip_module("model").VisionTransformer):
            self.image_tower = VisionTransformer(visual.state_dict(), device=device, precision=precision)
        else:
            self.image_tower = _Normalised(visual, precision)
            settle(self.image_tower, self.device, precision)
        self.input_size = int(visual.input_resolution)
        self.dimensions = int(visual.output_dim)
        self._cache: OrderedDict[str, Tensor] = OrderedDict()

    @classmethod
    def from_state(
        cls,
        name: str,
        state: Mapping[str, Tensor],
        device: torch.device | str = "cpu",
        precision: torch.dtype = torch.float32,
    ) -> CLIPPerceptor:
        """The perceptor with the weights of a checkpoint, whose shapes say which architecture it is.

        Raises `PaintingError` if they are not those of a CLIP.
        """
        try:
            clip = clip_module("model").build_model(dict(state))
        except (KeyError, IndexError, AttributeError, AssertionError, ValueError, TypeError, RuntimeError) as error:
            if isinstance(error, KeyError):
                raise PaintingError(
                    "The weights of {name} are not those of a CLIP: “{key}” is missing.",
                    name=name,
                    key=str(error.args[0]),
                ) from error
            raise PaintingError(
                "The weights of {name} are not those of a CLIP: their names or shapes differ.", name=name
            ) from error
        return cls(name, clip, device, precision)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts, cached between calls; over-long texts are truncated."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._cache]
        embeddings = {text: self._cache[text] for text in texts if text in self._cache}
        for text in unknown:
            embeddings[text] = self.read([text])[0]  # alone, so that its last bits don't depend on the other texts
        for text in embeddings:
            self._cache[text] = embeddings[text]
            self._cache.move_to_end(text)
        while len(self._cache) > CACHED_TEXTS:
            self._cache.popitem(last=False)
        return torch.stack([embeddings[text] for text in texts])

    def encode_image(self, images: Tensor) -> Tensor:
        """(N, D) float32 unit vectors of (N, 3, S, S) pictures in [0, 1], differentiable; normalises colours itself."""
        embedded: Tensor = self.image_tower(images)
        return F.normalize(embedded.float(), dim=-1)

    def truncated(self, text: str) -> bool:
        """Whether `text` has more tokens than the context, start and end included, has room for."""
        return len(_encode(text)) > self._context - 2

    @torch.no_grad()
    def read(self, texts: Sequence[str]) -> Tensor:
        """(N, D) as `encode_text`, for many short texts, without the cache.

        In float32 on the CPU. The text tower is causal, so that positions after the end of the longest text need not be
        computed: some ten instead of 77.
        """
        tower = self._text
        tokens = tokenize(texts, self._context)
        ends = tokens.argmax(1)  # the end token has the highest number
        length = int(ends.max()) + 1
        hidden = (tower.token_embedding(tokens[:, :length]) + tower.positional_embedding[:length]).transpose(0, 1)
        for block in tower.transformer.resblocks:
            normed = block.ln_1(hidden)
            mask = block.attn_mask[:length, :length]
            hidden = hidden + block.attn(normed, normed, normed, need_weights=False, attn_mask=mask)[0]
            hidden = hidden + block.mlp(block.ln_2(hidden))
        joint: Tensor = tower.ln_final(hidden[ends, torch.arange(len(ends))]) @ tower.text_projection
        return F.normalize(joint, dim=-1).to(self.device)

    @property
    def _context(self) -> int:
        return int(self._text.context_length)


def tokenize(texts: Sequence[str], context: int = 77) -> Tensor:
    """(N, context) tokens: start, text, end, then zeros. Over-long texts are truncated before the end token."""
    tokenizer = _tokenizer()
    start, end = tokenizer.encoder["<|startoftext|>"], tokenizer.encoder["<|endoftext|>"]
    rows = torch.zeros(len(texts), context, dtype=torch.long)
    for row, text in zip(rows, texts, strict=True):
        tokens = [start, *_encode(text)[: context - 2], end]
        row[: len(tokens)] = torch.tensor(tokens)
    return rows


@cache
def clip_module(name: str) -> ModuleType:
    """A module of clip-anytorch, imported alone: `clip/__init__.py` would import torchvision and pkg_resources."""
    package = importlib.util.find_spec("clip")
    if package is None or package.origin is None:
        raise PaintingError("clip-anytorch is not installed: run `pip install clip-anytorch`.")
    path = Path(package.origin).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"engine._clip_{name}", path)
    assert spec is not None and spec.loader is not None  # a path that ends in .py has both
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Normalised(nn.Module):
    """A ModifiedResNet that normalises the colours of its pictures itself."""

    def __init__(self, tower: nn.Module, precision: torch.dtype) -> None:
        super().__init__()
        self.tower = tower
        self._precision = precision
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(STANDARD_DEVIATION).view(1, 3, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, S, S) in [0, 1] -> (N, D)."""
        with autocast(pictures.device, self._precision):
            embedded: Tensor = self.tower((pictures - self.mean) / self.deviation)  # type: ignore[operator]
        return embedded


@cache
def _tokenizer() -> Any:
    return clip_module("simple_tokenizer").SimpleTokenizer()


def _encode(text: str) -> list[int]:
    tokenizer = _tokenizer()
    if len(tokenizer.cache) > CACHED_WORDS:
        tokenizer.cache.clear()
    # It would read “<|endoftext|>” in a prompt as the end token.
    tokens: list[int] = tokenizer.encode(text.replace("<|", "< |"))
    return tokens
