"""The loop: start, then gradient steps towards the words (VQGAN+CLIP, Crowson et al. 2022), one snapshot a step."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from engine import camera
from engine.cutouts import Views, draw_views, take_views
from engine.drawers import DRAWERS
from engine.enlarging import check_spec, still
from engine.errors import InputError, PaintingError
from engine.keeping import Average, Best, Patience, standing_in
from engine.loss import Wishes, clip_score, dullness, look, prompt_loss, read_wishes, total_variation
from engine.memory import check_memory
from engine.models import Models, Prior
from engine.openings import next_opening, opening_of, picture_wishes
from engine.perceptor import Perceptor
from engine.presets import Plan, plan
from engine.prompts import stages_of
from engine.quantisation import palette_distance
from engine.randomness import Stream, fresh_seed, generator
from engine.series import arranged, members
from engine.silhouette import RATE as SILHOUETTE_RATE
from engine.silhouette import Silhouette
from engine.snapshot import Snapshot
from engine.spec import ArtSpec
from engine.symmetry import mirrored

STATE_VERSION: Final = 2
STEPS_BETWEEN_CHECKS: Final = 10  # looking at a number waits for the device, so it is not done at every step
STEPS_BETWEEN_SCORES: Final = 5  # of keep-best: one look at the whole picture each
SATURATION_WEIGHT: Final = 5.0
PALETTE_WEIGHT: Final = 20.0  # of the distance from a palette, outside style pixel, whose cells are held to it

NATIVE: Final = "native.png"

Arrange = Callable[[Sequence[Image.Image]], Image.Image]


class Moment:
    """The `Snapshot` of a painting in the making."""

    def __init__(self, painting: Painting, loss: Tensor | None, arrange: Arrange) -> None:
        self._painting = painting
        self._loss = loss
        self._arrange = arrange
        self.step = painting.step
        self.total = painting.plan.iterations
        self.finished = painting.finished
        self.seeds = painting.seeds
        self.notes = painting.notes

    @property
    def seed(self) -> int:
        """The seed of the first picture."""
        return self.seeds[0]

    @property
    def specs(self) -> Sequence[ArtSpec]:
        """The specs of the single pictures, with their seeds."""
        return self._painting.specs

    @property
    def loss(self) -> float:
        """Mean prompt loss of the batch before the last step; NaN before the first. Waits for the device."""
        return math.nan if self._loss is None else float(self._loss.mean())

    def scores(self) -> list[float]:
        """The CLIP score of each picture, 100 · cosine: how well it fits its words. Waits for the device."""
        return [float(each) for each in self._painting.scores()]

    def pictures(self) -> list[Image.Image]:
        """The pictures, RGB, or RGBA for stickers; on the way they show the state before the last step, which costs
        no extra render."""
        shown = self._painting.shown(fresh=self.finished)
        pixels = (shown.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(each) for each in pixels]

    def picture(self) -> Image.Image:
        """The picture; where a spec asks for several, all of them on one sheet."""
        return self._arrange(self.pictures())

    def exports(self) -> dict[str, bytes]:
        """Files that belong beside the finished picture, by suffix; those of a single picture only."""
        return self._painting.exports(self.pictures()[0]) if len(self.seeds) == 1 else {}

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
    """Paint one spec: yields the start as step 0, then one snapshot a step; the last has `finished`.

    `images` finds the files of the pictures that the spec names by their SHA-256. The same spec with the same seed
    gives the same pixels on the same device. Closing the generator stops the work. A spec with variations or a
    comparison is painted as one batch.
    Raises `InputError` before any work for what cannot be painted, `PaintingError` when the loss is no number.
    """
    check_spec(spec, models)
    if spec.iterations == 0:
        yield still(spec, models, images or {})
        return
    specs = members(spec, _first_seed(spec, resume))
    planned = plan(spec, models.family)
    cell = planned.width // planned.columns if planned.columns else None
    yield from _paint(specs, models, images, resume, lambda pictures: arranged(spec, pictures, cell))


def paint_together(
    specs: Sequence[ArtSpec],
    models: Models,
    *,
    images: Mapping[str, Path] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[Snapshot]:
    """Paint B pictures of one plan in the same steps, each with its own prompt and seed, as if it were alone."""
    return _paint(specs, models, images, resume, lambda pictures: pictures[0])


def _paint(
    specs: Sequence[ArtSpec],
    models: Models,
    images: Mapping[str, Path] | None,
    resume: Mapping[str, Any] | None,
    arrange: Arrange,
) -> Iterator[Snapshot]:
    painting = Painting(specs, models, images or {}, resume)
    yield painting.snapshot(arrange)
    while not painting.finished:
        painting.advance()
        yield painting.snapshot(arrange)


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
        stories = [stages_of(spec) for spec in self.specs]
        check_memory(self.plan, models.device, len(self.specs), loaded=(*models.vqgans, *models.perceptors))
        self.step = 0
        self.finished = False
        self._models = models
        self._device = models.device
        self._perceptors = [models.perceptor(name) for name in self.plan.perceptors]
        self.notes = _notes(self.specs, self._perceptors, models.prior)
        seen = [picture_wishes(spec, self.plan, images) for spec in self.specs]
        self._stages = [
            [read_wishes([story[stage] for story in stories], each, models.device, seen) for each in self._perceptors]
            for stage in range(self.plan.stages)
        ]
        openings = [opening_of(spec, self.plan, models, images) for spec in self.specs]
        self._way = camera.Way.of(self.plan)
        self._framed: Tensor | None = None
        if self.plan.camera != "still" and models.prior is not None and not any(each.given for each in openings):
            self._framed = _stacked([each.held for each in openings], models.device)
            openings = [self._way.first_seen(each) for each in openings]
        chances = [generator(seed, 0, Stream.START) for seed in self.seeds]
        self._drawer = DRAWERS[self.plan.style](self.plan, models, openings, chances)
        self._palette = _palette(self.plan, [each.palette for each in openings], models.device)
        self._silhouette = (
            Silhouette(self.plan.width, self.plan.height, openings, models.device) if self.plan.transparent else None
        )
        groups = self._drawer.groups()
        self._parameters = [tensor for group in groups for tensor in group.tensors]
        self._paces = [(group.rate * self.plan.learning_rate, group.last) for group in groups]
        rows: list[dict[str, Any]] = [{"params": group.tensors} for group in groups]
        if self._silhouette is not None:
            rows.append({"params": [self._silhouette.logits]})
            self._parameters.append(self._silhouette.logits)
            self._paces.append((SILHOUETTE_RATE, None))
        # Capturable: its step count stays on the device.
        self._optimiser = torch.optim.Adam(rows, lr=self.plan.learning_rate, capturable=models.device.type == "cuda")
        self._average = Average(self._parameters, self.plan.ema) if self.plan.ema else None
        self._best = Best(self._parameters) if self.plan.keep == "best" else None
        self._patience = (
            Patience(self.plan.patience, len(specs), models.device) if self.plan.patience is not None else None
        )
        self._shown: Tensor | None = None
        self._loss: Tensor | None = None
        if resume is not None:
            self._restore(resume)

    def advance(self) -> None:
        """One gradient step. No number is read back from the device, except for a check every few steps."""
        stage = stage_at(self.plan, self.step)
        if stage != stage_at(self.plan, self.step - 1):
            self._enter(stage)
        before = [each.detach().clone() for each in self._parameters] if self._patience is not None else []
        self._optimiser.zero_grad(set_to_none=True)
        for group, (rate, last) in zip(self._optimiser.param_groups, self._paces, strict=True):
            group["lr"] = learning_rate(self.plan, self.step, rate, last)
        shown = self._draw()
        loss = self._prompt_loss(shown, self._stages[stage])
        # Summed, not averaged: each picture's gradient is what it would be alone.
        (loss + self._terms(shown)).sum().backward()  # type: ignore[no-untyped-call]
        self._keep_if_best(shown)
        self._optimiser.step()
        self._drawer.constrain()
        self._shown, self._loss = shown.detach(), loss.detach()
        self.step += 1
        self._look_after(before)

    def snapshot(self, arrange: Arrange = lambda pictures: pictures[0]) -> Snapshot:
        return Moment(self, self._loss, arrange)

    def shown(self, *, fresh: bool) -> Tensor:
        """(B, 3, H, W) as the last step saw it, or rendered anew from what is kept; (B, 4, H, W) for stickers."""
        if self._shown is None or fresh:
            with torch.no_grad(), standing_in(self._parameters, self._kept()):
                self._shown = self._draw()
        if self._silhouette is None:
            return self._shown
        return torch.cat([self._shown, self._silhouette.cut_out()], 1)

    def scores(self) -> Tensor:
        """(B,) CLIP scores of the pictures as `shown` has them, by the last perceptor of the ensemble."""
        shown = self.shown(fresh=self.finished)
        flat = (
            shown[:, :3]
            if self._silhouette is None
            else torch.lerp(torch.ones_like(shown[:, :3]), shown[:, :3], shown[:, 3:])
        )
        stage = stage_at(self.plan, max(0, self.step - 1))
        return clip_score(look(flat, self._perceptors[-1]), self._stages[stage][-1])

    def exports(self, picture: Image.Image) -> dict[str, bytes]:
        """The drawer's own files of the first picture as it is kept."""
        with torch.no_grad(), standing_in(self._parameters, self._kept()):
            files = self._drawer.exports(0)
        if NATIVE in files and (self.plan.transparent or self.plan.symmetry != "none"):
            files[NATIVE] = _cells_of(picture, files[NATIVE])
        return files

    def state(self) -> dict[str, Any]:
        extras = {name: each.state_dict() for name, each in self._extras().items()}
        return {
            "version": STATE_VERSION,
            "specs": [spec.to_json() for spec in self.specs],
            "plan": repr(self.plan),
            "step": self.step,
            "drawer": self._drawer.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "silhouette": None if self._silhouette is None else self._silhouette.logits.detach().clone(),
            "extras": extras,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != STATE_VERSION or state.get("plan") != repr(self.plan):
            raise InputError("The saved state belongs to another picture or program version: start anew without it.")
        self.step = int(state["step"])
        self._drawer.load_state_dict(state["drawer"])
        self._optimiser.load_state_dict(state["optimiser"])
        if self._silhouette is not None:
            with torch.no_grad():
                self._silhouette.logits.copy_(state["silhouette"])
        for name, each in self._extras().items():
            each.load_state_dict(state["extras"][name])
        self.finished = self.step == self.plan.iterations

    def _extras(self) -> dict[str, Average | Best | Patience]:
        every = {"average": self._average, "best": self._best, "patience": self._patience}
        return {name: each for name, each in every.items() if each is not None}

    def _draw(self) -> Tensor:
        return mirrored(self._drawer.render(), self.plan.symmetry)

    def _kept(self) -> list[Tensor]:
        """The parameters of the finished picture; the present ones while it is being painted."""
        keeper = self._best or self._average
        return self._parameters if keeper is None or not self.finished else keeper.values

    def _enter(self, stage: int) -> None:
        """The story goes on: from here the pictures are led to what the prior imagines for the next words."""
        proposals = _stacked([next_opening(spec, self.plan, self._models, stage) for spec in self.specs], self._device)
        if proposals is not None:
            self._framed = proposals if self.plan.camera != "still" else None
            self._drawer.hold_to(self._way.seen_at(proposals, self.step))

    def _terms(self, shown: Tensor) -> Tensor:
        """(B,) what is asked for beside the words."""
        total = shown.new_zeros(len(shown))
        if self.plan.start_weight:
            total = total + self.plan.start_weight * self._drawer.strayed()
        if self.plan.smoothness:
            total = total + self.plan.smoothness * total_variation(shown)
        if self.plan.saturation:
            total = total + SATURATION_WEIGHT * self.plan.saturation * dullness(shown)
        if self._palette is not None:
            total = total + PALETTE_WEIGHT * _from_palettes(shown, self._palette)
        if self._silhouette is not None:
            total = total + self._silhouette.penalty()
        return total

    def _prompt_loss(self, shown: Tensor, stage: Sequence[Wishes]) -> Tensor:
        chances = [generator(seed, self.step, Stream.VIEWS) for seed in self.seeds]
        views = draw_views(self.plan.cuts, self.plan.width, self.plan.height, chances, tile=self.plan.tile)
        if self._silhouette is not None:
            grounds = torch.stack([torch.rand(3, generator=each) for each in chances])
            shown = self._silhouette.over(shown, grounds.to(self._device))
        views = views.to(self._device)
        losses = [
            self._seen_by(perceptor, wishes, shown, views)
            for perceptor, wishes in zip(self._perceptors, stage, strict=True)
        ]
        return torch.stack(losses).sum(0)

    def _seen_by(self, perceptor: Perceptor, wishes: Wishes, shown: Tensor, views: Views) -> Tensor:
        size = perceptor.input_size
        seen = perceptor.encode_image(take_views(shown, views, size, self._grain(size)))
        return prompt_loss(seen.view(len(self.specs), self.plan.cuts, -1), wishes)

    def _grain(self, size: int) -> Tensor:
        shape = (self.plan.cuts, 3, size, size)
        chances = [generator(seed, self.step, Stream.GRAIN, self._device) for seed in self.seeds]
        return torch.stack([torch.randn(shape, generator=each, device=self._device) for each in chances])

    def _keep_if_best(self, shown: Tensor) -> None:
        """Called between a step's render and the change of what was rendered."""
        if self._best is not None and self.step % STEPS_BETWEEN_SCORES == 0:
            seen = look(shown.detach(), self._perceptors[-1])
            self._best.add(self._parameters, clip_score(seen, self._stages[0][-1]))

    def _look_after(self, before: Sequence[Tensor]) -> None:
        """What follows a step: averages, the camera, and now and then whether all is well."""
        assert self._loss is not None
        if self._patience is not None:
            self._patience.restore(self._parameters, before)
            self._patience.note(self._loss)
        if self._average is not None:
            self._average.add(self._parameters)
        if self._way.moves_after(self.step):
            self._move_camera()
        ended = self.step == self.plan.iterations
        if ended or self.step % STEPS_BETWEEN_CHECKS == 0:
            self._check_finite()
            ended = ended or (self._patience is not None and bool(self._patience.ended.all()))
        if ended and self._best is not None:
            with torch.no_grad():
                last = look(self._draw(), self._perceptors[-1])
            self._best.add(self._parameters, clip_score(last, self._stages[0][-1]))
        if ended:
            self._drawer.finish()
        self.finished = ended

    def _move_camera(self) -> None:
        self._drawer.move(self._way.move.to(self._device))
        if self._framed is not None:
            # What the prior imagined is a scene that the camera comes to frame at its end.
            self._drawer.hold_to(self._way.seen_at(self._framed, self.step))

    def _check_finite(self) -> None:
        if self._loss is not None and not bool(torch.isfinite(self._loss).all()):
            raise PaintingError(
                f"The loss stopped being a number by step {self.step}: try a lower learning rate or another seed."
            )


def learning_rate(planned: Plan, step: int, rate: float | None = None, last: float | None = None) -> float:
    """A learning rate at a step: led from `rate` down to its `last` share by a half cosine, anew in each stage.

    Both are the plan's where they are not given. A moving camera brings something new to the end: under it the rate
    stays.
    """
    rate = planned.learning_rate if rate is None else rate
    if planned.camera != "still":
        return rate
    stage = stage_at(planned, step)
    first, end = (planned.iterations * each // planned.stages for each in (stage, stage + 1))
    down = (1 - math.cos(math.pi * (step - first) / max(1, end - first - 1))) / 2
    return rate * (1 - (1 - (planned.last_rate if last is None else last)) * down)


def stage_at(planned: Plan, step: int) -> int:
    """The stage of the story that a step belongs to, counted from 0."""
    stages = range(planned.stages)
    return max((stage for stage in stages if step >= planned.iterations * stage // planned.stages), default=0)


def _first_seed(spec: ArtSpec, resume: Mapping[str, Any] | None) -> int:
    if spec.seed is not None:
        return spec.seed
    saved = resume.get("specs") if resume is not None else None
    first = ArtSpec.from_json(saved[0]).seed if saved else None
    return fresh_seed() if first is None else first


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


def _notes(specs: Sequence[ArtSpec], perceptors: Sequence[Perceptor], prior: Prior | None) -> tuple[str, ...]:
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


def _stacked(pictures: Sequence[Tensor | None], device: torch.device) -> Tensor | None:
    """(B, 3, H, W), or None where any is missing."""
    known = [each for each in pictures if each is not None]
    return torch.stack(known).to(device) if len(known) == len(pictures) else None


def _palette(planned: Plan, taken: Sequence[Tensor | None], device: torch.device) -> list[Tensor] | None:
    """(K, 3) colours for each picture to be drawn to; None in style pixel, which has nothing else."""
    if planned.style == "pixel":
        return None
    if planned.palette:
        colours = torch.tensor(planned.palette, device=device) / 255
        return [colours] * len(taken)
    known = [each.to(device) for each in taken if each is not None]
    return known or None


def _from_palettes(shown: Tensor, palettes: Sequence[Tensor]) -> Tensor:
    distances = [palette_distance(one[None], palette) for one, palette in zip(shown, palettes, strict=True)]
    return torch.cat(distances)


def _cells_of(picture: Image.Image, native: bytes) -> bytes:
    """The finished picture, symmetry and outline included, at one pixel a cell."""
    with Image.open(io.BytesIO(native)) as drawn:
        size = drawn.size
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.NEAREST).save(buffer, format="PNG")
    return buffer.getvalue()
