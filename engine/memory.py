"""Whether a plan fits into memory, asked before any work; what does not is answered with the largest that does.

What a step holds at its peak is nearly all there for the gradient: what the drawer keeps by pixel, and what every
perceptor keeps by view. The figures were measured on a CPU with `python -m engine.bench.memory`, which measures them
anew anywhere, on a GPU as well; `engine/free_memory.py` asks what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

import torch

from engine.errors import InputError
from engine.free_memory import available
from engine.models import choose_precision
from engine.presets import Plan
from engine.spec import SIDE_STEP

SMALLEST_SIDE: Final = 32  # pixels, the least that can be asked for
FEWEST_CUTS: Final = 8  # to advise fewer would be bad advice
SPARED: Final = 0.1  # of what is free: for others, and for what the figures do not know
FIRST_STEP: Final = 200e6  # bytes of any first step: code that is loaded, blocks that the allocator keeps


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a network takes, in bytes."""

    weights: float  # as long as it is loaded
    kept: float  # from the forward to the backward pass: by a VQGAN for a pixel, by a perceptor for a view


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
        "mini": Footprint(120e6, 1.6e6),
    },
    torch.float32: {
        "ViT-B/32": Footprint(612e6, 44e6),
        "ViT-B/16": Footprint(605e6, 155e6),
        "RN50": Footprint(415e6, 114e6),
        "RN50x4": Footprint(721e6, 296e6),
        "mini": Footprint(120e6, 5.4e6),
    },
}
# Bytes a pixel of the styles without a VQGAN, always in float32, and what each stroke adds to them: strokes are larger
# in a larger picture.
BYTES_PER_PIXEL: Final = {"pixel": 60.0, "photo": 240.0, "painting": 100.0, "sketch": 100.0}
BYTES_PER_PIXEL_OF_A_STROKE: Final = {"painting": 0.9, "sketch": 2.2}


def needed(planned: Plan, batch: int = 1, *, precision: torch.dtype, loaded: Collection[str] = ()) -> int:
    """Bytes at the peak of a step of `batch` pictures painted together, and of the networks that must be loaded first.

    `precision` is that of the networks; `loaded` names those that are in memory already.
    """
    vqgan = VQGAN_FOOTPRINTS[precision][planned.vqgan]
    perceptors = [PERCEPTOR_FOOTPRINTS[precision][name] for name in planned.perceptors]
    absent = [each for name, each in zip(planned.perceptors, perceptors, strict=True) if name not in loaded]
    if planned.style == "image" and planned.vqgan not in loaded:
        absent.append(vqgan)
    drawn = planned.width * planned.height * _kept_by_pixel(planned, vqgan)
    seen = planned.cuts * sum(each.kept for each in perceptors)
    return round(FIRST_STEP + sum(each.weights for each in absent) + batch * (drawn + seen))


def _kept_by_pixel(planned: Plan, vqgan: Footprint) -> float:
    if planned.style == "image":
        return vqgan.kept
    return BYTES_PER_PIXEL[planned.style] + planned.strokes * BYTES_PER_PIXEL_OF_A_STROKE.get(planned.style, 0.0)


def check_memory(planned: Plan, device: torch.device, batch: int = 1, *, loaded: Collection[str] = ()) -> None:
    """Raises `InputError` when `batch` pictures of the plan do not fit into what is free on `device`.

    The sentence names the largest size of the same shape that fits, and what else would help. Nothing is checked on a
    device that does not tell what is free.
    """
    free = available(device)
    if free is None:
        return
    precision, usable = choose_precision(device), (1 - SPARED) * free

    def fits(changed: Plan, pictures: int = batch) -> bool:
        return needed(changed, pictures, precision=precision, loaded=loaded) <= usable

    if fits(planned):
        return
    size = f"{planned.width}×{planned.height}"
    what = f"A picture of {size} needs" if batch == 1 else f"{batch} pictures of {size} painted together need"
    asked = needed(planned, batch, precision=precision, loaded=loaded)
    advice = _advice(planned, batch, fits)
    raise InputError(f"{what} about {_told(asked)} of memory, and {_told(usable)} can be had here: {advice}.")


def _advice(planned: Plan, batch: int, fits: Callable[[Plan, int], bool]) -> str:
    """What the person can change, the least change first."""
    fewer = next((each for each in range(batch - 1, 0, -1) if fits(planned, each)), None)
    size = next(
        (each for each in smaller_sizes(planned) if fits(replace(planned, width=each[0], height=each[1]), batch)), None
    )
    cuts = next(
        (each for each in range(planned.cuts - 1, FEWEST_CUTS - 1, -1) if fits(replace(planned, cuts=each), batch)),
        None,
    )
    ways = []
    if size is not None:
        ways.append(f"{size[0]}×{size[1]} is the largest of this shape that fits")
    if fewer is not None:
        ways.append(f"{fewer} at once fit" if fewer > 1 else "one alone fits")
    if cuts is not None:
        ways.append(f"{cuts} cuts fit at this size")
    return ", or ".join(ways) or "choose a lower quality with fewer cuts, or close other programs"


def smaller_sizes(planned: Plan) -> Iterator[tuple[int, int]]:
    """Width and height of the same shape, as near as multiples of 16 come to it, from the next smaller one down."""
    shorter, longer = sorted((planned.width, planned.height))
    for side in range((shorter - 1) // SIDE_STEP * SIDE_STEP, SMALLEST_SIDE - 1, -SIDE_STEP):
        other = min(longer, round(side * longer / shorter / SIDE_STEP) * SIDE_STEP)
        yield (side, other) if planned.width <= planned.height else (other, side)


def _told(count: float) -> str:
    if count < 1e9:
        return f"{max(count, 0) / 1e6:.0f} MB"
    return f"{count / 1e9:.1f} GB" if count < 10e9 else f"{count / 1e9:.0f} GB"
