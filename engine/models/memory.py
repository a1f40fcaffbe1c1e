"""Memory of a plan: checked against the free memory before any work, with advice on what would fit.

The peak of a step is mostly what is kept for the backward pass: by the drawer for each pixel, by every perceptor for
each cutout. The figures are measured on a CPU with `python -m engine.lab.bench.memory`, which also runs on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import torch

from engine.errors import InputError, Message
from engine.models.free_memory import available
from engine.spec.artspec import SIDE_STEP
from engine.spec.plan import Plan

SMALLEST_SIDE: Final = 32  # pixels, as in the spec
FEWEST_CUTS: Final = 8  # that are still advisable
RESERVE: Final = 0.1  # of the free memory: for other processes and for the figures' error
FIRST_STEP: Final = 200e6  # bytes of any first step: code, blocks that the allocator keeps


@dataclass(frozen=True, slots=True)
class Footprint:
    """The memory of a network, in bytes."""

    weights: float
    kept: float  # for the backward pass: by a VQGAN for each pixel, by a perceptor for each cutout


VQGAN_FOOTPRINTS: Final[dict[torch.dtype, dict[str, Footprint]]] = {
    torch.bfloat16: {
        "imagenet-f16-1024": Footprint(165e6, 9_700),
        "imagenet-f16-16384": Footprint(180e6, 9_700),
        "wikiart-f16-16384": Footprint(180e6, 9_700),
        "openimages-f8-8192": Footprint(165e6, 12_000),
        "mini": Footprint(20e6, 3_000),
    },
    torch.float32: {
        "imagenet-f16-1024": Footprint(310e6, 18_700),
        "imagenet-f16-16384": Footprint(326e6, 18_700),
        "wikiart-f16-16384": Footprint(326e6, 18_700),
        "openimages-f8-8192": Footprint(298e6, 21_000),
        "mini": Footprint(25e6, 4_600),
    },
}
PERCEPTOR_FOOTPRINTS: Final[dict[torch.dtype, dict[str, Footprint]]] = {
    torch.bfloat16: {
        "ViT-B/32": Footprint(440e6, 24e6),
        "ViT-B/16": Footprint(440e6, 82e6),
        "RN50": Footprint(340e6, 58e6),
        "RN50x4": Footprint(550e6, 152e6),
        "mini": Footprint(400e6, 42e6),
    },
    torch.float32: {
        "ViT-B/32": Footprint(612e6, 44e6),
        "ViT-B/16": Footprint(605e6, 155e6),
        "RN50": Footprint(415e6, 114e6),
        "RN50x4": Footprint(721e6, 296e6),
        "mini": Footprint(700e6, 80e6),
    },
}


def needed(plan: Plan, batch: int = 1, *, precision: torch.dtype, loaded: Collection[str] = ()) -> int:
    """Bytes at the peak of a step of a `batch` of pictures, including the networks that are not loaded yet.

    `precision` is that of the networks; `loaded` has the names of those that are loaded.
    """
    vqgan = VQGAN_FOOTPRINTS[precision][plan.vqgan]
    perceptors = [PERCEPTOR_FOOTPRINTS[precision][name] for name in plan.perceptors]
    absent = [each for name, each in zip(plan.perceptors, perceptors, strict=True) if name not in loaded]
    if plan.style.uses_vqgan and plan.vqgan not in loaded:
        absent.append(vqgan)
    by_pixel = plan.style.bytes_per_pixel + plan.strokes * plan.style.bytes_per_pixel_and_stroke
    rendering = plan.width * plan.height * (by_pixel + (vqgan.kept if plan.style.uses_vqgan else 0.0))
    embedding = plan.cuts * sum(each.kept for each in perceptors)
    return round(FIRST_STEP + sum(each.weights for each in absent) + batch * (rendering + embedding))


def check_memory(
    plan: Plan, device: torch.device, precision: torch.dtype, batch: int = 1, *, loaded: Collection[str] = ()
) -> None:
    """Raise `InputError` if a `batch` of pictures does not fit into the free memory of `device`, if that is known.

    The message has the largest size of the same shape that fits, and what else would help.
    """
    free = available(device)
    if free is None:
        return
    usable = (1 - RESERVE) * free

    def fits(changed: Plan, pictures: int = batch) -> bool:
        return needed(changed, pictures, precision=precision, loaded=loaded) <= usable

    if fits(plan):
        return
    size = f"{plan.width}×{plan.height}"
    asked = _size_text(needed(plan, batch, precision=precision, loaded=loaded))
    had, advice = _size_text(usable), _advice(plan, batch, fits)
    if batch == 1:
        raise InputError(
            "A picture of {size} needs about {asked} of memory, and {had} can be had here: {advice}.",
            size=size,
            asked=asked,
            had=had,
            advice=advice,
        )
    raise InputError(
        "{number} pictures of {size} painted together need about {asked} of memory, and {had} can be had here: "
        "{advice}.",
        number=batch,
        size=size,
        asked=asked,
        had=had,
        advice=advice,
    )


def _advice(plan: Plan, batch: int, fits: Callable[[Plan, int], bool]) -> Message:
    """What the user can change, the smallest change first."""
    fewer = next((each for each in range(batch - 1, 0, -1) if fits(plan, each)), None)
    size = next(
        (each for each in smaller_sizes(plan) if fits(replace(plan, width=each[0], height=each[1]), batch)), None
    )
    cuts = next(
        (each for each in range(plan.cuts - 1, FEWEST_CUTS - 1, -1) if fits(replace(plan, cuts=each), batch)),
        None,
    )
    ways = []
    if size is not None:
        ways.append(Message("{width}×{height} is the largest of this shape that fits", width=size[0], height=size[1]))
    if fewer == 1:
        ways.append(Message("one alone fits"))
    elif fewer is not None:
        ways.append(Message("{number} at once fit", number=fewer))
    if cuts is not None:
        ways.append(Message("{number} cuts fit at this size", number=cuts))
    if not ways:
        return Message("choose a lower quality with fewer cuts, or close other programs")
    return reduce(lambda first, second: Message("{first}, or {second}", first=first, second=second), ways)


def smaller_sizes(plan: Plan) -> Iterator[tuple[int, int]]:
    """Smaller widths and heights of about the same shape in multiples of 16, largest first."""
    shorter, longer = sorted((plan.width, plan.height))
    for side in range((shorter - 1) // SIDE_STEP * SIDE_STEP, SMALLEST_SIDE - 1, -SIDE_STEP):
        other = min(longer, round(side * longer / shorter / SIDE_STEP) * SIDE_STEP)
        yield (side, other) if plan.width <= plan.height else (other, side)


def _size_text(count: float) -> Message:
    if count < 1e9:
        return Message("{number} MB", number=f"{max(count, 0) / 1e6:.0f}")
    return Message("{number} GB", number=f"{count / 1e9:.1f}" if count < 10e9 else f"{count / 1e9:.0f}")
