"""Pictures from users: safe opening of untrusted files, fitting to a size, shrinking to an upload limit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.errors import InputError, PaintingError

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
MAXIMUM_BYTES: Final = 25 * 1024 * 1024
MAXIMUM_PIXELS: Final = 40_000_000  # 160 MB as RGBA: enough for a photograph, too few for a decompression bomb
_QUALITIES: Final = (90, 80, 65, 50)  # of WebP; below these a smaller picture looks better
_SCALES: Final = (1.0, 0.75, 0.5, 0.35, 0.25, 0.12)
_LARGEST_WEBP_SIDE: Final = 16383


def open_picture(
    source: Path | bytes,
    *,
    limit_bytes: int = MAXIMUM_BYTES,
    limit_pixels: int = MAXIMUM_PIXELS,
    flatten: bool = True,
) -> Image.Image:
    """A picture from a file or its bytes: RGB, EXIF orientation applied, transparency on white.

    Without `flatten` a transparent picture stays so, as RGBA. Opens PNG, JPEG, WebP and the first frame of GIF. Raises
    `InputError` for any other format, for too many bytes or pixels, and for damaged files.
    """
    data = _bytes_of(source, limit_bytes)
    try:
        return _decoded(data, limit_pixels, flatten)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limit_pixels) from error
    except UnidentifiedImageError as error:
        raise InputError("The picture must be a PNG, JPEG, WebP or GIF file.") from error
    except Exception as error:  # decoders raise anything on hostile bytes
        raise InputError("The picture is damaged: save it anew and attach that file.") from error


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture scaled to cover width × height pixels (Lanczos) and cropped around its middle."""
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)


def on_white(image: Image.Image) -> Image.Image:
    """RGB, with white where the picture is transparent and 16-bit grey scaled rather than clipped."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    background = Image.new("RGBA", layer.size, "white")
    background.alpha_composite(layer)
    return background.convert("RGB")


def preview(image: Image.Image, side: int = 512, quality: int = 80) -> bytes:
    """A WebP of at most `side` pixels each way, to show the progress of a painting."""
    small = on_white(image)
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    return _webp(small, quality, effort=2)


def shrink_picture(source: Path, limit_bytes: int) -> bytes:
    """A WebP of the picture in at most `limit_bytes`: at lower quality first, then at smaller size.

    Raises `PaintingError` if no attempt fits. Blocks: not for the event loop.
    """
    with Image.open(source) as opened:
        flat = on_white(opened)
    for scale in _SCALES:
        scaled = _scaled(flat, min(scale, _LARGEST_WEBP_SIDE / max(flat.size)))
        for quality in _QUALITIES:
            data = _webp(scaled, quality, effort=4)
            if len(data) <= limit_bytes:
                return data
    raise PaintingError("The picture does not fit into {number} bytes.", number=limit_bytes)


def _bytes_of(source: Path | bytes, limit_bytes: int) -> bytes:
    try:
        if isinstance(source, bytes):
            data = source
        else:
            with source.open("rb") as file:
                data = file.read(limit_bytes + 1)
    except OSError as error:
        raise InputError("The picture could not be read: {reason}.", reason=error.strerror or str(error)) from error
    if len(data) > limit_bytes:
        raise InputError(
            "The picture is larger than {size} MB: attach a smaller one.", size=f"{limit_bytes / 2**20:.3g}"
        )
    return data


def _decoded(data: bytes, limit_pixels: int, flatten: bool) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > limit_pixels:
            raise _too_many_pixels(limit_pixels)
        opened.load()
        upright = _upright(opened)
        return on_white(upright) if flatten or not upright.has_transparency_data else upright.convert("RGBA")


def _too_many_pixels(limit_pixels: int) -> InputError:
    return InputError(
        "The picture has more than {number} million pixels: attach a smaller one.", number=f"{limit_pixels / 1e6:.3g}"
    )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF: the pixels may be intact
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
