"""One table of how much work each quality is, for the published models and for the embedded ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from engine.errors import InputError
from engine.palettes import Colour, read_palette
from engine.prompts import parse_story
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

MAXIMUM_ITERATIONS: Final = 2000

VQGANS: Final[dict[Family, str]] = {"full": "imagenet-f16-16384", "mini": "mini"}


@dataclass(frozen=True, slots=True)
class StylePreset:
    """What a style changes in the quality's row."""

    rates: dict[Family, float] | None  # in units of the drawer's own parameters; None: the row's, which is for latents
    hold: float  # times the row's start weight
    strokes: dict[str, int] | None = None  # by quality
    gflop_per_megapixel: float = 0.0  # of a render, as work that takes as long; the image style's is its VQGAN's


STYLE_PRESETS: Final[dict[str, StylePreset]] = {
    "image": StylePreset(None, 1.0),
    "painting": StylePreset(
        {"full": 1.0, "mini": 1.0}, 1.0, {"draft": 256, "normal": 512, "better": 768, "best": 1024}, 100.0
    ),
    # Bare colours follow every whim of a perceptor, latents only those that the decoder can draw.
    "pixel": StylePreset({"full": 0.1, "mini": 0.1}, 3.0, None, 10.0),
    "sketch": StylePreset(
        {"full": 1.0, "mini": 1.0}, 1.0, {"draft": 120, "normal": 160, "better": 200, "best": 240}, 20.0
    ),
    "photo": StylePreset({"full": 0.05, "mini": 0.1}, 4.0, None, 10.0),
}

HOLD_OF_STRENGTH: Final = 4.0  # start weight of a start image that may hardly change

# Cells of a pixel picture by aspect, as Text2Art had them.
GRIDS: Final = {"square": (40, 40), "widescreen": (80, 45), "portrait": (40, 50)}
COLOURS: Final = 16  # of a palette that is taken from a picture

# Counted with torch.utils.flop_counter, forward and backward with frozen weights.
GFLOP_PER_VIEW: Final = {"ViT-B/32": 17.7, "ViT-B/16": 71.7, "RN50": 23.2, "RN50x4": 82.3, "mini": 0.34}
GFLOP_PER_MEGAPIXEL: Final = {
    "imagenet-f16-1024": 7690.0,
    "imagenet-f16-16384": 7721.0,
    "wikiart-f16-16384": 7721.0,
    "openimages-f8-8192": 9357.0,
    "mini": 462.0,
}


GFLOP_PER_ENLARGED_MEGAPIXEL: Final = 35_000.0  # forward, a megapixel of the small picture: 17 million weights a pixel


@dataclass(frozen=True, slots=True)
class Plan:
    """A spec with every number decided: what the painter does."""

    width: int  # pixels: a multiple of 16, in style pixel a multiple of the columns
    height: int  # pixels
    iterations: int
    stages: int  # of the story, each as many iterations long
    cuts: int
    learning_rate: float
    last_rate: float
    start_weight: float
    strength: float | None  # how far a start image may change; None: as the start weight says
    imagined: bool  # it begins with what the prior proposes, where there is one
    palette_taken: bool  # from a picture
    mist: float
    smoothness: float
    saturation: float
    symmetry: str
    tile: bool
    ema: float
    keep: str
    patience: int | None
    camera: str
    transparent: bool
    enlarge: int
    perceptors: tuple[str, ...]
    vqgan: str
    style: str
    columns: int  # cells of the pixel grid; 0: as many as suit the size
    rows: int
    palette: tuple[Colour, ...]  # named or given as numbers; none: free, or taken from a picture
    colours: int  # of a palette that is taken; 0: none is
    dither: bool
    strokes: int  # 0 where the style has none
    ground: str


def plan(spec: ArtSpec, family: Family) -> Plan:
    """The numbers of the preset, each replaced by the spec's own where it has one.

    Raises `InputError` for a palette that is none, and for a VQGAN that this family does not have.
    """
    preset, style = PRESETS[family][spec.quality], STYLE_PRESETS[spec.style]
    if spec.model is not None and family == "mini":
        raise InputError("The embedded model has one generator only: leave the model out.")
    width, height = _sides(spec, family, preset.scale)
    columns, rows = _grid(spec)
    stages = len(parse_story(spec.prompt))
    if spec.iterations is not None and 0 < spec.iterations < stages:
        raise InputError(f"A story of {stages} stages needs as many iterations at least, not {spec.iterations}.")
    return Plan(
        width=width,
        height=height,
        iterations=(
            min(preset.iterations * stages, MAXIMUM_ITERATIONS) if spec.iterations is None else spec.iterations
        ),
        stages=stages,
        cuts=spec.cuts or preset.cuts,
        learning_rate=_rate(spec, preset, style, family),
        last_rate=_or(spec.last_rate, preset.last_rate),
        start_weight=_start_weight(spec, preset, style),
        strength=spec.strength,
        imagined=spec.start == "auto" and spec.start_image is None,
        palette_taken=spec.palette_image is not None,
        mist=preset.mist,
        smoothness=_or(spec.smoothness, preset.smoothness),
        saturation=spec.saturation,
        symmetry=spec.symmetry,
        tile=spec.tile,
        ema=spec.ema,
        keep=spec.keep,
        patience=spec.patience,
        camera=spec.camera,
        transparent=spec.transparent,
        enlarge=spec.enlarge,
        perceptors=preset.perceptors,
        vqgan=spec.model or VQGANS[family],
        style=spec.style,
        columns=columns,
        rows=rows,
        palette=read_palette(spec.palette) if spec.palette else (),
        colours=_colours(spec),
        dither=spec.dither,
        strokes=_strokes(spec, style),
        ground=spec.ground,
    )


def cost(planned: Plan, pictures: int = 1) -> float:
    """Work of a plan in TFLOP, forward and backward: what queues, estimates and fair turns weigh."""
    seen = planned.cuts * sum(GFLOP_PER_VIEW[name] for name in planned.perceptors)
    per_megapixel = (
        GFLOP_PER_MEGAPIXEL[planned.vqgan]
        if planned.style == "image"
        else STYLE_PRESETS[planned.style].gflop_per_megapixel
    )
    drawn = per_megapixel * planned.width * planned.height / 1e6
    enlarged = GFLOP_PER_ENLARGED_MEGAPIXEL * planned.width * planned.height / 1e6 if planned.enlarge > 1 else 0.0
    return (pictures * planned.iterations * (seen + drawn) + enlarged) / 1000


def _rate(spec: ArtSpec, preset: Preset, style: StylePreset, family: Family) -> float:
    """The learning rate; less for a start image that may change but little."""
    usual = preset.learning_rate if style.rates is None else style.rates[family]
    rate = usual if spec.learning_rate is None else spec.learning_rate
    return rate if spec.strength is None else rate * spec.strength


def _start_weight(spec: ArtSpec, preset: Preset, style: StylePreset) -> float:
    if spec.strength is not None:
        return HOLD_OF_STRENGTH * style.hold * (1 - spec.strength) ** 2
    return preset.start_weight * style.hold if spec.start_weight is None else spec.start_weight


def _or(given: float | None, otherwise: float) -> float:
    return otherwise if given is None else given


def _strokes(spec: ArtSpec, style: StylePreset) -> int:
    return 0 if style.strokes is None else spec.strokes or style.strokes[spec.quality]


def _colours(spec: ArtSpec) -> int:
    if spec.palette or (spec.style != "pixel" and spec.palette_image is None):
        return 0
    return spec.colours or COLOURS


def _grid(spec: ArtSpec) -> tuple[int, int]:
    """Cells across and down; (0, 0) outside style pixel, and where a size is given without a grid."""
    if spec.style != "pixel":
        return 0, 0
    if spec.columns is not None and spec.rows is not None:
        return spec.columns, spec.rows
    return GRIDS[spec.aspect] if spec.width is None else (0, 0)


def _sides(spec: ArtSpec, family: Family, scale: int) -> tuple[int, int]:
    if spec.width is not None and spec.height is not None:
        sides = spec.width, spec.height
    else:
        width, height = BASE_SIDES[family][spec.aspect]
        sides = width * scale, height * scale
    columns, rows = _grid(spec)
    if columns:
        # A cell is a whole number of pixels, so that all are equally large.
        factor = max(1, round(min(sides[0] / columns, sides[1] / rows)))
        return columns * factor, rows * factor
    return sides[0] // SIDE_STEP * SIDE_STEP, sides[1] // SIDE_STEP * SIDE_STEP
