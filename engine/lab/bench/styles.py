"""Paint words in the styles that need no VQGAN, guided by a real CLIP tower.

    python -m engine.lab.bench.styles --models TOWER --out FOLDER

For looking and for tuning: it writes a PNG for each word and style and prints the CLIP scores, by the tower that guided
and by the embedded model's, which did not. The folder TOWER holds the tower in int8 rows, each with a scale, and the
text embeddings of 40 words, lists of numbers by word.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.errors import InputError
from engine.images.sheets import contact_sheet
from engine.lab.training.round_tower import published_tower
from engine.loop.loop import paint
from engine.models.describe import embed_picture
from engine.models.vision_transformer import VisionTransformer
from engine.registry import Models, choose_device, choose_precision, load_models
from engine.spec.artspec import STYLES, ArtSpec
from engine.spec.presets import PRESETS

GUIDED: Final = tuple(style for style in STYLES if style != "image")
SHEET: Final = 20  # pictures
TOWER: Final = "clip-vit-b16-visual-int8.safetensors"
WORDS: Final = "clip-vit-b16-words.json"


class WordPerceptor:
    """The real image tower with the text embeddings of its 40 words: a `Perceptor` for these alone."""

    def __init__(self, folder: Path, device: torch.device, precision: torch.dtype) -> None:
        """Raises `FileNotFoundError` where the folder lacks the files."""
        self._tower = VisionTransformer(published_tower(folder / TOWER), device=device, precision=precision)
        self.name = "ViT-B/16"
        self.device = device
        self.input_size = self._tower.input_resolution
        self.dimensions = self._tower.output_dim
        self._words = {
            word: F.normalize(torch.tensor(row, device=device), dim=-1)
            for word, row in json.loads((folder / WORDS).read_text()).items()
        }

    @property
    def words(self) -> list[str]:
        return list(self._words)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        unknown = [text for text in texts if text not in self._words]
        if unknown:
            raise InputError(f"{unknown[0]!r} is none of the 40 words: {', '.join(self._words)}.")
        return torch.stack([self._words[text] for text in texts])

    def read(self, texts: Sequence[str]) -> Tensor:
        return self.encode_text(texts)

    def encode_image(self, images: Tensor) -> Tensor:
        return F.normalize(self._tower(images), dim=-1)

    def truncated(self, text: str) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Result:
    word: str
    style: str
    picture: Image.Image
    guide: float  # CLIP score by the tower that guided
    place: int  # of its own word among the 40, by that tower; 1: nearest
    outside: float  # CLIP score by the embedded model, which did not guide
    seconds: float


def guided_models(perceptor: WordPerceptor, device: torch.device, precision: torch.dtype) -> Models:
    """Models of the published family whose perceptors are all this one."""
    names = {name for preset in PRESETS["full"].values() for name in preset.perceptors}
    return Models("full", device, precision, perceptors=dict.fromkeys(names, perceptor))


def results(perceptor: WordPerceptor, models: Models, specs: Sequence[ArtSpec]) -> Iterator[Result]:
    """Paint the specs, whose prompts are words of the perceptor."""
    embedded = load_models("mini", "cpu").perceptor("mini")
    embeddings = perceptor.encode_text(perceptor.words).cpu()
    for spec in specs:
        begun = time.monotonic()
        *_, last = paint(spec, models)
        picture = last.picture()
        cosines = embeddings @ embed_picture(picture, perceptor)
        own = perceptor.words.index(spec.prompt)
        outside = embed_picture(picture, embedded) @ embedded.encode_text([spec.prompt])[0].cpu()
        yield Result(
            spec.prompt,
            spec.style,
            picture,
            guide=100 * float(cosines[own]),
            place=1 + int((cosines > cosines[own]).sum()),
            outside=100 * float(outside),
            seconds=time.monotonic() - begun,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.lab.bench.styles", description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="folder of the tower and its words")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--styles", default=",".join(GUIDED))
    parser.add_argument("--words", default="", help="comma-separated; all 40 without")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--iterations", type=int, default=None)
    parser.add_argument("--cuts", type=int, default=None)
    parser.add_argument("--set", default="", metavar="NAME=NUMBER,…", help="other fields of the spec")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=None)
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    device = choose_device("auto")
    perceptor = WordPerceptor(chosen.models, device, choose_precision(device))
    models = guided_models(perceptor, device, choose_precision(device))
    others = {name: float(value) for name, _, value in (each.partition("=") for each in chosen.set.split(",") if each)}
    words = chosen.words.split(",") if chosen.words else perceptor.words
    specs = [
        ArtSpec(
            prompt=word,
            style=style,
            quality=chosen.quality,
            iterations=chosen.iterations,
            cuts=chosen.cuts,
            seed=chosen.seed,
            film="none",
            **others,  # type: ignore[arg-type]  # the spec judges them
        )
        for word, style in product(words, chosen.styles.split(","))
    ]
    chosen.out.mkdir(parents=True, exist_ok=True)
    print(f"{'word':16} {'style':10} {'guide':>6} {'place':>5} {'other':>6} {'seconds':>8}")
    done = list[Result]()
    for result in results(perceptor, models, specs):
        done.append(result)
        result.picture.save(chosen.out / f"{result.style}-{result.word.replace(' ', '-')}.png")
        print(
            f"{result.word:16} {result.style:10} {result.guide:6.1f} {result.place:5d} {result.outside:6.1f} "
            f"{result.seconds:8.1f}",
            flush=True,
        )
    for style in dict.fromkeys(each.style for each in done):
        _summarise(style, [each for each in done if each.style == style], chosen.out)


def _summarise(style: str, own: Sequence[Result], folder: Path) -> None:
    mean, first = sum(each.guide for each in own) / len(own), sum(each.place == 1 for each in own)
    print(f"{style}: mean CLIP score {mean:.1f}, nearest to its own word {first} of {len(own)}")
    for start in range(0, len(own), SHEET):
        part = own[start : start + SHEET]
        if len(part) > 1:
            sheet = contact_sheet([each.picture for each in part], [each.word for each in part], style)
            sheet.save(folder / f"sheet-{style}-{start // SHEET + 1}.png")


if __name__ == "__main__":
    main()
