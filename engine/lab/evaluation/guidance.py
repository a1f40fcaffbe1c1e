"""What the gradient steps add to the prior's proposal, as the embedded CLIP itself sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from engine.lab.evaluation.drafts import Draft
from engine.lab.evaluation.judge import Pixels
from engine.loop.cutouts import draw_cutouts, sample_cutouts
from engine.loop.loss import encode_targets, prompt_loss
from engine.loop.randomness import Stream, generator
from engine.registry import EMBEDDED, Models
from engine.spec.prompts import parse_prompts

CUTOUTS: Final = 64  # the same ones for every picture


@dataclass(frozen=True)
class Gain:
    """Means over all drafts."""

    pictures: int
    start: float  # mean spherical distance of the cutouts to the words, 0 … π²/2
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
    """Mean distance of a picture's cutouts to the words, as the embedded CLIP sees them."""
    perceptor = models.perceptor(EMBEDDED)
    height, width = picture.shape[:2]
    shown = (torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255).to(models.device)
    cutouts = draw_cutouts(CUTOUTS, width, height, [generator(0, 0, Stream.CUTOUTS)]).to(models.device)
    seen = perceptor.encode_image(sample_cutouts(shown, cutouts, perceptor.input_size))
    targets = encode_targets([parse_prompts(prompt)], perceptor, models.device)
    return float(prompt_loss(seen.view(1, CUTOUTS, -1), targets))
