"""The rating of a picture, 1 to 5 stars: how well it matches its prompt, from its CLIP score.

For people only: pictures are compared by their scores, which are finer.
"""

from __future__ import annotations

from typing import Final

from engine.spec.artspec import ArtSpec

MOST_STARS: Final = 5

# Cosines from which a picture has 2, 3, 4 and 5 stars. Set on the 35 everyday prompts of `engine.lab.evaluation`, rated
# by eye from 0 to 3 for being recognised and for appeal.
THRESHOLDS: Final = (0.32, 0.35, 0.38, 0.42)  # of the embedded model's perceptor

# OpenAI's ViT-B towers: poor matches have .18 to .22, good ones .28 to .33, and LAION-400M kept pairs from .3 on.
VIT_B_THRESHOLDS: Final = (0.22, 0.245, 0.27, 0.295)

# CLIP never finds words and picture as near; the perceptor that was embedded before did, on a scale of its own.
NOT_REACHED: Final = 55.0

# By perceptor. The cosines of RN50, RN50x4 and ViT-L/14 lie elsewhere, where is not known.
SCALES: Final = {"mini": THRESHOLDS, "ViT-B/32": VIT_B_THRESHOLDS, "ViT-B/16": VIT_B_THRESHOLDS}


def stars(score: float, model: str) -> int | None:
    """1 to 5 for a CLIP score, 100 · cosine. None: the scale of the model is not known, or nothing was scored.

    `model`: a perceptor, or the models of a painting as `engine.service.session.named_models` says them. Of an ensemble
    the last one scores. The score is 0 where every part of the prompt has a negative weight.
    """
    scale = SCALES.get(model.rpartition(" ")[2])
    if scale is None or not 0 < score < NOT_REACHED:
        return None
    return 1 + sum(score / 100 >= threshold for threshold in scale)


def rating_of(spec: ArtSpec, score: float | None, model: str) -> int | None:
    """As `stars`, for a picture painted from `spec`; None also for an unknown score, and where image prompts count.

    The cosines of two pictures, of which such a score is partly made, are far higher than those of picture and words.
    """
    if score is None or any(each.weight > 0 for each in spec.image_prompts):
        return None
    return stars(score, model)


def drawn(rating: int) -> str:
    """`★★★★☆`"""
    return "★" * rating + "☆" * (MOST_STARS - rating)
