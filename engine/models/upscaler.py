"""Enlarging finished pictures, 2 or 4 times: by a network if one is installed, else by Lanczos.

Pixel pictures are enlarged by repeating pixels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.errors import InputError, Message, either
from engine.models import published
from engine.models.checkpoints import read_upscaler
from engine.models.rrdbnet import SCALE, Upscaler

NETWORK: Final = "realesrgan-x4plus"  # in the table of weights
FACTORS: Final = (2, 4)
LARGEST_SIDE: Final = 4096  # pixels of the enlarged picture
TILE: Final = 192  # pixels of a side that the network enlarges at once
OVERLAP: Final = 24  # pixels of context around a tile, against seams


def enlarged(image: Image.Image, factor: int, *, cells: bool = False, upscaler: Upscaler | None = None) -> Image.Image:
    """The picture `factor` (2 or 4) times as wide and high; RGB, or RGBA where it is transparent.

    By Lanczos without an `upscaler` (see `load_upscaler`); a picture made of `cells` always by repeating pixels.
    Raises `InputError` for another factor and for a result with a side over 4096 pixels.
    """
    check_enlargement(image.width, image.height, factor)
    size = (image.width * factor, image.height * factor)
    picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if cells:
        return picture.resize(size, Image.Resampling.NEAREST)
    smooth = picture.resize(size, Image.Resampling.LANCZOS)
    if upscaler is None:
        return smooth
    fine = _by_network(picture.convert("RGB"), upscaler).resize(size, Image.Resampling.LANCZOS)
    if smooth.mode == "RGBA":
        fine.putalpha(smooth.getchannel("A"))
    return fine


def check_enlargement(width: int, height: int, factor: int) -> None:
    """Raise `InputError` for another factor than 2 or 4, and for a result that is too large."""
    if factor not in FACTORS:
        raise InputError(
            "A picture is enlarged {factors} times, not {factor} times.",
            factors=either([str(each) for each in FACTORS]),
            factor=str(factor)[:20],
        )
    if max(width, height) * factor <= LARGEST_SIDE:
        return
    smaller = [each for each in FACTORS if each < factor and max(width, height) * each <= LARGEST_SIDE]
    less = Message("enlarge it {factor} times", factor=smaller[-1]) if smaller else None
    raise InputError(
        "Enlarged {factor} times the picture would be {width}×{height} pixels, and {most} a side are the most: "
        "{advice}.",
        factor=factor,
        width=width * factor,
        height=height * factor,
        most=LARGEST_SIDE,
        advice=less or Message("it is large enough as it is"),
    )


def load_upscaler(device: torch.device, precision: torch.dtype) -> Upscaler | None:
    """The network, or None if its weights are not installed. Raises `PaintingError` if they are unusable."""
    path = published.installed(NETWORK)
    return None if path is None else Upscaler.from_state(read_upscaler(path), device, precision)


def _by_network(picture: Image.Image, upscaler: Upscaler) -> Image.Image:
    """4 times enlarged, by tiles, so that memory does not grow with the picture."""
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    height, width = pixels.shape[-2:]
    canvas = np.empty((height * SCALE, width * SCALE, 3), np.uint8)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            tile = _tile(pixels, top, left, upscaler)
            rows, columns = tile.shape[-2:]
            part = (tile * 255).round().byte().permute(1, 2, 0).numpy()
            canvas[top * SCALE : top * SCALE + rows, left * SCALE : left * SCALE + columns] = part
    return Image.fromarray(canvas)


def _tile(pixels: Tensor, top: int, left: int, upscaler: Upscaler) -> Tensor:
    """(3, 4h, 4w): one enlarged tile, computed with its context."""
    above, before = max(0, top - OVERLAP), max(0, left - OVERLAP)
    context = pixels[:, above : top + TILE + OVERLAP, before : left + TILE + OVERLAP]
    fine = upscaler.enlarge(context.contiguous())
    rows, columns = min(TILE, pixels.shape[1] - top), min(TILE, pixels.shape[2] - left)
    down, across = (top - above) * SCALE, (left - before) * SCALE
    return fine[:, down : down + rows * SCALE, across : across + columns * SCALE]
