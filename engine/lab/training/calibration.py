"""Pictures that the image tower is rounded for, and measured on: drawings, photographs, half-painted pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.lab.training.augment import backgrounds, moved, premultiplied
from engine.lab.training.gather import read_pictures
from engine.lab.training.sources import SOURCES, fetch

SIDE = 224
PHOTOGRAPHS = (
    "astronaut.png", "chelsea.png", "coffee.png", "color.png", "motorcycle_left.png", "rocket.jpg", "brick.png",
    "grass.png", "gravel.png", "camera.png", "moon.png", "hubble_deep_field.jpg",
)  # fmt: skip


def calibration_pictures(work: Path, count: int, seed: int) -> dict[str, Tensor]:
    """(count / 3, 3, SIDE, SIDE) in [0, 1] of each kind. Photographs are crops; even seeds and odd ones share none."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        each = count // 3
        drawn = _drawings(work, each, seed)
        return {
            "drawings": drawn,
            "photographs": _photographs(work, each, seed % 2),
            "half-painted": _half_painted(_drawings(work, each, seed)),
        }


def _drawings(work: Path, count: int, seed: int) -> Tensor:
    pixels, _ = read_pictures(work)
    rows = torch.randperm(len(pixels) // 2)[:count] * 2 + seed % 2  # even seeds have even rows
    rgba = premultiplied(torch.from_numpy(np.stack([pixels[row] for row in rows.tolist()])).permute(0, 3, 1, 2))
    rgba = moved(rgba, SIDE, scale=(0.7, 1.6), degrees=15, shift=0.2)
    return rgba[:, :3] + backgrounds(count, SIDE, 0.5, torch.device("cpu")) * (1 - rgba[:, 3:])


def _photographs(work: Path, count: int, odd: int) -> Tensor:
    source = next(source for source in SOURCES if source.name == "scikit-image")
    folder = fetch(source, work) / "skimage" / "data"
    files = PHOTOGRAPHS[odd::2]
    crops = []
    for number in range(count):
        picture = Image.open(folder / files[number % len(files)]).convert("RGB")
        photo = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
        share = 0.4 + 0.6 * float(torch.rand(()))
        side = int(min(photo.shape[2:]) * share)
        top = int(torch.randint(0, photo.shape[2] - side + 1, ()))
        left = int(torch.randint(0, photo.shape[3] - side + 1, ()))
        crop = photo[:, :, top : top + side, left : left + side]
        crops.append(F.interpolate(crop, size=(SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False))
    return torch.cat(crops).clamp(0, 1)


def _half_painted(pictures: Tensor) -> Tensor:
    """As the loop's pictures look on their way: behind coloured noise of several scales, and soft."""
    noise = torch.zeros_like(pictures)
    for cells in (7, 14, 28, 56, 112):
        coarse = torch.randn(len(pictures), 3, cells, cells)
        noise += F.interpolate(coarse, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    strength = torch.rand(len(pictures), 1, 1, 1) * 0.25
    soft = F.interpolate(F.avg_pool2d(pictures, 4), size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return (torch.lerp(pictures, soft, torch.rand(len(pictures), 1, 1, 1)) + noise * strength).clamp(0, 1)
