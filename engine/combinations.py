"""What cannot be had together in one picture, each with the sentence that says so and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.spec import ArtSpec

STAGE_MARK: Final = "^"  # between the stages of a story
STROKED: Final = ("painting", "sketch")

_Rule = tuple[Callable[["ArtSpec"], bool], str]

_RULES: Final[tuple[_Rule, ...]] = (
    (
        lambda spec: not spec.prompt.replace(STAGE_MARK, " ").strip(),
        "The prompt is empty: say what to paint, for example “a lighthouse in a storm”.",
    ),
    (
        lambda spec: (spec.width is None) != (spec.height is None),
        "Give both width and height, or neither and an aspect instead.",
    ),
    (
        lambda spec: (spec.columns is None) != (spec.rows is None),
        "Give both columns and rows of the pixel grid, or neither.",
    ),
    (
        lambda spec: spec.columns is not None and spec.style != "pixel",
        "Columns and rows are the grid of style pixel: choose that style, or leave them out.",
    ),
    (
        lambda spec: spec.strokes is not None and spec.style not in STROKED,
        "Strokes are for the styles painting and sketch: choose one of these, or leave the number out.",
    ),
    (
        lambda spec: spec.ground != "auto" and spec.style != "painting",
        "The ground is for style painting: choose that style, or leave it out.",
    ),
    (
        lambda spec: spec.model is not None and spec.style != "image",
        "Only style image paints with a VQGAN: choose that style, or leave the model out.",
    ),
    (
        lambda spec: spec.dither and spec.style != "pixel",
        "Dithering is for style pixel: choose that style, or leave it out.",
    ),
    (
        lambda spec: bool(spec.palette) and spec.palette_image is not None,
        "Give a palette or a picture to take the colours from, not both.",
    ),
    (
        lambda spec: bool(spec.palette) and spec.colours is not None,
        "A palette that is given has its own number of colours: leave the number out.",
    ),
    (
        lambda spec: spec.colours is not None and spec.palette_image is None and spec.style != "pixel",
        "A number of colours needs style pixel, or a picture to take the colours from.",
    ),
    (
        lambda spec: bool(spec.compare) and spec.variations > 1,
        "A comparison is one picture for each modifier: ask for it or for variations, not for both.",
    ),
    (
        lambda spec: len(spec.compare) == 1,
        "A comparison needs two modifiers or more.",
    ),
    (
        lambda spec: bool(spec.compare) and len(spec.modifiers) > 3,
        "A comparison adds a modifier to each picture: give three others at most.",
    ),
    (
        lambda spec: STAGE_MARK in spec.prompt and (bool(spec.compare) or spec.variations > 1),
        f"A story (“{STAGE_MARK}” in the prompt) is told by one picture: leave out the variations or the comparison.",
    ),
    (
        lambda spec: spec.camera != "still" and (bool(spec.compare) or spec.variations > 1),
        "A moving camera films one picture: leave out the variations or the comparison.",
    ),
    (
        lambda spec: spec.camera != "still" and spec.film == "none",
        "A moving camera needs a film: choose mp4, gif or both.",
    ),
    (
        lambda spec: _moves(spec) and spec.keep == "best",
        "A story or a moving camera ends with its last picture: the best one cannot be kept.",
    ),
    (
        lambda spec: _moves(spec) and spec.ema > 0,
        "A story or a moving camera changes the picture on purpose: it cannot be averaged (ema).",
    ),
    (
        lambda spec: _moves(spec) and spec.patience is not None,
        "A story or a moving camera is told to its end: leave the patience out.",
    ),
    (
        lambda spec: spec.keep == "best" and spec.ema > 0,
        "Keep the best picture or the average of them (ema), not both.",
    ),
    (
        lambda spec: spec.strength is not None and spec.start_image is None,
        "The strength says how far a start image may change: give a start image, or leave it out.",
    ),
    (
        lambda spec: spec.strength is not None and spec.start_weight is not None,
        "Strength and start weight say the same thing twice: give one of them.",
    ),
    (
        lambda spec: spec.iterations == 0 and (spec.start_image is None or spec.enlarge == 1),
        "Without a step nothing is painted: give at least one, or a start image that is to be enlarged.",
    ),
    (
        lambda spec: spec.iterations == 0 and spec.film != "none",
        "There is no film of an enlargement: leave the film out.",
    ),
    (
        lambda spec: spec.enlarge > 1 and (bool(spec.compare) or spec.variations > 1),
        "One picture is enlarged at a time: leave out the variations or the comparison.",
    ),
    (
        lambda spec: spec.transparent and spec.tile,
        "A sticker has an outline and a seamless tile has none: choose one of them.",
    ),
    (
        lambda spec: spec.transparent and _moves(spec),
        "A sticker is one thing that stays where it is: leave out the story or the moving camera.",
    ),
)


def check_combination(spec: ArtSpec) -> None:
    """Raise `InputError` with the first sentence that applies."""
    for forbidden, sentence in _RULES:
        if forbidden(spec):
            raise InputError(sentence)


def _moves(spec: ArtSpec) -> bool:
    """Whether the picture is on its way somewhere, so that its states at different steps cannot be compared."""
    return STAGE_MARK in spec.prompt or spec.camera != "still"
