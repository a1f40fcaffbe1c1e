"""The painter's image tower beside the one that it was rounded from; the size of the files, and their loading."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from engine.embedded.four_bits import restored_state
from engine.embedded.load import EmbeddedFiles, load_embedded
from engine.embedded.perceptor import SIDE, EmbeddedPerceptor
from engine.lab.evaluation.report import Figure, Section, Setting
from engine.lab.training.calibration import calibration_pictures
from engine.lab.training.round_tower import agreement, published_tower
from engine.models.vision_transformer import VisionTransformer
from engine.registry import choose_precision

Pixels = NDArray[np.uint8]  # (H, W, 3), RGB

PICTURES: Final = 96  # a third of each kind
CALIBRATION_SEED: Final = 1  # odd: shares no picture with the even seed that the tower was rounded with
LOADINGS: Final = 3
AT_ONCE: Final = 16  # pictures
CPU: Final = torch.device("cpu")


class Eye:
    """Both towers, for looking only: the painter's own, or with `tower` the int8 image tower at 224 pixels.

    The sentences are always those of the text tower.
    """

    def __init__(self, perceptor: EmbeddedPerceptor, tower: Path | None = None) -> None:
        self._perceptor = perceptor
        self._tower = (
            None if tower is None else VisionTransformer(published_tower(tower), precision=choose_precision(CPU))
        )
        self.side = perceptor.input_size if self._tower is None else self._tower.input_resolution
        self.name = "the int8 tower at 224 pixels" if self._tower else "the painter's own tower at 160 pixels"

    @torch.no_grad()
    def see(self, pictures: Iterable[Tensor]) -> Tensor:
        """(N, D) unit vectors of pictures (3, H, W) in [0, 1], each of any size."""
        size = (self.side, self.side)
        small = [
            F.interpolate(each[None], size, mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)
            for each in pictures
        ]
        return torch.cat([self._seen(part) for part in torch.split(torch.cat(small), AT_ONCE)])

    def _seen(self, pictures: Tensor) -> Tensor:
        if self._tower is None:
            return self._perceptor.encode_image(pictures)
        return F.normalize(self._tower(pictures), dim=-1)

    def read(self, sentences: Iterable[str]) -> Tensor:
        """(N, D) unit vectors, as the painter reads the sentences."""
        return self._perceptor.encode_text(list(sentences)).cpu()


def as_tensor(pixels: Pixels) -> Tensor:
    """(H, W, 3) -> (3, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float() / 255


def as_pixels(picture: Tensor) -> Pixels:
    """(3, H, W) in [0, 1] -> (H, W, 3)."""
    pixels: Pixels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return pixels


def ranks(pictures: Tensor, words: Tensor, right: Tensor) -> Tensor:
    """(N,) the place of its own word among all words for each picture, from 1; a tie counts against the picture.

    `pictures` (N, D) and `words` (M, D) are unit vectors, `right` (N,) says which word is whose.
    """
    similarity = pictures @ words.T
    own = similarity.gather(1, right[:, None])
    return 1 + (similarity.scatter(1, right[:, None], -torch.inf) >= own).sum(1)


def within(places: Tensor, most: int) -> float:
    """The share of ranks that are at most `most`."""
    return float((places <= most).float().mean())


def megabytes(*files: Path) -> float:
    """Together; NaN when one is missing."""
    return sum(file.stat().st_size / 1e6 if file.exists() else float("nan") for file in files)


def measure(setting: Setting) -> Section:
    """Sizes in millions of bytes; seconds are the median of some loadings, the files being in the disk's cache."""
    files, seconds = EmbeddedFiles(), []
    for _ in range(LOADINGS):
        begun = time.perf_counter()
        load_embedded(CPU, choose_precision(CPU))
        seconds.append(time.perf_counter() - begun)
    figures = [
        Figure("image tower's file", megabytes(files.image_tower), most=48, unit=" MB"),
        Figure("text tower's files", megabytes(files.text_tower, files.pieces), most=8, unit=" MB"),
        Figure("all files", megabytes(*files.folder.iterdir()), unit=" MB"),
        Figure("loading of the embedded model", statistics.median(seconds), most=2, unit=" s", number=LOADINGS),
    ]
    if setting.tower is None:
        return Section(tuple(figures), ("How well the towers agree was not measured: `--tower` was not given.",))
    notes = (
        "Cosines are of the rounded tower with the int8 tower at 224 pixels, over pictures that it was not rounded for."
    )
    return Section((*agreements(setting, setting.tower), *figures), (notes,))


def agreements(setting: Setting, tower: Path) -> list[Figure]:
    """The mean and the least cosine at the side of the training, which is promised, and at the painter's."""
    state = restored_state(load_file(EmbeddedFiles().image_tower))
    reference = VisionTransformer(published_tower(tower))
    pictures = calibration_pictures(setting.work, 6 if setting.quick else PICTURES, CALIBRATION_SEED)
    figures = []
    for side in (reference.input_resolution, SIDE):
        rounded = VisionTransformer(state, side=side)
        least = 0.985 if side == reference.input_resolution else None
        for kind, held_out in pictures.items():
            cosines, number = agreement(rounded, reference, held_out), len(held_out)
            figures.append(Figure(f"mean cosine at {side} pixels, {kind}", float(cosines.mean()), least, number=number))
            figures.append(Figure(f"least cosine at {side} pixels, {kind}", float(cosines.min()), number=number))
    return figures
