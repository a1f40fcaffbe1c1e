"""`Plan`: a spec with its prompts parsed and all defaults filled in from the preset, computed once for a painting."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from engine.errors import InputError
from engine.spec.artspec import SIDE_STEP, ArtSpec
from engine.spec.palettes import Colour, read_palette
from engine.spec.presets import (
    BASE_SIDES,
    GFLOP_PER_CUTOUT,
    GFLOP_PER_ENLARGED_MEGAPIXEL,
    GFLOP_PER_MEGAPIXEL,
    GRIDS,
    MAXIMUM_ITERATIONS,
    PRESETS,
    TAKEN_COLOURS,
    VQGANS,
    ModelFamily,
    Preset,
)
from engine.spec.prompts import Prompt, modified, story_of
from engine.spec.styles import STYLE_TABLE, Style

WEIGHT_OF_STRENGTH: Final = 4.0  # start weight at strength 0, falling so that at .5 colours change and places stay
CELLS: Final = 40  # along the shorter side of a size without a grid, as in Text2Art's square grid
# Fields that may differ between pictures painted as one batch.
OF_EACH: Final = frozenset(
    (
        "prompt",
        "negative",
        "modifiers",
        "image_prompts",
        "palette_image",
        "seed",
        "start",
        "start_image",
        "film",
        "film_seconds",
    )
)


@dataclass(frozen=True, slots=True)
class Plan:
    """All parameters of a painting: the spec, and what it leaves to the presets."""

    spec: ArtSpec
    story: tuple[tuple[Prompt, ...], ...]  # the prompts of each stage as typed, negative ones included
    targets: tuple[tuple[Prompt, ...], ...]  # the same with the modifiers: what the perceptors embed
    width: int  # pixels: a multiple of 16, in a style with cells a multiple of the columns
    height: int  # pixels
    iterations: int  # gradient steps, shared equally among the stages of a story
    cuts: int  # cutouts shown to each perceptor a step
    learning_rate: float  # at the first step
    last_rate: float  # share of it left at the last step
    start_weight: float  # of the target loss
    init_noise: float  # density of the noise over the prior's proposal in the init image, 0 … 1
    smoothness: float  # weight of the total variation
    perceptors: tuple[str, ...]
    vqgan: str
    columns: int  # of the grid of cells; 0: chosen by the size
    rows: int
    palette: tuple[Colour, ...]  # by name or hexadecimal; empty: free, or extracted from a picture
    colours: int  # in a palette extracted from a picture; 0: none is extracted
    strokes: int  # 0 in styles without strokes

    @property
    def style(self) -> Style:
        return STYLE_TABLE[self.spec.style]

    @property
    def stages(self) -> int:
        """The number of stages of the story, at least 1."""
        return len(self.story)

    @property
    def has_proposal(self) -> bool:
        """Whether the init image is the prior's proposal, if there is a prior."""
        return self.spec.start == "auto" and self.spec.start_image is None

    @property
    def cell(self) -> int:
        """The side of a cell in pixels, in a style that has cells."""
        return self.width // self.columns if self.columns else cell_side(self.width, self.height)

    @property
    def shape(self) -> tuple[object, ...]:
        """What must be equal in pictures that are painted as one batch."""
        shared = (getattr(self.spec, each.name) for each in fields(self.spec) if each.name not in OF_EACH)
        return (*shared, self.stages, self.has_proposal, self.spec.palette_image is None)

    def stage_at(self, step: int) -> int:
        """The stage of the story that a step belongs to, from 0."""
        entered = (stage for stage in range(self.stages) if step >= self.iterations * stage // self.stages)
        return max(entered, default=0)


def plan(spec: ArtSpec, family: ModelFamily) -> Plan:
    """The plan of a spec: the preset's parameters, overridden by the spec's.

    Raises `InputError` for an invalid prompt, for an unknown modifier or palette, and for a VQGAN that this family does
    not have.
    """
    preset, style = PRESETS[family][spec.quality], STYLE_TABLE[spec.style]
    if spec.model is not None and family == "mini":
        raise InputError("The embedded model has one generator only: leave the model out.")
    story = story_of(spec)
    stages = len(story)
    if spec.iterations is not None and 0 < spec.iterations < stages:
        raise InputError(
            "A story of {stages} stages needs as many iterations at least, not {iterations}.",
            stages=stages,
            iterations=spec.iterations,
        )
    width, height = _sides(spec, family, preset.scale)
    columns, rows = _grid(spec)
    return Plan(
        spec=spec,
        story=story,
        targets=modified(story, spec.modifiers),
        width=width,
        height=height,
        iterations=(
            min(preset.iterations * stages, MAXIMUM_ITERATIONS) if spec.iterations is None else spec.iterations
        ),
        cuts=spec.cuts or preset.cuts,
        learning_rate=_learning_rate(spec, preset, style, family),
        last_rate=preset.last_rate if spec.last_rate is None else spec.last_rate,
        start_weight=_start_weight(spec, preset, style),
        init_noise=preset.init_noise,
        smoothness=preset.smoothness if spec.smoothness is None else spec.smoothness,
        perceptors=preset.perceptors,
        vqgan=spec.model or VQGANS[family],
        columns=columns,
        rows=rows,
        palette=read_palette(spec.palette) if spec.palette else (),
        colours=_colours(spec, style),
        strokes=0 if style.strokes is None else spec.strokes or style.strokes[spec.quality],
    )


def cost(plan: Plan, pictures: int = 1) -> float:
    """Work of a plan in TFLOP, forward and backward: for estimates and for fairness in the queue."""
    megapixels = plan.width * plan.height / 1e6
    embedded = plan.cuts * sum(GFLOP_PER_CUTOUT[name] for name in plan.perceptors)
    rendered = plan.style.gflop_per_megapixel + (GFLOP_PER_MEGAPIXEL[plan.vqgan] if plan.style.uses_vqgan else 0.0)
    enlarged = GFLOP_PER_ENLARGED_MEGAPIXEL * megapixels if plan.spec.enlarge > 1 else 0.0
    return (pictures * plan.iterations * (embedded + rendered * megapixels) + enlarged) / 1000


def cell_side(width: int, height: int) -> int:
    """The side of a cell in pixels: the common divisor of both sides that comes nearest to 40 along the shorter."""
    common = math.gcd(width, height)
    divisors = [side for side in range(1, common + 1) if common % side == 0]
    return min(divisors, key=lambda side: abs(math.log(min(width, height) / side / CELLS)))


def _learning_rate(spec: ArtSpec, preset: Preset, style: Style, family: ModelFamily) -> float:
    """The spec's or the preset's, scaled by the strength of a start image."""
    default = preset.learning_rate if style.learning_rates is None else style.learning_rates[family]
    rate = default if spec.learning_rate is None else spec.learning_rate
    return rate if spec.strength is None else rate * spec.strength


def _start_weight(spec: ArtSpec, preset: Preset, style: Style) -> float:
    if spec.strength is not None:
        return WEIGHT_OF_STRENGTH * style.target_weight * (1 - spec.strength) ** 5
    return preset.start_weight * style.target_weight if spec.start_weight is None else spec.start_weight


def _colours(spec: ArtSpec, style: Style) -> int:
    if spec.palette or (not style.has_cells and spec.palette_image is None):
        return 0
    return spec.colours or TAKEN_COLOURS


def _grid(spec: ArtSpec) -> tuple[int, int]:
    """Columns and rows of cells; (0, 0) in a style without cells, and for a size without a grid."""
    if not STYLE_TABLE[spec.style].has_cells:
        return 0, 0
    if spec.columns is not None and spec.rows is not None:
        return spec.columns, spec.rows
    return GRIDS[spec.aspect] if spec.width is None else (0, 0)


def _sides(spec: ArtSpec, family: ModelFamily, scale: int) -> tuple[int, int]:
    """Width and height in pixels."""
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
