"""How near painted pictures are to the training set, before and after guidance, measured as `nearest.py` defines it.

Beside the distance in pixels there is one by perception: 1 less the cosine similarity, by the outside judge's tower or,
where it is absent, the embedded CLIP, to the most similar of a few training pictures: those that are nearest in pixels
and those that are most similar for the embedded CLIP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.embedded.load import load_embedded
from engine.embedded.perceptor import EmbeddedPerceptor
from engine.lab.evaluation.concepts import on_white
from engine.lab.evaluation.drafts import Draft
from engine.lab.evaluation.judge import CachedTower, Pixels
from engine.lab.evaluation.nearest import (
    Nearness,
    Scale,
    TrainingSet,
    distance,
    is_scene,
    nearness,
    scale_of,
    shrunk,
    shrunk_training_pictures,
)
from engine.lab.training.drawings import Picture
from engine.lab.training.gather import read_pictures
from engine.lab.training.make_index import copied
from engine.registry import EMBEDDED, load_models

TWO_VENDORS: Final = ("noto", "fluent-emoji")  # two houses' hands
PAIRS: Final = 80  # that the scale is made of
BY_PIXELS: Final = 3  # training pictures that are looked at because they are near in pixels
BY_EMBEDDED: Final = 5  # and because they are alike for the embedded CLIP


@dataclass(frozen=True)
class Perceived:
    """Medians of 1 less the cosine. A copy can be as far away as another vendor's picture, so there is no threshold."""

    encoder: str  # who perceives
    pictures: int
    start: float  # to the nearest training picture
    finished: float
    vendors: float  # between two vendors' pictures of one concept
    copies: float  # between a training picture and what is left of it in the VQGAN's codes


@dataclass(frozen=True)
class TrainingDistance:
    """What a report on the training set tells."""

    training_pictures: int
    subjects: Nearness  # in pixels, of pictures on white
    scenes: Nearness  # in pixels, of pictures with a background, as wholes
    scale: Scale
    perceived: Perceived


Encoder = Callable[[Sequence[Pixels]], Tensor]  # pictures -> (N, D) unit vectors


def measure_training_distance(
    work: Path, drafts: Sequence[Draft], tower: CachedTower | None, progress: Callable[[], None] = lambda: None
) -> TrainingDistance:
    """Needs the training pictures in `work`; `progress` is called after each draft."""
    pixels, pictures = read_pictures(work)
    folder = work / "evaluation"
    small = shrunk_training_pictures(pixels, folder)
    embedded = EmbeddedEncoder(load_embedded().perceptor)
    encoder: Encoder = embedded if tower is None else tower.embed
    known = embedded(list(small))
    training = TrainingSet(small)
    rows: list[tuple[float, float, bool]] = []
    perceived: list[tuple[float, float]] = []
    for draft in drafts:
        both = (draft.start, draft.finished)
        found = [training.nearest(each) for each in both]
        alike = (embedded([shrunk(each) for each in both]) @ known.T).topk(min(BY_EMBEDDED, len(known))).indices
        near = {row for each in found for row in each.rows[:BY_PIXELS]} | set(alike.flatten().tolist())
        seen = encoder([*both, *(on_white(pixels[row]) for row in sorted(near))])
        first, last = (1 - (seen[:2] @ seen[2:].T).amax(1)).tolist()
        perceived.append((first, last))
        rows.append((found[0].distance, found[1].distance, is_scene(draft.finished)))
        progress()
    pairs = _pairs(pictures)
    ones = [on_white(pixels[one]) for one, _ in pairs]
    others = [on_white(pixels[other]) for _, other in pairs]
    copies = copies_of(pixels, [one for one, _ in pairs])
    scale = scale_of(_apart(ones, others), _apart(ones, copies))

    def of(scenes: bool) -> Nearness:
        chosen = [row for row in rows if row[2] is scenes]
        return nearness([row[0] for row in chosen], [row[1] for row in chosen], scale.same)

    looked = [encoder(group) for group in (ones, others, copies)]
    return TrainingDistance(
        len(pixels),
        of(False),
        of(True),
        scale,
        Perceived(
            "the embedded CLIP" if tower is None else "CLIP ViT-B/16",
            len(drafts),
            float(np.median([first for first, _ in perceived])),
            float(np.median([last for _, last in perceived])),
            float((1 - (looked[0] * looked[1]).sum(1)).median()),
            float((1 - (looked[0] * looked[2]).sum(1)).median()),
        ),
    )


def _apart(ones: Sequence[Pixels], others: Sequence[Pixels]) -> list[float]:
    return [distance(shrunk(one), shrunk(other)) for one, other in zip(ones, others, strict=True)]


class EmbeddedEncoder:
    """What the embedded CLIP sees in pictures of any size."""

    def __init__(self, perceptor: EmbeddedPerceptor) -> None:
        self._perceptor = perceptor

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Pixels]) -> Tensor:
        side = self._perceptor.input_size
        parts = []
        for start in range(0, len(pictures), 128):
            batch = [
                F.interpolate(
                    torch.from_numpy(each.copy()).permute(2, 0, 1)[None].float() / 255,
                    size=(side, side),
                    mode="bilinear",
                    antialias=True,
                    align_corners=False,
                )
                for each in pictures[start : start + 128]
            ]
            parts.append(self._perceptor.encode_image(torch.cat(batch)))
        return torch.cat(parts)


def _pairs(pictures: Sequence[Picture]) -> list[tuple[int, int]]:
    """Rows of one concept by two vendors, evenly over the alphabet."""
    by_name: dict[str, dict[str, int]] = {}
    for row, picture in enumerate(pictures):
        if picture.kind == "emoji" and picture.source in TWO_VENDORS:
            by_name.setdefault(picture.name, {}).setdefault(picture.source, row)
    both = [found for _, found in sorted(by_name.items()) if len(found) == len(TWO_VENDORS)]
    return [(found[TWO_VENDORS[0]], found[TWO_VENDORS[1]]) for found in both[:: max(1, len(both) // PAIRS)][:PAIRS]]


@torch.no_grad()
def copies_of(pixels: NDArray[np.uint8], rows: Sequence[int]) -> list[Pixels]:
    """What the VQGAN's codes keep of training pictures."""
    vqgan = load_models("mini", "cpu").vqgan(EMBEDDED)
    copies = []
    for row in rows:
        shown = copied(vqgan, torch.from_numpy(pixels[row : row + 1].copy()).permute(0, 3, 1, 2))
        copies.append((shown[0].permute(1, 2, 0) * 255).round().byte().numpy())
    return copies
