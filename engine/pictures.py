"""Pictures from people: opened as the hostile bytes they may be, fitted to a canvas, shrunk to an upload limit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.errors import InputError, PaintingError

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
MAXIMUM_BYTES: Final = 25 * 1024 * 1024
MAXIMUM_PIXELS: Final = 40_000_000  # 160 MB as RGBA; a camera's picture passes, a decompression bomb does not
_QUALITIES: Final = (90, 80, 65, 50)  # of WebP; below, a smaller picture looks better
_SCALES: Final = (1.0, 0.75, 0.5, 0.35, 0.25, 0.12)
_LARGEST_WEBP_SIDE: Final = 16383


def open_picture(
    source: Path | bytes,
    *,
    limit_bytes: int = MAXIMUM_BYTES,
    limit_pixels: int = MAXIMUM_PIXELS,
    flatten: bool = True,
) -> Image.Image:
    """A picture from a file or its bytes: RGB, upright (EXIF orientation applied), transparency on white.

    Without `flatten` a transparent picture stays so, as RGBA.
    PNG, JPEG, WebP and the first frame of GIF only. Raises `InputError` for everything that is none of these, is too
    large in bytes or in pixels, or is damaged.
    """
    data = _bytes_of(source, limit_bytes)
    try:
        return _decoded(data, limit_pixels, flatten)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(_too_many_pixels(limit_pixels)) from error
    except UnidentifiedImageError as error:
        raise InputError("The picture must be a PNG, JPEG, WebP or GIF file.") from error
    except Exception as error:  # decoders of hostile bytes raise whatever they stumble over
        raise InputError("The picture is damaged: save it anew and attach that file.") from error


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture scaled to cover width × height pixels (Lanczos) and cropped to it around the middle."""
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)


def on_white(image: Image.Image) -> Image.Image:
    """RGB, with white where the picture is transparent and 16-bit grey scaled rather than clipped."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    ground.alpha_composite(layer)
    return ground.convert("RGB")


def preview(image: Image.Image, side: int = 512, quality: int = 80) -> bytes:
    """A WebP of at most `side` pixels each way, for showing how far a painting is."""
    small = on_white(image)
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    return _webp(small, quality, effort=2)


def shrink_picture(source: Path, limit_bytes: int) -> bytes:
    """A WebP of the picture in `limit_bytes` at most: of lower quality first, then of smaller size.

    Raises `PaintingError` when no picture fits into so little. Blocks: not for the event loop.
    """
    with Image.open(source) as opened:
        whole = on_white(opened)
    for scale in _SCALES:
        scaled = _scaled(whole, min(scale, _LARGEST_WEBP_SIDE / max(whole.size)))
        for quality in _QUALITIES:
            data = _webp(scaled, quality, effort=4)
            if len(data) <= limit_bytes:
                return data
    raise PaintingError(f"The picture does not fit into {limit_bytes} bytes.")


def _bytes_of(source: Path | bytes, limit_bytes: int) -> bytes:
    try:
        if isinstance(source, bytes):
            data = source
        else:
            with source.open("rb") as file:
                data = file.read(limit_bytes + 1)
    except OSError as error:
        raise InputError(f"The picture could not be read: {error.strerror or error}.") from error
    if len(data) > limit_bytes:
        raise InputError(f"The picture is larger than {limit_bytes / 2**20:.3g} MB: attach a smaller one.")
    return data


def _decoded(data: bytes, limit_pixels: int, flatten: bool) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > limit_pixels:
            raise InputError(_too_many_pixels(limit_pixels))
        opened.load()
        upright = _upright(opened)
        return on_white(upright) if flatten or not upright.has_transparency_data else upright.convert("RGBA")


def _too_many_pixels(limit_pixels: int) -> str:
    return f"The picture has more than {limit_pixels / 1e6:.3g} million pixels: attach a smaller one."


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF says nothing about the pixels: take them as they lie
        return image


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    if scale >= 1:
        return image
    return image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS
    )


def _webp(image: Image.Image, quality: int, effort: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=quality, method=effort)
    return buffer.getvalue()
