"""The main colours of a picture, in plain words."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from engine.images.pictures import on_white

SIDE: Final = 96  # pixels that are looked at, across and down
MOST: Final = 3
LEAST_SHARE: Final = 0.15  # of the second and third colour
WHITE_FROM: Final = 232  # of 255, in every channel: a plain ground of a painted picture is not quite white
GROUND_BORDER: Final = 0.5  # share of the border from which on white is a ground
NOTHING: Final = 0.01  # share of the picture that is so little that the ground is the picture
HUE_WEIGHT: Final = 2.0  # of the two colour axes, relative to lightness

# A word is that of the nearest of these colours: light, usual and dark ones of each.
WORDS: Final = {
    "red": "e0301e 9e1b22 f0504a c41e3a 6e1016",
    "orange": "f58a1f e8641b ffb04d",
    "yellow": "ffd92e f7ea48 fff08a d9b310",
    "green": "2e9e3a 1c5c26 8fcf4f a8dca0 6b7f35 7fff50 12301a",
    "turquoise": "2cc4bd 157f80 9be0dc 5fe8e0",
    "blue": "2a6fe0 173a8f 7fb8ef 4aa8e0 bcdcf5 0f1f55 3030c0",
    "purple": "7d3fb0 4b1f6b b48ad8 a020c0 d8b8ec 2c1240",
    "pink": "f48fb6 ee4f92 fbc9d6 f040c0 e58a96",
    "brown": "7b4a26 4f2d18 a56a3c 8c5a44 3a2216",
    "beige": "ecd9b8 d8c09a f5e9d3 cbb28a",
    "black": "000000 1c1c1e 3c3c3e",
    "grey": "808080 5c5c5e a8a8a8 cccccc 8a94a0",
    "white": "ffffff f2f2f2",
}

# From linear sRGB to the cones' responses, and from their cube roots to OKLab (Ottosson 2020).
_TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def main_colours(picture: Image.Image) -> tuple[str, ...]:
    """The one to three words of `WORDS` that cover most of a picture of any size and mode, the largest first.

    A plain white ground does not count, unless there is nothing on it.
    """
    small = on_white(picture).resize((SIDE, SIDE), Image.Resampling.NEAREST)  # mixed pixels have colours of their own
    pixels, counted = np.asarray(small), ~_ground(small)
    chosen = pixels[counted] if counted.mean() > NOTHING else pixels.reshape(-1, 3)
    shares = dict(zip(*np.unique(named(chosen), return_counts=True), strict=True))
    ordered = sorted(shares, key=lambda word: shares[word], reverse=True)[:MOST]
    return tuple(
        str(word) for place, word in enumerate(ordered) if place == 0 or shares[word] >= LEAST_SHARE * len(chosen)
    )


def named(pixels: NDArray[np.uint8]) -> NDArray[np.str_]:
    """(N,) words of `WORDS` for the colours (N, 3)."""
    words, points = _samples()
    distances = np.square(_perceived(pixels)[:, None] - points[None]).sum(-1)
    nearest: NDArray[np.str_] = words[distances.argmin(1)]
    return nearest


def _ground(picture: Image.Image) -> NDArray[np.bool_]:
    """(H, W): the white that is connected to the border, if most of the border is white."""
    white = np.asarray(picture).min(-1) >= WHITE_FROM
    border = np.concatenate([white[0], white[-1], white[:, 0], white[:, -1]])
    if border.mean() < GROUND_BORDER:
        return np.zeros_like(white)
    framed = ImageOps.expand(Image.fromarray(white.astype(np.uint8)), 1, 1)
    ImageDraw.floodfill(framed, (0, 0), 2)
    ground: NDArray[np.bool_] = np.asarray(framed)[1:-1, 1:-1] == 2
    return ground


@cache
def _samples() -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """The words of all samples, and where they lie in `_perceived`."""
    pairs = [(word, sample) for word, samples in WORDS.items() for sample in samples.split()]
    colours = np.array([list(bytes.fromhex(sample)) for _, sample in pairs], np.uint8)
    return np.array([word for word, _ in pairs]), _perceived(colours)


def _perceived(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, 3) OKLab of colours (N, 3), in which near ones look alike; the colour axes are weighted."""
    curved = pixels / 255
    linear = np.where(curved > 0.04045, ((curved + 0.055) / 1.055) ** 2.4, curved / 12.92)
    lab = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    weighted: NDArray[np.float64] = lab * np.array([1.0, HUE_WEIGHT, HUE_WEIGHT])
    return weighted
