"""The preset table: the sides and steps people were promised."""

from __future__ import annotations

import pytest

from engine.spec.artspec import ASPECTS, QUALITIES, ArtSpec
from engine.spec.plan import cost, plan
from engine.spec.presets import PRESETS, ModelFamily


@pytest.mark.parametrize(("quality", "side"), [("draft", 144), ("normal", 288), ("better", 448), ("best", 592)])
def test_square_sides_of_the_published_models(quality: str, side: int) -> None:
    planned = plan(ArtSpec("x", quality=quality), "full")
    assert (planned.width, planned.height) == (side, side)


@pytest.mark.parametrize(
    ("quality", "iterations", "perceptors"),
    [
        ("draft", 200, ("ViT-B/32",)),
        ("normal", 350, ("ViT-B/32", "ViT-B/16")),
        ("better", 500, ("RN50", "ViT-B/32", "ViT-B/16")),
        ("best", 500, ("RN50x4", "ViT-B/32", "ViT-B/16")),
    ],
)
def test_work_of_the_published_models(quality: str, iterations: int, perceptors: tuple[str, ...]) -> None:
    planned = plan(ArtSpec("x", quality=quality), "full")
    assert (planned.iterations, planned.perceptors, planned.cuts) == (iterations, perceptors, 40)


@pytest.mark.parametrize("family", ["full", "mini"])
@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_plan_has_a_size_that_every_drawer_divides(family: ModelFamily, aspect: str) -> None:
    for quality in QUALITIES:
        planned = plan(ArtSpec("x", quality=quality, aspect=aspect), family)
        assert planned.width % 16 == planned.height % 16 == 0
        assert (planned.width > planned.height) == (aspect == "widescreen")
        assert (planned.width < planned.height) == (aspect == "portrait")


@pytest.mark.parametrize("family", ["full", "mini"])
def test_better_qualities_cost_more(family: ModelFamily) -> None:
    costs = [cost(plan(ArtSpec("x", quality=quality), family)) for quality in PRESETS[family]]
    assert costs == sorted(costs) and len(set(costs)) == len(costs)


def test_the_spec_overrides_the_preset() -> None:
    spec = ArtSpec("x", width=800, height=200, iterations=7, cuts=3, learning_rate=0.5, start_weight=0.0)
    planned = plan(spec, "mini")
    assert (planned.width, planned.height) == (800, 192)
    assert (planned.iterations, planned.cuts, planned.learning_rate, planned.start_weight) == (7, 3, 0.5, 0.0)
