"""A picture's definition in words: what it shows, and the settings that are not at their default."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from bot.advanced import FIELDS, is_text, words
from engine.combinations import STAGE_MARK
from engine.prompts import clean
from engine.series import pictures_of
from engine.spec import ArtSpec

# Told in other places of a message.
_ELSEWHERE: Final = ("style", "quality", "aspect", "width", "height", "seed", "variations")

# Fields of their own in the form that changes a picture.
_IN_FIELDS: Final = ("negative", "quality", "style")


def kind_of(spec: ArtSpec) -> str | None:
    """What the picture is where it is not a single one: `4 variations`, `a story in 3 stages`; else None."""
    if spec.compare:
        return f"{pictures_of(spec)} modifiers compared"
    if spec.variations > 1:
        return f"{spec.variations} variations"
    stages = sum(bool(clean(stage)) for stage in spec.prompt.split(STAGE_MARK))
    return f"a story in {stages} stages" if stages > 1 else None


def settings_lines(spec: ArtSpec) -> list[str]:
    """Lines that `bot.advanced.read_settings` reads back, and one about pictures. The text is as people typed it."""
    changed = [each for name, each in FIELDS.items() if name not in _ELSEWHERE and _value(spec, each) != each.default]
    short = " · ".join(_setting(each, _value(spec, each)) for each in changed if not is_text(each))
    texts = [_setting(each, _value(spec, each)) for each in changed if is_text(each)]
    return [line for line in (short, *texts, _pictures(spec)) if line]


def settings_to_edit(spec: ArtSpec) -> str:
    """What differs from the default, a line each as `bot.advanced.read_settings` reads it, without what has a field."""
    changed = [each for name, each in FIELDS.items() if name not in _IN_FIELDS and _value(spec, each) != each.default]
    return "\n".join(_setting(each, _value(spec, each)) for each in changed)


def _value(spec: ArtSpec, each: dataclasses.Field[Any]) -> Any:
    return getattr(spec, each.name)


def _setting(each: dataclasses.Field[Any], value: Any) -> str:
    name = words(each.name)
    if value is True:
        return name
    if isinstance(value, tuple):
        return f"{name} {', '.join(value)}"
    return f"{name} {value:.10g}" if isinstance(value, float) else f"{name} {clean(str(value))}"


def _pictures(spec: ArtSpec) -> str:
    """`painted from a start image, to look like a picture, in the colours of a picture`"""
    parts = []
    if spec.start_image is not None:
        parts.append("painted from a start image")
    if spec.image_prompts:
        count = len(spec.image_prompts)
        parts.append("to look like a picture" if count == 1 else f"to look like {count} pictures")
    if spec.palette_image is not None:
        parts.append("in the colours of a picture")
    return ", ".join(parts)
