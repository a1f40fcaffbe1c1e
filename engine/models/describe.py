"""Description of a picture: the nearest of two thousand nouns and of the modifiers, with scores.

CLIP's zero-shot classification (Radford et al. 2021, section 3.1): words in sentences, ranked by the cosine with the
picture. First one sentence for each word, then a prompt ensemble for the nearest ones.
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

from engine.images.pictures import on_white
from engine.images.tensors import as_tensor
from engine.models.clip import CLIPPerceptor
from engine.models.perceptor import Perceptor
from engine.spec.modifiers import MODIFIERS

NOUNS: Final = Path(__file__).with_name("nouns.txt")
# CLIP learned from captions; the embedded model from the bare names of drawings.
SENTENCE: Final = "a photo of {}"
MORE_SENTENCES: Final = (SENTENCE, "a drawing of {}", "a painting of {}", "a picture with {} in it")
FINALISTS: Final = 30  # words that are embedded in all sentences
BATCH: Final = 64  # texts
# Logit scales, that multiply cosines before the softmax: CLIP's is learned; the mini's is fitted to 80 of its proposals
# (cross-entropy 6.11 at 15, 6.15 at 20, 6.33 at 10).
CLIP_SCALE: Final = 100.0
MINI_SCALE: Final = 16.0
PART: Final = 0.7  # side of a crop, as a share of the shorter side
WHOLE_SHARE: Final = 2 / 3  # weight of the whole picture in the embedding
CORNERS: Final = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5))


@dataclass(frozen=True, slots=True)
class Seen:
    """A word and its scores."""

    word: str
    similarity: float  # cosine, -1 … 1
    share: float  # softmax probability among all words of its kind, 0 … 1


@dataclass(frozen=True, slots=True)
class Description:
    """The best words, best first."""

    things: tuple[Seen, ...]
    modifiers: tuple[Seen, ...]  # by name; empty with the embedded model, which knows things and colours only


class Describer:
    """Describes pictures with one perceptor, whose embeddings of all words are computed once and kept."""

    def __init__(self, perceptor: Perceptor, nouns: Sequence[str] | None = None) -> None:
        """`nouns` replace the built-in ones."""
        self._perceptor = perceptor
        self._captions = isinstance(perceptor, CLIPPerceptor)
        self._nouns = list(read_nouns() if nouns is None else nouns)
        self._modifiers = list(MODIFIERS.values()) if self._captions else []
        self._embedded: list[Tensor] = []

    def prepare(self) -> Iterator[float]:
        """Embed the words in batches; yields the share done. May be interrupted and resumed."""
        texts = [*map(self._sentence, self._nouns), *(each.words for each in self._modifiers)]
        parts = range(0, len(texts), BATCH)
        for start in parts[len(self._embedded) :]:
            self._embedded.append(embed_texts(self._perceptor, texts[start : start + BATCH]))
            yield len(self._embedded) / len(parts)

    def describe(self, picture: Image.Image, most: int = 8) -> Description:
        """The `most` best words of each kind, for a picture of any size and mode."""
        for _ in self.prepare():
            pass
        embedded = embed_picture(picture, self._perceptor)
        embeddings = torch.cat(self._embedded)
        nouns, modifiers = embeddings[: len(self._nouns)], embeddings[len(self._nouns) :]
        return Description(
            things=self._ranked(self._nouns, self._refined(nouns, embedded), embedded)[:most],
            modifiers=self._ranked([each.name for each in self._modifiers], modifiers, embedded)[:most],
        )

    def _sentence(self, noun: str) -> str:
        return SENTENCE.format(with_article(noun)) if self._captions else noun

    def _refined(self, embeddings: Tensor, embedded: Tensor) -> Tensor:
        """The embeddings, those of the nearest words replaced by means over all sentences."""
        if not self._captions or not len(embeddings):
            return embeddings
        nearest = (embeddings @ embedded).topk(min(FINALISTS, len(embeddings))).indices
        nouns = [with_article(self._nouns[each]) for each in nearest.tolist()]
        texts = [sentence.format(noun) for sentence in MORE_SENTENCES for noun in nouns]
        ensemble = embed_texts(self._perceptor, texts).view(len(MORE_SENTENCES), len(nouns), -1)
        refined = embeddings.clone()
        refined[nearest] = F.normalize(ensemble.mean(0), dim=-1)
        return refined

    def _ranked(self, words: Sequence[str], embeddings: Tensor, embedded: Tensor) -> tuple[Seen, ...]:
        similarity = embeddings @ embedded
        shares = ((CLIP_SCALE if self._captions else MINI_SCALE) * similarity).softmax(0)
        order = similarity.argsort(descending=True, stable=True).tolist()
        cosines, probabilities = similarity.tolist(), shares.tolist()
        return tuple(Seen(words[each], cosines[each], probabilities[each]) for each in order)


def describe(picture: Image.Image, perceptor: Perceptor, most: int = 8) -> Description:
    """The description of one picture. For several, use a `Describer`, which embeds the words only once."""
    return Describer(perceptor).describe(picture, most)


@torch.no_grad()
def embed_picture(picture: Image.Image, perceptor: Perceptor) -> Tensor:
    """(D,) unit vector on the CPU of a picture of any size: the mean of the whole and of fixed crops."""
    pixels = as_tensor(on_white(picture))[None]
    whole, parts = _crops(pixels, perceptor.input_size)
    embedded = perceptor.encode_image(torch.cat([*whole, *parts]).to(perceptor.device)).float().cpu()
    joined = WHOLE_SHARE * embedded[: len(whole)].mean(0) + (1 - WHOLE_SHARE) * embedded[len(whole) :].mean(0)
    return F.normalize(joined, dim=-1)


def embed_texts(perceptor: Perceptor, texts: Sequence[str]) -> Tensor:
    """(N, D) unit vectors on the CPU of many short texts, in one batch with CLIP."""
    return (perceptor.read(texts) if isinstance(perceptor, CLIPPerceptor) else perceptor.encode_text(texts)).cpu()


@cache
def read_nouns(file: Path = NOUNS) -> tuple[str, ...]:
    """The most frequent nouns that can be drawn, sorted."""
    return tuple(file.read_text(encoding="utf-8").split("\n")[:-1])


def with_article(noun: str) -> str:
    """A noun with its indefinite article: “an owl”; uncountable ones too, as in CLIP's own sentences."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _crops(pixels: Tensor, size: int) -> tuple[list[Tensor], list[Tensor]]:
    """Crops (1, 3, size, size) of the whole picture, and of parts.

    The whole is resized to a square; of a long picture there are also squares at both ends and in the middle.
    """
    height, width = pixels.shape[-2:]
    shorter = min(height, width)
    whole = [_resized(pixels, size)]
    if height != width:
        whole += [_square(pixels, shorter, place, place, size) for place in (0.0, 0.5, 1.0)]
    parts = [_square(pixels, max(1, round(PART * shorter)), across, down, size) for across, down in CORNERS]
    return whole, parts


def _square(pixels: Tensor, side: int, across: float, down: float, size: int) -> Tensor:
    """The square of `side` pixels whose position is given as shares, 0 … 1, of the range across and down."""
    left, top = round((pixels.shape[-1] - side) * across), round((pixels.shape[-2] - side) * down)
    return _resized(pixels[..., top : top + side, left : left + side], size)


def _resized(pixels: Tensor, size: int) -> Tensor:
    return F.interpolate(pixels, (size, size), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
