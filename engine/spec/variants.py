"""Specs derived from a spec: those of its single pictures, and those that continue from its finished picture."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import InputError
from engine.spec.artspec import MAXIMUM_SEED, ArtSpec
from engine.spec.modifiers import find_modifier
from engine.spec.prompts import clean
from engine.spec.rules import STAGE_MARK


def pictures_of(spec: ArtSpec) -> int:
    """The number of pictures that a spec paints."""
    return len(spec.compare) or spec.variations


def members(spec: ArtSpec, seed: int) -> list[ArtSpec]:
    """The specs of the single pictures of a grid or comparison; painted alone, each gives the same picture.

    The seeds of variations count up from `seed`. The pictures of a comparison share it, so that only the modifier
    differs. Raises `InputError` for an unknown modifier.
    """
    if spec.compare:
        names = [find_modifier(name).name for name in spec.compare]
        return [replace(spec, compare=(), modifiers=(*spec.modifiers, name), seed=seed) for name in names]
    seeds = [(seed + number) % (MAXIMUM_SEED + 1) for number in range(spec.variations)]
    return [replace(spec, variations=1, seed=each) for each in seeds]


def varied(spec: ArtSpec, picture: str, *, strength: float, number: int = 4, seed: int | None = None) -> ArtSpec:
    """`number` variations of the picture with this SHA-256, painted from `spec`, that differ by `strength`, 0 … 1.

    Raises `InputError` for the spec of a grid or comparison.
    """
    base = _continuable(spec, picture)
    return replace(base, start_image=picture, strength=strength, variations=number, seed=seed, film="none")


def continued(spec: ArtSpec, picture: str, *, iterations: int | None = None, film: str = "none") -> ArtSpec:
    """More steps for the picture with this SHA-256, painted from `spec`. Raises `InputError` as `varied` does."""
    return replace(_continuable(spec, picture), start_image=picture, iterations=iterations, film=film)


def enlarged(spec: ArtSpec, picture: str, factor: int) -> ArtSpec:
    """The picture with this SHA-256, painted from `spec`, enlarged 2 or 4 times. Raises as `varied` does."""
    return replace(_continuable(spec, picture), start_image=picture, iterations=0, enlarge=factor, film="none")


def _continuable(spec: ArtSpec, picture: str) -> ArtSpec:
    """The spec with all reset that applied to the first painting only, and without pictures that may be deleted by now.

    Of a story only the last stage remains; a palette from a picture is now taken from the finished one.
    """
    if spec.compare or spec.variations > 1:
        raise InputError("This is a sheet of several pictures: go on from a single one of them.")
    return replace(
        spec,
        prompt=[stage for stage in spec.prompt.split(STAGE_MARK) if clean(stage)][-1].strip(),
        camera="still",
        start="auto",
        start_weight=None,
        strength=None,
        enlarge=1,
        image_prompts=(),
        palette_image=None if spec.palette_image is None else picture,
    )
