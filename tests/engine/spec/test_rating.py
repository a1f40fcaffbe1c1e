"""Stars: where each begins, and which pictures have none."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from engine.service.session import named_models
from engine.spec.artspec import QUALITIES, ArtSpec, ImagePrompt
from engine.spec.plan import plan
from engine.spec.presets import ModelFamily
from engine.spec.rating import MOST_STARS, SCALES, drawn, rating_of, stars

PERCEPTORS = tuple(SCALES)


@pytest.mark.parametrize("perceptor", PERCEPTORS)
def test_a_star_more_from_each_threshold_on(perceptor: str) -> None:
    assert len(SCALES[perceptor]) == MOST_STARS - 1
    for fewer, threshold in enumerate(SCALES[perceptor], start=1):
        score = 100 * threshold
        assert (stars(score - 0.01, perceptor), stars(score + 0.01, perceptor)) == (fewer, fewer + 1)
    assert (stars(0.01, perceptor), stars(54.9, perceptor)) == (1, MOST_STARS)


def test_a_score_on_the_threshold_has_the_star() -> None:
    assert [stars(score, "ViT-B/32") for score in (22.0, 24.5, 27.0, 29.5)] == [2, 3, 4, 5]


@pytest.mark.parametrize("perceptor", PERCEPTORS)
def test_a_better_score_never_has_fewer_stars(perceptor: str) -> None:
    ratings = [stars(score / 10, perceptor) or 0 for score in range(1, 550)]
    assert ratings == sorted(ratings) and set(ratings) == {1, 2, 3, 4, 5}


def test_published_models_begin_where_good_and_poor_matches_lie() -> None:
    for perceptor in ("ViT-B/32", "ViT-B/16"):
        assert stars(19.0, perceptor) == 1 and stars(33.0, perceptor) == 5
        assert [stars(score, perceptor) for score in (25.0, 28.0, 30.0)] == [3, 4, 5]


@pytest.mark.parametrize("model", ["RN50x4", "RN50", "ViT-L/14", "imagenet-f16-1024 with ViT-B/32, RN50x4", "fake", ""])
def test_an_unknown_scale_has_no_stars(model: str) -> None:
    assert stars(31.0, model) is None


@pytest.mark.parametrize("score", [0.0, -3.0, math.nan])
def test_what_was_not_scored_has_no_stars(score: float) -> None:
    """As with a prompt of negative weights alone."""
    assert stars(score, "mini") is None


@pytest.mark.parametrize("family", ["mini", "full"])
@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("style", ["image", "pixel"])
def test_the_models_of_every_preset_are_rated_by_the_perceptor_that_scores(
    family: ModelFamily, quality: str, style: str
) -> None:
    planned = plan(ArtSpec("a boat", quality=quality, style=style), family)
    models = named_models(planned, SimpleNamespace(family=family))  # type: ignore[arg-type]
    for score in (21.0, 26.0, 31.0):
        assert stars(score, models) == stars(score, planned.perceptors[-1]) is not None


def test_where_a_picture_is_to_resemble_another_there_are_no_stars() -> None:
    def rated(*weights: float) -> int | None:
        prompts = tuple(ImagePrompt("ab" * 32, weight) for weight in weights)
        return rating_of(ArtSpec("a boat", image_prompts=prompts), 31.0, "ViT-B/32")

    assert rated() == 5
    assert rated(0.5) is None and rated(-1.0, 1.0) is None
    assert rated(-1.0) == 5, "it counts in the painting alone"
    assert rating_of(ArtSpec("a boat"), None, "ViT-B/32") is None


def test_stars_are_drawn_to_five() -> None:
    assert [drawn(rating) for rating in range(1, 6)] == ["★☆☆☆☆", "★★☆☆☆", "★★★☆☆", "★★★★☆", "★★★★★"]


def test_scores_of_the_perceptor_that_was_embedded_before_have_no_stars() -> None:
    assert stars(68.7, "embedded mini") is None
