"""Pictures that people attach to a command: start image, image prompt, palette image."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import discord

from bot.pictures.start_images import StartImages
from bot.text.language import N_, _
from engine.errors import InputError
from engine.images.pictures import open_picture
from engine.spec.artspec import ImagePrompt

LARGEST_PICTURE: Final = 8 * 1024 * 1024  # bytes
LONGEST_SIDE: Final = 2048  # pixels of a stored attachment; no picture is painted larger
DOWNLOAD_SECONDS: Final = 30.0
PENDING: Final = "0" * 64  # stands in a spec for the digest of a picture that is not downloaded yet
_LABELS: Final = {
    "start_image": N_("start image"),
    "image_prompt": N_("image prompt"),
    "palette_image": N_("palette image"),
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attachments:
    """The attachments of a command."""

    start_image: discord.Attachment | None = None
    image_prompt: discord.Attachment | None = None
    palette_image: discord.Attachment | None = None

    @property
    def present(self) -> dict[str, discord.Attachment]:
        """The attachments that are not None, by parameter."""
        attachments = {
            "start_image": self.start_image,
            "image_prompt": self.image_prompt,
            "palette_image": self.palette_image,
        }
        return {name: attachment for name, attachment in attachments.items() if attachment is not None}

    def pending_fields(self) -> dict[str, Any]:
        """Fields of `ArtSpec` with `PENDING` for each attachment, to check a request before the download."""
        return spec_fields(dict.fromkeys(self.present, PENDING))

    def check_sizes(self) -> None:
        """Raises `InputError` if one is larger than `LARGEST_PICTURE`."""
        for name, attachment in self.present.items():
            if attachment.size > LARGEST_PICTURE:
                raise _too_large(name)


def spec_fields(digests: Mapping[str, str]) -> dict[str, Any]:
    """Fields of `ArtSpec` for pictures, from their SHA-256 digests by parameter."""
    fields: dict[str, Any] = {name: digests[name] for name in ("start_image", "palette_image") if name in digests}
    if "image_prompt" in digests:
        fields["image_prompts"] = (ImagePrompt(digests["image_prompt"]),)
    return fields


class AttachmentFetcher:
    """Downloads attachments and stores them as PNG."""

    def __init__(self, start_images: StartImages) -> None:
        self._start_images = start_images
        self._decoding = asyncio.Lock()  # one at a time: a picture of 8 MiB may have 160 MB of pixels

    async def fetch(self, attached: Attachments) -> dict[str, Any]:
        """Download, decode and store the attachments, and return their fields of `ArtSpec`.

        Raises `InputError` for a picture that can't be downloaded or decoded, and `StorageError`.
        """
        digests = {name: await self._fetch(name, attachment) for name, attachment in attached.present.items()}
        return spec_fields(digests)

    async def _fetch(self, name: str, attachment: discord.Attachment) -> str:
        try:
            async with asyncio.timeout(DOWNLOAD_SECONDS):
                data = await attachment.read()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.info("a picture could not be downloaded: %r", error)
            raise InputError(
                "I could not download the {picture}: please attach it again.", picture=_label(name)
            ) from None
        if len(data) > LARGEST_PICTURE:
            raise _too_large(name)
        async with self._decoding:
            picture = await asyncio.to_thread(_as_png, data)
        return await self._start_images.keep(picture, ".png")


def _label(name: str) -> str:
    return _(_LABELS[name])


def _too_large(name: str) -> InputError:
    return InputError("The {picture} is larger than 8 MiB: attach a smaller one.", picture=_label(name))


def _as_png(data: bytes) -> bytes:
    """An untrusted picture re-encoded as PNG, of at most `LONGEST_SIDE` pixels, so that no other code decodes it."""
    picture = open_picture(data, limit_bytes=LARGEST_PICTURE)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
