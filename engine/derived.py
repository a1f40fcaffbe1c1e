"""Specs that go on from a finished picture: variations of it, and more steps for it."""

from __future__ import annotations

from dataclasses import replace

from engine.combinations import STAGE_MARK
from engine.errors import InputError
from engine.spec import ArtSpec


def varied(spec: ArtSpec, picture: str, *, strength: float, number: int = 4, seed: int | None = None) -> ArtSpec:
    """`number` variations of the picture with this SHA-256, which `spec` painted; `strength` 0 … 1 is how far they go.

    Raises `InputError` for a grid or a comparison: they are several pictures.
    """
    return replace(_alone(spec), start_image=picture, strength=strength, variations=number, seed=seed, film="none")


def continued(spec: ArtSpec, picture: str, *, iterations: int | None = None, film: str = "none") -> ArtSpec:
    """More steps for the picture with this SHA-256, which `spec` painted. Raises `InputError` as `varied` does."""
    return replace(_alone(spec), start_image=picture, iterations=iterations, film=film)


def enlarged(spec: ArtSpec, picture: str, factor: int) -> ArtSpec:
    """The picture with this SHA-256, which `spec` painted, 2 or 4 times as large and otherwise as it is."""
    return replace(_alone(spec), start_image=picture, iterations=0, enlarge=factor, film="none")


def _alone(spec: ArtSpec) -> ArtSpec:
    """The spec without what was only for the way to its picture."""
    if spec.compare or spec.variations > 1:
        raise InputError("This is a sheet of several pictures: go on from a single one of them.")
    last = spec.prompt.split(STAGE_MARK)[-1].strip() or spec.prompt
    return replace(spec, prompt=last, camera="still", start="auto", start_weight=None, strength=None, enlarge=1)
