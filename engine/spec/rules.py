"""Combinations of options that are not allowed, each with the message to the user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.errors import InputError, Message
from engine.spec.styles import STYLE_TABLE, styles_with

if TYPE_CHECKING:
    from engine.spec.artspec import ArtSpec

STAGE_MARK: Final = "^"  # separates the stages of a story

_Rule = tuple[Callable[["ArtSpec"], bool], Message]  # whether a spec breaks it, and what to tell the user


def _styles(option: str) -> str | Message:
    """The names of the styles with an option: `painting and sketch`."""
    *others, last = styles_with(option)
    return Message("{names} and {last}", names=", ".join(others), last=last) if others else last


def _takes(spec: ArtSpec, option: str) -> bool:
    return option in STYLE_TABLE[spec.style].options


RULES: Final[tuple[_Rule, ...]] = (
    (
        lambda spec: not spec.prompt.replace(STAGE_MARK, " ").strip(),
        Message("The prompt is empty: say what to paint, for example “a lighthouse in a storm”."),
    ),
    (
        lambda spec: (spec.width is None) != (spec.height is None),
        Message("Give both width and height, or neither and an aspect instead."),
    ),
    (
        lambda spec: (spec.columns is None) != (spec.rows is None),
        Message("Give both columns and rows of the pixel grid, or neither."),
    ),
    (
        lambda spec: spec.columns is not None and not _takes(spec, "columns"),
        Message(
            "Columns and rows are the grid of style {styles}: choose that style, or leave them out.",
            styles=_styles("columns"),
        ),
    ),
    (
        lambda spec: spec.strokes is not None and not _takes(spec, "strokes"),
        Message(
            "Strokes are for the styles {styles}: choose one of these, or leave the number out.",
            styles=_styles("strokes"),
        ),
    ),
    (
        lambda spec: spec.background != "auto" and not _takes(spec, "background"),
        Message(
            "The background is for style {styles}: choose that style, or leave it out.", styles=_styles("background")
        ),
    ),
    (
        lambda spec: spec.model is not None and not _takes(spec, "model"),
        Message(
            "Only style {styles} paints with a VQGAN: choose that style, or leave the model out.",
            styles=_styles("model"),
        ),
    ),
    (
        lambda spec: spec.dither and not _takes(spec, "dither"),
        Message("Dithering is for style {styles}: choose that style, or leave it out.", styles=_styles("dither")),
    ),
    (
        lambda spec: bool(spec.palette) and spec.palette_image is not None,
        Message("Give a palette or a picture to take the colours from, not both."),
    ),
    (
        lambda spec: bool(spec.palette) and spec.colours is not None,
        Message("A palette that is given has its own number of colours: leave the number out."),
    ),
    (
        lambda spec: spec.colours is not None and spec.palette_image is None and not _takes(spec, "colours"),
        Message(
            "A number of colours needs style {styles}, or a picture to take the colours from.",
            styles=_styles("colours"),
        ),
    ),
    (
        lambda spec: bool(spec.compare) and spec.variations > 1,
        Message("A comparison is one picture for each modifier: ask for it or for variations, not for both."),
    ),
    (
        lambda spec: len(spec.compare) == 1,
        Message("A comparison needs two modifiers or more."),
    ),
    (
        lambda spec: bool(spec.compare) and len(spec.modifiers) > 3,
        Message("A comparison adds a modifier to each picture: give three others at most."),
    ),
    (
        lambda spec: STAGE_MARK in spec.prompt and (bool(spec.compare) or spec.variations > 1),
        Message(
            "A story (“{mark}” in the prompt) is told by one picture: leave out the variations or the comparison.",
            mark=STAGE_MARK,
        ),
    ),
    (
        lambda spec: spec.camera != "still" and (bool(spec.compare) or spec.variations > 1),
        Message("A moving camera films one picture: leave out the variations or the comparison."),
    ),
    (
        lambda spec: spec.camera != "still" and spec.film == "none",
        Message("A moving camera needs a film: choose mp4, gif or both."),
    ),
    (
        lambda spec: _moves(spec) and spec.keep == "best",
        Message("A story or a moving camera ends with its last picture: the best one cannot be kept."),
    ),
    (
        lambda spec: _moves(spec) and spec.ema > 0,
        Message("A story or a moving camera changes the picture on purpose: it cannot be averaged (ema)."),
    ),
    (
        lambda spec: _moves(spec) and spec.patience is not None,
        Message("A story or a moving camera is told to its end: leave the patience out."),
    ),
    (
        lambda spec: spec.keep == "best" and spec.ema > 0,
        Message("Keep the best picture or the average of them (ema), not both."),
    ),
    (
        lambda spec: spec.strength is not None and spec.start_image is None,
        Message("The strength says how far a start image may change: give a start image, or leave it out."),
    ),
    (
        lambda spec: spec.strength is not None and spec.start_weight is not None,
        Message("Strength and start weight say the same thing twice: give one of them."),
    ),
    (
        lambda spec: spec.iterations == 0 and (spec.start_image is None or spec.enlarge == 1),
        Message("Without a step nothing is painted: give at least one, or a start image that is to be enlarged."),
    ),
    (
        lambda spec: spec.iterations == 0 and spec.film != "none",
        Message("There is no film of an enlargement: leave the film out."),
    ),
    (
        lambda spec: spec.enlarge > 1 and (bool(spec.compare) or spec.variations > 1),
        Message("One picture is enlarged at a time: leave out the variations or the comparison."),
    ),
    (
        lambda spec: spec.transparent and spec.tile,
        Message("A sticker has an outline and a seamless tile has none: choose one of them."),
    ),
    (
        lambda spec: spec.transparent and _moves(spec),
        Message("A sticker is one thing that stays where it is: leave out the story or the moving camera."),
    ),
)


def check_combination(spec: ArtSpec) -> None:
    """Raise `InputError` with the message of the first rule that `spec` breaks."""
    for breaks, message in RULES:
        if breaks(spec):
            raise InputError.of(message)


def _moves(spec: ArtSpec) -> bool:
    """Whether the picture changes on purpose, so that its states at different steps cannot be compared."""
    return STAGE_MARK in spec.prompt or spec.camera != "still"
