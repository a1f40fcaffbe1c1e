"""What the embedded CLIP and the VQGAN know of pictures that they were never shown, and of those that they were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.embedded.load import load_embedded
from engine.embedded.perceptor import EmbeddedPerceptor
from engine.lab.training.augment import COLOURS, colour_shares, premultiplied
from engine.lab.training.clip import ClipTraining, held_out_names
from engine.lab.training.drawings import Picture
from engine.lab.training.gather import read_pictures, vendors_by_name
from engine.lab.training.make_index import copied
from engine.models.vqgan import VQGAN
from engine.registry import EMBEDDED, load_models

PEOPLE = {"man", "woman", "person", "men", "women", "people", "family", "hand", "hands", "boy", "girl"}


@dataclass(frozen=True)
class Recall:
    """How pictures of some names stand with their own name among all of these names."""

    title: str
    pictures: int
    names: int
    first: float  # share whose own name is nearest
    tenth: float  # share whose own name is among the ten nearest


@dataclass(frozen=True)
class Retrieval:
    """What is measured without painting."""

    recalls: tuple[Recall, ...]
    coloured_pictures: int
    colours_named: float  # share whose colour is named right among twelve
    unseen_error: float  # mean absolute error of decoded codes at 256 pixels, 0 … 1, in the style never shown
    trained_error: float  # the same for training pictures


def measure_retrieval(work: Path) -> Retrieval:
    """Needs the training pictures in `work`. Held out are the concepts that `training.clip.held_out_names` names."""
    perceptor = load_embedded().perceptor
    vqgan = load_models("mini", "cpu").vqgan(EMBEDDED)
    pixels, pictures = read_pictures(work)
    unseen_pixels, unseen = read_pictures(work, "unseen")
    secret = held_out_names(pictures, ClipTraining().held_out)
    common = sorted(
        name
        for name, vendors in vendors_by_name(pictures).items()
        if len(vendors) >= 4 and name not in secret and not PEOPLE & set(name.split())
    )
    recalls = (
        recall_of("concepts never shown", perceptor, pixels, pictures, secret),
        recall_of("style never shown (OpenMoji)", perceptor, unseen_pixels, unseen, common),
        recall_of("shown in training", perceptor, pixels, pictures, common),
    )
    count, right = colour_naming(perceptor, pixels, pictures)
    return Retrieval(
        recalls,
        count,
        right,
        reconstruction(vqgan, unseen_pixels, _every(unseen, 40)),
        reconstruction(vqgan, pixels, _every(pictures, 160)),
    )


def _every(pictures: list[Picture], step: int) -> list[int]:
    return [row for row, picture in enumerate(pictures) if picture.kind == "emoji"][::step]


def shown_on_white(pixels: NDArray[np.uint8], rows: list[int], side: int) -> Tensor:
    """(N, 3, side, side) in [0, 1]."""
    parts = []
    for start in range(0, len(rows), 64):
        rgba = premultiplied(torch.from_numpy(pixels[rows[start : start + 64]].copy()).permute(0, 3, 1, 2))
        picture = rgba[:, :3] + 1 - rgba[:, 3:]
        parts.append(F.interpolate(picture, size=(side, side), mode="bilinear", antialias=True, align_corners=False))
    return torch.cat(parts).clamp(0, 1)


@torch.no_grad()
def seen(perceptor: EmbeddedPerceptor, pictures: Tensor) -> Tensor:
    return torch.cat([perceptor.encode_image(part) for part in torch.split(pictures, 128)])


def recall(pictures: Tensor, texts: Tensor, right: Tensor) -> tuple[float, float]:
    """How often the right text is first, and among the first ten."""
    similarity = pictures @ texts.T
    better = (similarity > similarity.gather(1, right[:, None])).sum(1)
    return float((better < 1).float().mean()), float((better < 10).float().mean())


def recall_of(
    title: str, perceptor: EmbeddedPerceptor, pixels: NDArray[np.uint8], pictures: list[Picture], names: list[str]
) -> Recall:
    """The emoji of these names against these names."""
    place = {name: number for number, name in enumerate(names)}
    rows = [row for row, picture in enumerate(pictures) if picture.kind == "emoji" and picture.name in place]
    right = torch.tensor([place[pictures[row].name] for row in rows])
    features = seen(perceptor, shown_on_white(pixels, rows, perceptor.input_size))
    return Recall(title, len(rows), len(names), *recall(features, perceptor.encode_text(names), right))


@torch.no_grad()
def colour_naming(
    perceptor: EmbeddedPerceptor, pixels: NDArray[np.uint8], pictures: list[Picture]
) -> tuple[int, float]:
    """Pictures of one clear colour: how many, and how often "COLOUR NAME" of that colour is nearest among twelve."""
    rows = _every(pictures, 9)
    rgba = torch.from_numpy(pixels[rows][:, ::4, ::4].copy()).permute(0, 3, 1, 2).float() / 255
    shares = colour_shares(rgba[:, :3], rgba[:, 3])
    clear = [number for number, share in enumerate(shares.amax(1).tolist()) if share > 0.7]
    rows = [rows[number] for number in clear]
    features = seen(perceptor, shown_on_white(pixels, rows, perceptor.input_size))
    texts = perceptor.encode_text([f"{colour} {pictures[row].name}" for row in rows for colour in COLOURS])
    similarity = torch.einsum("bd,bcd->bc", features, texts.view(len(rows), len(COLOURS), -1))
    right = shares[clear].argmax(1)
    return len(rows), float((similarity.argmax(1).cpu() == right).float().mean())


@torch.no_grad()
def reconstruction(vqgan: VQGAN, pixels: NDArray[np.uint8], rows: list[int]) -> float:
    """Mean absolute error of decoded codes at 256 pixels, in [0, 1]."""
    errors = []
    for start in range(0, len(rows), 4):
        rgba = torch.from_numpy(pixels[rows[start : start + 4]].copy()).permute(0, 3, 1, 2)
        wanted = premultiplied(rgba)
        errors.append(float((copied(vqgan, rgba) - (wanted[:, :3] + 1 - wanted[:, 3:])).abs().mean()))
    return sum(errors) / len(errors)
