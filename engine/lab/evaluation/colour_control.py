"""Whether a colour in the prompt becomes the colour of the subject: ten subjects in eight colours each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.lab.evaluation.judge import Pixels

# The hue in degrees of what people call by each word: medians of the xkcd colour survey (2010, 222,500 persons; CC0).
HUES: Final = {
    "red": 0.0,  # e50000
    "orange": 26.9,  # f97306
    "yellow": 60.0,  # ffff14
    "green": 121.8,  # 15b01a
    "blue": 222.2,  # 0343df
    "purple": 285.7,  # 7e1e9c
    "pink": 330.7,  # ff81c0
    "brown": 32.7,  # 653700
}
COLOUR_NAMES: Final = tuple(HUES)
BROWN_UP_TO: Final = 0.75  # value; brighter, the same hue is called orange
NEAR: Final = 20.0  # degrees
NO_HUE: Final = 90.0  # degrees that a subject without any colour is counted as: what chance would give
BINS: Final = 36
COLOURLESS: Final = 0.02  # mean saturation times value of a subject that has no hue
EDGE: Final = 4  # pixels of the border that show the background
APART: Final = 26  # of 255, in any channel, that the subject differs from the background by


@dataclass(frozen=True)
class MainColour:
    """The colour that most of a subject has."""

    hue: float  # degrees
    value: float  # 0 … 1


@dataclass(frozen=True)
class ColourControl:
    """Over all pictures."""

    pictures: int
    error: float  # mean hue error, degrees
    near: float  # share with an error of at most NEAR degrees; a brown subject must be dark enough as well


def background_of(picture: Pixels) -> NDArray[np.float64]:
    """(3,) the median colour of the border."""
    sides = (picture[:EDGE], picture[-EDGE:], picture[:, :EDGE], picture[:, -EDGE:])
    return np.asarray(np.median(np.concatenate([side.reshape(-1, 3) for side in sides]), axis=0))


def thing_of(picture: Pixels) -> NDArray[np.bool_]:
    """(H, W): what differs from the background."""
    return np.asarray(np.abs(picture - background_of(picture)).max(-1) > APART)


def main_colour(picture: Pixels) -> MainColour | None:
    """None for a subject without colour.

    The subject's pixels vote for their hue with saturation times value; its hue is the mean within 20 degrees of the
    fullest of 36 bins, each counted with half of its neighbours.
    """
    pixels = picture[thing_of(picture)] / 255
    value, spread = pixels.max(-1, initial=0), np.ptp(pixels, -1)
    red, green, blue = pixels.T
    weight = spread  # which is saturation times value
    if len(pixels) == 0 or weight.mean() < COLOURLESS:
        return None
    sixth = np.select(
        [value == red, value == green],
        [(green - blue) / np.maximum(spread, 1e-9), (blue - red) / np.maximum(spread, 1e-9) + 2],
        (red - green) / np.maximum(spread, 1e-9) + 4,
    )
    hue = sixth * 60 % 360
    bins = np.bincount((hue / 360 * BINS).astype(int) % BINS, weight, BINS)
    centre = (float(np.argmax(bins + (np.roll(bins, 1) + np.roll(bins, -1)) / 2)) + 0.5) * 360 / BINS
    offset = (hue - centre + 180) % 360 - 180
    near = weight * (np.abs(offset) <= NEAR)
    return MainColour(
        float((centre + (offset * near).sum() / near.sum()) % 360), float((value * near).sum() / near.sum())
    )


def hue_error(picture: Pixels, colour: str) -> float:
    """Degrees, 0 … 180, between the subject's main hue and the word's."""
    main = main_colour(picture)
    return NO_HUE if main is None else abs((main.hue - HUES[colour] + 180) % 360 - 180)


def is_near(picture: Pixels, colour: str) -> bool:
    """Whether the hue is near and, for brown, dark enough."""
    main = main_colour(picture)
    dark_enough = colour != "brown" or main is None or main.value <= BROWN_UP_TO
    return hue_error(picture, colour) <= NEAR and dark_enough


def measure_colours(pictures: Sequence[Pixels], colours: Sequence[str]) -> ColourControl:
    """`colours` names the colour that each picture was asked for."""
    pairs = list(zip(pictures, colours, strict=True))
    return ColourControl(
        pictures=len(pairs),
        error=float(np.mean([hue_error(picture, colour) for picture, colour in pairs])),
        near=float(np.mean([is_near(picture, colour) for picture, colour in pairs])),
    )
