"""What a finished PNG says about itself: the picture's definition, the seed, and the versions that painted it."""

from __future__ import annotations

import os
import struct
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.errors import InputError
from engine.spec import ArtSpec

SPEC_KEY: Final = "Atelier-Spec"  # JSON of `ArtSpec`, with the seed that was used
SEED_KEY: Final = "Atelier-Seed"
SOFTWARE_KEY: Final = "Software"  # one of the keywords the PNG specification registers
MAXIMUM_SPEC_BYTES: Final = 64 * 1024  # a thousand characters of prompt need four at most
MAXIMUM_FILE_BYTES: Final = 64 * 1024 * 1024
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_NO_SPEC: Final = "This PNG carries no picture definition: it was not painted by Atelier, or a service stripped it off."


def write_png(image: Image.Image, path: Path, spec: ArtSpec, *, seed: int, models: str) -> None:
    """Save a PNG whose iTXt chunks (UTF-8, PNG specification 11.3.3.4) say how to paint it again.

    seed: the one used, which the spec need not name. models: what painted it, for example "mini". The file appears
    under its name only when it is whole and on disk. Raises `OSError`.
    """
    words = PngInfo()
    words.add_itxt(SPEC_KEY, spec.with_seed(seed).to_json())
    words.add_itxt(SEED_KEY, str(seed))
    words.add_itxt(SOFTWARE_KEY, f"Atelier {_version('atelier')} (torch {_version('torch')}; models {models})")
    fresh = path.with_name(f"{path.name}.part")
    try:
        with fresh.open("wb") as file:
            image.save(file, format="PNG", pnginfo=words)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def read_spec(path: Path) -> ArtSpec:
    """The definition in a PNG, with the seed that was used: what paints the same picture again.

    Reads text chunks and skips the picture, so that no pixel of a hostile file is ever decoded.
    Raises `InputError` for anything that is no PNG with a valid definition.
    """
    try:
        if path.stat().st_size > MAXIMUM_FILE_BYTES:
            raise InputError(f"This file is larger than {MAXIMUM_FILE_BYTES // 2**20} MB: no PNG of Atelier is.")
        text = _find_text(path.read_bytes(), SPEC_KEY)
    except OSError as error:
        raise InputError(f"The PNG could not be read: {error.strerror or error}.") from error
    return ArtSpec.from_json(text)


def _find_text(png: bytes, key: str) -> str:
    """The text of the first uncompressed iTXt chunk with this keyword."""
    if not png.startswith(_SIGNATURE):
        raise InputError("This is not a PNG file.")
    wanted = key.encode("latin-1") + b"\0"
    at = len(_SIGNATURE)
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], memoryview(png)[at + 8 : at + 8 + length]
        if kind == b"iTXt" and bytes(body[: len(wanted)]) == wanted:
            return _text_of(bytes(body[len(wanted) : len(wanted) + MAXIMUM_SPEC_BYTES + 1]))
        at += length + 12
    raise InputError(_NO_SPEC)


def _text_of(body: bytes) -> str:
    """Text after the keyword: compression flag and method, language tag, translated keyword, then UTF-8."""
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
