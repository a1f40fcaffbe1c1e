"""`python -m engine.lab.bench`: prints steps a second and their ratio to the reference loop, measured in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from engine.lab.bench.reference import FieldLoop
from engine.lab.random_models import random_models
from engine.loop.loop import Painting, make_plans
from engine.registry import Models, load_models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import plan

PROMPT = "a lighthouse in a storm"


@dataclass(frozen=True)
class Case:
    """One row: what is painted, by our models and by the same networks in float32 for the reference."""

    title: str
    spec: ArtSpec
    models: Models
    plain: Models


@dataclass(frozen=True)
class Row:
    """Median seconds a step."""

    ours: float
    ours_float32: float
    field: float


def run(
    steps: Annotated[int, typer.Option(help="Steps measured of each loop.", min=1)] = 3,
    threads: Annotated[int, typer.Option(help="Threads of torch; 0: torch's own choice.", min=0)] = 0,
) -> None:
    """Measure the embedded model and the full architecture (random weights) against a plain loop."""
    if threads:
        torch.set_num_threads(threads)
    console = Console()
    console.print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, median of {steps} steps in turns")
    table = Table("painted", "size", "cuts", "this engine", "in float32", "field's loop", "ratio", "ratio in float32")
    for case in _cases():
        row = _measure(case, steps)
        planned = plan(case.spec, case.models.family)
        table.add_row(
            case.title,
            f"{planned.width}×{planned.height}",
            str(planned.cuts),
            *(f"{1 / seconds:.3g} steps/s" for seconds in (row.ours, row.ours_float32, row.field)),
            f"{row.field / row.ours:.2f}×",
            f"{row.field / row.ours_float32:.2f}×",
        )
    console.print(table)


def _cases() -> list[Case]:
    spec = ArtSpec(PROMPT, seed=0, start="codes", film="none", iterations=2000)
    embedded = load_models("mini", "auto")
    full = random_models("full", device=embedded.device, precision=embedded.precision)
    plain = random_models("full", device=embedded.device)
    return [
        Case("mini, draft", spec, embedded, Models("mini", embedded.device, torch.float32)),
        Case("f16-16384 + ViT-B/32", replace(spec, width=144, height=144), full, plain),
        Case("f16-16384 + ViT-B/32", replace(spec, width=256, height=256), full, plain),
    ]


def _measure(case: Case, steps: int) -> Row:
    plans = make_plans([case.spec], case.models.family)
    planned = plans[0]
    vqgan, perceptor = case.plain.vqgan(planned.vqgan), case.plain.perceptor(planned.perceptors[0])
    loops: list[Callable[[], object]] = [
        Painting(plans, case.models, {}).advance,
        Painting(plans, case.plain, {}).advance,
        FieldLoop(planned, vqgan, perceptor, case.spec.prompt).advance,
    ]
    return Row(*_medians(loops, steps, case.models.device))


def _medians(loops: list[Callable[[], object]], steps: int, device: torch.device) -> list[float]:
    """Median seconds of each loop's step. The loops take turns, so that a noisy neighbour slows all of them."""
    seconds: list[list[float]] = [[] for _ in loops]
    for turn in range(steps + 1):
        for loop, measured in zip(loops, seconds, strict=True):
            begun = time.perf_counter()
            loop()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn:  # the first one allocates and compiles
                measured.append(time.perf_counter() - begun)
    return [statistics.median(measured) for measured in seconds]


if __name__ == "__main__":
    typer.run(run)
