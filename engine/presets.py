"""One table of how much work each quality is, for the published models and for the embedded ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from engine.spec import SIDE_STEP, ArtSpec

Family = Literal["full", "mini"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A row of the table: what a quality means for one family of models."""

    perceptors: tuple[str, ...]  # the ensemble whose losses are summed
    iterations: int  # gradient steps
    scale: int  # times the base sides below
    cuts: int  # views shown to each perceptor a step
    learning_rate: float  # Adam's, on the latent, at the first step
    last_rate: float  # what is left of it at the last step, as a share; a half cosine leads there
    start_weight: float  # pull of the latent towards the picture it is held to
    mist: float  # density of the noise in which a proposed start is hidden at first, 0 … 1
    smoothness: float  # weight of the total variation of the picture


# Text2Art's presets, from which the full family descends, are listed in its article; the mini's were chosen by looking.
PRESETS: Final[dict[Family, dict[str, Preset]]] = {
    "full": {
        #                 perceptors                         iterations scale cuts  rate last start mist smooth
        "draft": Preset(("ViT-B/32",), 200, 1, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
        "normal": Preset(("ViT-B/32", "ViT-B/16"), 350, 2, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
        "better": Preset(("RN50", "ViT-B/32", "ViT-B/16"), 500, 3, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
        "best": Preset(("RN50x4", "ViT-B/32", "ViT-B/16"), 500, 4, 40, 0.2, 1.0, 0.0, 0.0, 0.0),
    },
    "mini": {
        "draft": Preset(("mini",), 40, 2, 12, 0.25, 0.1, 2.0, 0.6, 0.1),
        "normal": Preset(("mini",), 60, 3, 16, 0.25, 0.1, 2.0, 0.6, 0.1),
        "better": Preset(("mini",), 90, 4, 16, 0.25, 0.1, 2.0, 0.6, 0.1),
        "best": Preset(("mini",), 120, 5, 24, 0.25, 0.1, 2.0, 0.6, 0.1),
    },
}

# Sides in pixels at scale 1, before flooring to multiples of 16.
BASE_SIDES: Final[dict[Family, dict[str, tuple[int, int]]]] = {
    "full": {"square": (150, 150), "widescreen": (160, 90), "portrait": (128, 160)},
    "mini": {"square": (128, 128), "widescreen": (160, 90), "portrait": (112, 144)},
}

VQGANS: Final[dict[Family, str]] = {"full": "imagenet-f16-16384", "mini": "mini"}

# Latents spread over a few units, colours over one: the preset's learning rate is the latents'.
RATE_OF_STYLE: Final = {"image": 1.0, "pixel": 0.3}
# Bare colours follow every whim of a perceptor, latents only those that the decoder can draw.
HOLD_OF_STYLE: Final = {"image": 1.0, "pixel": 2.0}

# Counted with torch.utils.flop_counter, forward and backward with frozen weights.
GFLOP_PER_VIEW: Final = {"ViT-B/32": 17.7, "ViT-B/16": 71.7, "RN50": 23.2, "RN50x4": 82.3, "mini": 0.34}
GFLOP_PER_MEGAPIXEL: Final = {"imagenet-f16-16384": 7721.0, "mini": 462.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """A spec with every number decided: what the painter does."""

    width: int  # pixels, multiple of 16
    height: int  # pixels, multiple of 16
    iterations: int
    cuts: int
    learning_rate: float
    last_rate: float
    start_weight: float
    mist: float
    smoothness: float
    perceptors: tuple[str, ...]
    vqgan: str
    style: str


def plan(spec: ArtSpec, family: Family) -> Plan:
    """The numbers of the preset, each replaced by the spec's own where it has one."""
    preset = PRESETS[family][spec.quality]
    width, height = _sides(spec, family, preset.scale)
    return Plan(
        width=width,
        height=height,
        iterations=spec.iterations or preset.iterations,
        cuts=spec.cuts or preset.cuts,
        learning_rate=spec.learning_rate or preset.learning_rate * RATE_OF_STYLE[spec.style],
        last_rate=preset.last_rate,
        start_weight=(
            preset.start_weight * HOLD_OF_STYLE[spec.style] if spec.start_weight is None else spec.start_weight
        ),
        mist=preset.mist,
        smoothness=preset.smoothness,
        perceptors=preset.perceptors,
        vqgan=VQGANS[family],
        style=spec.style,
    )


def cost(planned: Plan) -> float:
    """Work of a plan in TFLOP, forward and backward: what queues, estimates and fair turns weigh."""
    seen = planned.cuts * sum(GFLOP_PER_VIEW[name] for name in planned.perceptors)
    decoded = (
        GFLOP_PER_MEGAPIXEL[planned.vqgan] * planned.width * planned.height / 1e6 if planned.style == "image" else 0
    )
    return planned.iterations * (seen + decoded) / 1000


def _sides(spec: ArtSpec, family: Family, scale: int) -> tuple[int, int]:
    if spec.width is not None and spec.height is not None:
        sides = spec.width, spec.height
    else:
        width, height = BASE_SIDES[family][spec.aspect]
        sides = width * scale, height * scale
    return sides[0] // SIDE_STEP * SIDE_STEP, sides[1] // SIDE_STEP * SIDE_STEP
