"""Specs that go on from a finished picture: variations of it, and more steps for it."""

from __future__ import annotations

from dataclasses import replace

from engine.combinations import STAGE_MARK
from engine.errors import InputError
from engine.prompts import clean
from engine.spec import ArtSpec


def varied(spec: ArtSpec, picture: str, *, strength: float, number: int = 4, seed: int | None = None) -> ArtSpec:
    """`number` variations of the picture with this SHA-256, which `spec` painted; `strength` 0 … 1 is how far they go.

    Raises `InputError` for a grid or a comparison: they are several pictures.
    """
    base = _alone(spec, picture)
    return replace(base, start_image=picture, strength=strength, variations=number, seed=seed, film="none")


def continued(spec: ArtSpec, picture: str, *, iterations: int | None = None, film: str = "none") -> ArtSpec:
    """More steps for the picture with this SHA-256, which `spec` painted. Raises `InputError` as `varied` does."""
    return replace(_alone(spec, picture), start_image=picture, iterations=iterations, film=film)


def enlarged(spec: ArtSpec, picture: str, factor: int) -> ArtSpec:
    """The picture with this SHA-256, which `spec` painted, 2 or 4 times as large and otherwise as it is."""
    return replace(_alone(spec, picture), start_image=picture, iterations=0, enlarge=factor, film="none")


def _alone(spec: ArtSpec, picture: str) -> ArtSpec:
    """The spec without what was only for the way to its picture, and without pictures that may be gone by now.

    What it was to look like it does by now, and its palette is the one that it has.
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
