"""What a painting starts from: the scene a text tells of, put together from the pictures of the bank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.mini.bank import Bank
from engine.mini.colours import COLOUR_WORDS, Colour, in_colour, object_mask, shaded, share_of_colour
from engine.mini.grounds import Ground
from engine.mini.landscapes import drawn
from engine.mini.names import Candidate, Names, unread
from engine.mini.pieces import cut_out, without_gaps
from engine.mini.scenes import arranged, filling, flies, is_four_footed, set_before, setting, turned
from engine.mini.text import WordTable
from engine.mini.wishes import Thing, Wish, understand

VIEW = 0.82  # of a picture that is covered makes it a view, not a thing
LOOKED_AT = 2  # pictures of a thing that are decoded, of which the better one is taken
SHOWN_LETTERS = 40  # of a word that a note quotes
SHOWN_WORDS = 3


class Decodes(Protocol):
    """What the prior needs of a VQGAN: the engine's class has it."""

    @property
    def codebook(self) -> Tensor:
        """(N, C) rows."""

    def decode(self, latents_q: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, 3, 8h, 8w), about [0, 1]."""


class Sees(Protocol):
    """What the prior needs of the perceptor."""

    table: WordTable
    input_size: int

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) unit vectors."""

    def encode_image(self, images: Tensor) -> Tensor:
        """(B, D) unit vectors of pictures in [0, 1]."""


@dataclass(frozen=True)
class Found:
    """A picture of the bank, and where on its white ground the thing is."""

    picture: Tensor  # (3, 256, 256) in [0, 1]
    mask: Tensor  # (256, 256) in [0, 1]


class MiniPrior:
    """Finds the nearest known pictures, gives them the colours asked for, and lays them out before their ground."""

    def __init__(self, bank: Bank, perceptor: Sees) -> None:
        self._bank = bank
        self._perceptor = perceptor
        self._names = Names(bank.entries, perceptor.table)

    def wish(self, text: str) -> Wish:
        """What is understood of `text`, typos mended."""
        return understand(self._names.corrected(text)[0], self._names.phrases)

    def known(self, text: str) -> list[str]:
        """The names of the pictures that are nearest to the first thing of `text`, best first: at most five."""
        wish = self.wish(text)
        return self._names.nearest(wish.things[0]) if wish.things else []

    def nearest(self, text: str) -> tuple[int, ...]:
        """The rows of the bank that `text` may be painted from, best first, of one thing after the other."""
        return tuple(
            candidate.row for thing in self.wish(text).things for candidate in self._names.candidates(thing, most=6)
        )

    def notes(self, text: str) -> tuple[str, ...]:
        """Sentences for the person about words that were mended, or that lead nowhere; none for a well-known text."""
        corrected, read = self._names.corrected(text)
        notes = [f"“{_short(word)}” was read as “{meant}”." for word, meant in list(read.items())[:SHOWN_WORDS]]
        wish = understand(corrected, self._names.phrases)
        said = [word for thing in wish.things for word in thing.name.split()]
        strange = list(dict.fromkeys([*(word for word in said if not self._names.knows(word)), *unread(text)]))
        if not strange:
            return tuple(notes)
        quoted = " and ".join(f"“{_short(word)}”" for word in strange[:SHOWN_WORDS])
        if len(strange) > 2:
            quoted = quoted.replace(" and ", ", ", min(len(strange), SHOWN_WORDS) - 2)
        if not wish.things and not wish.ground:
            return (*notes, f"The embedded model does not know {quoted}: painting a landscape instead.")
        lost = [thing for thing in wish.things if all(word in strange for word in thing.name.split())]
        nearest = self._names.nearest(lost[0], 1) if lost else []
        if nearest and len(strange) == 1:
            return (*notes, f"The embedded model does not know {quoted}: painting what is nearest ({nearest[0]}).")
        return (*notes, f"The embedded model does not know {quoted}: painting what is nearest.")

    @torch.no_grad()
    def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: Decodes) -> Tensor:
        """(1, 3, height, width) picture in [0, 1] for `text`, whatever it is.

        `generator` (on the CPU) decides between pictures that fit about equally well, on which side things are, and
        all that varies in a ground, so that another seed gives another picture; the same seed gives the same one.
        """
        wish = self.wish(text)
        ground = setting(wish)
        chance = _chances(generator)
        if not wish.things:
            return drawn(ground if ground else _ANY, width, height, generator, alone=True).picture
        found = [self._chosen(thing, wish, generator, vqgan) for thing in wish.things]
        alone = len(wish.things) == 1 and wish.things[0].number == 1
        if alone and not ground and float(found[0].mask.mean()) > VIEW:
            return filling(found[0].picture[None], width, height)
        pieces = [_several(each, thing.number) for each, thing in zip(found, wish.things, strict=True)]
        if not ground and any(_is_white(_colour_of(thing, wish)) for thing in wish.things):
            ground = _PALE
        aloft = flies(wish)
        if alone and (not wish.ground or aloft):
            pieces[0] = [turned(pieces[0][0], 14 * (chance() - 0.5))]
        scenery = drawn(ground, width, height, generator, alone=False) if ground else None
        return set_before(arranged(wish, pieces, chance), scenery, width, height, aloft=aloft, chance=chance)

    def _chosen(self, thing: Thing, wish: Wish, generator: torch.Generator, vqgan: Decodes) -> Found:
        """A picture of a thing in its colour."""
        alone = len(wish.things) == 1
        drawn_lots = self._drawn_lots(self._names.candidates(thing, most=6), generator)
        looked_at = drawn_lots[: LOOKED_AT if alone else 1]
        pictures = self._decode([candidate.row for candidate in looked_at], vqgan)
        whole, masks = pictures, object_mask(pictures)  # before recolouring: what turns white is still to be found
        colour = _colour_of(thing, wish)
        fits = torch.tensor([candidate.score for candidate in looked_at])
        if colour is not None:
            pictures = torch.stack(
                [in_colour(picture, mask, colour) for picture, mask in zip(pictures, masks, strict=True)]
            )
            won = [share_of_colour(picture, mask, colour) for picture, mask in zip(pictures, masks, strict=True)]
            fits = fits + 0.2 * torch.tensor(won)
        if len(looked_at) > 1:
            fits = fits + 0.15 * self._agreement(f"{' '.join(thing.colours)} {thing.name}", pictures)
            fits = fits - 0.4 * (masks.mean((1, 2)) > VIEW) * bool(wish.ground)
        best = int(fits.argmax())
        mask = without_gaps(whole[best], masks[best]) if is_four_footed(thing) else masks[best]
        found = Found(pictures[best], mask)
        mirrored = float(torch.rand((), generator=generator)) < 0.4
        return Found(found.picture.flip(-1), found.mask.flip(-1)) if mirrored else found

    def _drawn_lots(self, candidates: Sequence[Candidate], generator: torch.Generator) -> list[Candidate]:
        """The candidates in a random order in which clearly better ones come first."""
        scores = torch.tensor([candidate.score for candidate in candidates])
        lots = torch.rand(len(candidates), generator=generator).clamp_min(1e-6)
        order = (scores / 0.07 - (-lots.log()).log()).argsort(descending=True)  # Gumbel: as if drawn one by one
        return [candidates[place] for place in order.tolist()]

    def _decode(self, rows: Sequence[int], vqgan: Decodes) -> Tensor:
        """(N, 3, 256, 256) in [0, 1] on the CPU."""
        codebook = vqgan.codebook
        codes = torch.from_numpy(self._bank.codes[list(rows)].astype("int64")).to(codebook.device)
        latents = F.embedding(codes, codebook).permute(0, 3, 1, 2)
        decoded: Tensor = vqgan.decode(latents)
        return decoded.float().clamp(0, 1).cpu()

    def _agreement(self, text: str, pictures: Tensor) -> Tensor:
        """(N,) how much the mini CLIP thinks that each picture shows the text."""
        side = self._perceptor.input_size
        small = F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
        words = self._perceptor.encode_text([text])
        seen = self._perceptor.encode_image(small.to(words.device))
        agreement: Tensor = (seen @ words.T)[:, 0]
        return agreement.cpu()


_PALE = Ground(colour=Colour(205, 0.22, 0.95))  # white things cannot be seen on white
_ANY = Ground("meadow", lights=frozenset({"rainbow"}))  # for a text that says nothing at all


def _chances(generator: torch.Generator) -> Callable[[], float]:
    return lambda: float(torch.rand((), generator=generator))


def _several(found: Found, number: int) -> list[Tensor]:
    """`number` cut-outs of one picture, every other one mirrored."""
    piece = cut_out(found.picture, found.mask)
    return [piece if place % 2 == 0 else piece.flip(-1) for place in range(number)]


def _is_white(colour: Colour | None) -> bool:
    return colour is not None and colour.value > 0.9 and colour.saturation < 0.1


def _short(word: str) -> str:
    return word if len(word) <= SHOWN_LETTERS else word[: SHOWN_LETTERS - 1] + "…"


def _colour_of(thing: Thing, wish: Wish) -> Colour | None:
    """The colour that is asked for, or that the season gives to leaves."""
    if thing.colours:
        return shaded(COLOUR_WORDS[thing.colours[0]], thing.shade)
    leafy = {"tree", "leaf", "leave", "leaves", "maple", "oak"} & set(thing.name.split())
    if leafy and wish.ground.season == "autumn":
        return COLOUR_WORDS["orange"]
    if leafy and wish.ground.season == "spring":
        return COLOUR_WORDS["pink"]
    return None
