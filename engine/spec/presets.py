"""Presets of each quality, for the published models and for the embedded ones, and the work that they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ModelFamily = Literal["full", "mini"]  # the published models, or the embedded ones


@dataclass(frozen=True, slots=True)
class Preset:
    """The parameters of a quality for one family of models."""

    perceptors: tuple[str, ...]  # the ensemble whose losses are summed
    iterations: int  # gradient steps
    scale: int  # times the base sides below
    cuts: int  # cutouts shown to each perceptor a step
    learning_rate: float  # Adam's, of the latents, at the first step
    last_rate: float  # share of it at the last step, reached by a half cosine
    start_weight: float  # of the target loss
    init_noise: float  # density of the noise over the prior's proposal in the init image, 0 … 1
    smoothness: float  # weight of the total variation of the picture


# The full family's presets are derived from those in Text2Art's article; the mini's were chosen by eye.
PRESETS: Final[dict[ModelFamily, dict[str, Preset]]] = {
    "full": {
        #                 perceptors                         iterations scale cuts  rate last start noise smooth
        "draft": Preset(("ViT-B/32",), 200, 1, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
        "normal": Preset(("ViT-B/32", "ViT-B/16"), 350, 2, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
        "better": Preset(("RN50", "ViT-B/32", "ViT-B/16"), 500, 3, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
        "best": Preset(("RN50x4", "ViT-B/32", "ViT-B/16"), 500, 4, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
    },
    "mini": {
        "draft": Preset(("mini",), 50, 2, 6, 0.22, 0.2, 0.045, 0.1, 0.05),
        "normal": Preset(("mini",), 80, 3, 8, 0.22, 0.2, 0.045, 0.1, 0.05),
        "better": Preset(("mini",), 120, 4, 12, 0.22, 0.2, 0.045, 0.1, 0.05),
        "best": Preset(("mini",), 160, 5, 16, 0.22, 0.2, 0.045, 0.1, 0.05),
    },
}

# Sides in pixels at scale 1, before flooring to multiples of 16.
BASE_SIDES: Final[dict[ModelFamily, dict[str, tuple[int, int]]]] = {
    "full": {"square": (150, 150), "widescreen": (160, 90), "portrait": (128, 160)},
    "mini": {"square": (128, 128), "widescreen": (160, 90), "portrait": (112, 144)},
}

MAXIMUM_ITERATIONS: Final = 2000

VQGANS: Final[dict[ModelFamily, str]] = {"full": "imagenet-f16-16384", "mini": "mini"}

# Cells of a pixel picture by aspect, as Text2Art had them.
GRIDS: Final = {"square": (40, 40), "widescreen": (80, 45), "portrait": (40, 50)}
TAKEN_COLOURS: Final = 16  # in a palette extracted from a picture

# Counted with torch.utils.flop_counter, forward and backward with frozen weights.
GFLOP_PER_CUTOUT: Final = {"ViT-B/32": 17.7, "ViT-B/16": 71.7, "RN50": 23.2, "RN50x4": 82.3, "mini": 36.0}
GFLOP_PER_MEGAPIXEL: Final = {
    "imagenet-f16-1024": 7690.0,
    "imagenet-f16-16384": 7721.0,
    "wikiart-f16-16384": 7721.0,
    "openimages-f8-8192": 9357.0,
    "mini": 462.0,
}
GFLOP_PER_ENLARGED_MEGAPIXEL: Final = 35_000.0  # forward, of the small picture: 17 million weights a pixel
