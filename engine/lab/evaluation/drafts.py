"""The pictures that an evaluation looks at: painted once each, by several processes, and kept on disk."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image, PngImagePlugin

from engine.embedded.load import WEIGHTS
from engine.lab.evaluation.judge import Pixels
from engine.loop.init import make_init
from engine.loop.loop import paint
from engine.registry import Models, load_models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import plan

ENGINE: Final = Path(__file__).parents[2]
# What decides a picture's pixels beside its weights, its plan and its init image.
SOURCES: Final = ("loop/*.py", "drawers/*.py", "models/vqgan.py", "embedded/*.py")

MODULES: Final = """
import sys, engine.loop.loop, engine.embedded.load
for name, module in sys.modules.items():
    if name.startswith("engine."):
        print(module.__file__)
"""


@dataclass(frozen=True)
class Draft:
    """One picture, and what it was made from."""

    spec: ArtSpec
    finished: Pixels
    start: Pixels  # the prior's proposal as the VQGAN shows it
    step_0: Pixels  # the picture before the first step
    seconds: float  # of the painting, in one process of one thread


def paint_drafts(
    specs: Sequence[ArtSpec], folder: Path, processes: int, progress: Callable[[], None] = lambda: None
) -> list[Draft]:
    """A draft for each spec, which must have a seed; those that `folder` holds are not painted again.

    `progress` is called after each different spec.
    """
    folder.mkdir(parents=True, exist_ok=True)
    different = list(dict.fromkeys(specs))
    files: dict[ArtSpec, Path] = {}
    for spec, file in zip(different, _files(different, folder, processes), strict=True):
        files[spec] = file
        progress()
    return [_read(spec, files[spec]) for spec in specs]


def _files(specs: Sequence[ArtSpec], folder: Path, processes: int) -> Iterator[Path]:
    if min(processes, len(specs)) < 2:
        yield from (draft_of(spec, _models(), folder) for spec in specs)
        return
    # Children of one thread each: threads of one picture wait for each other, above all on a busy machine.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(specs)), context, torch.set_num_threads, (1,)) as pool:
        yield from pool.map(_draft_in_child, [spec.to_json() for spec in specs], [folder] * len(specs))


def _draft_in_child(spec: str, folder: Path) -> Path:
    return draft_of(ArtSpec.from_json(spec), _models(), folder)


@cache
def _models() -> Models:
    return load_models("mini", "cpu")


@cache
def made_by() -> str:
    """A fingerprint of the shipped weights and of the code that paints with them."""
    files = sorted(file for file in WEIGHTS.iterdir() if file.name != "training.json")
    digest = hashlib.sha256()
    for file in [*files, *(file for pattern in SOURCES for file in sorted(ENGINE.glob(pattern)))]:
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@cache
def state_of_the_code() -> str:
    """A fingerprint of the weights and of every module that painting imports: figures of one state belong together.

    The modules are asked of a fresh process, since this one has imported what measures as well.
    """
    loaded = subprocess.run(
        [sys.executable, "-c", MODULES], cwd=ENGINE.parent, capture_output=True, text=True, check=True
    )
    digest = hashlib.sha256(made_by().encode())
    for file in sorted(loaded.stdout.split("\n")):
        digest.update(Path(file).read_bytes() if file else b"")
    return digest.hexdigest()


def draft_of(spec: ArtSpec, models: Models, folder: Path) -> Path:
    """Where the draft lies: finished, start and step 0 side by side in one PNG, painted now if it was not before."""
    planned = plan(spec, models.family)
    init = make_init(planned, models, {})
    assert init.init_image is not None and init.target_image is not None  # the embedded model has a prior
    key = hashlib.sha256(f"{made_by()} {spec.to_json()} {planned}".encode())
    # Of a prior that was changed only those pictures are painted anew that it proposes otherwise.
    key.update(init.init_image.numpy().tobytes() + init.target_image.numpy().tobytes())
    file = folder / f"{key.hexdigest()[:32]}.png"
    if file.exists():
        return file
    vqgan = models.vqgan(planned.vqgan)
    with torch.no_grad():
        start = vqgan.decode(vqgan.quantise(vqgan.encode(init.target_image[None]))).clamp(0, 1)[0]
    begun = time.perf_counter()
    snapshots = paint(spec, models)
    step_0 = np.asarray(next(snapshots).picture())
    *_, last = snapshots
    finished = np.asarray(last.picture())
    about = PngImagePlugin.PngInfo()
    about.add_text("seconds", f"{time.perf_counter() - begun:.2f}")
    about.add_itxt("spec", spec.to_json())
    shown = (start.float() * 255).round().byte().permute(1, 2, 0).numpy()
    partial = file.with_suffix(f".{os.getpid()}.partial")
    Image.fromarray(np.concatenate((finished, shown, step_0), 1)).save(partial, "png", pnginfo=about)
    partial.replace(file)
    return file


def _read(spec: ArtSpec, file: Path) -> Draft:
    with Image.open(file) as image:
        finished, start, step_0 = np.split(np.asarray(image.convert("RGB")), 3, axis=1)
        return Draft(spec, finished, start, step_0, float(image.text["seconds"]))  # type: ignore[attr-defined]
