"""The embedded model at work: reads the weights, sees words and pictures, proposes what to start from.

Nothing here trains and nothing is fetched; what made the weights is in `train.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from engine.mini.bank import Bank, Entry, read_bank, tag_index
from engine.mini.colours import COLOUR_WORDS, colour_words, object_mask, recoloured, share_of_colour
from engine.mini.grounds import Ground, ground_of, painted
from engine.mini.networks import CLIP_MEAN, CLIP_STD, TextHead, TowerShape, image_tower, restored_rows
from engine.mini.text import WordTable, singular_guesses, split_words

WEIGHTS = Path(__file__).with_name("weights")
LONGEST = 60  # words that are read of a text


@dataclass(frozen=True)
class MiniFiles:
    """Where the weights lie."""

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


class Decodes(Protocol):
    """What the prior needs of a VQGAN: the engine's class has it."""

    @property
    def codebook(self) -> Tensor:
        """(N, C) rows."""

    def decode(self, latents_q: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, 3, 8h, 8w), about [0, 1]."""


def read_table(words: Path, stored: dict[str, Tensor]) -> WordTable:
    rows = restored_rows(stored["words.numbers"], stored["words.scales"])
    lines = words.read_text().split("\n")
    if len(lines) != len(rows):
        raise ValueError(f"{words} has {len(lines)} words, but there are {len(rows)} rows")
    return WordTable({word: row for row, word in enumerate(lines)}, rows)


class MiniPerceptor:
    """The mini CLIP, frozen: a narrow ModifiedResNet for pictures, a table of words with a small head for texts."""

    name = "mini"

    def __init__(self, shape: TowerShape, table: WordTable, stored: dict[str, Tensor], device: torch.device) -> None:
        self.input_size = shape.input_resolution
        self.dimensions = shape.output_dim
        self.table = table
        self._device = device
        hidden, static_dim = stored["text.bend.0.weight"].shape
        with torch.device("meta"):  # no time for random weights that are replaced at once
            tower = image_tower(shape)
            head = TextHead(static_dim, hidden, shape.output_dim)
        tower.load_state_dict(_part(stored, "visual.", tower.state_dict()), assign=True)
        head.load_state_dict(_part(stored, "text.", head.state_dict()), assign=True)
        self._tower = tower.eval().requires_grad_(False).to(device)
        self._head = head.eval().requires_grad_(False).to(device)
        # Kept on the device, so that a step sends nothing there.
        self._mean = torch.tensor(CLIP_MEAN, device=device).view(1, 3, 1, 1)
        self._spread = torch.tensor(CLIP_STD, device=device).view(1, 3, 1, 1)
        self._remembered = lru_cache(maxsize=512)(self._encode_one)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) float32 unit vectors of N texts. A text of no words gets what the head makes of zeros."""
        return torch.stack([self._remembered(text) for text in texts])

    @torch.no_grad()
    def _encode_one(self, text: str) -> Tensor:
        words = " ".join(split_words(text)[:LONGEST])
        encoded: Tensor = self._head(self.table.embed([words]).to(self._device))[0]
        return F.normalize(encoded.float(), dim=-1)

    def encode_image(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) pictures in [0, 1] -> (B, D) unit vectors; differentiable."""
        return F.normalize(self._tower((images - self._mean) / self._spread).float(), dim=-1)

    def truncated(self, text: str) -> bool:
        """Whether `text` has more words than are read."""
        return len(split_words(text)) > LONGEST

    def unknown_words(self, text: str) -> list[str]:
        """The words that are read as pieces only."""
        return self.table.unknown_words(text)


def _part(stored: dict[str, Tensor], prefix: str, wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors below `prefix`, int8 rows restored, all float32."""
    part: dict[str, Tensor] = {}
    for key, like in wanted.items():
        if f"{prefix}{key}.scales" in stored:
            part[key] = restored_rows(stored[f"{prefix}{key}.numbers"], stored[f"{prefix}{key}.scales"])
        elif f"{prefix}{key}" in stored:
            value = stored[f"{prefix}{key}"]
            part[key] = value.float() if value.is_floating_point() else value
        elif key.endswith("num_batches_tracked"):
            part[key] = torch.zeros_like(like, device="cpu")  # the batch norms count in training only
        else:
            raise KeyError(f"The weights of the mini model have no {prefix}{key}")
    return part


_LINKS = "in on at by with under over near behind beside inside above below of from during into for"
_SMALL_WORDS = (
    "a an the some one this that my your picture image photo painting drawing art illustration icon is are very and"
)
LINKS = frozenset(_LINKS.split())  # what follows them tells where, not what
SMALL_WORDS = LINKS | frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True)
class Wish:
    """What a text asks for, as far as the prior understands it."""

    whole: str
    thing: str  # the words before the first "in", "on", "with", ..., without colours and small words
    around: str  # the other words
    colour: str | None  # the first colour word of the thing
    beside: Wish | None = None  # the thing after "and"


def understand(text: str) -> Wish:
    """Of "a blue lighthouse in a storm" the thing is "lighthouse", its colour "blue", and around it is "storm"."""
    words = split_words(text)[:LONGEST]
    cut = next((place for place, word in enumerate(words) if word in LINKS and place > 0), len(words))
    head, tail = words[:cut], words[cut:]
    thing = [word for word in head if word not in SMALL_WORDS and word not in COLOUR_WORDS]
    around = [word for word in tail if word not in SMALL_WORDS and word not in LINKS]
    if not thing:
        thing, around = [word for word in around if word not in COLOUR_WORDS], []
    if not thing:
        thing = [word for word in words if word not in SMALL_WORDS] or words  # "an orange"
    beside = None
    if "and" in head:
        parting = head.index("and")
        left, right = (set(part) - SMALL_WORDS - COLOUR_WORDS.keys() for part in (head[:parting], head[parting:]))
        if left and right:  # "a red and white flag" is one thing
            beside = understand(" ".join(head[parting + 1 :]))
            head = head[:parting]
            thing = [word for word in head if word in left]
    colours = colour_words(" ".join(head))
    return Wish(" ".join(words), " ".join(thing), " ".join(around), colours[0] if colours else None, beside)


@dataclass(frozen=True)
class Candidate:
    """One picture of the bank that may be the start, and how well its name fits."""

    row: int
    name: str
    source: str
    score: float


LESS_CLEAR = {"openclipart": 0.12, "noto-v1": 0.02, "fluent-emoji-3d": 0.03}  # what a drawing's source costs it


class MiniPrior:
    """Finds the nearest known picture, gives it the colour asked for, and sets it before the ground asked for."""

    def __init__(self, bank: Bank, perceptor: MiniPerceptor) -> None:
        self._bank = bank
        self._perceptor = perceptor
        self._by_tag = tag_index(bank.entries)
        self._names = perceptor.table.embed([entry.name for entry in bank.entries])
        self._joined = [entry.name.replace(" ", "") for entry in bank.entries]
        self._words = [set(split_words(entry.name)) - COLOUR_WORDS.keys() for entry in bank.entries]
        named = {number: colour_words(entry.name) for number, entry in enumerate(bank.entries)}
        self._coloured = {number: colours[0] for number, colours in named.items() if colours}

    def known(self, text: str) -> list[str]:
        """The names of the pictures that are nearest to `text`, best first: at most five."""
        scores = self._scores(understand(text))
        best = scores.topk(5)
        entries = self._bank.entries
        return [
            entries[index].name
            for score, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
            if score > 0.5
        ]

    def _scores(self, wish: Wish) -> Tensor:
        """(entries,) how well each name fits: near in meaning, equal in words or in a tag."""
        thing, whole = self._perceptor.table.embed([wish.thing, wish.whole])
        asked = split_words(wish.thing)
        forms = {form for word in asked for form in (word, *singular_guesses(word))}
        joined = {form.replace(" ", "") for form in (wish.thing, *singular_guesses(wish.thing))}
        equal = torch.zeros(len(self._bank.entries))
        for phrase in (wish.thing, *singular_guesses(wish.thing)):
            for number in self._by_tag.get(phrase, []):
                place = self._bank.entries[number].tags.index(phrase)
                equal[number] = max(float(equal[number]), 0.4 - min(0.12, 0.03 * place))
        for number, (name, words) in enumerate(zip(self._joined, self._words, strict=True)):
            shared = words & forms
            if name in joined:
                equal[number] = 0.5
            elif shared:
                share = (
                    0.45 * len(shared) / len(words | set(asked)) if words <= forms else 0.2 * len(shared) / len(words)
                )
                equal[number] = max(float(equal[number]), share)
        scores: Tensor = 0.7 * self._names @ thing + 0.3 * self._names @ whole + equal
        for number, colour in self._coloured.items():
            scores[number] += 0.1 if colour == wish.colour else -0.1
        return scores

    def _candidates(self, wish: Wish, most: int) -> list[Candidate]:
        """The pictures with the best names; of equal names each one's first picture comes first."""
        scores = self._scores(wish)
        best = float(scores.max())
        order = [index for index in scores.argsort(descending=True)[:6].tolist() if scores[index] > best - 0.22]
        found: list[Candidate] = []
        for index in order:
            entry: Entry = self._bank.entries[index]
            for place, source in enumerate(entry.sources):
                score = float(scores[index]) - LESS_CLEAR.get(source, 0.0) - 0.005 * place
                found.append(Candidate(entry.first + place, entry.name, source, score))
        ranked = sorted(found, key=lambda candidate: -candidate.score)
        return list({candidate.row: candidate for candidate in reversed(ranked)}.values())[::-1][:most]

    @torch.no_grad()
    def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: Decodes) -> Tensor:
        """(1, 3, height, width) picture in [0, 1] for `text`.

        `generator` (on the CPU) decides between candidates that fit about equally well, so that another seed gives
        another picture; the same seed gives the same one.
        """
        wish = understand(text)
        picture = self._chosen(wish, generator, vqgan)
        if wish.beside is not None:
            picture = _pair(picture, self._chosen(wish.beside, generator, vqgan))
        return _placed(picture, ground_of(wish.around), width, height, generator)

    def _chosen(self, wish: Wish, generator: torch.Generator, vqgan: Decodes) -> Tensor:
        """(1, 3, 256, 256): a picture of the wish's thing in its colour, on white."""
        candidates = self._candidates(wish, most=6)
        pictures = self._decode(torch.tensor([candidate.row for candidate in candidates]), vqgan)
        fits = torch.tensor([candidate.score for candidate in candidates])
        if wish.colour is not None:
            colour = COLOUR_WORDS[wish.colour]
            masks = object_mask(pictures)
            has = torch.tensor(
                [share_of_colour(picture, mask, colour) for picture, mask in zip(pictures, masks, strict=True)]
            )
            pictures = torch.stack(
                [
                    picture if share > 0.4 else recoloured(picture, colour)
                    for picture, share in zip(pictures, has.tolist(), strict=True)
                ]
            )
            fits = fits + 0.1 * has
        fits = fits + 0.25 * self._agreement(f"{wish.colour or ''} {wish.thing}", pictures)
        chances = torch.softmax((fits - fits.max()) / 0.04, 0)
        chosen = int(torch.multinomial(chances, 1, generator=generator))
        picture = pictures[chosen : chosen + 1]
        if float(torch.rand((), generator=generator)) < 0.35:
            picture = picture.flip(-1)
        return picture

    def _decode(self, rows: Tensor, vqgan: Decodes) -> Tensor:
        """(N, 3, 256, 256) in [0, 1] on the CPU."""
        codebook = vqgan.codebook
        codes = torch.from_numpy(self._bank.codes[rows.numpy()].astype("int64")).to(codebook.device)
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


def _resized(pictures: Tensor, side: int) -> Tensor:
    """(B, C, side, side) in [0, 1]."""
    return F.interpolate(pictures, (side, side), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def _pair(left: Tensor, right: Tensor) -> Tensor:
    """Two pictures on white, each (1, 3, 256, 256), made smaller and set side by side on one."""
    side = left.shape[-1]
    small = round(0.54 * side)
    pair = torch.ones_like(left)
    top = (side - small) // 2
    pair[..., top : top + small, :small] = _resized(left, small)
    place = pair[..., top : top + small, side - small :]
    place.copy_(torch.minimum(place, _resized(right, small)))  # both are on white: the darker one is the thing
    return pair


SCENE = 0.82  # of a picture is covered: it is a view, not a thing
THING = 0.78  # of the shorter side that a thing before a ground takes


def _placed(picture: Tensor, ground: Ground | None, width: int, height: int, generator: torch.Generator) -> Tensor:
    """The square picture near the middle, on white or cut out before a ground; a view fills the canvas instead."""
    mask = object_mask(picture)[:, None]
    if float(mask.mean()) > SCENE:
        return _filling(picture, width, height)
    side = round(min(width, height) * (1 if ground is None else THING))
    square = _resized(picture, side)
    offset = 0.5 + 0.3 * (float(torch.rand((), generator=generator)) - 0.5)
    left, top = math.floor((width - side) * offset), math.floor((height - side) * 0.5)
    if ground is None:
        canvas = torch.ones(1, 3, height, width)
        canvas[..., top : top + side, left : left + side] = square
        return canvas
    canvas = painted(ground, width, height, generator)
    if ground.floor is not None:  # things stand on it
        top = min(height - side, round(0.9 * height) - side)
    alpha = _resized(mask, side)
    place = canvas[..., top : top + side, left : left + side]
    canvas[..., top : top + side, left : left + side] = place + alpha * (square - place)
    return canvas


def _filling(picture: Tensor, width: int, height: int) -> Tensor:
    """The middle of the square picture, without its round corners, as large as the canvas."""
    side = 0.88 * picture.shape[-1]
    wide, high = (round(side * part / max(width, height)) for part in (width, height))
    left, top = (picture.shape[-1] - wide) // 2, (picture.shape[-1] - high) // 2
    part = picture[..., top : top + high, left : left + wide]
    return F.interpolate(part, (height, width), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def load_mini(
    device: torch.device | str = "cpu", files: MiniFiles | None = None
) -> tuple[dict[str, Tensor], dict[str, Any], MiniPerceptor, MiniPrior]:
    """The VQGAN's float32 weights and configuration, the perceptor, and the prior.

    The configuration is the `params` of a taming model with `norm_groups` beside them: the number of groups of every
    group norm, where taming has 32. Raises FileNotFoundError when the weights are missing.
    """
    files = files or MiniFiles()
    config = json.loads(files.config.read_text())
    state = {key: value.float() for key, value in load_file(files.vqgan).items()}
    stored = load_file(files.clip)
    tower = config["tower"]
    shape = TowerShape(**{**tower, "layers": tuple(tower["layers"])})
    perceptor = MiniPerceptor(shape, read_table(files.words, stored), stored, torch.device(device))
    return state, config["vqgan"], perceptor, MiniPrior(read_bank(files.folder), perceptor)
