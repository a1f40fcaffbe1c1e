"""Description of a picture: the nearest of two thousand nouns and of the modifiers, with scores, and its main colours.

CLIP's zero-shot classification (Radford et al. 2021, section 3.1): words in sentences, ranked by the cosine with the
picture. First one sentence for each word, then a prompt ensemble for the nearest ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.images.colour_words import main_colours
from engine.images.pictures import on_white
from engine.images.tensors import as_tensor
from engine.models.perceptor import Perceptor
from engine.spec.modifiers import MODIFIERS

NOUNS: Final = Path(__file__).with_name("nouns.txt")
BARE_NOUNS: Final = Path(__file__).with_name("bare_nouns.txt")  # those without an article
SENTENCE: Final = "a photo of {}"
MORE_SENTENCES: Final = (SENTENCE, "a drawing of {}", "a painting of {}", "a picture with {} in it")
FINALISTS: Final = 30  # words that are embedded in all sentences
BATCH: Final = 64  # texts
SCALE: Final = 100.0  # CLIP's learned logit scale, which multiplies cosines before the softmax
# Of 110 drawings of a style never trained on, 84 % have a best thing above this share; of these 73 % are named right
# among the first three, of all 65 %. None was below the similarity.
UNSURE_BELOW: Final = 0.24  # similarity of the best thing
UNSURE_BELOW_SHARE: Final = 0.25
STYLE_FROM: Final = 0.4  # share of a modifier among all of them, from which on it is the picture's style
SAID_FROM: Final = 0.1  # share of a thing, in that of the best one, from which on it is told
PART: Final = 0.7  # side of a crop, as a share of the shorter side
WHOLE_SHARE: Final = 2 / 3  # weight of the whole picture in the embedding
CORNERS: Final = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5))
_AN: Final = re.compile(r"(?!e[uw]|one|u(?:fo|k|ni|s[be]|t[ei]))[aeiou]|hour|x ", re.IGNORECASE)  # by sound


@dataclass(frozen=True, slots=True)
class Seen:
    """A word and its scores."""

    word: str
    similarity: float  # cosine, -1 … 1
    share: float  # softmax probability among all words of its kind, 0 … 1


@dataclass(frozen=True, slots=True)
class Description:
    """What is in a picture, and what it looks like; of each kind the best first."""

    things: tuple[Seen, ...]
    modifiers: tuple[Seen, ...]  # by name
    colours: tuple[str, ...]  # one to three words of `colour_words.WORDS`, by their share of the pixels
    prompt: str  # the best thing, in the colour that it is seen in, and the style

    @property
    def sure(self) -> bool:
        """Whether the best thing is likely in the picture at all."""
        best = self.things[0]
        return best.similarity >= UNSURE_BELOW and best.share >= UNSURE_BELOW_SHARE

    @property
    def style(self) -> tuple[str, ...]:
        """The names of the modifiers that are clearly above the rest, often none."""
        return style_of(self.modifiers)

    @property
    def said(self) -> tuple[str, ...]:
        """The things that are not much less likely than the best, as people say them."""
        least = SAID_FROM * self.things[0].share
        return tuple(as_said(each.word) for each in self.things if each.share >= least)


class Describer:
    """Describes pictures with one perceptor, whose embeddings of all words are computed once and kept."""

    def __init__(self, perceptor: Perceptor, nouns: Sequence[str] | None = None) -> None:
        """`nouns` replace the built-in ones."""
        self._perceptor = perceptor
        self._nouns = list(read_nouns() if nouns is None else nouns)
        self._embedded: list[Tensor] = []

    def prepare(self) -> Iterator[float]:
        """Embed the words in batches; yields the share done. May be interrupted and resumed."""
        texts = [SENTENCE.format(with_article(noun)) for noun in self._nouns]
        texts += [each.words for each in MODIFIERS.values()]
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
        things = ranked(self._nouns, self._refined(nouns, embedded), embedded)[:most]
        looks = ranked(list(MODIFIERS), modifiers, embedded)[:most]
        colours = main_colours(picture)
        best = self._in_its_colour(things[0].word, colours, embedded)
        return Description(things, looks, colours, prompt=", ".join((best, *style_of(looks))))

    def _refined(self, embeddings: Tensor, embedded: Tensor) -> Tensor:
        """The embeddings, those of the nearest words replaced by means over all sentences."""
        nearest = (embeddings @ embedded).topk(min(FINALISTS, len(embeddings))).indices
        nouns = [with_article(self._nouns[each]) for each in nearest.tolist()]
        texts = [sentence.format(noun) for sentence in MORE_SENTENCES for noun in nouns]
        ensemble = embed_texts(self._perceptor, texts).view(len(MORE_SENTENCES), len(nouns), -1)
        refined = embeddings.clone()
        refined[nearest] = F.normalize(ensemble.mean(0), dim=-1)
        return refined

    def _in_its_colour(self, noun: str, colours: Sequence[str], embedded: Tensor) -> str:
        """The noun as people say it, in that of the colours in which it is nearest to the picture.

        The main colour may be that of the sky behind. Without a colour if that is nearest.
        """
        phrases = [noun, *(f"{colour} {noun}" for colour in colours if colour != noun)]
        texts = [SENTENCE.format(with_article(phrase)) for phrase in phrases]
        nearest = int((embed_texts(self._perceptor, texts) @ embedded).argmax())
        return as_said(noun, phrases[nearest])


def ranked(words: Sequence[str], embeddings: Tensor, embedded: Tensor) -> tuple[Seen, ...]:
    """The words by the similarity of their embeddings (N, D) with that of a picture (D,), the nearest first."""
    similarity = embeddings @ embedded
    order = similarity.argsort(descending=True, stable=True).tolist()
    cosines, shares = similarity.tolist(), (SCALE * similarity).softmax(0).tolist()
    return tuple(Seen(words[each], cosines[each], shares[each]) for each in order)


def style_of(modifiers: Sequence[Seen]) -> tuple[str, ...]:
    """The names of the modifiers, best first, that are clearly above the rest."""
    return tuple(each.word for each in modifiers if each.share >= STYLE_FROM)


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
    """(N, D) unit vectors on the CPU of many short texts."""
    return perceptor.read(texts).cpu()


@cache
def read_nouns(file: Path = NOUNS) -> tuple[str, ...]:
    """The most frequent nouns that can be drawn, sorted."""
    return tuple(file.read_text(encoding="utf-8").split("\n")[:-1])


def with_article(noun: str) -> str:
    """A noun with its indefinite article: “an owl”; uncountable ones too, as in CLIP's own sentences."""
    return f"{'an' if _AN.match(noun) else 'a'} {noun}"


def as_said(noun: str, phrase: str = "") -> str:
    """A noun, or a phrase that ends in it, as people say it: “an owl”, but “snow” and “red scissors”."""
    return (phrase or noun) if noun in _bare_nouns() else with_article(phrase or noun)


@cache
def _bare_nouns() -> frozenset[str]:
    return frozenset(BARE_NOUNS.read_text(encoding="utf-8").split("\n"))


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
