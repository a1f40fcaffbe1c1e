"""`python -m engine.lab.bench.memory`: peak memory of painting steps, for `engine.models.memory`.

Each case runs in a process of its own: the memory that one has freed is no evidence about the next. Random weights
take as much as real ones. A network is measured beside a partner of next to no size, at several sizes or numbers of
cutouts; the slope is what a pixel or a cutout costs.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import torch
import typer
from rich.console import Console
from rich.table import Table

from engine.lab.random_models import CONTEXT, TINY_VQGAN, WORDS, random_models
from engine.loop.loop import Painting, make_plans
from engine.models.clip import CLIPPerceptor, clip_module
from engine.models.memory import needed
from engine.models.perceptor import Perceptor
from engine.models.vqgan import PUBLISHED_CONFIGS, VQGAN
from engine.registry import EMBEDDED, Models, choose_device
from engine.spec.artspec import STYLES, ArtSpec
from engine.spec.plan import plan
from engine.spec.presets import VQGANS

TINY: Final = "tiny"  # a VQGAN, or a perceptor of 32 pixels, that takes next to nothing
# As clip-anytorch's CLIP takes them: joint width, input side, layers and width of the image tower, patch, then the
# width, heads and layers of the text tower.
ARCHITECTURES: Final[dict[str, tuple[Any, ...]]] = {
    "ViT-B/32": (512, 224, 12, 768, 32, 512, 8, 12),
    "ViT-B/16": (512, 224, 12, 768, 16, 512, 8, 12),
    "RN50": (1024, 224, (3, 4, 6, 3), 64, None, 512, 8, 12),
    "RN50x4": (640, 288, (4, 6, 10, 6), 80, None, 640, 10, 12),
}
PRECISIONS: Final = {"bfloat16": torch.bfloat16, "float32": torch.float32}
SIDES: Final = (144, 256, 384)  # pixels
CUTOUTS: Final = (8, 16, 32)
NETWORKS: Final = (*PUBLISHED_CONFIGS, *ARCHITECTURES, EMBEDDED, f"{EMBEDDED} VQGAN")


@dataclass(frozen=True)
class Case:
    """One process's work: two steps of such a painting."""

    vqgan: str
    perceptor: str
    precision: str
    style: str = "image"
    side: int = 64
    cuts: int = 1
    batch: int = 1
    strokes: int = 0
    device: str = "cpu"


# Such as people paint, to compare the estimate with.
WHOLE: Final = (
    Case("imagenet-f16-16384", "ViT-B/32", "bfloat16", side=144, cuts=40),
    Case("imagenet-f16-16384", "ViT-B/32", "bfloat16", side=144, cuts=40, batch=4),
    Case("imagenet-f16-16384", "ViT-B/32", "float32", side=256, cuts=40),
    Case(f"{EMBEDDED} VQGAN", EMBEDDED, "float32", side=256, cuts=12),
    Case(f"{EMBEDDED} VQGAN", EMBEDDED, "bfloat16", side=256, cuts=12, batch=9),
)


@dataclass(frozen=True)
class Peak:
    """Bytes."""

    weights: int  # by how much the networks made the process grow; a text tower stays on the CPU
    step: int  # the most that was held beyond what was held before the painting began


def run(
    networks: Annotated[str, typer.Option(help="Names of VQGANs, perceptors and styles, by commas; none: all.")] = "",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    precisions: Annotated[str, typer.Option(help="bfloat16, float32 or both.")] = "bfloat16,float32",
) -> None:
    """Measure each network's weights and its bytes a pixel or a cutout; a minute or two for each on one core."""
    console = Console(width=110)
    chosen = [name.strip() for name in networks.split(",") if name.strip()] or [*NETWORKS, *STYLES[1:]]
    slopes = Table("network or style", "precision", "weights", "peak of a step by pixels or cutouts", "slope")
    for name in chosen:
        for precision in precisions.split(","):
            _measure_slope(name, precision.strip(), device, slopes)
    console.print(slopes)
    whole = Table("whole paintings", "peak of a step", "as engine/models/memory.py has it", "ratio")
    for case in WHOLE if not networks else ():
        peak, estimate = measure(dataclasses.replace(case, device=device)).step, estimated(case)
        told = f"{case.vqgan} + {case.perceptor}, {case.precision}, {case.batch} × {case.side}², {case.cuts} cuts"
        whole.add_row(told, _mega(peak), _mega(estimate), f"{estimate / peak:.2f}")
    console.print(whole)


def estimated(case: Case) -> int:
    """What `engine.models.memory` says that a step of the case takes, its networks being loaded."""
    names = case.vqgan.removesuffix(" VQGAN"), (case.perceptor,)
    planned = dataclasses.replace(plan(_spec(case), "full"), vqgan=names[0], perceptors=names[1])
    return needed(planned, case.batch, precision=PRECISIONS[case.precision], loaded=(names[0], *names[1]))


def _measure_slope(name: str, precision: str, device: str, table: Table) -> None:
    cases = _cases(name, precision, device)
    peaks = [measure(case) for case in cases]
    counts = [case.side**2 if case.perceptor == TINY else case.cuts for case in cases]
    slope = (peaks[-1].step - peaks[0].step) / (counts[-1] - counts[0])
    told = ", ".join(f"{count}: {_mega(peak.step)}" for count, peak in zip(counts, peaks, strict=True))
    table.add_row(name, precision, _mega(peaks[0].weights), told, f"{slope:,.0f} B")


def measure(case: Case) -> Peak:
    """Paint two steps of the case in a fresh process. Raises `RuntimeError` when it fails."""
    command = [sys.executable, "-m", "engine.lab.bench.memory", "--case", json.dumps(dataclasses.asdict(case))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{case} failed: {ended.stderr[-400:]}")
    return Peak(**json.loads(ended.stdout.splitlines()[-1]))


def _cases(name: str, precision: str, device: str) -> list[Case]:
    """Of growing size for a VQGAN or a style, of growing number of cutouts for a perceptor."""
    if name in PUBLISHED_CONFIGS or name == f"{EMBEDDED} VQGAN":
        return [Case(name, TINY, precision, side=side, device=device) for side in SIDES]
    if name in ARCHITECTURES or name == EMBEDDED:
        return [Case(TINY, name, precision, cuts=cuts, device=device) for cuts in CUTOUTS]
    return [Case(TINY, TINY, precision, style=name, side=side, device=device) for side in SIDES]


def _mega(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _paint(case: Case) -> Peak:
    """What the process of a case does."""
    torch.set_num_threads(1)
    bare = _held(choose_device(case.device), begin=True)
    models = _models(case)
    gc.collect()
    before = _held(models.device, begin=True)
    painting = Painting(make_plans([_spec(case)] * case.batch, models.family), models, {})
    painting.advance()
    painting.advance()
    return Peak(before - bare, _held(models.device) - before)


def _spec(case: Case) -> ArtSpec:
    return ArtSpec(
        "a lighthouse",
        seed=0,
        start="codes",
        film="none",
        iterations=2,
        style=case.style,
        width=case.side,
        height=case.side,
        cuts=case.cuts,
        strokes=case.strokes or None,
    )


def _models(case: Case) -> Models:
    """Networks with random weights under the names that a draft asks for."""
    device, precision = choose_device(case.device), PRECISIONS[case.precision]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        asked = plan(ArtSpec("x"), "full").perceptors[0]
        vqgans = {VQGANS["full"]: _vqgan(case.vqgan, device, precision)}
        return Models("full", device, precision, vqgans, {asked: _perceptor(case.perceptor, device, precision)})


@cache
def _embedded(device: torch.device, precision: torch.dtype) -> Models:
    return Models(EMBEDDED, device, precision)


def _vqgan(name: str, device: torch.device, precision: torch.dtype) -> VQGAN:
    if name == f"{EMBEDDED} VQGAN":
        return _embedded(device, precision).vqgan(EMBEDDED)
    return VQGAN(PUBLISHED_CONFIGS.get(name, TINY_VQGAN)).prepare(device, precision)


def _perceptor(name: str, device: torch.device, precision: torch.dtype) -> Perceptor:
    if name == EMBEDDED:
        return _embedded(device, precision).perceptor(EMBEDDED)
    if name == TINY:
        return next(iter(random_models("tiny", device=device, precision=precision).perceptors.values()))
    joint, side, layers, width, patch, text_width, text_heads, text_layers = ARCHITECTURES[name]
    build = clip_module("model").CLIP
    clip = build(joint, side, layers, width, patch, CONTEXT, WORDS, text_width, text_heads, text_layers)
    return CLIPPerceptor(name, clip, device, precision)


def _held(device: torch.device, *, begin: bool = False) -> int:
    """Bytes held now where `begin` is set, and the most since then otherwise."""
    if device.type == "cuda":
        torch.cuda.synchronize()
        if begin:
            torch.cuda.reset_peak_memory_stats()
            return torch.cuda.memory_allocated()
        return torch.cuda.max_memory_allocated()
    if begin:
        Path("/proc/self/clear_refs").write_text("5")  # forgets the high-water mark (Linux's proc(5))
    said = re.search(r"VmRSS:\s+(\d+)" if begin else r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert said is not None  # every Linux process has both lines
    return int(said[1]) * 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        print(json.dumps(dataclasses.asdict(_paint(Case(**json.loads(sys.argv[2]))))))
    else:
        typer.run(run)
