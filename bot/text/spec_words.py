"""`ArtSpec` in words: the kind of picture, and the options that differ from their defaults."""

from __future__ import annotations

from typing import Final

from bot.text.language import _, ngettext
from bot.text.spec_options import FIELDS, Field, is_text, words
from engine.spec.artspec import ArtSpec
from engine.spec.prompts import clean
from engine.spec.rules import STAGE_MARK
from engine.spec.variants import pictures_of

# Shown in other places of a message.
_SHOWN_ELSEWHERE: Final = ("style", "quality", "aspect", "width", "height", "seed", "variations")

# In inputs of their own in the form that edits a picture.
_OWN_INPUTS: Final = ("negative", "quality", "style")


def kind_of(spec: ArtSpec) -> str | None:
    """`4 variations`, `2 modifiers compared` or `a story in 3 stages`; None for a single picture."""
    if spec.compare:
        return ngettext("{number} modifier compared", "{number} modifiers compared", pictures_of(spec))
    if spec.variations > 1:
        return ngettext("{number} variation", "{number} variations", spec.variations)
    stages = sum(bool(clean(stage)) for stage in spec.prompt.split(STAGE_MARK))
    return ngettext("a story in {number} stage", "a story in {number} stages", stages) if stages > 1 else None


def option_lines(spec: ArtSpec) -> list[str]:
    """Options that differ from their defaults, as lines for `read_options`, and a line about pictures; not escaped."""
    changed = _changed(spec, _SHOWN_ELSEWHERE)
    short = " · ".join(_option(field, spec) for field in changed if not is_text(field))
    texts = [_option(field, spec) for field in changed if is_text(field)]
    return [line for line in (short, *texts, _pictures(spec)) if line]


def editable_options(spec: ArtSpec) -> str:
    """Options that differ from their defaults, one a line for `read_options`, without those with an own input."""
    return "\n".join(_option(field, spec) for field in _changed(spec, _OWN_INPUTS))


def _changed(spec: ArtSpec, without: tuple[str, ...]) -> list[Field]:
    return [field for name, field in FIELDS.items() if name not in without and getattr(spec, name) != field.default]


def _option(field: Field, spec: ArtSpec) -> str:
    name, value = words(field.name), getattr(spec, field.name)
    if value is True:
        return name
    if isinstance(value, tuple):
        return f"{name} {', '.join(value)}"
    return f"{name} {value:.10g}" if isinstance(value, float) else f"{name} {clean(str(value))}"


def _pictures(spec: ArtSpec) -> str:
    """`painted from a start image, to look like a picture, in the colours of a picture`"""
    parts = []
    if spec.start_image is not None:
        parts.append(_("painted from a start image"))
    if spec.image_prompts:
        count = len(spec.image_prompts)
        parts.append(ngettext("to look like a picture", "to look like {number} pictures", count))
    if spec.palette_image is not None:
        parts.append(_("in the colours of a picture"))
    return ", ".join(parts)
