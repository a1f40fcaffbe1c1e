"""What a perceptor sees in a picture: the nearest of two thousand nouns and of the modifiers, with scores.

As CLIP classifies without training (Radford et al. 2021, section 3.1): each word as a sentence, ranked by the cosine
with the picture. Sentences for all words come first, several for each of the nearest words then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.clip_perceptor import CLIPPerceptor
from engine.modifiers import MODIFIERS
from engine.openings import as_tensor
from engine.perceptor import Perceptor
from engine.pictures import on_white

NOUNS: Final = Path(__file__).with_name("nouns.txt")
# CLIP learned from captions; the embedded model from the bare names of drawings.
SENTENCE: Final = "a photo of {}"
MORE_SENTENCES: Final = (SENTENCE, "a drawing of {}", "a painting of {}", "a picture with {} in it")
FINALISTS: Final = 30  # words that are read in all sentences
AT_ONCE: Final = 64  # texts
# What a cosine is multiplied by before the softmax: CLIP learned it. For the mini the one that was likeliest for 80
# proposals of its own (cross-entropy 6.11 at 15, 6.15 at 20, 6.33 at 10).
CLIP_SCALE: Final = 100.0
MINI_SCALE: Final = 16.0
PART: Final = 0.7  # side of a partial view, as a share of the shorter side
WHOLE_SHARE: Final = 2 / 3  # of what is seen comes from views of the whole
CORNERS: Final = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5))


@dataclass(frozen=True, slots=True)
class Seen:
    """One word and how well it fits."""

    word: str
    likeness: float  # cosine, -1 … 1
    share: float  # of the certainty among all words of its kind, 0 … 1


@dataclass(frozen=True, slots=True)
class Description:
    """The words that fit best, best first."""

    things: tuple[Seen, ...]
    modifiers: tuple[Seen, ...]  # by name; none from the embedded model, which knows things and colours only


class Describer:
    """Knows how one perceptor reads the words; reading them takes CLIP's text tower a while, and then they are kept."""

    def __init__(self, perceptor: Perceptor, nouns: Sequence[str] | None = None) -> None:
        """`nouns` in place of the built-in ones."""
        self._perceptor = perceptor
        self._captions = isinstance(perceptor, CLIPPerceptor)
        self._nouns = list(read_nouns() if nouns is None else nouns)
        self._modifiers = list(MODIFIERS.values()) if self._captions else []
        self._read: list[Tensor] = []

    def prepare(self) -> Iterator[float]:
        """Read the words, some at a time; yields the share done. What is read already is not read again."""
        texts = [*map(self._plainly, self._nouns), *(each.words for each in self._modifiers)]
        parts = range(0, len(texts), AT_ONCE)
        for start in parts[len(self._read) :]:
            self._read.append(read_together(self._perceptor, texts[start : start + AT_ONCE]))
            yield len(self._read) / len(parts)

    def describe(self, picture: Image.Image, most: int = 8) -> Description:
        """The `most` best words of each kind, for a picture of any size and mode."""
        for _ in self.prepare():
            pass
        seen = see(picture, self._perceptor)
        directions = torch.cat(self._read)
        nouns, modifiers = directions[: len(self._nouns)], directions[len(self._nouns) :]
        return Description(
            things=self._ranked(self._nouns, self._refined(nouns, seen), seen)[:most],
            modifiers=self._ranked([each.name for each in self._modifiers], modifiers, seen)[:most],
        )

    def _plainly(self, noun: str) -> str:
        return SENTENCE.format(with_article(noun)) if self._captions else noun

    def _refined(self, directions: Tensor, seen: Tensor) -> Tensor:
        """The directions with those of the nearest words averaged over all sentences."""
        if not self._captions or not len(directions):
            return directions
        nearest = (directions @ seen).topk(min(FINALISTS, len(directions))).indices
        named = [with_article(self._nouns[each]) for each in nearest.tolist()]
        texts = [sentence.format(name) for sentence in MORE_SENTENCES for name in named]
        read = read_together(self._perceptor, texts).view(len(MORE_SENTENCES), len(named), -1)
        refined = directions.clone()
        refined[nearest] = F.normalize(read.mean(0), dim=-1)
        return refined

    def _ranked(self, words: Sequence[str], directions: Tensor, seen: Tensor) -> tuple[Seen, ...]:
        likeness = directions @ seen
        shares = ((CLIP_SCALE if self._captions else MINI_SCALE) * likeness).softmax(0)
        order = likeness.argsort(descending=True, stable=True).tolist()
        likenesses, certainties = likeness.tolist(), shares.tolist()
        return tuple(Seen(words[each], likenesses[each], certainties[each]) for each in order)


def describe(picture: Image.Image, perceptor: Perceptor, most: int = 8) -> Description:
    """What `perceptor` sees in one picture. For several pictures a `Describer` reads the words only once."""
    return Describer(perceptor).describe(picture, most)


@torch.no_grad()
def see(picture: Image.Image, perceptor: Perceptor) -> Tensor:
    """(D,) unit vector on the CPU of a picture of any size, seen as a whole and in parts, always the same ones."""
    pixels = as_tensor(on_white(picture))[None]
    whole, parts = _views(pixels, perceptor.input_size)
    seen = perceptor.encode_image(torch.cat([*whole, *parts]).to(perceptor.device)).float().cpu()
    joined = WHOLE_SHARE * seen[: len(whole)].mean(0) + (1 - WHOLE_SHARE) * seen[len(whole) :].mean(0)
    return F.normalize(joined, dim=-1)


def read_together(perceptor: Perceptor, texts: Sequence[str]) -> Tensor:
    """(N, D) unit vectors on the CPU of many short texts, which CLIP reads faster when it need not remember them."""
    return (perceptor.read(texts) if isinstance(perceptor, CLIPPerceptor) else perceptor.encode_text(texts)).cpu()


@cache
def read_nouns(file: Path = NOUNS) -> tuple[str, ...]:
    """The commonest nouns that can be drawn, sorted."""
    return tuple(file.read_text(encoding="utf-8").split("\n")[:-1])


def with_article(noun: str) -> str:
    """As a caption has it: “an owl”. What cannot be counted gets one as well, as in CLIP's own sentences."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _views(pixels: Tensor, size: int) -> tuple[list[Tensor], list[Tensor]]:
    """Views of the whole (squeezed to a square; and where it is long, squares at both ends and in the middle) and of
    parts, each (1, 3, size, size)."""
    height, width = pixels.shape[-2:]
    shorter = min(height, width)
    whole = [_resized(pixels, size)]
    if height != width:
        whole += [_square(pixels, shorter, place, place, size) for place in (0.0, 0.5, 1.0)]
    parts = [_square(pixels, max(1, round(PART * shorter)), across, down, size) for across, down in CORNERS]
    return whole, parts


def _square(pixels: Tensor, side: int, across: float, down: float, size: int) -> Tensor:
    """The square of `side` pixels at that share of the free way from the left and from the top."""
    left, top = round((pixels.shape[-1] - side) * across), round((pixels.shape[-2] - side) * down)
    return _resized(pixels[..., top : top + side, left : left + side], size)


def _resized(pixels: Tensor, size: int) -> Tensor:
    return F.interpolate(pixels, (size, size), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
