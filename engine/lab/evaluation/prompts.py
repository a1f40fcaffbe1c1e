"""What an evaluation asks the painter for, the pictures that it gets, and what people make of these.

Every list is fixed, so that figures of different days compare. Each picture is painted once, at quality draft, and kept
in the work folder under what decides its pixels, so that an evaluation that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from rich.progress import track

from engine.errors import InputError
from engine.images.lettering import cut
from engine.images.pictures import on_white
from engine.images.recorder import chosen_steps
from engine.lab.evaluation.eye import Pixels
from engine.lab.evaluation.report import SEED, Figure, Section, Setting, weights_fingerprint
from engine.loop.loop import paint
from engine.registry import Models, load_models
from engine.spec.artspec import STYLES, ArtSpec
from engine.spec.plan import plan
from engine.spec.rating import stars

# The 64 words of the contact sheet, row by row of eight.
SHEET: Final = (
    # Plain nouns.
    "cat", "castle", "rocket", "owl", "butterfly", "mushroom", "guitar", "penguin",
    "bicycle", "dragon", "robot", "sunflower", "lighthouse", "strawberry", "pizza", "sailboat",
    # Colours.
    "blue apple", "green star", "purple mushroom", "pink house", "yellow butterfly", "orange rocket", "brown hat",
    "red balloon", "a green cat", "a golden crown", "a black horse", "a white rabbit",
    # Backgrounds, places and moods.
    "a lighthouse in a storm", "a house in the snow", "a ship on the sea", "an owl at night", "a fox in the forest",
    "a palm tree at sunset", "a rocket in space", "a tent under the stars", "a whale in the ocean",
    "a cactus in the desert", "a castle in the fog", "a duck in the rain", "a spooky pumpkin", "a happy sun",
    "a gloomy tower", "a peaceful garden",
    # Two subjects.
    "a cat under the moon", "a penguin with an umbrella", "a dog and a ball", "an apple and a banana",
    "a bee on a flower", "a mouse with cheese", "a boat near a lighthouse", "a robot holding a rose",
    # Words that the pictures are not named by.
    "puppy", "feline", "automobile", "bunny", "serpent", "skyscraper", "spectacles", "a woodland creature",
    # Words that have no picture.
    "quetzalcoatl", "freedom", "xyzzyqua", "a melancholy algorithm",
)  # fmt: skip

NOUNS: Final = (
    *SHEET[:16],
    "airplane", "backpack", "baseball bat", "bear", "bench", "bird", "book", "bowl", "bus", "car", "chair", "couch",
    "cup", "dog", "elephant", "fork", "giraffe", "handbag", "kite", "laptop", "motorcycle", "orange", "parking meter",
    "refrigerator", "sandwich", "sheep", "skateboard", "snowboard", "suitcase", "teddy bear", "tie", "toilet",
    "traffic light", "truck", "umbrella", "wine glass",
)  # fmt: skip

# 81 things without a place, which may come out as the drawings that they are composed of.
THINGS: Final = (
    *NOUNS, *SHEET[16:28], "a spooky pumpkin", "a happy sun", "a gloomy tower", "a penguin with an umbrella",
    "a dog and a ball", "an apple and a banana", "a mouse with cheese", "a boat near a lighthouse",
    "a robot holding a rose", "puppy", "feline", "automobile", "bunny", "serpent", "skyscraper", "spectacles",
    "a woodland creature",
)  # fmt: skip

# As members of a server type them.
EVERYDAY: Final = (
    "a cat wearing a hat", "sunset over mountains", "cyberpunk city", "portrait of a wizard", "two dogs playing",
    "a cozy cabin in the woods, oil painting", "dragon breathing fire", "a slice of watermelon", "Paris in spring",
    "abstract art", "hello", "my girlfriend", "ein roter Apfel", "🐱🌙", "猫", "an astronaut riding a horse",
    "a beautiful woman with long hair", "a blue car in front of a red house", "steampunk airship",
    "a happy frog reading a book", "a samurai under a cherry tree", "an underwater city", "a knight fighting a dragon",
    "a fluffy white dog in the snow", "lofi girl studying", "a haunted house under a full moon", "pizza", "Elon Musk",
    "logo for a coffee shop", "spongebob", "sunflowers in the style of van gogh", "an angry robot", "the sea",
    "a wolf howling at the moon", "un gato negro",
)  # fmt: skip

IN_EVERY_STYLE: Final = (
    "cat", "castle", "sunflower", "sailboat", "a lighthouse in a storm", "a palm tree at sunset", "a cat wearing a hat",
    "sunset over mountains", "portrait of a wizard", "a blue car in front of a red house", "an angry robot",
    "a wolf howling at the moon",
)  # fmt: skip

ENGINE: Final = Path(__file__).parents[2]
# What decides a picture's pixels, beside its spec, its plan and the weights.
SOURCES: Final = ("loop/*.py", "drawers/**/*.py", "embedded/**/*.py", "models/vqgan.py", "models/vision_transformer.py")

PROMISED: Final = 2.2  # means of ratings from 0 to 3
TILE: Final = 160  # pixels of a picture on a sheet
GAP: Final = 6
LABEL: Final = 16  # pixels below a picture
COLUMNS: Final = 8
LARGEST: Final = 1_500_000  # bytes


@dataclass(frozen=True)
class Painted:
    """The finished pictures of a spec, and how its film went."""

    pictures: tuple[Pixels, ...]
    scores: tuple[float, ...]  # CLIP scores, 100 · cosine, by the painter itself
    changes: tuple[float, ...]  # mean absolute change of a pixel, 0 … 1, from each frame of the film to the next
    rate: float  # frames a second

    @property
    def picture(self) -> Pixels:
        return self.pictures[0]


def paint_all(specs: Sequence[ArtSpec], setting: Setting, images: Mapping[str, Path] | None = None) -> list[Painted]:
    """Every spec painted, those that are kept from before excepted; `images` as of `engine.loop.loop.paint`."""
    folder, known = setting.kept / "painted", dict(images or {})
    folder.mkdir(parents=True, exist_ok=True)
    files = {spec: folder / f"{_key(spec)}.npz" for spec in specs}
    missing = [spec for spec, file in files.items() if not file.exists()]
    if missing:
        pool = _painters(setting.processes)
        waiting = [pool.submit(paint_one, spec.to_json(), known, files[spec]) for spec in missing]
        for each in track(waiting, f"painting {len(missing)} of {len(files)}"):
            each.result()
    return [read_painted(files[spec]) for spec in specs]


@cache
def _painters(processes: int) -> ProcessPoolExecutor:
    """Of one thread each: threads of one picture wait for each other, above all on a busy machine."""
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), torch.set_num_threads, (1,))


@cache
def _state_of_painting() -> str:
    """A fingerprint of the weights and of the code that decides pixels."""
    digest = hashlib.sha256(weights_fingerprint().encode())
    for file in sorted(file for pattern in SOURCES for file in ENGINE.glob(pattern)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _key(spec: ArtSpec) -> str:
    text = f"{_state_of_painting()} {spec.to_json()} {plan(spec, 'mini')}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _models() -> Models:
    return load_models("mini", "cpu")


def paint_one(spec_json: str, images: Mapping[str, Path], file: Path) -> None:
    """Paint the spec and keep it in `file`. The film is measured frame by frame as a `Film` would have them."""
    spec = ArtSpec.from_json(spec_json)
    changes, before = list[float](), None
    for snapshot in paint(spec, _models(), images=images):
        last, frames = snapshot, chosen_steps(snapshot.total, spec.film_seconds)
        if len(snapshot.specs) == 1 and (snapshot.step in frames or snapshot.finished):
            frame = np.asarray(on_white(snapshot.picture()))
            changes += [] if before is None else [change(before, frame)]
            before = frame
    pictures = np.stack([np.asarray(on_white(each)) for each in last.pictures()])
    partial = file.with_suffix(".partial")
    with partial.open("wb") as out:
        rate = len(frames) / spec.film_seconds
        np.savez_compressed(out, pictures=pictures, scores=last.scores(), changes=changes, rate=rate)
    partial.replace(file)


def read_painted(file: Path) -> Painted:
    with np.load(file) as kept:
        changes = tuple(kept["changes"].tolist())
        return Painted(tuple(kept["pictures"]), tuple(kept["scores"].tolist()), changes, float(kept["rate"]))


def change(one: Pixels, other: Pixels) -> float:
    """The mean absolute difference of pixels and channels, 0 … 1."""
    return float(np.abs(one.astype(np.int16) - other).mean()) / 255


def measure(setting: Setting) -> Section:
    """Writes three sheets: everyday prompts, all styles, 64 words."""
    everyday, words = setting.some(EVERYDAY), setting.some(SHEET)
    styled = list(product(setting.some(IN_EVERY_STYLE), STYLES))
    painted = paint_all([setting.spec(prompt) for prompt in everyday], setting)
    in_styles = paint_all([setting.spec(prompt, style=style) for prompt, style in styled], setting)
    of_words = paint_all([setting.spec(word) for word in words], setting)
    sheets = (
        (setting.kept / "everyday.png", painted, [f"{number} {each}" for number, each in enumerate(everyday, 1)], 7),
        (setting.kept / "styles.png", in_styles, [f"{style}: {prompt}" for prompt, style in styled], len(STYLES)),
        (setting.sheet or setting.kept / "words.png", of_words, list(words), COLUMNS),
    )
    for file, pictures, labels, columns in sheets:
        save_small(contact_sheet([each.picture for each in pictures], labels, columns), file)
    notes = [f"Sheets: {', '.join(file.name for file, *_ in sheets)}; one try each, seed {SEED}, draft."]
    if setting.ratings is None:
        return Section((), (*notes, "Nobody's ratings were given: `--ratings`."))
    scores = {prompt: each.scores[0] for prompt, each in zip(everyday, painted, strict=True)}
    figures, by_rating = rated(read_ratings(setting.ratings), scores)
    notes.append(f"Recognised and appeal are a person's ratings, 0 … 3, with the prompts known. {by_rating}")
    return Section(tuple(figures), tuple(notes))


def read_ratings(file: Path) -> dict[str, tuple[float, float]]:
    """Recognised and appeal by prompt. Raises `InputError` when the file is something else."""
    try:
        ratings = {prompt: (float(one), float(other)) for prompt, (one, other) in json.loads(file.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{file} does not hold ratings: {{prompt: [recognised, appeal]}} was expected.") from error
    unknown = sorted(set(ratings) - set(EVERYDAY))
    if unknown or not ratings:
        raise InputError(f"{file} rates none or other prompts than are painted: {', '.join(unknown)[:200]}")
    return ratings


def rated(ratings: dict[str, tuple[float, float]], scores: dict[str, float]) -> tuple[list[Figure], str]:
    """Means beside what is promised, how scores and stars go with them, and a sentence of mean scores by rating."""
    known = [prompt for prompt in ratings if prompt in scores]
    recognised, appeal = ([ratings[prompt][place] for prompt in known] for place in (0, 1))
    own = [scores[prompt] for prompt in known]
    in_stars = [float(stars(score, "mini") or 0) for score in own]
    number = len(known)
    figures = [
        Figure("recognised, of 3", float(np.mean(recognised)), PROMISED, number=number),
        Figure("appeal, of 3", float(np.mean(appeal)), PROMISED, number=number),
        Figure("correlation of the CLIP score with recognised", correlation(own, recognised), number=number),
        Figure("correlation of the stars with recognised", correlation(in_stars, recognised), number=number),
        Figure("correlation of the stars with appeal", correlation(in_stars, appeal), number=number),
    ]
    means = [
        f"{np.mean([score for score, each in zip(own, recognised, strict=True) if each == level]):.1f} at {level:g}"
        for level in sorted(set(recognised))
    ]
    return figures, f"Mean CLIP score by how well a picture was recognised: {', '.join(means)}."


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's; NaN where either is constant."""
    if len(set(one)) < 2 or len(set(other)) < 2:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def contact_sheet(pictures: Sequence[Pixels], labels: Sequence[str], columns: int = COLUMNS) -> Image.Image:
    """RGB, row by row; a label that is too long ends in an ellipsis."""
    rows = -(-len(pictures) // columns)
    wide, high = TILE + GAP, TILE + LABEL + GAP
    sheet = Image.new("RGB", (columns * wide + GAP, rows * high + GAP), (244, 244, 242))
    drawing = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(12)
    for place, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        left, top = GAP + place % columns * wide, GAP + place // columns * high
        tile = Image.fromarray(picture)
        tile.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(tile, (left + (TILE - tile.width) // 2, top + (TILE - tile.height) // 2))
        drawing.text((left + TILE / 2, top + TILE + LABEL / 2), cut(label, font, TILE), (60, 60, 60), font, anchor="mm")
    return sheet


def save_small(sheet: Image.Image, file: Path, largest: int = LARGEST) -> int:
    """A PNG with a palette, of fewer colours the more it would take; returns its bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for colours in (256, 128, 64, 32):
        reduced = sheet.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
        reduced.save(file, optimize=True)
        if file.stat().st_size <= largest:
            break
    return file.stat().st_size
