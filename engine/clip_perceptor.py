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
from engine.vqgan import autocast, settle

MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
STANDARD_DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)
REMEMBERED_TEXTS: Final = 1024  # 2 MB at 512 numbers
REMEMBERED_WORDS: Final = 50_000  # the tokenizer keeps every word it ever met


class CLIPPerceptor:
    """Both towers with frozen weights. The text tower stays on the CPU: it reads a prompt once."""

    def __init__(
        self, name: str, clip: Any, device: torch.device | str = "cpu", precision: torch.dtype = torch.float32
    ) -> None:
        """Takes over `clip`, a `CLIP` of clip-anytorch's `clip/model.py`.

        With `precision` bfloat16 the image tower's matrix products are stored and done in bfloat16.
        """
        clip.float().eval().requires_grad_(False)
        self.name = name
        self.device = torch.device(device)
        self.precision = precision
        self._text = clip
        self.image_tower = clip.visual
        del clip.visual
        if isinstance(self.image_tower, clip_module("model").VisionTransformer):
            self.image_tower.conv1 = _Patches(self.image_tower.conv1)
        settle(self.image_tower, self.device, precision)
        self.input_size = int(self.image_tower.input_resolution)
        self.dimensions = int(self.image_tower.output_dim)
        self._mean = torch.tensor(MEAN, device=self.device).view(1, 3, 1, 1)
        self._deviation = torch.tensor(STANDARD_DEVIATION, device=self.device).view(1, 3, 1, 1)
        self._remembered: OrderedDict[str, Tensor] = OrderedDict()

    @classmethod
    def from_state(
        cls,
        name: str,
        state: Mapping[str, Tensor],
        device: torch.device | str = "cpu",
        precision: torch.dtype = torch.float32,
    ) -> CLIPPerceptor:
        """The perceptor with the weights of a checkpoint, whose shapes say which architecture it is.

        Raises `PaintingError` when they are no CLIP's.
        """
        try:
            clip = clip_module("model").build_model(dict(state))
        except (KeyError, IndexError, AttributeError, AssertionError, ValueError, TypeError, RuntimeError) as error:
            detail = f"“{error.args[0]}” is missing" if isinstance(error, KeyError) else "their names or shapes differ"
            raise PaintingError(f"The weights of {name} are not those of a CLIP: {detail}.") from error
        return cls(name, clip, device, precision)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts, remembered between calls; over-long texts are truncated."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._remembered]
        found = {text: self._remembered[text] for text in texts if text in self._remembered}
        for text in unknown:
            found[text] = self.read([text])[0]  # alone, so that its last bits don't depend on the texts it came with
        for text in found:
            self._remembered[text] = found[text]
            self._remembered.move_to_end(text)
        while len(self._remembered) > REMEMBERED_TEXTS:
            self._remembered.popitem(last=False)
        return torch.stack([found[text] for text in texts])

    def encode_image(self, images: Tensor) -> Tensor:
        """(N, D) float32 unit vectors of (N, 3, S, S) pictures in [0, 1], differentiable; normalises by itself."""
        with autocast(images.device, self.precision):
            seen: Tensor = self.image_tower((images - self._mean) / self._deviation)
        return F.normalize(seen.float(), dim=-1)

    def truncated(self, text: str) -> bool:
        """Whether `text` has more tokens than the context holds beside its start and its end."""
        return len(_words(text)) > self._context - 2

    @torch.no_grad()
    def read(self, texts: Sequence[str]) -> Tensor:
        """(N, D) as `encode_text`, for many short texts that need not be remembered.

        In float32 on the CPU, whatever the image tower is in. The text tower looks back only, so that nothing behind
        the end of the longest text need be computed: some ten places instead of 77.
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
    """(N, context) token numbers: start, words, end, then zeros. What does not fit is left out before the end."""
    tokenizer = _tokenizer()
    start, end = tokenizer.encoder["<|startoftext|>"], tokenizer.encoder["<|endoftext|>"]
    rows = torch.zeros(len(texts), context, dtype=torch.long)
    for row, text in zip(rows, texts, strict=True):
        tokens = [start, *_words(text)[: context - 2], end]
        row[: len(tokens)] = torch.tensor(tokens)
    return rows


@cache
def clip_module(name: str) -> ModuleType:
    """A file of clip-anytorch's by itself: `clip/__init__.py` would import torchvision and pkg_resources."""
    package = importlib.util.find_spec("clip")
    if package is None or package.origin is None:
        raise PaintingError("clip-anytorch is not installed: run `pip install clip-anytorch`.")
    path = Path(package.origin).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"engine._clip_{name}", path)
    assert spec is not None and spec.loader is not None  # a path that ends in .py has both
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Patches(nn.Linear):
    """A vision transformer's first convolution, whose stride is its kernel, as one matrix product.

    The gradient of the convolution took 14 % of the CPU time of a step with 40 pictures through ViT-B/32.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        weight = convolution.weight
        super().__init__(weight[0].numel(), weight.shape[0], bias=False, device="meta")
        self.side = weight.shape[-1]
        self.weight = nn.Parameter(weight.flatten(1), requires_grad=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, S, S) -> (N, width, S/p, S/p) for patches of p pixels."""
        number, channels, height, width = pictures.shape
        rows, columns, side = height // self.side, width // self.side, self.side
        patches = pictures.view(number, channels, rows, side, columns, side).permute(0, 2, 4, 1, 3, 5)
        joined = super().forward(patches.reshape(number, rows * columns, channels * side * side))
        return joined.transpose(1, 2).reshape(number, -1, rows, columns)


@cache
def _tokenizer() -> Any:
    return clip_module("simple_tokenizer").SimpleTokenizer()


def _words(text: str) -> list[int]:
    tokenizer = _tokenizer()
    if len(tokenizer.cache) > REMEMBERED_WORDS:
        tokenizer.cache.clear()
    # The tokenizer would read these as its own marks, and the first end mark ends the sentence.
    words: list[int] = tokenizer.encode(text.replace("<|", "< |"))
    return words
