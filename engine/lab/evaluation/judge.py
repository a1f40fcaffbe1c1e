"""An outside judge: the image tower of OpenAI's CLIP ViT-B/16 and what it makes of words or of known pictures.

It measures only, and is no part of the repository; nothing that paints or trains reads it. The tower is a file of int8
rows with a scale each (`NAME` and `NAME.scale`), the words are lists of numbers by word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.embedded.networks import normalised
from engine.errors import InputError
from engine.models.clip import clip_module

Pixels = NDArray[np.uint8]  # (H, W, 3), RGB

TOWER: Final = "clip-vit-b16-visual-int8.safetensors"
WORDS: Final = "clip-vit-b16-words.json"
HEAD: Final = 64  # channels of an attention head in OpenAI's towers
SCALE: Final = 100.0  # what CLIP learned to multiply cosines with before a softmax
AT_ONCE: Final = 8  # pictures


class ImageTower:
    """OpenAI's VisionTransformer in float32, for looking only."""

    def __init__(self, state: dict[str, Tensor], fingerprint: str) -> None:
        """`state` has OpenAI's names without `visual.`; its shapes say how large the tower is."""
        width, _, patch, _ = state["conv1.weight"].shape
        self.side = patch * round((len(state["positional_embedding"]) - 1) ** 0.5)
        self.fingerprint = fingerprint
        with torch.device("meta"):
            tower: nn.Module = clip_module("model").VisionTransformer(
                input_resolution=self.side,
                patch_size=patch,
                width=width,
                layers=len({key.split(".")[2] for key in state if key.startswith("transformer.resblocks.")}),
                heads=max(1, width // HEAD),
                output_dim=state["proj"].shape[1],
            )
        tower.load_state_dict(state, assign=True)
        self.network = tower.eval().requires_grad_(False)

    @torch.no_grad()
    def embed(self, pictures: Sequence[Pixels]) -> Tensor:
        """(N, D) unit vectors of N pictures of any size; those that are not square are set on white."""
        parts = [pictures[start : start + AT_ONCE] for start in range(0, len(pictures), AT_ONCE)]
        return torch.cat([self._embed([self._fitted(each) for each in part]) for part in parts])

    def _embed(self, pictures: list[Tensor]) -> Tensor:
        return F.normalize(self.network(normalised(torch.cat(pictures))), dim=-1)

    def _fitted(self, picture: Pixels) -> Tensor:
        side = max(picture.shape[:2])
        square = np.full((side, side, 3), 255, np.uint8)
        top, left = ((side - length) // 2 for length in picture.shape[:2])
        square[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        pixels = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 255
        size = (self.side, self.side)
        return F.interpolate(pixels, size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def read_tower(folder: Path) -> ImageTower:
    """Raises `InputError` when the file is missing or is not such a tower."""
    file = folder / TOWER
    try:
        stored = load_file(file)
        state = {
            key.removeprefix("visual."): _restored(value, stored.get(f"{key}.scale"))
            for key, value in stored.items()
            if not key.endswith(".scale")
        }
        return ImageTower(state, hashlib.sha256(file.read_bytes()).hexdigest()[:16])
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise InputError(f"{file} is not the image tower of CLIP that was expected: {str(error)[:100]}") from error


def _restored(numbers: Tensor, scale: Tensor | None) -> Tensor:
    return numbers.float() if scale is None else numbers.float() * scale.float()[:, None]


def read_words(folder: Path) -> tuple[list[str], Tensor]:
    """The judge's words and their (N, D) unit vectors. Raises `InputError` when the file is missing or unusable."""
    file = folder / WORDS
    try:
        table = json.loads(file.read_text())
        return list(table), F.normalize(torch.tensor(list(table.values()), dtype=torch.float32), dim=-1)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{file} does not hold the words of the judge: {str(error)[:100]}") from error


class CachedTower:
    """A tower whose embeddings are cached in `folder`: each takes 0.15 to 0.3 s on one core."""

    def __init__(self, tower: ImageTower, folder: Path) -> None:
        self._tower = tower
        self._file = folder / f"embeddings-{tower.fingerprint}.safetensors"
        self._known: dict[str, Tensor] = load_file(self._file) if self._file.exists() else {}

    def embed(self, pictures: Sequence[Pixels]) -> Tensor:
        """(N, D) unit vectors."""
        keys = [hashlib.sha256(str(each.shape).encode() + each.tobytes()).hexdigest() for each in pictures]
        new = {key: each for key, each in zip(keys, pictures, strict=True) if key not in self._known}
        if new:
            vectors = self._tower.embed(list(new.values()))
            self._known |= dict(zip(new, vectors, strict=True))
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial = self._file.with_suffix(".partial")
            save_file({key: vector.contiguous() for key, vector in self._known.items()}, partial)
            partial.replace(self._file)
        return torch.stack([self._known[key] for key in keys])


@dataclass(frozen=True)
class Ranking:
    """How pictures rank their own words among all words."""

    pictures: int
    words: int
    first: float  # share of the pictures whose own word is nearest
    fifth: float  # share whose own word is among the five nearest
    similarity: float  # mean cosine with the own word
    margin: float  # mean of that cosine less the one of the best other word
    certainty: float  # mean probability of the own word, as CLIP's softmax has it


def ranking(pictures: Tensor, words: Tensor, right: Tensor) -> Ranking:
    """`pictures` (N, D) and `words` (M, D) are unit vectors, `right` (N,) says which word is whose; M is 2 or more."""
    similarity = pictures @ words.T
    own = similarity.gather(1, right[:, None])
    others = similarity.scatter(1, right[:, None], -torch.inf)
    better = (others >= own).sum(1)  # a tie counts against the picture
    return Ranking(
        pictures=len(pictures),
        words=len(words),
        first=float((better < 1).float().mean()),
        fifth=float((better < 5).float().mean()),
        similarity=float(own.mean()),
        margin=float((own[:, 0] - others.amax(1)).mean()),
        certainty=float((SCALE * similarity).softmax(1).gather(1, right[:, None]).mean()),
    )
