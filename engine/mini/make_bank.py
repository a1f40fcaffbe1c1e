"""Chooses the pictures of the bank and turns them into codes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.mini.augment import premultiplied
from engine.mini.bank import Bank, Entry
from engine.mini.gather import Picture, read_pictures
from engine.mini.networks import VQGAN
from engine.mini.text import WordTable, split_words

# The clearest drawings first; of each concept this many vendors are kept.
VENDORS = ("noto", "fluent-emoji", "fluent-emoji-flat", "fxemoji", "noto-v1", "fluent-emoji-3d")
PER_CONCEPT = 3
PER_PERSON = 1
CLIP_ART = 700

FAMILIES = re.compile(r"^(family|couple with heart|kiss|people holding|women holding|men holding|woman and man)\b")
PERSON = re.compile(r"^(man|woman|men|women|person|people|boy|girl|child|older)\b")
SIGNS = re.compile(
    r"\b(sign|symbol|map|logo|button|icon|diagram|chart|border|frame|text|letter|example|pattern|background|ornament"
    r"|emblem|coat of arms|flags?|geography|europe|contour|outline|number"
    r"|silhouette|cross section|layout|template|menu|gun|bullet)\b"
)

# What people say, and which of the Unicode names they mean.
EVERYDAY = """
angel: baby angel | angry: angry face | apple: red apple, green apple | ball: soccer ball, basketball
bee: honeybee | beer: beer mug | boat: sailboat, motor boat, speedboat | book: open book, closed book, blue book
bread: bread | bridge: bridge at night | bug: lady beetle, beetle | bunny: rabbit face, rabbit | burger: hamburger
cake: birthday cake, shortcake | candle: candle | car: automobile, oncoming automobile | cherry: cherries
chick: baby chick, hatching chick | city: cityscape, cityscape at dusk, night with stars | clock: mantelpiece clock
coffee: hot beverage | computer: laptop, desktop computer | cup of coffee: hot beverage | devil: smiling face with horns
cup of tea: teacup without handle | diamond: gem stone | dinosaur: sauropod, t rex | dragon: dragon, dragon face
earth: globe showing europe africa, globe showing americas | flower: hibiscus, sunflower, tulip, blossom, cherry blossom
football: soccer ball, american football | forest: deciduous tree, evergreen tree | fries: french fries
galaxy: milky way | gift: wrapped gift | goldfish: tropical fish, fish | grape: grapes | grass: herb, sheaf of rice
guard: guard | happy: smiling face with smiling eyes, grinning face | hat: top hat | heart: red heart | home: house
ice cream: soft ice cream, ice cream | island: desert island | jet: airplane | king: person with crown, prince
kitten: cat face, cat | ladybug: lady beetle | leaf: maple leaf, fallen leaf | lighthouse: light house
lightning: high voltage, cloud with lightning | love: red heart, heart with arrow | meat: meat on bone, cut of meat
monster: ogre, alien monster | moon: crescent moon, full moon | movie: clapper board, movie camera | money: money bag
mountain: snow capped mountain, mountain, mount fuji | music: musical notes | night: night with stars
ocean: water wave | orange: tangerine | painting: framed picture | phone: mobile phone, telephone
plane: airplane | planet: ringed planet | present: wrapped gift | puppy: dog face, dog | queen: princess
rain: cloud with rain | sad: crying face, disappointed face | sea: water wave | shirt: t shirt
shoe: running shoe, mans shoe | skyscraper: office building, cityscape | smile: grinning face | snow: snowflake
star: star, glowing star | starry night: night with stars, milky way
sofa: couch and lamp | soldier: guard, military helmet | space: milky way | spaceship: flying saucer, rocket
storm: cloud with lightning and rain
sun: sun, sun with face | sunset: sunrise, sunrise over mountains | superman: superhero
sword: dagger, crossed swords | tea: teacup without handle
tower: tokyo tower | train: locomotive, high speed train | tree: deciduous tree, evergreen tree | truck: delivery truck
tv: television | ufo: flying saucer | wave: water wave | wine: wine glass | witch: woman mage | wizard: mage, man mage
world: globe showing europe africa, globe showing asia australia
"""


def everyday_names() -> dict[str, list[str]]:
    """The table above: from each everyday word to the names of the emoji that show it."""
    pairs = (pair.split(":") for line in EVERYDAY.strip().split("\n") for pair in line.split("|"))
    return {word.strip(): [name.strip() for name in names.split(",")] for word, names in pairs}


@dataclass(frozen=True)
class Chosen:
    """The pictures of one concept, as rows of the pictures on disk."""

    name: str
    tags: tuple[str, ...]
    rows: tuple[int, ...]
    sources: tuple[str, ...]


def choose_emoji(pictures: list[Picture]) -> list[Chosen]:
    by_name: dict[str, dict[str, int]] = defaultdict(dict)
    for row, picture in enumerate(pictures):
        if picture.kind == "emoji" and picture.source in VENDORS and not FAMILIES.search(picture.name):
            by_name[picture.name].setdefault(picture.source, row)
    chosen = []
    for name, rows in sorted(by_name.items()):
        person = PERSON.search(name) is not None
        if len(rows) == 1 and next(iter(rows)) == "fxemoji":
            continue  # its odd names
        vendors = [vendor for vendor in VENDORS if vendor in rows][: PER_PERSON if person else PER_CONCEPT]
        tags = pictures[rows[vendors[0]]].tags
        chosen.append(Chosen(name, tags, tuple(rows[vendor] for vendor in vendors), tuple(vendors)))
    return chosen


def choose_clip_art(
    pictures: list[Picture], pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], table: WordTable, most: int
) -> list[Chosen]:
    """Coloured objects of Open Clip Art whose names are made of well-known words, at most three of one name."""
    by_name: dict[str, list[int]] = defaultdict(list)
    emoji = [picture for picture in pictures if picture.kind == "emoji"]
    usual = {word for picture in emoji for text in (picture.name, *picture.tags) for word in split_words(text)}
    for row, picture in enumerate(pictures):
        if picture.kind != "clipart" or not picture.tags or SIGNS.search(" ".join((picture.name, *picture.tags))):
            continue
        words = split_words(picture.name)
        if not words or len(words) > 3 or any(table.known(word) is None or not word.isalpha() for word in words):
            continue
        if not usual & set(words) or picture.name == " ".join(picture.tags[:2]):
            continue  # names in other languages, and names made of tags because there was none
        small = pixels[row, ::8, ::8].astype(np.float32) / 255
        opaque = small[..., 3] > 0.5
        if not 0.2 < opaque.mean() < 0.93:
            continue
        colours = small[opaque][:, :3]
        saturation = (colours.max(1) - colours.min(1)) / np.maximum(colours.max(1), 0.05)
        if (saturation > 0.25).mean() < 0.3 or (colours.max(1) < 0.15).mean() > 0.4:
            continue  # outlines and silhouettes
        if cut_off(pixels[row]):
            continue
        by_name[picture.name].append(row)
    chosen = []
    for name, rows in sorted(by_name.items()):
        tags = dict.fromkeys(tag for row in rows for tag in pictures[row].tags)
        chosen.append(Chosen(name, tuple(tags)[:10], tuple(rows[:3]), ("openclipart",) * len(rows[:3])))
    spread = max(1.0, sum(len(item.rows) for item in chosen) / most)
    return chosen if spread == 1.0 else [chosen[int(place * spread)] for place in range(int(len(chosen) / spread))]


def cut_off(rgba: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bool:
    """Whether a (256, 256, 4) object ends in a straight line on one to three sides: its page was too small."""
    opaque = rgba[..., 3] > 128
    rows, columns = np.flatnonzero(opaque.any(1)), np.flatnonzero(opaque.any(0))
    if len(rows) == 0:
        return True
    inner = opaque[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    sides = (inner[1].mean(), inner[-2].mean(), inner[:, 1].mean(), inner[:, -2].mean())
    long = [share > 0.5 for share in sides]
    return any(long) and not all(long)


def merged(groups: Iterable[Chosen]) -> list[Chosen]:
    """One entry for each name."""
    by_name: dict[str, Chosen] = {}
    for group in groups:
        if group.name in by_name:
            first = by_name[group.name]
            tags = tuple(dict.fromkeys(first.tags + group.tags))
            group = Chosen(group.name, tags, first.rows + group.rows, first.sources + group.sources)
        by_name[group.name] = group
    return [by_name[name] for name in sorted(by_name)]


@torch.no_grad()
def encode(vqgan: VQGAN, rgba: Tensor) -> Tensor:
    """(B, 4, 256, 256) uint8 -> (B, 32, 32) codes of the pictures on white."""
    pictures = premultiplied(rgba)
    on_white = pictures[:, :3] + 1 - pictures[:, 3:]
    with torch.autocast("cpu", torch.bfloat16):  # as in training; on a CPU with AVX512-BF16 half the time
        latent = vqgan.encode(on_white * 2 - 1)
    return vqgan.quantize.indices(latent.float())


def make_bank(work: Path, vqgan: VQGAN, table: WordTable) -> Bank:
    """Codes of all chosen pictures, made by the encoder as it will be shipped."""
    pixels, pictures = read_pictures(work)
    chosen = merged([*choose_emoji(pictures), *choose_clip_art(pictures, pixels, table, CLIP_ART)])
    rows = [row for item in chosen for row in item.rows]
    codes = []
    for start in range(0, len(rows), 8):
        rgba = torch.from_numpy(np.stack([pixels[row] for row in rows[start : start + 8]])).permute(0, 3, 1, 2)
        codes.append(encode(vqgan, rgba).numpy().astype(np.uint16))
        if start % 400 == 0:
            print(f"bank: {start} of {len(rows)}", flush=True)
    entries, first = [], 0
    for item in chosen:
        entries.append(Entry(item.name, item.tags[:12], first, item.sources))
        first += len(item.rows)
    by_name = {entry.name: entry for entry in entries}
    for word, names in everyday_names().items():
        entries += [replace(by_name[name], name=word) for name in names if name in by_name and name != word]
    return Bank(tuple(entries), np.concatenate(codes))
