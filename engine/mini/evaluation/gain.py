"""What the gradient steps add to the prior's proposal, as the mini CLIP itself sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from engine.cutouts import draw_views, take_views
from engine.loss import prompt_loss, read_wishes
from engine.mini.evaluation.drafts import Draft
from engine.mini.evaluation.judge import Pixels
from engine.models import MINI, Models
from engine.prompts import parse_prompts
from engine.randomness import Stream, generator

VIEWS: Final = 64  # the same ones for every picture


@dataclass(frozen=True)
class Gain:
    """Means over all drafts."""

    pictures: int
    start: float  # mean spherical distance of the views to the words, 0 … π²/2
    finished: float
    nearer: int  # how many pictures are nearer to their words than their start
    moved: float  # mean absolute difference of a pixel between the two, 0 … 1


def measure_gain(drafts: Sequence[Draft], models: Models, progress: Callable[[], None] = lambda: None) -> Gain:
    """Both pictures of each draft are measured as they are shown."""
    pairs, moved = [], []
    for draft in drafts:
        prompt = draft.spec.prompt
        pairs.append((distance(draft.start, prompt, models), distance(draft.finished, prompt, models)))
        moved.append(np.abs(draft.finished.astype(float) - draft.start).mean() / 255)
        progress()
    before, after = np.array(pairs).T
    return Gain(
        len(pairs), float(before.mean()), float(after.mean()), int((after < before).sum()), float(np.mean(moved))
    )


@torch.no_grad()
def distance(picture: Pixels, prompt: str, models: Models) -> float:
    """Mean distance of a picture's views to the words, as the mini CLIP sees them."""
    perceptor = models.perceptor(MINI)
    height, width = picture.shape[:2]
    shown = (torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255).to(models.device)
    views = draw_views(VIEWS, width, height, [generator(0, 0, Stream.VIEWS)]).to(models.device)
    seen = perceptor.encode_image(take_views(shown, views, perceptor.input_size))
    wishes = read_wishes([parse_prompts(prompt)], perceptor, models.device)
    return float(prompt_loss(seen.view(1, VIEWS, -1), wishes))
