"""The specs of the single pictures of a spec, and those that go on from its picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.spec.artspec import MAXIMUM_SEED, ArtSpec
from engine.spec.variants import continued, members, pictures_of, varied

DIGEST = "cd" * 32


def test_variations_count_their_seeds_and_are_single_pictures() -> None:
    spec = ArtSpec("a boat", variations=4, seed=None)
    assert pictures_of(spec) == 4
    assert members(spec, MAXIMUM_SEED - 1) == [
        ArtSpec("a boat", seed=seed) for seed in (MAXIMUM_SEED - 1, MAXIMUM_SEED, 0, 1)
    ]
    assert members(ArtSpec("a boat"), 5) == [ArtSpec("a boat", seed=5)]


def test_a_comparison_differs_in_nothing_but_the_modifier() -> None:
    spec = ArtSpec("a boat", compare=("Low Poly", "watercolour"), modifiers=("stained glass",))
    first, second = members(spec, 7)
    assert first == ArtSpec("a boat", modifiers=("stained glass", "low poly"), seed=7)
    assert second == replace(first, modifiers=("stained glass", "watercolour"))
    with pytest.raises(InputError, match="no modifier"):
        members(ArtSpec("a boat", compare=("low poly", "qqqqqq")), 7)


def test_going_on_from_a_picture_keeps_what_it_was_and_drops_the_way_there() -> None:
    spec = ArtSpec("a seed ^ a tree", style="pixel", palette="pico-8", camera="zoom-in", seed=3, start_weight=1.0)
    some = varied(spec, DIGEST, strength=0.3, number=4, seed=9)
    assert some == ArtSpec(
        "a tree", style="pixel", palette="pico-8", start_image=DIGEST, strength=0.3, variations=4, seed=9, film="none"
    )
    more = continued(spec, DIGEST, iterations=30)
    assert more == ArtSpec(
        "a tree", style="pixel", palette="pico-8", start_image=DIGEST, iterations=30, seed=3, film="none"
    )
    for sheet in (ArtSpec("a", variations=4), ArtSpec("a", compare=("low poly", "watercolour"))):
        with pytest.raises(InputError, match="several pictures"):
            varied(sheet, DIGEST, strength=0.5)
