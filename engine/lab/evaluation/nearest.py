"""How near pictures are to the pictures that the model was trained on.

Two pictures are compared as subjects: each is cropped to what differs from white, set into a square and scaled
to 64x64; their distance is the mean absolute difference over pixels and channels, 0 … 1, the smaller one of the
picture and its mirror image. A picture whose border is not white is a scene: it is compared as a whole. A picture's
distance to the training set is the smallest one to any of its pictures, found among the SHORTLIST that are nearest in
the Euclidean sense at 16x16.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.lab.evaluation.concepts import on_white
from engine.lab.evaluation.judge import Pixels

SIDE: Final = 64
COARSE: Final = 16
SHORTLIST: Final = 60
NEAREST: Final = 8  # rows that a search tells
NOT_WHITE: Final = 16  # of 255, in any channel
WHITE_BORDER: Final = 0.9  # share of white pixels in the border of a subject on white

Small = NDArray[np.uint8]  # (N, SIDE, SIDE, 3)


def is_scene(picture: Pixels) -> bool:
    """Whether something other than white reaches around the border."""
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return float((border.min(-1) >= 255 - NOT_WHITE).mean()) < WHITE_BORDER


def shrunk(picture: Pixels) -> Pixels:
    """(SIDE, SIDE, 3): the subject cropped and set into a white square, or the whole scene."""
    if not is_scene(picture):
        subject = picture.min(-1) < 255 - NOT_WHITE
        rows, columns = np.flatnonzero(subject.any(1)), np.flatnonzero(subject.any(0))
        if len(rows):
            picture = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = picture.shape[:2]
    square = Image.new("RGB", (max(height, width),) * 2, "white")
    square.paste(Image.fromarray(picture), ((square.width - width) // 2, (square.height - height) // 2))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BOX))


def distance(one: Pixels, other: Pixels) -> float:
    """Between two shrunk pictures, 0 … 1; mirrored counts as the same."""
    apart = [np.abs(one.astype(np.int16) - each).mean() for each in (other, other[:, ::-1])]
    return float(min(apart)) / 255


def shrunk_training_pictures(pixels: NDArray[np.uint8], folder: Path) -> Small:
    """All of `pixels` (N, H, W, 4), shrunk on white; made once and kept in `folder`."""
    sample = pixels[:: max(1, len(pixels) // 50), ::8, ::8]
    key = hashlib.sha256(str(pixels.shape).encode() + np.ascontiguousarray(sample).tobytes()).hexdigest()[:16]
    file = folder / f"training-{SIDE}-{key}.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        small = np.stack([shrunk(on_white(each)) for each in pixels])
        partial = file.with_suffix(".partial")
        with partial.open("wb") as out:
            np.save(out, small)
        partial.replace(file)
    kept: Small = np.load(file)
    return kept


@dataclass(frozen=True)
class Found:
    """The training pictures that are nearest to a picture."""

    distance: float  # to the nearest
    rows: tuple[int, ...]  # the nearest ones, nearest first


class TrainingSet:
    """Shrunk training pictures, made ready to be searched."""

    def __init__(self, small: Small) -> None:
        self._small = small
        coarse = _coarse(small)
        self._coarse = np.concatenate([coarse, _coarse(small[:, :, ::-1])])  # rows, then their mirror images
        self._squares = (self._coarse**2).sum(1)

    def nearest(self, picture: Pixels) -> Found:
        """`picture` is (H, W, 3)."""
        small = shrunk(picture)
        query = _coarse(small[None])[0]
        apart = self._squares - 2 * self._coarse @ query
        most = min(SHORTLIST, len(apart))
        rows = np.unique(np.argpartition(apart, most - 1)[:most] % len(self._small))
        ranked = sorted((distance(small, self._small[row]), int(row)) for row in rows)
        return Found(ranked[0][0], tuple(row for _, row in ranked[:NEAREST]))


def _coarse(small: Small) -> NDArray[np.float32]:
    """(N, COARSE² · 3)"""
    step = SIDE // COARSE
    blocks = small.reshape(len(small), COARSE, step, COARSE, step, 3)
    return np.asarray(blocks.mean((2, 4), dtype=np.float32).reshape(len(small), -1))


@dataclass(frozen=True)
class Scale:
    """What distances mean: medians of pairs, and up to where a picture counts as the same."""

    pairs: int
    vendors: float  # two vendors' pictures of one concept
    copies: float  # a training picture and what is left of it in the VQGAN's codes
    same: float  # the 95th percentile of the copies: no farther away than a mere copy
    vendors_same: float  # share of the vendors' pairs that are as near as that by themselves


def scale_of(vendors: Sequence[float], copies: Sequence[float]) -> Scale:
    """Both sequences have at least one distance."""
    same = float(np.percentile(copies, 95))
    by_themselves = float(np.mean([each <= same for each in vendors]))
    return Scale(len(copies), float(np.median(vendors)), float(np.median(copies)), same, by_themselves)


@dataclass(frozen=True)
class Nearness:
    """Medians over pictures of the distance to the nearest training picture."""

    pictures: int
    start: float
    finished: float
    start_same: int  # pictures that are as good as the same as a training picture
    finished_same: int


def nearness(start: Sequence[float], finished: Sequence[float], same: float) -> Nearness:
    """From the distances of the same pictures before and after guidance; NaN medians when there are none."""
    if not start:
        return Nearness(0, math.nan, math.nan, 0, 0)
    return Nearness(
        len(start),
        float(np.median(start)),
        float(np.median(finished)),
        sum(each <= same for each in start),
        sum(each <= same for each in finished),
    )
