"""One painting in one folder: its film, its checkpoint, its PNG. The command line and the painter process share it."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from engine.film import Film
from engine.metadata import write_png
from engine.pictures import on_white
from engine.presets import plan
from engine.spec import ArtSpec

if TYPE_CHECKING:
    from engine.models import Models
    from engine.snapshot import Snapshot

log = logging.getLogger(__name__)

STEM: Final = "picture"
PICTURE: Final = f"{STEM}.png"
CHECKPOINT: Final = "checkpoint.pt"
CHECKPOINT_VERSION: Final = 1

Paint = Callable[..., "Iterator[Snapshot]"]  # called as `engine.painting.paint` is


@dataclass(frozen=True, slots=True)
class Painted:
    """What a finished painting left in its folder."""

    image: Path
    films: dict[str, Path]  # format → file
    extras: dict[str, Path]  # what belongs beside the PNG: "svg", "native.png", and "1.png" … of a grid
    seed: int  # the one used
    width: int  # pixels
    height: int  # pixels
    iterations: int
    seconds: float  # of work in all, that before an interruption and the film's encoding included
    iterations_per_second: float  # while painting, without loading and encoding
    loss: float
    clip_score: float  # 100 · cosine of picture and words, as the perceptor sees them; the best of a grid
    notes: tuple[str, ...]  # sentences for the person
    models: str  # what painted it


class Session:
    """Iterate over `snapshots()` to paint, then call `finish()`; use it as a context manager so that ffmpeg ends.

    A checkpoint in the folder that belongs to the same spec and family is gone on from; any other is ignored.
    The folder and its files are the caller's to remove.
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
        self._begun = time.monotonic()
        self._saved: Mapping[str, Any] | None = load_checkpoint(folder / CHECKPOINT, spec, models.family)
        self._film: Film | None = None
        self._snapshot: Snapshot | None = None
        self._picture: Image.Image | None = None
        self._first: tuple[int, float] | None = None  # step and time of this run's first snapshot
        self._last_at = 0.0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self._film is not None:
            self._film.close()

    def snapshots(self) -> Iterator[Snapshot]:
        """Paint: yields each snapshot after the film has had it. Raises what `paint` raises."""
        for snapshot in self._begin():
            self._snapshot, self._picture = snapshot, None
            self._last_at = time.monotonic()
            self._first = self._first or (snapshot.step, self._last_at)
            if self._film is None:
                self._film = self._open_film(snapshot.total)
            if snapshot.step > self._filmed_step() and (self._film.wants(snapshot.step) or snapshot.finished):
                self._film.add(on_white(self.picture()))
            yield snapshot

    def picture(self) -> Image.Image:
        """The current picture, RGBA where it is a sticker; rendered once for all who want it."""
        if self._picture is None:
            self._picture = self._current().picture()
        return self._picture

    @property
    def elapsed(self) -> float:
        """Seconds of work so far, those before an interruption included."""
        earlier = float(self._saved["elapsed"]) if self._saved else 0.0
        return earlier + time.monotonic() - self._begun

    @property
    def seconds_a_step(self) -> float | None:
        """The mean of this run; None before its first step is done."""
        step, at = (self._current().step, self._last_at)
        if self._first is None or step <= self._first[0]:
            return None
        return (at - self._first[1]) / (step - self._first[0])

    @property
    def remaining(self) -> float:
        """Estimated seconds until the last step; 0 while nothing is known."""
        snapshot = self._current()
        return (self.seconds_a_step or 0.0) * (snapshot.total - snapshot.step)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person about the prompt."""
        return self._current().notes

    @property
    def loss(self) -> float:
        """The last known loss. Waits for the device."""
        loss = self._current().loss
        if math.isnan(loss) and self._saved is not None:
            return float(self._saved["loss"])
        return loss

    def save(self, *, pause: bool = False) -> None:
        """Write the checkpoint; with `pause`, let the film's frames reach the disk first.

        A full disk costs the checkpoint, not the painting.
        """
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
        fresh = self._folder / f"{CHECKPOINT}.part"
        try:
            with fresh.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._folder / CHECKPOINT)
        except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
            log.warning("no checkpoint at step %d: %s", snapshot.step, error)
            with contextlib.suppress(OSError):
                fresh.unlink()

    def finish(self) -> Painted:
        """Write the PNG and what belongs to it, then the films. Raises `OSError` where a picture cannot be written."""
        snapshot, film = self._current(), self._film
        assert film is not None and snapshot.finished
        from engine.enlarging import enlarged_as_asked

        image = enlarged_as_asked(self.picture(), self._spec, self._models)
        models = told_models(self._spec, self._models)
        write_png(image, self._folder / PICTURE, self._spec, seed=snapshot.seed, models=models)
        extras = {**self._write_exports(snapshot), **self._write_members(snapshot, models)}
        loss, pace = self.loss, self.seconds_a_step
        films = film.finish()
        return Painted(
            image=self._folder / PICTURE,
            films=films,
            extras=extras,
            seed=snapshot.seed,
            width=image.width,
            height=image.height,
            iterations=snapshot.step,
            seconds=self.elapsed,
            iterations_per_second=1 / pace if pace else 0.0,
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
        """The single pictures of a grid or comparison, each a PNG that says how to paint it alone."""
        if len(snapshot.specs) == 1:
            return {}
        written = {}
        for number, (spec, image) in enumerate(zip(snapshot.specs, snapshot.pictures(), strict=True), start=1):
            written[f"{number}.png"] = path = self._folder / f"{STEM}.{number}.png"
            write_png(image, path, spec, seed=spec.seed or 0, models=models)
        return written

    def _begin(self) -> Iterator[Snapshot]:
        """The snapshots from the checkpoint on; from the start where the checkpoint turns out not to fit."""
        if self._saved is not None:
            snapshots = self._paint(self._spec, self._models, images=self._images, resume=self._saved["painting"])
            try:
                first = next(snapshots)
            except Exception as error:  # whatever is wrong with an old state must not keep the picture from its owner
                log.warning("the checkpoint does not fit, painting anew: %s", type(error).__name__)
                self._saved = None
            else:
                yield first
                yield from snapshots
                return
        yield from self._paint(self._spec, self._models, images=self._images, resume=None)

    def _open_film(self, steps: int) -> Film:
        resume = self._saved["film"] if self._saved else None
        return Film(self._folder, steps, self._spec.film_seconds, self._spec.film, resume=resume)

    def _filmed_step(self) -> int:
        return int(self._saved["step"]) if self._saved else -1

    def _current(self) -> Snapshot:
        if self._snapshot is None:
            raise RuntimeError("nothing is painted yet: iterate over snapshots() first")
        return self._snapshot


def told_models(spec: ArtSpec, models: Models) -> str:
    """Which models paint this, for people: "embedded mini" or "imagenet-f16-16384 with ViT-B/32, ViT-B/16"."""
    if models.family == "mini":
        return "embedded mini"
    planned = plan(spec, models.family)
    seen = ", ".join(planned.perceptors)
    return f"{planned.vqgan} with {seen}" if planned.style == "image" else seen


def load_checkpoint(path: Path, spec: ArtSpec, family: str) -> Mapping[str, Any] | None:
    """The checkpoint at `path` if it is whole and belongs to this spec and family of models; else None."""
    if not path.exists():
        return None
    import torch

    try:
        state: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        theirs = (state["version"], state["spec"], state["family"])
        fits = theirs == (CHECKPOINT_VERSION, spec.to_json(), family)
        _ = int(state["step"]), float(state["elapsed"]), float(state["loss"]), state["film"], state["painting"]
    except Exception as error:  # a file of any content may lie there, and torch raises whatever it stumbles over
        log.warning("the checkpoint is damaged and ignored: %s", type(error).__name__)
        return None
    return state if fits else None


def _default_paint() -> Paint:
    from engine.painting import paint

    return paint
