"""`PerceptorEnsemble`: the perceptors of a painting, and the prompt targets as each of them embeds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from engine.errors import Message
from engine.loop.cutouts import Cutouts, draw_cutouts, sample_cutouts
from engine.loop.init import image_targets
from engine.loop.loss import PromptTargets, clip_score, embed, encode_targets, prompt_loss, similarity
from engine.loop.randomness import Stream, generator
from engine.models.perceptor import Perceptor
from engine.models.prior import Prior
from engine.registry import Models
from engine.spec.plan import Plan


class PerceptorEnsemble:
    """Prompt losses and scores of B pictures. The scores come from the ensemble's last perceptor, the finest."""

    def __init__(self, plans: Sequence[Plan], models: Models, images: Mapping[str, Path]) -> None:
        """Raises `InputError` for an image prompt that is missing or no picture, and for missing weights."""
        self._plan = plans[0]
        self._device = models.device
        self._seeds = [plan.spec.seed or 0 for plan in plans]
        image_prompts = [image_targets(plan, images) for plan in plans]
        self._perceptors = [models.perceptor(name) for name in self._plan.perceptors]
        self._stages = [
            [
                encode_targets([plan.targets[stage] for plan in plans], each, models.device, image_prompts)
                for each in self._perceptors
            ]
            for stage in range(self._plan.stages)
        ]
        self.notes = notes_for(plans, self._perceptors, models.prior)

    def rngs(self, step: int) -> list[torch.Generator]:
        """The generators of a step's cutouts, one for each picture; other numbers are drawn from them later."""
        return [generator(seed, step, Stream.CUTOUTS) for seed in self._seeds]

    def draw_cutouts(self, rngs: Sequence[torch.Generator]) -> Cutouts:
        """The cutouts of a step."""
        plan = self._plan
        return draw_cutouts(plan.cuts, plan.width, plan.height, rngs, tile=plan.spec.tile)

    def prompt_loss(self, pictures: Tensor, cutouts: Cutouts, step: int, stage: int) -> Tensor:
        """(B,) losses of pictures (B, 3, H, W), summed over the ensemble."""
        cutouts = cutouts.to(self._device)
        losses = [
            self._perceptor_loss(perceptor, targets, pictures, cutouts, step)
            for perceptor, targets in zip(self._perceptors, self._stages[stage], strict=True)
        ]
        return torch.stack(losses).sum(0)

    def scores(self, pictures: Tensor, stage: int) -> Tensor:
        """(B,) CLIP scores of whole pictures (B, 3, H, W), 100 · cosine."""
        return clip_score(embed(pictures, self._perceptors[-1]), self._stages[stage][-1])

    def similarity(self, pictures: Tensor, stage: int) -> Tensor:
        """(B,) -1 … 1: mean cosine of whole pictures (B, 3, H, W) with all their targets, negative ones included."""
        return similarity(embed(pictures, self._perceptors[-1]), self._stages[stage][-1])

    def _perceptor_loss(
        self, perceptor: Perceptor, targets: PromptTargets, pictures: Tensor, cutouts: Cutouts, step: int
    ) -> Tensor:
        size = perceptor.input_size
        embedded = perceptor.encode_image(sample_cutouts(pictures, cutouts, size, self._noise(size, step)))
        return prompt_loss(embedded.view(len(self._seeds), self._plan.cuts, -1), targets)

    def _noise(self, size: int, step: int) -> Tensor:
        """(B, n, 3, size, size) standard normal."""
        shape = (self._plan.cuts, 3, size, size)
        rngs = [generator(seed, step, Stream.NOISE, self._device) for seed in self._seeds]
        return torch.stack([torch.randn(shape, generator=each, device=self._device) for each in rngs])


def notes_for(plans: Sequence[Plan], perceptors: Sequence[Perceptor], prior: Prior | None) -> tuple[Message, ...]:
    """Messages to the user: which prompts are truncated, and which words the model does not know."""
    texts = dict.fromkeys(prompt.text for plan in plans for stage in plan.targets for prompt in stage)
    long = [text for text in texts if any(each.truncated(text) for each in perceptors)]
    notes = [
        Message("“{text}…” is longer than the model reads: its end was left out.", text=text[:60]) for text in long
    ]
    if prior is None:
        return tuple(notes)
    unmodified = dict.fromkeys(
        prompt.text for plan in plans for stage in plan.story for prompt in stage if prompt.weight > 0
    )
    notes += [note for text in unmodified for note in prior.notes(text)]
    return tuple(dict.fromkeys(notes))
