"""The styles, one row each: label, options, learning rates, cost. Its drawer is `engine/drawers/<name>.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.spec.presets import ModelFamily


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A row of the table of styles. Learning rates are in units of the drawer's own parameters."""

    name: str  # also of the drawer's module
    label: str  # for the user
    options: tuple[str, ...] = ()  # those of the spec's options for some styles only that this one has
    learning_rates: Mapping[ModelFamily, float] | None = None  # None: the preset's, which is for latents
    target_weight: float = 1.0  # times the preset's
    strokes: Mapping[str, int] | None = None  # by quality
    haze_init: bool = False  # without a start image and a prior it starts from pale noise
    # Cost of a render, forward and backward, in float32, without the VQGAN, which has tables of its own.
    gflop_per_megapixel: float = 0.0  # of work that takes as long
    bytes_per_pixel: float = 0.0  # kept for the backward pass
    bytes_per_pixel_and_stroke: float = 0.0  # likewise

    @property
    def uses_vqgan(self) -> bool:
        return "model" in self.options

    @property
    def has_cells(self) -> bool:
        """Whether pictures are made of square cells of one colour, on a grid of columns and rows."""
        return "columns" in self.options


_ROWS: Final = (
    Style(
        name="image",
        label="image – like a painting or photograph",
        options=("model",),
    ),
    Style(
        name="painting",
        label="painting – brush strokes on a canvas",
        options=("strokes", "background"),
        learning_rates={"full": 1.0, "mini": 1.0},
        strokes={"draft": 256, "normal": 512, "better": 768, "best": 1024},
        # Strokes of random colours are noise, which the gradient would first have to remove.
        haze_init=True,
        gflop_per_megapixel=100.0,
        bytes_per_pixel=100.0,
        bytes_per_pixel_and_stroke=0.9,
    ),
    Style(
        name="pixel",
        label="pixel – pixel art",
        options=("columns", "rows", "dither", "colours"),
        # Colours follow any gradient of a perceptor, latents only what the decoder can draw.
        learning_rates={"full": 0.1, "mini": 0.1},
        target_weight=3.0,
        gflop_per_megapixel=10.0,
        bytes_per_pixel=60.0,
    ),
    Style(
        name="sketch",
        label="sketch – pencil lines",
        options=("strokes",),
        learning_rates={"full": 1.0, "mini": 1.0},
        strokes={"draft": 120, "normal": 160, "better": 200, "best": 240},
        gflop_per_megapixel=20.0,
        bytes_per_pixel=100.0,
        bytes_per_pixel_and_stroke=2.2,
    ),
    Style(
        name="photo",
        label="photo – a free picture, made without a generator",
        learning_rates={"full": 0.05, "mini": 0.1},
        target_weight=1.6,
        gflop_per_megapixel=10.0,
        bytes_per_pixel=240.0,
    ),
    # A new style's row comes here; docs/extending.md has the recipe.
)

STYLE_TABLE: Final[Mapping[str, Style]] = {row.name: row for row in _ROWS}


def styles_with(option: str) -> tuple[str, ...]:
    """The names of the styles that have an option."""
    return tuple(row.name for row in _ROWS if option in row.options)
