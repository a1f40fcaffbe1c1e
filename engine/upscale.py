"""Enlarging finished pictures, twice or four times: by a network where one is installed, else by Lanczos.

Pixel art is enlarged by repeating its pixels: anything else would blur or invent.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine import weights
from engine.errors import InputError
from engine.rrdbnet import SCALE, Upscaler, read_upscaler

NETWORK: Final = "realesrgan-x4plus"  # its name among the weights
FACTORS: Final = (2, 4)
LARGEST_SIDE: Final = 4096  # pixels of the enlarged picture
TILE: Final = 192  # pixels of the picture that the network enlarges at once
OVERLAP: Final = 24  # pixels that it sees around them, so that no seam shows


def enlarged(image: Image.Image, factor: int, *, style: str = "image", upscaler: Upscaler | None = None) -> Image.Image:
    """The picture `factor` (2 or 4) times as wide and high; RGB, or RGBA where it is transparent.

    Without an `upscaler`, see `load_upscaler`, by Lanczos. Style "pixel" is always enlarged by whole squares.
    Raises `InputError` for another factor and for a result of more than 4096 pixels a side.
    """
    check_enlargement(image.width, image.height, factor)
    size = (image.width * factor, image.height * factor)
    picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if style == "pixel":
        return picture.resize(size, Image.Resampling.NEAREST)
    smooth = picture.resize(size, Image.Resampling.LANCZOS)
    if upscaler is None:
        return smooth
    fine = _by_network(picture.convert("RGB"), upscaler).resize(size, Image.Resampling.LANCZOS)
    if smooth.mode == "RGBA":
        fine.putalpha(smooth.getchannel("A"))
    return fine


def check_enlargement(width: int, height: int, factor: int) -> None:
    """Raise `InputError` for an enlargement that is not made, before any work for it."""
    if factor not in FACTORS:
        raise InputError(f"A picture is enlarged {' or '.join(map(str, FACTORS))} times, not {str(factor)[:20]} times.")
    if max(width, height) * factor <= LARGEST_SIDE:
        return
    smaller = [each for each in FACTORS if each < factor and max(width, height) * each <= LARGEST_SIDE]
    advice = f"enlarge it {smaller[-1]} times" if smaller else "it is large enough as it is"
    raise InputError(
        f"Enlarged {factor} times the picture would be {width * factor}×{height * factor} pixels, and {LARGEST_SIDE} "
        f"a side are the most: {advice}."
    )


def load_upscaler(device: torch.device, precision: torch.dtype) -> Upscaler | None:
    """The network, or None where its weights are not installed. Raises `PaintingError` when they are unusable."""
    path = weights.installed(NETWORK)
    return None if path is None else Upscaler.from_state(read_upscaler(path), device, precision)


def _by_network(picture: Image.Image, upscaler: Upscaler) -> Image.Image:
    """Four times enlarged, tile after tile, so that memory does not grow with the picture."""
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
    """(3, 4h, 4w) of one tile, made from it and what lies around it."""
    above, before = max(0, top - OVERLAP), max(0, left - OVERLAP)
    seen = pixels[:, above : top + TILE + OVERLAP, before : left + TILE + OVERLAP]
    fine = upscaler.enlarge(seen.contiguous())
    rows, columns = min(TILE, pixels.shape[1] - top), min(TILE, pixels.shape[2] - left)
    down, across = (top - above) * SCALE, (left - before) * SCALE
    return fine[:, down : down + rows * SCALE, across : across + columns * SCALE]
