"""From an SVG text or a file to pixels: the object alone, centred, at one size."""

from __future__ import annotations

import io
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFilter

from engine.lab.training.drawings import SIDE, Drawing

MARGIN = 6  # empty pixels around the object, so that no outline touches the border


def rasterise(drawing: Drawing) -> NDArray[np.uint8] | None:
    """(SIDE, SIDE, 4) uint8, or None when the drawing cannot be read or is empty."""
    import resvg_py

    try:
        if drawing.svg is not None:
            encoded = bytes(resvg_py.svg_to_bytes(svg_string=_sized(drawing.svg)))
            image = Image.open(io.BytesIO(encoded)).convert("RGBA")
        else:
            assert drawing.file is not None
            image = Image.open(drawing.file).convert("RGBA")
    except Exception:  # one broken drawing among thousands is left out, whatever is wrong with it
        return None
    if max(image.size) > 4096:
        return None
    pixels = fit(image)
    return pixels if pixels is None or drawing.paper is None else backed(pixels, drawing.paper)


def backed(rgba: NDArray[np.uint8], paper: str) -> NDArray[np.uint8]:
    """Lays paper behind the gaps that a (SIDE, SIDE, 4) silhouette encloses: eyes, windows, the light parts of a face.

    What can be reached from outside stays transparent.
    """
    alpha = Image.fromarray(rgba[..., 3]).point(lambda value: 255 if value > 127 else 0)
    ImageDraw.floodfill(alpha, (0, 0), 128)  # the margin is empty, so one corner reaches all that lies outside
    outside = alpha.point(lambda value: 255 if value == 128 else 0)
    inside = np.asarray(outside.filter(ImageFilter.MaxFilter(3))) == 0
    share = rgba[..., 3:].astype(np.float32) / 255
    background = np.asarray(ImageColor.getrgb(paper), np.float32)
    mixed = rgba[..., :3] * share + background * (1 - share)
    out = rgba.copy()
    out[inside, :3] = (mixed[inside] + 0.5).astype(np.uint8)
    out[inside, 3] = 255
    return out


def _sized(svg: str) -> str:
    """Open Clip Art's drawings come in any size: asks for about 320 pixels where they say another."""
    found = re.search(r"<svg\b[^>]*>", svg, re.DOTALL)
    if found is None:
        return svg
    head = found.group(0)
    numbers = {
        side: float(match.group(1))
        for side in ("width", "height")
        if (match := re.search(rf'\s{side}="\s*([\d.]+)\s*(px|pt|mm|cm|in)?\s*"', head))
    }
    if len(numbers) < 2 or min(numbers.values()) <= 0:
        return svg
    zoom = 320 / max(numbers.values())
    if 0.8 < zoom < 1.3:
        return svg
    new = head
    if "viewBox" not in head:
        new = new[:-1] + f' viewBox="0 0 {numbers["width"]} {numbers["height"]}">'
    for side, number in numbers.items():
        new = re.sub(rf'(\s{side}=")[^"]*"', rf'\g<1>{number * zoom:.2f}"', new, count=1)
    return svg.replace(head, new, 1)


def fit(image: Image.Image) -> NDArray[np.uint8] | None:
    """Crops the object, scales it into the square with premultiplied alpha and centres it."""
    box = image.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox()
    if box is None:
        return None
    image = image.crop(box)
    zoom = (SIDE - 2 * MARGIN) / max(image.size)
    width, height = (max(1, round(side * zoom)) for side in image.size)
    pixels = np.asarray(image, dtype=np.float32) / 255
    pixels = np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], -1)
    method = Image.Resampling.LANCZOS if zoom < 1 else Image.Resampling.BICUBIC
    planes = [Image.fromarray(pixels[..., plane]).resize((width, height), method) for plane in range(4)]
    resized = np.clip(np.stack([np.asarray(plane) for plane in planes], -1), 0, 1)
    alpha = resized[..., 3:]
    resized[..., :3] = np.clip(resized[..., :3] / np.maximum(alpha, 1e-3), 0, 1)
    square = np.zeros((SIDE, SIDE, 4), np.uint8)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    square[top : top + height, left : left + width] = (resized * 255 + 0.5).astype(np.uint8)
    return square
