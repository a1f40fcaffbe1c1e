"""What pictures painted together must agree on, and what each has of its own: its seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import InputError
from engine.presets import Family, Plan, plan
from engine.randomness import fresh_seed
from engine.spec import ArtSpec


def first_seed(spec: ArtSpec, resume: Mapping[str, Any] | None) -> int:
    """The seed of a spec: its own, the one it was begun with, or a fresh one."""
    if spec.seed is not None:
        return spec.seed
    saved = resume.get("specs") if resume is not None else None
    first = ArtSpec.from_json(saved[0]).seed if saved else None
    return fresh_seed() if first is None else first


def seeds_of(specs: Sequence[ArtSpec], resume: Mapping[str, Any] | None) -> list[int]:
    """A seed for each spec. Raises `InputError` where the saved state is that of other specs."""
    if not specs:
        raise InputError("There is nothing to paint: give at least one picture definition.")
    if resume is not None:
        saved = [ArtSpec.from_json(text) for text in resume.get("specs", [])]
        wanted = [
            replace(spec, seed=one.seed if spec.seed is None else spec.seed)
            for spec, one in zip(specs, saved, strict=False)
        ]
        if saved != wanted:
            raise InputError("The saved state belongs to another picture: start anew without it.")
        return [spec.seed for spec in saved if spec.seed is not None]
    return [fresh_seed() if spec.seed is None else spec.seed for spec in specs]


def one_plan(specs: Sequence[ArtSpec], family: Family) -> Plan:
    """The plan that all specs have. Raises `InputError` where they have not the same one."""
    plans = {plan(spec, family) for spec in specs}
    if len(plans) != 1:
        raise InputError("Pictures painted together must have the same size, style, quality and steps.")
    return plans.pop()
