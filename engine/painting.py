"""The loop: start, then gradient steps towards the words (VQGAN+CLIP, Crowson et al. 2022), one snapshot a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from engine.batch import first_seed, one_plan, seeds_of
from engine.camera import Way
from engine.canvas import Canvas, on_white
from engine.drawers.pixel import cell_of
from engine.enlarging import check_spec, still
from engine.errors import InputError, PaintingError
from engine.eyes import Eyes
from engine.keeping import Average, Best, Patience, standing_in
from engine.memory import check_memory
from engine.models import Models
from engine.moment import Arrange, Moment
from engine.openings import next_opening, opening_of, picture_file
from engine.presets import plan
from engine.randomness import Stream, generator
from engine.schedule import stage_at
from engine.series import arranged, members
from engine.snapshot import Snapshot
from engine.spec import ArtSpec
from engine.starts import Opening
from engine.terms import Terms

STATE_VERSION: Final = 2
STEPS_BETWEEN_CHECKS: Final = 10  # looking at a number waits for the device, so it is not done at every step
STEPS_BETWEEN_SCORES: Final = 5  # of keep-best: one look at the whole picture each
SCORED_FROM: Final = 0.7  # of the steps: before, nothing is finished enough to be kept


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
    specs = members(spec, first_seed(spec, resume))
    planned = plan(spec, models.family)
    cell = cell_of(planned) if planned.style == "pixel" else None
    yield from _paint(specs, models, images, resume, lambda pictures: arranged(spec, pictures, cell))


def paint_together(
    specs: Sequence[ArtSpec],
    models: Models,
    *,
    images: Mapping[str, Path] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[Snapshot]:
    """Paint B pictures of one plan in the same steps, each with its own prompt and seed, as if it were alone.

    But for rounding: sums over a batch may be ordered otherwise, which shows in bfloat16, where a code may flip.
    """
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
        self.seeds = seeds_of(specs, resume)
        self.specs = [replace(spec, seed=seed) for spec, seed in zip(specs, self.seeds, strict=True)]
        self.plan = one_plan(self.specs, models.family)
        self.step = 0
        self.finished = False
        for digest in {digest for spec in specs for digest in spec.pictures}:
            picture_file(digest, images)
        check_memory(self.plan, models.device, len(self.specs), loaded=(*models.vqgans, *models.perceptors))
        self._models = models
        self._eyes = Eyes(self.specs, self.plan, models, images)
        self.notes = self._eyes.notes
        openings = [opening_of(spec, self.plan, models, images) for spec in self.specs]
        self._palettes = [each.palette for each in openings]
        self._way = Way.of(self.plan)
        self._framed = self._scene(openings)
        if self._framed is not None:
            openings = [self._way.first_seen(each) for each in openings]
        chances = [generator(seed, 0, Stream.START) for seed in self.seeds]
        self._canvas = Canvas(self.plan, models, openings, chances)
        self._terms = Terms(self.plan, self._palettes, models.device)
        parameters = self._canvas.parameters
        self._optimiser = self._canvas.optimiser()
        self._average = Average(parameters, self.plan.ema) if self.plan.ema else None
        self._best = Best(parameters) if self.plan.keep == "best" else None
        waits = self.plan.patience
        self._patience = None if waits is None else Patience(waits, len(specs), models.device)
        self._shown: Tensor | None = None
        self._loss: Tensor | None = None
        if resume is not None:
            self._restore(resume)

    def advance(self) -> None:
        """One gradient step. No number is read back from the device, except for a check every few steps."""
        stage = stage_at(self.plan, self.step)
        if stage != stage_at(self.plan, self.step - 1):
            self._enter(stage)
        before = [each.detach().clone() for each in self._canvas.parameters] if self._patience is not None else []
        self._optimiser.zero_grad(set_to_none=True)
        self._canvas.set_paces(self._optimiser, self.step)
        shown = self._canvas.draw()
        loss = self._prompt_loss(shown, stage)
        # Summed, not averaged: each picture's gradient is what it would be alone.
        (loss + self._beside_the_words(shown)).sum().backward()  # type: ignore[no-untyped-call]
        self._shown, self._loss = self._canvas.cut_out(shown), loss.detach()
        if self.step >= SCORED_FROM * self.plan.iterations and self.step % STEPS_BETWEEN_SCORES == 0:
            self._keep_if_best(self._shown)
        self._optimiser.step()
        self._canvas.drawer.constrain()
        self.step += 1
        self._look_after(before)

    def snapshot(self, arrange: Arrange = lambda pictures: pictures[0]) -> Snapshot:
        return Moment(self, self._loss, arrange)

    def shown(self, *, fresh: bool) -> Tensor:
        """(B, 3, H, W) as the last step saw it, or rendered anew from what is kept; (B, 4, H, W) for stickers."""
        if self._shown is None or fresh:
            with torch.no_grad(), standing_in(self._canvas.parameters, self._kept()):
                self._shown = self._canvas.cut_out(self._canvas.draw())
        return self._shown

    def scores(self) -> Tensor:
        """(B,) CLIP scores of the pictures as `shown` has them."""
        flat = on_white(self.shown(fresh=self.finished))
        return self._eyes.scores(flat, stage_at(self.plan, max(0, self.step - 1)))

    def exports(self, picture: Image.Image) -> dict[str, bytes]:
        """The files that go beside the first picture, as it is kept."""
        with torch.no_grad(), standing_in(self._canvas.parameters, self._kept()):
            return self._canvas.exports(picture)

    def state(self) -> dict[str, Any]:
        return {
            "version": STATE_VERSION,
            "specs": [spec.to_json() for spec in self.specs],
            "plan": repr(self.plan),
            "step": self.step,
            "finished": self.finished,
            "canvas": self._canvas.state_dict(),
            "optimiser": deepcopy(self._optimiser.state_dict()),
            "keeping": {name: each.state_dict() for name, each in self._keeping().items()},
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != STATE_VERSION or state.get("plan") != repr(self.plan):
            raise InputError("The saved state belongs to another picture or program version: start anew without it.")
        self.step = int(state["step"])
        self.finished = bool(state["finished"])
        self._canvas.load_state_dict(state["canvas"])
        self._optimiser.load_state_dict(deepcopy(state["optimiser"]))
        for name, each in self._keeping().items():
            each.load_state_dict(state["keeping"][name])
        if self._framed is not None and (stage := stage_at(self.plan, self.step - 1)):
            self._framed = self._imagined(stage)

    def _keeping(self) -> dict[str, Average | Best | Patience]:
        every = {"average": self._average, "best": self._best, "patience": self._patience}
        return {name: each for name, each in every.items() if each is not None}

    def _scene(self, openings: Sequence[Opening]) -> Tensor | None:
        """(B, 3, H, W): what a moving camera comes to frame at its end; None where nothing was imagined."""
        if self.plan.camera == "still" or not self.plan.imagined or self._models.prior is None:
            return None
        return _stacked([each.held for each in openings], self._models.device)

    def _kept(self) -> list[Tensor]:
        """The parameters of the finished picture; the present ones while it is being painted."""
        keeper = self._best or self._average
        return self._canvas.parameters if keeper is None or not self.finished else keeper.values

    def _enter(self, stage: int) -> None:
        """The story goes on: from here the pictures are led to what the prior imagines for the next words."""
        imagined = self._imagined(stage)
        if imagined is not None:
            self._framed = imagined if self._framed is not None else None
            self._canvas.drawer.hold_to(self._way.seen_at(imagined, self.step))

    def _imagined(self, stage: int) -> Tensor | None:
        """(B, 3, H, W): what the prior imagines for a stage; None where nothing proposes."""
        pairs = zip(self.specs, self._palettes, strict=True)
        proposals = [next_opening(spec, self.plan, self._models, stage, palette) for spec, palette in pairs]
        return _stacked(proposals, self._models.device)

    def _prompt_loss(self, shown: Tensor, stage: int) -> Tensor:
        chances = self._eyes.chances(self.step)
        views = self._eyes.draw_views(chances)
        return self._eyes.prompt_loss(self._canvas.on_grounds(shown, chances), views, self.step, stage)

    def _beside_the_words(self, shown: Tensor) -> Tensor:
        """(B,) terms, what an outline costs, and the pull of what the pictures are held to."""
        total = self._terms.of(shown) + self._canvas.penalty(shown)
        if self.plan.start_weight:
            total = total + self.plan.start_weight * self._canvas.drawer.strayed()
        return total

    def _keep_if_best(self, shown: Tensor) -> None:
        """Called while the parameters are those that made `shown`."""
        if self._best is not None:
            self._best.add(self._canvas.parameters, self._eyes.likeness(on_white(shown), 0))

    def _look_after(self, before: Sequence[Tensor]) -> None:
        """What follows a step: patience, averages, the camera, and now and then whether all is well."""
        assert self._loss is not None
        ended = None if self._patience is None else self._patience.ended
        if self._patience is not None:
            self._patience.restore(self._canvas.parameters, before)
            self._patience.note(self._loss)
        if self._average is not None:
            self._average.add(self._canvas.parameters, ended)
        if self._way.moves_after(self.step):
            self._move_camera()
        if self.step == self.plan.iterations or self.step % STEPS_BETWEEN_CHECKS == 0:
            self._check_finite()
            if self.step == self.plan.iterations or self._is_out_of_patience():
                self._finish()

    def _is_out_of_patience(self) -> bool:
        return self._patience is not None and bool(self._patience.ended.all())

    def _finish(self) -> None:
        self._canvas.drawer.finish()
        if self._best is not None:
            with torch.no_grad():
                self._keep_if_best(self._canvas.cut_out(self._canvas.draw()))
        self.finished = True

    def _move_camera(self) -> None:
        self._canvas.drawer.move(self._way.move)
        if self._framed is not None:
            self._canvas.drawer.hold_to(self._way.seen_at(self._framed, self.step))

    def _check_finite(self) -> None:
        if self._loss is not None and not bool(torch.isfinite(self._loss).all()):
            raise PaintingError(
                f"The loss stopped being a number by step {self.step}: try a lower learning rate or another seed."
            )


def _stacked(pictures: Sequence[Tensor | None], device: torch.device) -> Tensor | None:
    """(B, 3, H, W), or None where any is missing."""
    known = [each for each in pictures if each is not None]
    return torch.stack(known).to(device) if len(known) == len(pictures) else None
