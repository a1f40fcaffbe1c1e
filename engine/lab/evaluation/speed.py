"""How long a draft and a normal picture take with their films, and which part of the work takes how much of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import Tensor

from engine.errors import PaintingError
from engine.images.pictures import on_white
from engine.images.recorder import Film
from engine.lab.evaluation.report import Figure, Section, Setting
from engine.loop.loop import paint
from engine.registry import EMBEDDED, load_models
from engine.spec.artspec import ArtSpec

PROMPT: Final = "a red apple"
PROMISED: Final = {"draft": 30, "normal": 90}  # seconds
# Linux counts what a process held before it became another program: a small one must start what is measured.
WAIT: Final = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


@dataclass(frozen=True)
class Cost:
    """Of a picture with its film, from the start of Python to the files."""

    seconds: float
    peak: int  # bytes of resident memory, of the largest process


def measure(setting: Setting) -> Section:
    """Each quality in a process of its own, on all cores; then both once more in this one, part by part."""
    load, figures = os.getloadavg()[0], list[Figure]()
    for quality, promised in PROMISED.items():
        small = ["--iterations", "2", "--cuts", "2", "--size", "64x64"] if setting.quick else []
        cost = measure_cost("--quality", quality, *small)
        figures.append(Figure(f"{quality} with its film", cost.seconds, most=promised, unit=" s"))
        figures.append(Figure(f"{quality}: peak memory", cost.peak / 1e6, unit=" MB"))
        seconds = parts(setting.spec(PROMPT, quality=quality, film="mp4"))
        figures += [
            Figure(f"{quality}: {part}", 100 * each / sum(seconds.values()), unit=" %")
            for part, each in seconds.items()
        ]
    notes = (
        f"`engine paint “{PROMPT}”` from the start of Python to the files, on {os.cpu_count()} cores with a load of "
        f"{load:.1f} before. Shares are of a second painting, without the start of Python; the backward pass of a part "
        "is what the gradient takes to go through it.",
    )
    return Section(tuple(figures), notes)


def measure_cost(*more: str) -> Cost:
    """Paints once in a process of its own; `more` are further arguments of `engine paint`.

    Raises `PaintingError` with the last line of what it complained of when it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "picture.png")
        command = [sys.executable, "-m", "engine", "paint", PROMPT, "--models", "mini", "--seed", "1", "--json"]
        command += ["--out", str(out), "--film", str(out.with_suffix(".mp4")), *more]
        begun = time.perf_counter()
        waited = subprocess.run([sys.executable, "-c", WAIT, *command], capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - begun
        status, most = map(int, waited.stdout.split())
        if status != 0 or not out.exists():
            lines = waited.stderr.strip().splitlines()
            raise PaintingError(f"The picture for the measure of speed failed: {lines[-1][:200] if lines else status}")
    return Cost(seconds, most * (1 if sys.platform == "darwin" else 1024))


class Clock:
    """Seconds by part of the work. A part within another one counts for the inner one alone."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._now = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        before, begun = sum(self.seconds.values()), self._now()
        yield
        self.seconds[name] += self._now() - begun - (sum(self.seconds.values()) - before)

    def timed(self, name: str, function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """The function, its forward pass timed, and its backward pass by when gradients reach its output and input."""

        def run(given: Tensor) -> Tensor:
            with self.part(f"{name}, forward"):
                made = function(given)
            if made.requires_grad and given.requires_grad:
                begun: list[float] = []
                made.register_hook(lambda _: begun.append(self._now()))  # type: ignore[no-untyped-call]
                given.register_hook(lambda _: self._add(f"{name}, backward", begun))  # type: ignore[no-untyped-call]
            return made

        return run

    def _add(self, name: str, begun: list[float]) -> None:
        self.seconds[name] += self._now() - begun.pop()


def parts(spec: ArtSpec) -> dict[str, float]:
    """Seconds by part of painting the spec, longest first."""
    clock, models = Clock(), load_models("mini", "cpu")
    with tempfile.TemporaryDirectory() as folder, clock.part("everything else"):
        with clock.part("loading"):
            vqgan, perceptor = models.vqgan(EMBEDDED), models.perceptor(EMBEDDED)
        vqgan.decode = clock.timed("decoder", vqgan.decode)  # type: ignore[assignment, method-assign]
        perceptor.encode_image = clock.timed("image tower", perceptor.encode_image)  # type: ignore[assignment, method-assign]
        snapshots = paint(spec, models)
        with clock.part("proposal and init"):
            snapshot = next(snapshots)
        film = Film(Path(folder), snapshot.total, spec.film_seconds, spec.film)
        while True:
            if film.wants(snapshot.step):
                with clock.part("film"):
                    film.add(on_white(snapshot.picture()))
            if snapshot.finished:
                break
            snapshot = next(snapshots)
        with clock.part("film"):
            film.finish()
    return dict(sorted(clock.seconds.items(), key=lambda each: each[1], reverse=True))
