"""A stand-in for the models: paints grey squares, with delays and failures that the prompt asks for.

"delay=0.05 crash=7" sleeps 50 ms a step and dies of SIGKILL before step 7. Run as a module it is the painter process
with this in place of the models; the rest is the real thing.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from engine.errors import InputError, Message, PaintingError
from engine.service.process import serve
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan, plan

LOG = "STAND_IN_LOG"  # a file that gets a line for each painted step


@dataclass
class StandInModels:
    family: str = "mini"
    device: str = "cpu"

    def describe(self) -> str:
        return "Painting grey squares."


@dataclass
class StandInSnapshot:
    step: int
    total: int
    seed: int
    size: tuple[int, int]
    notes: tuple[Message, ...] = (Message("a note"),)

    @property
    def finished(self) -> bool:
        return self.step == self.total

    @property
    def loss(self) -> float:
        return 1 - self.step / self.total

    @property
    def plan(self) -> Plan:
        return plan(self.specs[0], "mini")

    @property
    def specs(self) -> list[ArtSpec]:
        return [ArtSpec(prompt="a square", seed=self.seed)]

    def scores(self) -> list[float]:
        return [25.0]

    def exports(self) -> dict[str, bytes]:
        return {"svg": b"<svg/>"}

    def picture(self) -> Image.Image:
        return Image.new("RGB", self.size, (round(250 * self.step / self.total),) * 3)

    def state(self) -> dict[str, Any]:
        return {"step": self.step, "seed": self.seed}


def paint(
    spec: ArtSpec,
    models: object,
    *,
    images: Mapping[str, Path] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[StandInSnapshot]:
    faults = {key: float(value) for key, _, value in (word.partition("=") for word in spec.prompt.split()) if value}
    total, size = spec.iterations or 20, (spec.width or 64, spec.height or 64)
    start = int(resume["step"]) if resume else 0
    seed = int(resume["seed"]) if resume else 7 if spec.seed is None else spec.seed
    if "reject" in faults and resume:
        raise InputError("The saved state belongs to another picture.")
    yield StandInSnapshot(start, total, seed, size)
    for step in range(start + 1, total + 1):
        fail_at(faults, step)
        time.sleep(faults.get("delay", 0))
        if path := os.environ.get(LOG):
            with Path(path).open("a") as log:
                log.write(f"{step}\n")
        yield StandInSnapshot(step, total, seed, size)


@dataclass
class StandInDescription:
    said: tuple[str, ...]
    sure: bool = True
    colours: tuple[str, ...] = ("grey",)
    style: tuple[str, ...] = ("flat", "low poly")
    prompt: str = "a grey square"


def describe(image: Image.Image, models: object, most: int) -> StandInDescription:
    """A description that names the picture's width. A black picture raises, a white one kills the process."""
    colour = image.getpixel((0, 0))
    if colour == (0, 0, 0):
        raise KeyError("kept from people")
    if colour == (255, 255, 255):
        os.kill(os.getpid(), signal.SIGKILL)
    return StandInDescription((f"{image.width} of {most}", "a square"))


def fail_at(faults: Mapping[str, float], step: int) -> None:
    if step == faults.get("refuse"):
        raise InputError("Say it in other words.")
    if step == faults.get("fail"):
        raise PaintingError("The loss stopped being a number.")
    if step == faults.get("raise"):
        raise KeyError("kept from people")
    if step == faults.get("memory"):
        raise MemoryError
    if step == faults.get("hang"):
        time.sleep(600)
    if step == faults.get("crash"):
        os.kill(os.getpid(), signal.SIGKILL)
    if step == faults.get("print"):
        print("on standard output", flush=True)
        os.write(1, b"on descriptor 1\n")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--load-seconds", type=float, default=0.0)
    parser.add_argument("--load-error", default="")
    parser.add_argument("--checkpoint-seconds", type=float, default=60.0)
    parser.add_argument("--preview-seconds", type=float, default=0.2)
    parser.add_argument("--alive-seconds", type=float, default=0.3)
    parser.add_argument("--grace-seconds", type=float, default=5.0)
    parser.add_argument("--niceness", type=int, default=0)  # on a busy machine a nice painter is slow
    chosen = parser.parse_args()

    def load() -> Any:
        time.sleep(chosen.load_seconds)
        if chosen.load_error:
            raise InputError(chosen.load_error)
        return StandInModels()

    return serve(
        load,
        paint=paint,
        describe=describe,
        preview_seconds=chosen.preview_seconds,
        checkpoint_seconds=chosen.checkpoint_seconds,
        alive_seconds=chosen.alive_seconds,
        grace_seconds=chosen.grace_seconds,
        niceness=chosen.niceness,
    )


if __name__ == "__main__":
    sys.exit(main())
