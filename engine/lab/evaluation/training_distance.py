"""How near pictures are to the pictures that the model was trained on.

Two pictures are compared as subjects: each is cropped to what differs from white, set into a square and scaled
to 64x64; their distance is the mean absolute difference over pixels and channels, 0 … 1, the smaller one of the
picture and its mirror image. A picture whose border is not white is a scene: it is compared as a whole. A picture's
distance to the training set is the smallest one to any of its pictures, found among the SHORTLIST that are nearest in
the Euclidean sense at 16x16. It counts as the same when it is as near as 95 % of training pictures are to what is left
of them in the VQGAN's codes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.lab.evaluation.eye import Pixels, as_pixels, as_tensor
from engine.lab.training.drawings import Picture
from engine.lab.training.gather import read_pictures
from engine.models.vqgan import VQGAN
from engine.registry import EMBEDDED, load_models

SIDE: Final = 64
COARSE: Final = 16
SHORTLIST: Final = 60
NOT_WHITE: Final = 16  # of 255, in any channel
WHITE_BORDER: Final = 0.9  # share of white pixels in the border of a subject on white
TWO_VENDORS: Final = ("noto", "fluent-emoji")  # two houses' hands
PAIRS: Final = 80  # that the scale is made of

Small = NDArray[np.uint8]  # (N, SIDE, SIDE, 3)


@dataclass(frozen=True)
class TrainingDistance:
    """Distances of pictures to the training set, and what these mean."""

    training_pictures: int
    pictures: int
    median: float
    same: int  # pictures that are as near as a training picture is to its own codes
    threshold: float  # the 95th percentile of those
    copies: float  # their median
    vendors: float  # median of two vendors' pictures of one concept
    vendors_same: float  # share of these that are as near as the threshold by themselves

    def note(self) -> str:
        return (
            f"The median distance of {self.pictures} things to the nearest of {self.training_pictures:,} training "
            f"pictures is {self.median:.3f}; that of a training picture to its own codes is {self.copies:.3f}, of 95 % "
            f"of them at most {self.threshold:.3f}; that of two vendors' drawings of one thing {self.vendors:.3f}, of "
            f"which {100 * self.vendors_same:.0f} % are as near as codes by themselves."
        )


def on_white(rgba: NDArray[np.uint8]) -> Pixels:
    """(H, W, 4) with straight alpha -> (H, W, 3)."""
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


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


class TrainingSet:
    """Shrunk training pictures, made ready to be searched."""

    def __init__(self, small: Small) -> None:
        self._small = small
        coarse = _coarse(small)
        self._coarse = np.concatenate([coarse, _coarse(small[:, :, ::-1])])  # rows, then their mirror images
        self._squares = (self._coarse**2).sum(1)

    def nearest(self, picture: Pixels) -> tuple[float, int]:
        """Distance and row of the training picture that is nearest to (H, W, 3)."""
        small = shrunk(picture)
        apart = self._squares - 2 * self._coarse @ _coarse(small[None])[0]
        most = min(SHORTLIST, len(apart))
        rows = np.unique(np.argpartition(apart, most - 1)[:most] % len(self._small))
        return min((distance(small, self._small[row]), int(row)) for row in rows)


def _coarse(small: Small) -> NDArray[np.float32]:
    """(N, COARSE² · 3)"""
    step = SIDE // COARSE
    blocks = small.reshape(len(small), COARSE, step, COARSE, step, 3)
    return np.asarray(blocks.mean((2, 4), dtype=np.float32).reshape(len(small), -1))


def measure_training_distance(work: Path, finished: Sequence[Pixels]) -> TrainingDistance:
    """Of finished pictures; needs the training pictures in `work`."""
    pixels, pictures = read_pictures(work)
    training = TrainingSet(shrunk_training_pictures(pixels, work / "evaluation"))
    found = [training.nearest(each)[0] for each in finished]
    pairs = two_hands(pictures)
    ones, others = ([on_white(pixels[pair[place]]) for pair in pairs] for place in (0, 1))
    vqgan = load_models("mini", "cpu").vqgan(EMBEDDED)
    copies = [distance(shrunk(each), shrunk(copied(each, vqgan))) for each in ones]
    vendors = [distance(shrunk(one), shrunk(other)) for one, other in zip(ones, others, strict=True)]
    threshold = float(np.percentile(copies, 95))
    return TrainingDistance(
        training_pictures=len(pixels),
        pictures=len(found),
        median=float(np.median(found)),
        same=sum(each <= threshold for each in found),
        threshold=threshold,
        copies=float(np.median(copies)),
        vendors=float(np.median(vendors)),
        vendors_same=float(np.mean([each <= threshold for each in vendors])),
    )


def two_hands(pictures: Sequence[Picture]) -> list[tuple[int, int]]:
    """Rows of one concept by two vendors, evenly over the alphabet."""
    by_name: dict[str, dict[str, int]] = {}
    for row, picture in enumerate(pictures):
        if picture.kind == "emoji" and picture.source in TWO_VENDORS:
            by_name.setdefault(picture.name, {}).setdefault(picture.source, row)
    both = [found for _, found in sorted(by_name.items()) if len(found) == len(TWO_VENDORS)]
    return [(found[TWO_VENDORS[0]], found[TWO_VENDORS[1]]) for found in both[:: max(1, len(both) // PAIRS)][:PAIRS]]


@torch.no_grad()
def copied(picture: Pixels, vqgan: VQGAN) -> Pixels:
    """What the VQGAN's codes keep of a picture."""
    return as_pixels(vqgan.decode(vqgan.quantise(vqgan.encode(as_tensor(picture)[None])))[0])
