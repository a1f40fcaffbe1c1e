"""A spec that asks for several pictures: variations as a grid, or one subject with different modifiers as a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from engine.modifiers import find_modifier
from engine.prompts import clean
from engine.sheets import contact_sheet, grid
from engine.spec import MAXIMUM_SEED, ArtSpec


def pictures_of(spec: ArtSpec) -> int:
    """How many pictures are painted."""
    return len(spec.compare) or spec.variations


def members(spec: ArtSpec, seed: int) -> list[ArtSpec]:
    """The specs of the single pictures; each paints by itself what it is in the series.

    Variations differ in their seeds, which count up from `seed`; the pictures of a comparison share it, so that
    nothing differs but the modifier. Raises `InputError` for a modifier that is not known.
    """
    if spec.compare:
        names = [find_modifier(name).name for name in spec.compare]
        return [replace(spec, compare=(), modifiers=(*spec.modifiers, name), seed=seed) for name in names]
    seeds = [(seed + place) % (MAXIMUM_SEED + 1) for place in range(spec.variations)]
    return [replace(spec, variations=1, seed=each) for each in seeds]


def arranged(spec: ArtSpec, pictures: Sequence[Image.Image], cell: int | None = None) -> Image.Image:
    """The pictures of `members` as the one picture that is shown; `cell` is the side of a pixel picture's squares."""
    if spec.compare:
        labels = [find_modifier(name).name for name in spec.compare]
        return contact_sheet(pictures, labels, clean(spec.prompt), cell=cell)
    return pictures[0] if len(pictures) == 1 else grid(pictures, cell=cell)
