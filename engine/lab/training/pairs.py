"""(sentence, image embedding) pairs without end, which the text tower learns from.

Each kind of pair is made and embedded once, by the rounded image tower at the side that the painter uses, and kept in
the work folder as `pairs_KIND.pt`. Scenes, and a part of what is restyled, are composed by the embedded model as it is
in `weights/`: it composes from the words, whatever its text tower has learned so far.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from engine.embedded.four_bits import restored_state
from engine.embedded.load import EmbeddedModel
from engine.embedded.scene.backgrounds import HOURS, PLACES, SEASONS, WEATHERS, Background
from engine.embedded.scene.colours import COLOUR_WORDS, in_colour, object_mask
from engine.embedded.scene.landscapes import draw_background
from engine.lab.training.augment import COLOURS, backgrounds, moved, premultiplied
from engine.lab.training.gather import read_pictures
from engine.lab.training.round_tower import newest_tower
from engine.lab.training.sentences import SETTINGS, names_and_tags, plural, scene_texts, things
from engine.models.describe import with_article
from engine.models.vision_transformer import VisionTransformer
from engine.spec.modifiers import MODIFIERS

SIDE: Final = 160
COMPOSED_SIDE: Final = 192  # of what is made before it is scaled to `SIDE`
BATCH: Final = 16
NUMBERS: Final = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True)
class Made:
    """One picture (3, SIDE, SIDE) in [0, 1] and its sentences. Pairs of one `group` differ in a word."""

    picture: Tensor
    sentences: tuple[str, ...]
    group: int
    row: int  # of the drawing that it is made of, or -1


@dataclass(frozen=True)
class Pairs:
    """Embedded pairs: N pictures, `sentences[i]` all say what is on picture i."""

    sentences: list[tuple[str, ...]]
    seen: Tensor  # (N, 512) unit vectors
    groups: Tensor  # (N,)
    rows: Tensor  # (N,)


class Embedder:
    """The image tower, rounded, at `SIDE`; read when it is first used."""

    def __init__(self, file: Path, side: int = SIDE) -> None:
        self._file, self._side = file, side

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """(N, 3, SIDE, SIDE) in [0, 1] -> (N, 512) float32 unit vectors."""
        return F.normalize(self._tower(pictures), dim=-1)

    @cached_property
    def _tower(self) -> VisionTransformer:
        return VisionTransformer(restored_state(load_file(self._file)), side=self._side, precision=torch.bfloat16)


def all_pairs(work: Path, model: Callable[[], EmbeddedModel], every: int = 1) -> dict[str, Pairs]:
    """All kinds, those that are missing made now; `model` is called only for scenes and restyled pictures.

    With `every` above 1 as many times fewer are made up, for a trial. Kinds of drawings follow what was gathered.
    """
    kinds: Mapping[str, Callable[[], Iterator[Made]]] = {
        "drawings": lambda: drawings(work),
        "unseen": lambda: drawings(work, "unseen"),
        "placed": lambda: placed(work),
        "coloured": lambda: coloured(work, 1200 // every),
        "counted": lambda: counted(work, 400 // every),
        "views": lambda: views(800 // every),
        "scenes": lambda: scenes(work, model(), 1100 // every),
        "restyled": lambda: restyled(work, model(), 1600 // every),
    }
    embed = Embedder(newest_tower(work))
    return {kind: pairs_of(work, kind, make, embed) for kind, make in kinds.items()}


def pairs_of(work: Path, kind: str, make: Callable[[], Iterator[Made]], embed: Callable[[Tensor], Tensor]) -> Pairs:
    """The pairs of one kind, from the work folder if they are there."""
    file = work / f"pairs_{kind}.pt"
    if not file.exists():
        _make_pairs(file, kind, make(), embed)
    state = torch.load(file)
    return Pairs(state["sentences"], state["seen"].float(), torch.tensor(state["groups"]), torch.tensor(state["rows"]))


def _make_pairs(file: Path, kind: str, made: Iterator[Made], embed: Callable[[Tensor], Tensor]) -> None:
    """Writes the pairs of all that is made."""
    seen: list[Tensor] = []
    sentences: list[tuple[str, ...]] = []
    groups: list[int] = []
    rows: list[int] = []
    for batch in _batches(made):
        seen.append(embed(torch.stack([each.picture for each in batch])).half())
        sentences += [each.sentences for each in batch]
        groups += [each.group for each in batch]
        rows += [each.row for each in batch]
        if len(sentences) % (BATCH * 64) == 0:
            print(f"{kind}: {len(sentences)} pairs", flush=True)
    whole = {"sentences": sentences, "seen": torch.cat(seen), "groups": groups, "rows": rows}
    torch.save(whole, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)


def _batches(made: Iterator[Made]) -> Iterator[list[Made]]:
    waiting: list[Made] = []
    for each in made:
        waiting.append(each)
        if len(waiting) == BATCH:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


# --- pictures -----------------------------------------------------------------------------------------------------


def drawings(work: Path, which: str = "pictures") -> Iterator[Made]:
    """Every drawing on white."""
    pixels, pictures = read_pictures(work, which)
    for start in range(0, len(pictures), BATCH):
        rows = list(range(start, min(start + BATCH, len(pictures))))
        for row, picture in zip(rows, on_white(_rows(pixels, rows)), strict=True):
            yield Made(picture, names_and_tags(pictures[row]), row, row)


def placed(work: Path, seed: int = 1) -> Iterator[Made]:
    """Every second drawing but flags and signs, somewhere on a coloured ground."""
    torch.manual_seed(seed)
    pixels, pictures = read_pictures(work)
    chosen = [row for row, each in enumerate(pictures) if each.kind not in ("flag", "symbol") and row % 2 == seed % 2]
    for start in range(0, len(chosen), BATCH):
        rows = chosen[start : start + BATCH]
        rgba = moved(_rows(pixels, rows), SIDE, scale=(0.55, 1.3), degrees=12, shift=0.2)
        before = backgrounds(len(rows), SIDE, 0.1, torch.device("cpu"))
        for row, picture in zip(rows, rgba[:, :3] + before * (1 - rgba[:, 3:]), strict=True):
            yield Made(picture.clamp(0, 1), names_and_tags(pictures[row]), row, row)


def coloured(work: Path, count: int = 1200, seed: int = 2) -> Iterator[Made]:
    """Drawings of things in four colours each."""
    dice = random.Random(seed)
    pixels, pictures = read_pictures(work)
    by_name = things(pictures)
    names = sorted(by_name)
    for group in range(count):
        name = dice.choice(names)
        row = dice.choice(by_name[name])
        picture = on_white(_rows(pixels, [row]), COMPOSED_SIDE)
        mask = object_mask(picture)[0]
        for colour in dice.sample(COLOURS, 4):
            shown = in_colour(picture[0], mask, COLOUR_WORDS[colour])
            ground = torch.ones(3) if colour != "white" else torch.tensor([0.55, 0.7, 0.85])
            shown = shown * mask + ground.view(3, 1, 1) * (1 - mask)
            words = f"{colour} {name}"
            yield Made(_small(shown), (with_article(words), words), group, row)


def counted(work: Path, count: int = 400, seed: int = 3) -> Iterator[Made]:
    """One to five of a thing, side by side or strewn."""
    dice = random.Random(seed)
    pixels, pictures = read_pictures(work)
    by_name = things(pictures)
    names = sorted(by_name)
    for group in range(count):
        name = dice.choice(names)
        row = dice.choice(by_name[name])
        piece = _rows(pixels, [row])
        for number in dice.sample(sorted(NUMBERS), 3):
            shown = _strewn(piece, number, dice)
            noun = name if number == 1 else plural(name)
            yield Made(shown, (f"{NUMBERS[number]} {noun}",), group, row)


def scenes(work: Path, model: EmbeddedModel, count: int = 1100, seed: int = 4) -> Iterator[Made]:
    """What the composer makes of sentences, in groups that differ in a word."""
    dice = random.Random(seed)
    names = sorted(things(read_pictures(work)[1]))
    for group in range(count):
        for text in dict.fromkeys(scene_texts(names, dice)):
            generator = torch.Generator().manual_seed(dice.randrange(1 << 30))
            yield Made(_small(_composed(model, text, generator)), (text,), group, -1)


def views(count: int = 800, seed: int = 5) -> Iterator[Made]:
    """Landscapes alone, under the words that they are drawn from."""
    dice = random.Random(seed)
    for number in range(count):
        place = dice.choice(sorted(PLACES))
        hour = dice.choice(sorted(HOURS)) if dice.random() < 0.5 else ""
        weather = dice.choice(sorted(WEATHERS)) if dice.random() < 0.3 else ""
        season = dice.choice(sorted(SEASONS)) if dice.random() < 0.2 else ""
        background = Background(
            place=PLACES[place],
            hour=HOURS.get(hour, ""),
            weather=WEATHERS.get(weather, ""),
            season=SEASONS.get(season, ""),
        )
        generator = torch.Generator().manual_seed(number)
        shown = draw_background(background, SIDE, SIDE, generator, alone=True).picture[0]
        words = " ".join(word for word in (season, weather, place) if word)
        yield Made(shown.clamp(0, 1), (f"{words} at {hour}" if hour else words, f"{place} landscape"), number, -1)


def restyled(work: Path, model: EmbeddedModel, count: int = 1600, seed: int = 6) -> Iterator[Made]:
    """Drawings and composed scenes through two filters each, under the words of their modifiers."""
    from engine.lab.training.filters import FILTERS, filtered  # these need scipy

    dice = random.Random(seed)
    torch.manual_seed(seed)
    pixels, pictures = read_pictures(work)
    by_name = things(pictures)
    names = sorted(by_name)
    for group in range(count):
        generator = torch.Generator().manual_seed(seed * 100_000 + group)
        if group % 3:
            text = dice.choice(names)
            phrase, row = with_article(text), dice.choice(by_name[text])
            picture = _somewhere(_rows(pixels, [row]))
        else:
            text = phrase = f"{with_article(dice.choice(names))} {dice.choice(SETTINGS)}"
            row, picture = -1, _composed(model, text, generator)
        for style in dice.sample(sorted(FILTERS), 2):
            words = MODIFIERS[style].words
            texts = (f"{text}, {words}", f"{style} of {phrase}", f"{text}, {style}", words)
            yield Made(_small(filtered(picture.clamp(0, 1), style, generator)), texts, group, row)


def on_white(rgba: Tensor, side: int = SIDE) -> Tensor:
    """(N, 4, H, W) premultiplied -> (N, 3, side, side) on white."""
    return _resized(rgba[:, :3] + 1 - rgba[:, 3:], side).clamp(0, 1)


def _rows(pixels: NDArray[np.uint8], rows: list[int]) -> Tensor:
    """(N, 4, 256, 256), premultiplied."""
    return premultiplied(torch.from_numpy(np.stack([pixels[row] for row in rows])).permute(0, 3, 1, 2))


def _resized(pictures: Tensor, side: int) -> Tensor:
    return F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True, align_corners=False)


def _small(picture: Tensor) -> Tensor:
    """(3, S, S) -> (3, SIDE, SIDE) in [0, 1]."""
    return _resized(picture[None], SIDE)[0].clamp(0, 1)


def _composed(model: EmbeddedModel, text: str, generator: torch.Generator) -> Tensor:
    """(3, COMPOSED_SIDE, COMPOSED_SIDE): the picture that the model would begin to paint from."""
    side = COMPOSED_SIDE
    return model.prior.propose(text, width=side, height=side, generator=generator, vqgan=model.vqgan).picture


def _somewhere(rgba: Tensor) -> Tensor:
    """(3, COMPOSED_SIDE, COMPOSED_SIDE): a drawing (1, 4, H, W) somewhere on a ground."""
    placed = moved(rgba, COMPOSED_SIDE, scale=(0.7, 1.2), degrees=5, shift=0.1)
    ground = backgrounds(1, COMPOSED_SIDE, 0.4, torch.device("cpu"))
    return (placed[:, :3] + ground * (1 - placed[:, 3:]))[0].clamp(0, 1)


def _strewn(piece: Tensor, number: int, dice: random.Random) -> Tensor:
    """(3, SIDE, SIDE): so many of a drawing on white, none over another."""
    columns = 1 if number == 1 else 2 if number in (2, 4) else 3
    lines = -(-number // columns)
    cell = SIDE // max(columns, lines)
    canvas = torch.ones(3, SIDE, SIDE)
    for place in range(number):
        side = int(cell * dice.uniform(0.8, 1.0))
        small = _resized(piece, side)[0]
        row, column = divmod(place, columns)
        in_line = min(columns, number - row * columns)
        left = int((SIDE - in_line * cell) / 2 + column * cell + dice.uniform(0, cell - side))
        top = int((SIDE - lines * cell) / 2 + row * cell + dice.uniform(0, cell - side))
        part = canvas[:, top : top + side, left : left + side]
        canvas[:, top : top + side, left : left + side] = small[:3] + part * (1 - small[3:])
    return canvas.clamp(0, 1)
