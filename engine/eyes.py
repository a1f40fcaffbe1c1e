"""The perceptors of a painting, what each is to find in the pictures, and how far they are from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from engine.cutouts import Views, draw_views, take_views
from engine.loss import Wishes, clip_score, likeness, look, prompt_loss, read_wishes
from engine.models import Models, Prior
from engine.openings import picture_wishes
from engine.perceptor import Perceptor
from engine.presets import Plan
from engine.prompts import stages_of
from engine.randomness import Stream, generator
from engine.spec import ArtSpec


class Eyes:
    """Looks at B pictures for their specs. The ensemble's last perceptor, the finest, gives the scores."""

    def __init__(self, specs: Sequence[ArtSpec], planned: Plan, models: Models, images: Mapping[str, Path]) -> None:
        """Raises `InputError` for an image prompt that is gone or is none, and where weights are missing."""
        self._plan = planned
        self._device = models.device
        self._seeds = [spec.seed or 0 for spec in specs]
        seen = [picture_wishes(spec, planned, images) for spec in specs]
        stories = [stages_of(spec) for spec in specs]
        self._perceptors = [models.perceptor(name) for name in planned.perceptors]
        self._stages = [
            [read_wishes([story[stage] for story in stories], each, models.device, seen) for each in self._perceptors]
            for stage in range(planned.stages)
        ]
        self.notes = notes_for(specs, self._perceptors, models.prior)

    def chances(self, step: int) -> list[torch.Generator]:
        """Where the views of a step come from, one for each picture; what else is drawn from them comes after."""
        return [generator(seed, step, Stream.VIEWS) for seed in self._seeds]

    def draw_views(self, chances: Sequence[torch.Generator]) -> Views:
        """The views of a step."""
        return draw_views(self._plan.cuts, self._plan.width, self._plan.height, chances, tile=self._plan.tile)

    def prompt_loss(self, shown: Tensor, views: Views, step: int, stage: int) -> Tensor:
        """(B,) losses of pictures (B, 3, H, W), summed over the ensemble."""
        sent = views.to(self._device)
        losses = [
            self._seen_by(perceptor, wishes, shown, sent, step)
            for perceptor, wishes in zip(self._perceptors, self._stages[stage], strict=True)
        ]
        return torch.stack(losses).sum(0)

    def scores(self, flat: Tensor, stage: int) -> Tensor:
        """(B,) CLIP scores of whole pictures (B, 3, H, W)."""
        return clip_score(look(flat, self._perceptors[-1]), self._stages[stage][-1])

    def likeness(self, flat: Tensor, stage: int) -> Tensor:
        """(B,) how well whole pictures fit all their wishes, the unwanted ones included."""
        return likeness(look(flat, self._perceptors[-1]), self._stages[stage][-1])

    def _seen_by(self, perceptor: Perceptor, wishes: Wishes, shown: Tensor, views: Views, step: int) -> Tensor:
        size = perceptor.input_size
        seen = perceptor.encode_image(take_views(shown, views, size, self._grain(size, step)))
        return prompt_loss(seen.view(len(self._seeds), self._plan.cuts, -1), wishes)

    def _grain(self, size: int, step: int) -> Tensor:
        shape = (self._plan.cuts, 3, size, size)
        chances = [generator(seed, step, Stream.GRAIN, self._device) for seed in self._seeds]
        return torch.stack([torch.randn(shape, generator=each, device=self._device) for each in chances])


def notes_for(specs: Sequence[ArtSpec], perceptors: Sequence[Perceptor], prior: Prior | None) -> tuple[str, ...]:
    """Sentences for the person: which words cannot be read to the end, and which are not known."""
    wishes = [wish for spec in specs for stage in stages_of(spec) for wish in stage]
    texts = list(dict.fromkeys(wish.text for wish in wishes))
    long = [text for text in texts if any(each.truncated(text) for each in perceptors)]
    notes = [f"“{text[:60]}…” is longer than the model reads: its end was left out." for text in long]
    if prior is None:
        return tuple(notes)
    plain = [wish.text for spec in specs for stage in stages_of(replace(spec, modifiers=())) for wish in stage]
    notes += [note for text in dict.fromkeys(plain) for note in prior.notes(text)]
    if any(spec.modifiers for spec in specs):
        notes.append("The embedded model knows things rather than styles: modifiers change little in its pictures.")
    return tuple(dict.fromkeys(notes))
