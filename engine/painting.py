"""The loop: start, then gradient steps towards the words (VQGAN+CLIP, Crowson et al. 2022), one snapshot a step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from engine.cutouts import Views, draw_views, take_views
from engine.drawers import DRAWERS
from engine.errors import InputError, PaintingError
from engine.loss import Wishes, prompt_loss, read_wishes, total_variation
from engine.models import Models, Prior
from engine.perceptor import Perceptor
from engine.pictures import fitted, open_picture
from engine.presets import Plan, plan
from engine.prompts import parse_prompts
from engine.randomness import Stream, fresh_seed, generator
from engine.spec import ArtSpec
from engine.starts import Opening, colour_gradient, fractal_noise, in_mist

STATE_VERSION: Final = 1
STEPS_BETWEEN_CHECKS: Final = 10  # looking at a number waits for the device, so it is not done at every step


class Snapshot:
    """Where a painting is after `step` of `total` steps. Reads lazily: nothing leaves the device until asked for.

    Ask before the next step: `picture()` and `state()` tell of the painting as it is, not as it was.
    """

    def __init__(self, painting: Painting, loss: Tensor | None) -> None:
        self._painting = painting
        self._loss = loss
        self.step = painting.step
        self.total = painting.plan.iterations
        self.finished = painting.step == self.total
        self.seeds = painting.seeds
        self.notes = painting.notes

    @property
    def seed(self) -> int:
        """The seed of the first picture."""
        return self.seeds[0]

    @property
    def loss(self) -> float:
        """Mean prompt loss of the batch before the last step; NaN before the first. Waits for the device."""
        return math.nan if self._loss is None else float(self._loss.mean())

    def pictures(self) -> list[Image.Image]:
        """The pictures, RGB; on the way they show the state before the last step, which costs no extra render."""
        shown = self._painting.shown(fresh=self.finished)
        pixels = (shown.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(each) for each in pixels]

    def picture(self) -> Image.Image:
        """The first picture."""
        return self.pictures()[0]

    def state(self) -> dict[str, Any]:
        """What `paint(..., resume=state)` needs to go on; fit for `torch.save` and `torch.load(weights_only=True)`."""
        return self._painting.state()


def paint(
    spec: ArtSpec,
    models: Models,
    *,
    images: Mapping[str, Path] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[Snapshot]:
    """Paint one picture: yields the start as step 0, then one snapshot a step; the last has `finished`.

    `images` finds the file of a start picture by the SHA-256 that the spec names. The same spec with the same seed
    gives the same pixels on the same device. Closing the generator stops the work.
    Raises `InputError` before any work for what cannot be painted, `PaintingError` when the loss is no number.
    """
    return paint_together([spec], models, images=images, resume=resume)


def paint_together(
    specs: Sequence[ArtSpec],
    models: Models,
    *,
    images: Mapping[str, Path] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[Snapshot]:
    """Paint B pictures of one plan in the same steps, each with its own prompt and seed, as if it were alone."""
    painting = Painting(specs, models, images or {}, resume)
    yield painting.snapshot()
    while painting.step < painting.plan.iterations:
        painting.advance()
        yield painting.snapshot()


class Painting:
    """The state of B pictures in the making."""

    def __init__(
        self,
        specs: Sequence[ArtSpec],
        models: Models,
        images: Mapping[str, Path],
        resume: Mapping[str, Any] | None,
    ) -> None:
        # The seed comes before anything random.
        self.seeds = _seeds(specs, resume)
        self.specs = [replace(spec, seed=seed) for spec, seed in zip(specs, self.seeds, strict=True)]
        self.plan = _one_plan(self.specs, models)
        self.step = 0
        self._device = models.device
        self._perceptors = [models.perceptor(name) for name in self.plan.perceptors]
        prompts = [parse_prompts(spec.prompt) for spec in self.specs]
        texts = list(dict.fromkeys(each.text for row in prompts for each in row))
        self.notes = (*_truncation_notes(texts, self._perceptors), *_unknown_notes(texts, models.prior))
        self._wishes = [read_wishes(prompts, each, models.device) for each in self._perceptors]
        openings = [opening_of(spec, self.plan, models, images) for spec in self.specs]
        chances = [generator(seed, 0, Stream.START) for seed in self.seeds]
        self._drawer = DRAWERS[self.plan.style](self.plan, models, openings, chances)
        self._optimiser = torch.optim.Adam(
            self._drawer.parameters(),
            lr=self.plan.learning_rate,
            capturable=models.device.type == "cuda",  # its step count stays on the device
        )
        self._shown: Tensor | None = None
        self._loss: Tensor | None = None
        if resume is not None:
            self._restore(resume)

    def advance(self) -> None:
        """One gradient step. No number is read back from the device, except for a check every few steps."""
        self._optimiser.zero_grad(set_to_none=True)
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(self.plan, self.step)
        shown = self._drawer.render()
        loss = self._prompt_loss(shown)
        total = loss
        if self.plan.start_weight:
            total = total + self.plan.start_weight * self._drawer.strayed()
        if self.plan.smoothness:
            total = total + self.plan.smoothness * total_variation(shown)
        # Summed, not averaged: each picture's gradient is what it would be alone.
        total.sum().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._drawer.constrain()
        self._shown, self._loss = shown.detach(), loss.detach()
        self.step += 1
        if self.step % STEPS_BETWEEN_CHECKS == 0 or self.step == self.plan.iterations:
            self._check_finite()

    def snapshot(self) -> Snapshot:
        return Snapshot(self, self._loss)

    def shown(self, *, fresh: bool) -> Tensor:
        """(B, 3, H, W) as the last step saw it, or rendered anew."""
        if self._shown is None or fresh:
            with torch.no_grad():
                self._shown = self._drawer.render()
        return self._shown

    def state(self) -> dict[str, Any]:
        return {
            "version": STATE_VERSION,
            "specs": [spec.to_json() for spec in self.specs],
            "plan": repr(self.plan),
            "step": self.step,
            "drawer": self._drawer.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != STATE_VERSION or state.get("plan") != repr(self.plan):
            raise InputError("The saved state belongs to another picture or program version: start anew without it.")
        self.step = int(state["step"])
        self._drawer.load_state_dict(state["drawer"])
        self._optimiser.load_state_dict(state["optimiser"])

    def _prompt_loss(self, shown: Tensor) -> Tensor:
        views = self._draw_views()
        losses = [
            self._seen_by(perceptor, wishes, shown, views)
            for perceptor, wishes in zip(self._perceptors, self._wishes, strict=True)
        ]
        return torch.stack(losses).sum(0)

    def _draw_views(self) -> Views:
        chances = [generator(seed, self.step, Stream.VIEWS) for seed in self.seeds]
        return draw_views(self.plan.cuts, self.plan.width, self.plan.height, chances).to(self._device)

    def _seen_by(self, perceptor: Perceptor, wishes: Wishes, shown: Tensor, views: Views) -> Tensor:
        size = perceptor.input_size
        seen = perceptor.encode_image(take_views(shown, views, size, self._grain(size)))
        return prompt_loss(seen.view(len(self.specs), self.plan.cuts, -1), wishes)

    def _grain(self, size: int) -> Tensor:
        shape = (self.plan.cuts, 3, size, size)
        chances = [generator(seed, self.step, Stream.GRAIN, self._device) for seed in self.seeds]
        return torch.stack([torch.randn(shape, generator=each, device=self._device) for each in chances])

    def _check_finite(self) -> None:
        if self._loss is not None and not bool(torch.isfinite(self._loss).all()):
            raise PaintingError(
                f"The loss stopped being a number by step {self.step}: try a lower learning rate or another seed."
            )


def learning_rate(planned: Plan, step: int) -> float:
    """The plan's learning rate at a step, led down to its last share by a half cosine."""
    down = (1 - math.cos(math.pi * step / max(1, planned.iterations - 1))) / 2
    return planned.learning_rate * (1 - (1 - planned.last_rate) * down)


def _seeds(specs: Sequence[ArtSpec], resume: Mapping[str, Any] | None) -> list[int]:
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


def _one_plan(specs: Sequence[ArtSpec], models: Models) -> Plan:
    plans = {plan(spec, models.family) for spec in specs}
    if len(plans) != 1:
        raise InputError("Pictures painted together must have the same size, style, quality and steps.")
    return plans.pop()


def _truncation_notes(texts: Sequence[str], perceptors: Sequence[Perceptor]) -> tuple[str, ...]:
    long = [text for text in texts if any(each.truncated(text) for each in perceptors)]
    return tuple(f"“{text[:60]}…” is longer than the model reads: its end was left out." for text in long)


def _unknown_notes(texts: Sequence[str], prior: Prior | None) -> tuple[str, ...]:
    return () if prior is None else tuple(dict.fromkeys(note for text in texts for note in prior.notes(text)))


def opening_of(spec: ArtSpec, planned: Plan, models: Models, images: Mapping[str, Path]) -> Opening:
    """What to begin with and to hold to; a given picture goes before what the spec's `start` says."""
    size = (planned.width, planned.height)
    chance = generator(spec.seed or 0, 0, Stream.START)
    if spec.start_image is not None:
        if spec.start_image not in images:
            raise InputError("The start picture is not at hand any more: attach it again.")
        return _both(_as_tensor(fitted(open_picture(images[spec.start_image]), *size)))
    if spec.start == "noise":
        return _both(fractal_noise(*size, chance))
    if spec.start == "gradient":
        return _both(colour_gradient(*size, chance))
    if spec.start == "auto" and models.prior is not None:
        proposal = _proposal(spec, planned, models.prior, models, chance)
        return Opening(in_mist(proposal, planned.mist, chance) if planned.mist else proposal, proposal)
    return Opening(None, None)


def _both(picture: Tensor) -> Opening:
    return Opening(picture, picture)


def _proposal(spec: ArtSpec, planned: Plan, prior: Prior, models: Models, chance: torch.Generator) -> Tensor:
    """(3, H, W): what the prior imagines for the words that are wished for."""
    words = " ".join(prompt.text for prompt in parse_prompts(spec.prompt) if prompt.weight > 0)
    vqgan = models.vqgan(planned.vqgan)
    return prior.propose(words, width=planned.width, height=planned.height, generator=chance, vqgan=vqgan)[0]


def _as_tensor(picture: Image.Image) -> Tensor:
    pixels = torch.frombuffer(bytearray(picture.convert("RGB").tobytes()), dtype=torch.uint8)
    return pixels.view(picture.height, picture.width, 3).permute(2, 0, 1).float() / 255
