"""What the text tower makes of pictures that it was never shown: words, colours, scenes, modifiers; and descriptions.

Nothing is painted. Drawings are those of the vendor that no training saw (OpenMoji), pictures are seen by the painter's
own image tower, and sentences are read as the painter reads them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.embedded.load import EmbeddedModel, load_embedded
from engine.embedded.scene.colours import COLOUR_WORDS, in_colour, object_mask
from engine.lab.evaluation.eye import CPU, Eye, ranks, within
from engine.lab.evaluation.report import Figure, Section, Setting
from engine.lab.training.augment import COLOURS, premultiplied
from engine.lab.training.drawings import Picture
from engine.lab.training.filters import FILTERS, filtered
from engine.lab.training.gather import read_pictures
from engine.lab.training.pairs import coloured, drawings, on_white, pairs_of
from engine.lab.training.sentences import things
from engine.lab.training.text_batches import TrueTexts, read_true_texts
from engine.lab.training.text_tower import held_out
from engine.models.describe import Describer, read_nouns, with_article
from engine.registry import choose_precision
from engine.spec.modifiers import with_modifiers

SIDE: Final = 192  # pixels of what is made here, as in training
DIE: Final = 1001  # seed: no pair of the training was made with it
RECOLOURED: Final = 60  # drawings, in four colours each
SCENES: Final = 60
MODIFIERS: Final = 40
DRAWINGS: Final = 4  # that each modifier is tried on
DESCRIBED: Final = 60
PLACES: Final = ("on", "under", "beside")  # relations that the composer lays out differently


def measure(setting: Setting) -> Section:
    model = load_embedded(CPU, choose_precision(CPU))
    eye = Eye(model.perceptor)
    figures, notes = list[Figure](), list[str]()
    if setting.true_texts:
        true_texts = read_true_texts(setting.true_texts)
        figures += [*found_words(setting, eye, true_texts), *nearest_texts(eye, true_texts)]
        notes.append(
            f"True embeddings are OpenAI's own, of {len(true_texts.words)} words. Words never anchored are so only "
            "where the shipped text tower was trained with `hold_out`."
        )
    else:
        notes.append("Words with true embeddings were not measured: `--true-texts` was not given.")
    figures += [*named_colours(setting, eye), told_scenes(setting, eye, model), told_modifiers(setting, eye)]
    notes.append(
        "Scenes: each of the sentences “a cat on a red sofa” has a scene composed of drawings, and is to be nearer to "
        "it than the eleven sentences that differ in one word. Modifiers: the mean cosine with “cat, oil painting …” "
        f"over {DRAWINGS} drawings is to be higher when they went through the modifier's filter."
    )
    return Section(tuple(figures), tuple(notes))


def describe(setting: Setting) -> Section:
    """Whether the right name is among the first three, of the words that `/describe` knows."""
    model = load_embedded(CPU, choose_precision(CPU))
    pixels, pictures = read_pictures(setting.work, "unseen")
    rows = spread(described_rows(pictures), 3 if setting.quick else DESCRIBED)
    describer, places = Describer(model.perceptor), []
    for row in rows:
        named = [seen.word for seen in describer.describe(Image.fromarray(pixels[row]), len(read_nouns())).things]
        places.append(1 + named.index(pictures[row].name))
    found = torch.tensor(places)
    figures = [
        Figure(f"drawings named right {among}", within(found, most), least, number=len(rows))
        for among, most, least in (("at once", 1, None), ("among the first three", 3, 0.8))
    ]
    return Section(tuple(figures), (f"Of {len(read_nouns()):,} nouns; the drawings are of the vendor never shown.",))


def described_rows(pictures: Sequence[Picture]) -> list[int]:
    """Rows of emoji whose name is one of the nouns of a description."""
    nouns = set(read_nouns())
    return [row for row, picture in enumerate(pictures) if picture.kind == "emoji" and picture.name in nouns]


def spread(items: Sequence[int], most: int) -> list[int]:
    """At most `most` of them, evenly spaced."""
    return [items[place * len(items) // most] for place in range(most)] if len(items) > most else list(items)


def shown(pixels: NDArray[np.uint8], rows: Sequence[int], side: int = SIDE) -> Tensor:
    """(N, 3, side, side) in [0, 1]: drawings on white."""
    return on_white(premultiplied(torch.from_numpy(np.stack([pixels[row] for row in rows])).permute(0, 3, 1, 2)), side)


def found_words(setting: Setting, eye: Eye, true_texts: TrueTexts) -> list[Figure]:
    """Drawings of the unseen vendor among the words with true embeddings, by our texts and by the true ones."""
    pairs = pairs_of(setting.work, "unseen", lambda: drawings(setting.work, "unseen"), eye.see)
    known = {word: place for place, word in enumerate(true_texts.words)}
    chosen = [number for number, texts in enumerate(pairs.sentences) if texts[0] in known]
    right = torch.tensor([known[pairs.sentences[number][0]] for number in chosen])
    ours = ranks(pairs.seen[chosen], eye.read(f"a drawing of {with_article(word)}" for word in true_texts.words), right)
    true = ranks(pairs.seen[chosen], true_texts.rows, right)
    return [
        Figure(f"unseen drawings whose word is {place}{whose}", within(found, most), promised, number=len(chosen))
        for place, most, least in (("first", 1, 0.6), ("among the first five", 5, 0.88))
        for found, whose, promised in ((ours, "", least), (true, ", by the true texts", None))
    ]


def nearest_texts(eye: Eye, true_texts: TrueTexts) -> list[Figure]:
    """Our texts of words that the training held out, beside the true texts of all known words."""
    held = torch.tensor(held_out(len(true_texts.words)))
    ours = eye.read(f"a photo of {with_article(true_texts.words[place])}" for place in held.tolist())
    found, number = ranks(ours, true_texts.rows, held), len(held)
    return [
        Figure("words never anchored: their true text is nearest", within(found, 1), number=number),
        Figure("words never anchored: it is among the first five", within(found, 5), 0.9, number=number),
    ]


def named_colours(setting: Setting, eye: Eye) -> list[Figure]:
    """Recoloured drawings, for which the sentence with the right one of twelve colours is to be nearest."""
    count = 2 if setting.quick else RECOLOURED
    known = []
    for made in coloured(setting.work, count=count, seed=DIE):
        colour, _, name = made.sentences[1].partition(" ")
        known.append((made.picture, colour, name))
    return [
        Figure(f"colours named right, {which}", share_named(eye, pictures), 0.95, number=len(pictures))
        for which, pictures in (("unseen drawings", unseen_in_colours(setting, count)), ("training's drawings", known))
    ]


def unseen_in_colours(setting: Setting, count: int) -> list[tuple[Tensor, str, str]]:
    """Picture, colour and name of drawings of the unseen vendor in four colours each, as `coloured` makes them."""
    dice = random.Random(DIE)
    pixels, pictures = read_pictures(setting.work, "unseen")
    names = things(read_pictures(setting.work)[1])
    made = []
    for row in dice.sample([row for row, picture in enumerate(pictures) if picture.name in names], count):
        picture = shown(pixels, [row])
        mask = object_mask(picture)[0]
        for colour in dice.sample(COLOURS, 4):
            ground = torch.ones(3) if colour != "white" else torch.tensor([0.55, 0.7, 0.85])
            turned = in_colour(picture[0], mask, COLOUR_WORDS[colour])
            made.append((turned * mask + ground.view(3, 1, 1) * (1 - mask), colour, pictures[row].name))
    return made


def share_named(eye: Eye, pictures: Sequence[tuple[Tensor, str, str]]) -> float:
    """Of (picture, colour, name): for how many “a {colour} {name}” is nearest among the twelve colours."""
    seen = eye.see(picture for picture, _, _ in pictures)
    right = [
        ranks(
            row[None], eye.read(with_article(f"{each} {name}") for each in COLOURS), torch.tensor([COLOURS.index(own)])
        )
        for row, (_, own, name) in zip(seen, pictures, strict=True)
    ]
    return within(torch.cat(right), 1)


def told_scenes(setting: Setting, eye: Eye, model: EmbeddedModel) -> Figure:
    """The share of scenes whose own sentence is nearer than the eleven with one word exchanged."""
    dice = random.Random(DIE)
    nouns = sorted(set(things(read_pictures(setting.work)[1])) & {noun for noun in read_nouns() if " " not in noun})
    places: list[Tensor] = []
    count = 2 if setting.quick else SCENES
    while len(places) < count:
        sentences = one_word_apart(nouns, dice)
        if len(model.prior.scene(sentences[0]).subjects) < 2:
            continue  # what the composer cannot lay out nobody can tell apart
        generator = torch.Generator().manual_seed(dice.randrange(1 << 30))
        scene = model.prior.propose(sentences[0], width=SIDE, height=SIDE, generator=generator, vqgan=model.vqgan)
        places.append(ranks(eye.see([scene.picture]), eye.read(sentences), torch.tensor([0])))
    return Figure("scenes told from eleven that differ in a word", within(torch.cat(places), 1), 0.7, number=count)


def one_word_apart(nouns: Sequence[str], dice: random.Random) -> list[str]:
    """A sentence as “a cat on a red sofa”, and eleven with one of its words exchanged: 3 + 2 + 3 + 3."""
    first, second, *others = dice.sample(nouns, 8)
    colour, *colours = dice.sample(COLOURS, 4)
    place, *places = dice.sample(PLACES, 3)

    def sentence(first: str = first, place: str = place, colour: str = colour, second: str = second) -> str:
        return f"{with_article(first)} {place} {with_article(f'{colour} {second}')}"

    return [
        sentence(),
        *(sentence(first=each) for each in others[:3]),
        *(sentence(place=each) for each in places),
        *(sentence(colour=each) for each in colours),
        *(sentence(second=each) for each in others[3:]),
    ]


def told_modifiers(setting: Setting, eye: Eye) -> Figure:
    """How many modifiers bring filtered drawings nearer to their sentence, on the mean, than the drawings were."""
    dice = random.Random(DIE)
    pixels, pictures = read_pictures(setting.work, "unseen")
    rows = described_rows(pictures)
    nearer = 0
    modifiers = setting.some(dice.sample(sorted(FILTERS), MODIFIERS))
    for number, modifier in enumerate(modifiers):
        chosen = dice.sample(rows, DRAWINGS)
        plain = shown(pixels, chosen)
        generator = torch.Generator().manual_seed(DIE + number)
        through = [filtered(picture, modifier, generator) for picture in plain]
        sentences = eye.read(with_modifiers(pictures[row].name, [modifier]) for row in chosen)
        nearer += bool(((eye.see(through) - eye.see(plain)) * sentences).sum() > 0)
    return Figure("modifiers whose filter brings a drawing nearer", nearer, 36, number=len(modifiers))
