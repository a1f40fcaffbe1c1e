"""The loop of VQGAN+CLIP: gradient steps that bring B pictures nearer to their prompts, one snapshot a step.

A drawer renders a picture x(z) from parameters z; in style `image` they are latents that a VQGAN decodes (Esser et al.
2021, arXiv:2012.09841). Perceptors, the image towers of CLIP (Radford et al. 2021, arXiv:2103.00020), embed n cutouts
of it as unit vectors u_1 … u_n. The targets, prompts and image prompts, are unit vectors v of weight w in that space.
A step (Crowson et al. 2022, arXiv:2204.08583) lowers

    L(z) =   Σ_perceptors Σ_targets  w · mean_i 2 arcsin²(‖u_i − v‖ / 2)     PerceptorEnsemble.prompt_loss
           + smoothness, saturation and palette of x(z)                      Regularisers.loss
           + area and half opacity of a sticker's silhouette                 Canvas.penalty
           + start_weight · mean squared distance from the target image      Drawer.target_loss

    z ← constrain(Adam(z, ∇L(z), η_t))                                       Canvas.optimiser, Drawer.constrain

where the learning rate η_t falls by a half cosine (`canvas.learning_rate`), and the target loss is measured in the
drawer's own space, in style `image` that of the latents, in units of its variance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from engine.drawers import Init
from engine.errors import InputError, PaintingError
from engine.images.sheets import arranged
from engine.loop.averaging import EMA, Best, EarlyStopping, swapped_in
from engine.loop.camera import CameraPath
from engine.loop.canvas import Canvas, on_white
from engine.loop.enlarging import Still, check_enlarged
from engine.loop.ensemble import PerceptorEnsemble
from engine.loop.init import make_init, next_target, picture_file
from engine.loop.randomness import Stream, fresh_seed, generator
from engine.loop.regularisers import Regularisers
from engine.loop.snapshot import Arrange, Snapshot
from engine.models.memory import check_memory
from engine.registry import Models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan, plan
from engine.spec.presets import ModelFamily
from engine.spec.variants import members

STATE_VERSION: Final = 3
STEPS_BETWEEN_CHECKS: Final = 10  # of the loss: reading a number waits for the device
STEPS_BETWEEN_SCORES: Final = 5  # with `keep="best"`; each score embeds the whole picture once
SCORED_FROM: Final = 0.7  # of the steps: before, no picture is finished enough to be kept


def paint(
    spec: ArtSpec,
    models: Models,
    *,
    images: Mapping[str, Path] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[Snapshot]:
    """Paint one spec: yields the initial picture as step 0, then one snapshot a step; the last has `finished`.

    `images` has the files of the pictures that the spec names by their SHA-256. The same spec with the same seed
    gives the same pixels on the same device. Closing the generator cancels the painting. A spec with variations or a
    comparison is painted as one batch.
    Raises `InputError` before any work if the spec cannot be painted, `PaintingError` if the loss becomes NaN.
    """
    if spec.iterations == 0:
        yield Still(make_plans([spec], models.family)[0], models, images or {})
        return
    plans = make_plans(members(spec, _first_seed(spec, resume)), models.family, resume)
    check_enlarged(plans[0])
    cell = plans[0].cell if plans[0].style.has_cells else None
    yield from _paint(plans, models, images, resume, lambda pictures: arranged(spec, pictures, cell))


def paint_together(
    specs: Sequence[ArtSpec],
    models: Models,
    *,
    images: Mapping[str, Path] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[Snapshot]:
    """Paint B specs of the same `Plan.shape` as one batch, each with its own prompt and seed, as if it were alone.

    Up to rounding: sums over a batch may be done in another order, and in bfloat16 a code may flip.
    """
    plans = make_plans(specs, models.family, resume)
    return _paint(plans, models, images, resume, lambda pictures: pictures[0])


def _paint(
    plans: Sequence[Plan],
    models: Models,
    images: Mapping[str, Path] | None,
    resume: Mapping[str, Any] | None,
    arrange: Arrange,
) -> Iterator[Snapshot]:
    painting = Painting(plans, models, images or {}, resume)
    yield painting.snapshot(arrange)
    while not painting.finished:
        painting.advance()
        yield painting.snapshot(arrange)


class Painting:
    """B pictures being painted: drawer, optimiser, targets, averages."""

    def __init__(
        self,
        plans: Sequence[Plan],
        models: Models,
        images: Mapping[str, Path],
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        """`plans` as `make_plans` gives them: of one shape, with seeds."""
        self.plans = list(plans)
        self.plan = self.plans[0]  # for all that they share
        self.step = 0
        self.finished = False
        for digest in {digest for each in plans for digest in each.spec.pictures}:
            picture_file(digest, images)
        loaded = (*models.vqgans, *models.perceptors)
        check_memory(self.plan, models.device, models.precision, len(plans), loaded=loaded)
        self._models = models
        self._ensemble = PerceptorEnsemble(self.plans, models, images)
        self.notes = self._ensemble.notes
        inits = [make_init(each, models, images) for each in self.plans]
        self._palettes = [each.palette for each in inits]
        self._camera = CameraPath.of(self.plan)
        self._scene = self._framed_scene(inits)
        if self._scene is not None:
            inits = [self._camera.first_frame(each) for each in inits]
        rngs = [generator(each.spec.seed or 0, 0, Stream.INIT) for each in self.plans]
        self._canvas = Canvas(self.plan, models, inits, rngs)
        self._regularisers = Regularisers(self.plan, self._palettes, models.device)
        parameters, spec = self._canvas.parameters, self.plan.spec
        self._optimiser = self._canvas.optimiser()
        self._ema = EMA(parameters, spec.ema) if spec.ema else None
        self._best = Best(parameters) if spec.keep == "best" else None
        patience = spec.patience
        self._stopping = None if patience is None else EarlyStopping(patience, len(plans), models.device)
        self._rendered: Tensor | None = None
        self._loss: Tensor | None = None
        if resume is not None:
            self._restore(resume)

    def _framed_scene(self, inits: Sequence[Init]) -> Tensor | None:
        """(B, 3, H, W): what a moving camera frames at its end; None with a still one, and without a proposal."""
        if self.plan.spec.camera == "still" or not self.plan.has_proposal or self._models.prior is None:
            return None
        return _stacked([each.target_image for each in inits], self._models.device)

    def advance(self) -> None:
        """One gradient step. Nothing is read back from the device, except for a check every few steps."""
        stage = self.plan.stage_at(self.step)
        if stage != self.plan.stage_at(self.step - 1):
            self._enter(stage)
        before = [each.detach().clone() for each in self._canvas.parameters] if self._stopping is not None else []
        self._optimiser.zero_grad(set_to_none=True)
        self._canvas.set_learning_rates(self._optimiser, self.step)
        pictures = self._canvas.draw()
        loss = self._prompt_loss(pictures, stage)
        # Summed, not averaged: each picture's gradient is what it would be alone.
        (loss + self._other_losses(pictures)).sum().backward()  # type: ignore[no-untyped-call]
        self._rendered, self._loss = self._canvas.cut_out(pictures), loss.detach()
        if self.step >= SCORED_FROM * self.plan.iterations and self.step % STEPS_BETWEEN_SCORES == 0:
            self._keep_if_best(self._rendered)
        self._optimiser.step()
        self._canvas.drawer.constrain()
        self.step += 1
        self._after_step(before)

    def _enter(self, stage: int) -> None:
        """Begin a later stage of the story: its target images are what the prior proposes for it."""
        proposals = self._proposals(stage)
        if proposals is not None:
            self._scene = proposals if self._scene is not None else None
            self._canvas.drawer.set_target(self._camera.frame_at(proposals, self.step))

    def _proposals(self, stage: int) -> Tensor | None:
        """(B, 3, H, W): what the prior proposes for a stage; None without a prior."""
        pairs = zip(self.plans, self._palettes, strict=True)
        return _stacked(
            [next_target(each, self._models, stage, palette) for each, palette in pairs], self._models.device
        )

    def _prompt_loss(self, pictures: Tensor, stage: int) -> Tensor:
        """(B,) summed over the ensemble."""
        rngs = self._ensemble.rngs(self.step)
        cutouts = self._ensemble.draw_cutouts(rngs)
        return self._ensemble.prompt_loss(self._canvas.on_random_backgrounds(pictures, rngs), cutouts, self.step, stage)

    def _other_losses(self, pictures: Tensor) -> Tensor:
        """(B,) regularisers, the penalty of a sticker's silhouette, and the target loss."""
        total = self._regularisers.loss(pictures) + self._canvas.penalty(pictures)
        if self.plan.start_weight:
            total = total + self.plan.start_weight * self._canvas.drawer.target_loss()
        return total

    def _keep_if_best(self, rendered: Tensor) -> None:
        """To be called while the parameters are those that `rendered` was rendered from."""
        if self._best is not None:
            self._best.add(self._canvas.parameters, self._ensemble.similarity(on_white(rendered), 0))

    def _after_step(self, before: Sequence[Tensor]) -> None:
        """Early stopping, the average, the camera, and every few steps the checks that wait for the device."""
        assert self._loss is not None
        stopped = None if self._stopping is None else self._stopping.stopped
        if self._stopping is not None:
            self._stopping.restore(self._canvas.parameters, before)
            self._stopping.add(self._loss)
        if self._ema is not None:
            self._ema.add(self._canvas.parameters, stopped)
        if self._camera.moves_after(self.step):
            self._move_camera()
        if self.step == self.plan.iterations or self.step % STEPS_BETWEEN_CHECKS == 0:
            self._check_finite()
            if self.step == self.plan.iterations or self._has_stopped():
                self._finish()

    def _move_camera(self) -> None:
        self._canvas.drawer.move(self._camera.move)
        if self._scene is not None:
            self._canvas.drawer.set_target(self._camera.frame_at(self._scene, self.step))

    def _check_finite(self) -> None:
        if self._loss is not None and not bool(torch.isfinite(self._loss).all()):
            raise PaintingError(
                "The loss stopped being a number by step {step}: try a lower learning rate or another seed.",
                step=self.step,
            )

    def _has_stopped(self) -> bool:
        return self._stopping is not None and bool(self._stopping.stopped.all())

    def _finish(self) -> None:
        self._canvas.drawer.finish()
        if self._best is not None:
            with torch.no_grad():
                self._keep_if_best(self._canvas.cut_out(self._canvas.draw()))
        self.finished = True

    def snapshot(self, arrange: Arrange = lambda pictures: pictures[0]) -> Snapshot:
        return Snapshot(self, self._loss, arrange)

    def rendered(self, *, fresh: bool) -> Tensor:
        """(B, 3, H, W), for stickers (B, 4, H, W): from the last step, or rendered `fresh` from the kept parameters."""
        if self._rendered is None or fresh:
            with torch.no_grad(), swapped_in(self._canvas.parameters, self._kept()):
                self._rendered = self._canvas.cut_out(self._canvas.draw())
        return self._rendered

    def scores(self) -> Tensor:
        """(B,) CLIP scores of the current pictures."""
        pictures = on_white(self.rendered(fresh=self.finished))
        return self._ensemble.scores(pictures, self.plan.stage_at(max(0, self.step - 1)))

    def exports(self, picture: Image.Image) -> dict[str, bytes]:
        """Further files of the first picture, by suffix."""
        with torch.no_grad(), swapped_in(self._canvas.parameters, self._kept()):
            return self._canvas.exports(picture)

    def _kept(self) -> list[Tensor]:
        """The parameters of the finished picture; until then the current ones."""
        average = self._best or self._ema
        return self._canvas.parameters if average is None or not self.finished else average.values

    def state(self) -> dict[str, Any]:
        return {
            "version": STATE_VERSION,
            "specs": [each.spec.to_json() for each in self.plans],
            "plans": repr(self.plans),
            "step": self.step,
            "finished": self.finished,
            "canvas": self._canvas.state_dict(),
            "optimiser": deepcopy(self._optimiser.state_dict()),
            "averaging": {name: each.state_dict() for name, each in self._averaging().items()},
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != STATE_VERSION or state.get("plans") != repr(self.plans):
            raise InputError("The saved state belongs to another picture or program version: start anew without it.")
        self.step = int(state["step"])
        self.finished = bool(state["finished"])
        self._canvas.load_state_dict(state["canvas"])
        self._optimiser.load_state_dict(deepcopy(state["optimiser"]))
        for name, each in self._averaging().items():
            each.load_state_dict(state["averaging"][name])
        if self._scene is not None and (stage := self.plan.stage_at(self.step - 1)):
            self._scene = self._proposals(stage)

    def _averaging(self) -> dict[str, EMA | Best | EarlyStopping]:
        optional = {"ema": self._ema, "best": self._best, "stopping": self._stopping}
        return {name: each for name, each in optional.items() if each is not None}


def make_plans(specs: Sequence[ArtSpec], family: ModelFamily, resume: Mapping[str, Any] | None = None) -> list[Plan]:
    """The plan of each picture, its seed drawn where it has none.

    Raises `InputError` if they cannot be painted together, or if the saved state belongs to other pictures.
    """
    if not specs:
        raise InputError("There is nothing to paint: give at least one picture definition.")
    plans = [plan(spec, family) for spec in _with_seeds(specs, resume)]
    if len({each.shape for each in plans}) != 1:
        raise InputError("Pictures painted together must have the same size, style, quality and steps.")
    return plans


def _with_seeds(specs: Sequence[ArtSpec], resume: Mapping[str, Any] | None) -> list[ArtSpec]:
    """Each spec with a seed: its own, that of the saved state, or a random one."""
    if resume is None:
        return [spec.with_seed(fresh_seed()) if spec.seed is None else spec for spec in specs]
    saved = [ArtSpec.from_json(text) for text in resume.get("specs", [])]
    pairs = list(zip(specs, saved, strict=False))
    expected = [replace(spec, seed=old.seed if spec.seed is None else spec.seed) for spec, old in pairs]
    if saved != expected or len(saved) != len(specs):
        raise InputError("The saved state belongs to another picture: start anew without it.")
    return saved


def _first_seed(spec: ArtSpec, resume: Mapping[str, Any] | None) -> int:
    """The seed of the first picture: the spec's own, that of the saved state, or a random one."""
    if spec.seed is not None:
        return spec.seed
    saved = resume.get("specs") if resume is not None else None
    first = ArtSpec.from_json(saved[0]).seed if saved else None
    return fresh_seed() if first is None else first


def _stacked(pictures: Sequence[Tensor | None], device: torch.device) -> Tensor | None:
    """(B, 3, H, W), or None if any is missing."""
    known = [each for each in pictures if each is not None]
    return torch.stack(known).to(device) if len(known) == len(pictures) else None
