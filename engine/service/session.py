"""`Session`: a painting in a folder, with film, checkpoint and PNG, for the command line and the painter process."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from engine.errors import Message
from engine.images.files import replacing
from engine.images.metadata import write_png
from engine.images.pictures import on_white
from engine.images.recorder import Film
from engine.service.protocol import Finished
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan

if TYPE_CHECKING:
    from engine.loop.snapshot import Snapshot
    from engine.registry import Models

log = logging.getLogger(__name__)

STEM: Final = "picture"
PICTURE: Final = f"{STEM}.png"
CHECKPOINT: Final = "checkpoint.pt"
CHECKPOINT_VERSION: Final = 1

Paint = Callable[..., "Iterator[Snapshot]"]  # called as `engine.loop.loop.paint` is


class Session:
    """A painting and its files. Iterate over `snapshots()`, then call `finish()`; as a context manager it ends ffmpeg.

    Continues from a checkpoint in the folder if that belongs to the same spec and family; ignores any other. The caller
    removes the folder.
    """

    def __init__(
        self,
        spec: ArtSpec,
        models: Models,
        folder: Path,
        images: Mapping[str, Path] | None = None,
        *,
        paint: Paint | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._spec = spec
        self._models = models
        self._folder = folder
        self._images = images or {}
        self._paint = paint or _default_paint()
        self._started = time.monotonic()
        self._checkpoint: Mapping[str, Any] | None = load_checkpoint(folder / CHECKPOINT, spec, models.family)
        self._film: Film | None = None
        self._snapshot: Snapshot | None = None
        self._picture: Image.Image | None = None
        self._first: tuple[int, float] | None = None  # step and time of this run's first snapshot
        self._last_time = 0.0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self._film is not None:
            self._film.close()

    def snapshots(self) -> Iterator[Snapshot]:
        """Paint: yields each snapshot after recording it. Raises what `paint` raises."""
        for snapshot in self._resume_or_start():
            self._snapshot, self._picture = snapshot, None
            self._last_time = time.monotonic()
            self._first = self._first or (snapshot.step, self._last_time)
            if self._film is None:
                self._film = self._open_film(snapshot.total)
            if snapshot.step > self._filmed_step() and (self._film.wants(snapshot.step) or snapshot.finished):
                self._film.add(on_white(self.picture()))
            yield snapshot

    def picture(self) -> Image.Image:
        """The current picture, RGBA if it is a sticker; rendered once."""
        if self._picture is None:
            self._picture = self._current().picture()
        return self._picture

    @property
    def elapsed(self) -> float:
        """Seconds of work so far, including those before an interruption."""
        earlier = float(self._checkpoint["elapsed"]) if self._checkpoint else 0.0
        return earlier + time.monotonic() - self._started

    @property
    def seconds_a_step(self) -> float | None:
        """The mean of this run; None before its first step is done."""
        step = self._current().step
        if self._first is None or step <= self._first[0]:
            return None
        return (self._last_time - self._first[1]) / (step - self._first[0])

    @property
    def remaining(self) -> float:
        """Estimated seconds until the last step; 0 before the first step."""
        snapshot = self._current()
        return (self.seconds_a_step or 0.0) * (snapshot.total - snapshot.step)

    @property
    def notes(self) -> tuple[Message, ...]:
        """Messages to the user about the prompt."""
        return self._current().notes

    @property
    def loss(self) -> float:
        """The last known loss. Waits for the device."""
        loss = self._current().loss
        if math.isnan(loss) and self._checkpoint is not None:
            return float(self._checkpoint["loss"])
        return loss

    def save(self, *, pause: bool = False) -> None:
        """Write the checkpoint, with `pause` after all frames of the film. An error is only logged."""
        import torch

        snapshot, film = self._current(), self._film
        assert film is not None
        if pause:
            film.pause()
        state = {
            "version": CHECKPOINT_VERSION,
            "spec": self._spec.to_json(),
            "family": self._models.family,
            "step": snapshot.step,
            "elapsed": self.elapsed,
            "loss": self.loss,
            "film": film.state(),
            "painting": snapshot.state(),
        }
        try:
            with replacing(self._folder / CHECKPOINT) as temporary:
                torch.save(state, temporary)
        except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
            log.warning("no checkpoint at step %d: %s", snapshot.step, error)

    def finish(self) -> Finished:
        """Write the PNG, the further files and the films. Raises `OSError` if a picture cannot be written."""
        snapshot, film = self._current(), self._film
        assert film is not None and snapshot.finished
        from engine.loop.enlarging import enlarged_as_asked

        image = enlarged_as_asked(self.picture(), self._spec, self._models)
        models = named_models(snapshot.plan, self._models)
        write_png(image, self._folder / PICTURE, self._spec, seed=snapshot.seed, models=models)
        extras = {**self._write_exports(snapshot), **self._write_members(snapshot, models)}
        loss, seconds = self.loss, self.seconds_a_step
        films = film.finish()
        return Finished(
            image=self._folder / PICTURE,
            films=films,
            extras=extras,
            seed=snapshot.seed,
            width=image.width,
            height=image.height,
            iterations=snapshot.step,
            seconds=self.elapsed,
            iterations_per_second=1 / seconds if seconds else 0.0,
            loss=loss,
            clip_score=max(snapshot.scores()),
            notes=(*snapshot.notes, *((film.failure,) if film.failure else ())),
            models=models,
        )

    def _write_exports(self, snapshot: Snapshot) -> dict[str, Path]:
        written = {}
        for suffix, data in snapshot.exports().items():
            written[suffix] = self._folder / f"{STEM}.{suffix}"
            written[suffix].write_bytes(data)
        return written

    def _write_members(self, snapshot: Snapshot, models: str) -> dict[str, Path]:
        """The single pictures of a grid or comparison, each a PNG with the spec that paints it alone."""
        if len(snapshot.specs) == 1:
            return {}
        written = {}
        for number, (spec, image) in enumerate(zip(snapshot.specs, snapshot.pictures(), strict=True), start=1):
            written[f"{number}.png"] = path = self._folder / f"{STEM}.{number}.png"
            write_png(image, path, spec, seed=spec.seed or 0, models=models)
        return written

    def _resume_or_start(self) -> Iterator[Snapshot]:
        """The snapshots from the checkpoint on; from the start if `paint` refuses the checkpoint."""
        if self._checkpoint is not None:
            snapshots = self._paint(self._spec, self._models, images=self._images, resume=self._checkpoint["painting"])
            try:
                first = next(snapshots)
            except Exception as error:  # no error of an old state may prevent the painting
                log.warning("the checkpoint does not fit, painting anew: %s", type(error).__name__)
                self._checkpoint = None
            else:
                yield first
                yield from snapshots
                return
        yield from self._paint(self._spec, self._models, images=self._images, resume=None)

    def _open_film(self, steps: int) -> Film:
        resume = self._checkpoint["film"] if self._checkpoint else None
        return Film(self._folder, steps, self._spec.film_seconds, self._spec.film, resume=resume)

    def _filmed_step(self) -> int:
        return int(self._checkpoint["step"]) if self._checkpoint else -1

    def _current(self) -> Snapshot:
        if self._snapshot is None:
            raise RuntimeError("nothing is painted yet: iterate over snapshots() first")
        return self._snapshot


def named_models(plan: Plan, models: Models) -> str:
    """The models of a painting, as text: "embedded mini" or "imagenet-f16-16384 with ViT-B/32, ViT-B/16"."""
    if models.family == "mini":
        return "embedded mini"
    perceptors = ", ".join(plan.perceptors)
    return f"{plan.vqgan} with {perceptors}" if plan.style.uses_vqgan else perceptors


def load_checkpoint(path: Path, spec: ArtSpec, family: str) -> Mapping[str, Any] | None:
    """The checkpoint at `path` if it is intact and belongs to this spec and family of models; else None."""
    if not path.exists():
        return None
    import torch

    try:
        state: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        fits = (state["version"], state["spec"], state["family"]) == (CHECKPOINT_VERSION, spec.to_json(), family)
        _ = int(state["step"]), float(state["elapsed"]), float(state["loss"]), state["film"], state["painting"]
    except Exception as error:  # torch raises anything on damaged files
        log.warning("the checkpoint is damaged and ignored: %s", type(error).__name__)
        return None
    return state if fits else None


def _default_paint() -> Paint:
    from engine.loop.loop import paint

    return paint
