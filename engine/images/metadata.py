"""PNG metadata: the definition of the picture, its seed, and the versions that painted it."""

from __future__ import annotations

import struct
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.errors import InputError
from engine.images.files import replacing
from engine.spec.artspec import ArtSpec

SPEC_KEY: Final = "Atelier-Spec"  # JSON of `ArtSpec`, seed included
SEED_KEY: Final = "Atelier-Seed"
SOFTWARE_KEY: Final = "Software"  # one of the keywords the PNG specification registers
MAXIMUM_SPEC_BYTES: Final = 64 * 1024  # a thousand characters of prompt need four at most
MAXIMUM_FILE_BYTES: Final = 64 * 1024 * 1024
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def write_png(image: Image.Image, path: Path, spec: ArtSpec, *, seed: int, models: str) -> None:
    """Save a PNG whose iTXt chunks (UTF-8, PNG specification 11.3.3.4) say how to paint it again.

    seed: the one used, which need not be in the spec. models: what painted it, for example "mini". Raises `OSError`.
    """
    chunks = PngInfo()
    chunks.add_itxt(SPEC_KEY, spec.with_seed(seed).to_json())
    chunks.add_itxt(SEED_KEY, str(seed))
    chunks.add_itxt(SOFTWARE_KEY, f"Atelier {_version('atelier')} (torch {_version('torch')}; models {models})")
    with replacing(path) as temporary:
        image.save(temporary, format="PNG", pnginfo=chunks)


def read_spec(path: Path) -> ArtSpec:
    """The definition in a PNG, with the seed that was used.

    Reads text chunks only, so that no pixel of a hostile file is ever decoded. Raises `InputError` for anything but a
    PNG with a valid definition.
    """
    try:
        if path.stat().st_size > MAXIMUM_FILE_BYTES:
            raise InputError(
                "This file is larger than {size} MB: no PNG of Atelier is.", size=MAXIMUM_FILE_BYTES // 2**20
            )
        text = _find_text(path.read_bytes(), SPEC_KEY)
    except OSError as error:
        raise InputError("The PNG could not be read: {reason}.", reason=error.strerror or str(error)) from error
    return ArtSpec.from_json(text)


def _find_text(png: bytes, key: str) -> str:
    """The text of the first iTXt chunk with this keyword. Raises `InputError`."""
    if not png.startswith(_SIGNATURE):
        raise InputError("This is not a PNG file.")
    keyword = key.encode("latin-1") + b"\0"
    position = len(_SIGNATURE)
    while position + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, position)
        kind, body = png[position + 4 : position + 8], memoryview(png)[position + 8 : position + 8 + length]
        if kind == b"iTXt" and bytes(body[: len(keyword)]) == keyword:
            return _text_of(bytes(body[len(keyword) : len(keyword) + MAXIMUM_SPEC_BYTES + 1]))
        position += length + 12
    raise InputError(
        "This PNG carries no picture definition: it was not painted by Atelier, or a service stripped it off."
    )


def _text_of(body: bytes) -> str:
    """The UTF-8 text of an iTXt body: after compression flag and method, language tag, translated keyword."""
    if len(body) > MAXIMUM_SPEC_BYTES:
        raise InputError("The picture definition in this PNG is too long to be one.")
    fields = body[2:].split(b"\0", 2)
    if body[:1] != b"\0" or len(fields) != 3:
        raise InputError("The picture definition in this PNG is damaged.")
    try:
        return fields[2].decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("The picture definition in this PNG is damaged.") from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "from source"
