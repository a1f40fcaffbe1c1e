"""Pictures that people attach: what each is for, and how it comes here."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import discord

from bot.language import Language, say, to_say
from bot.start_images import StartImages
from engine.errors import InputError
from engine.pictures import open_picture
from engine.spec import ImagePrompt

LARGEST_PICTURE: Final = 8 * 1024 * 1024  # bytes
LONGEST_SIDE: Final = 2048  # pixels of a picture as it is kept: no picture is painted larger
DOWNLOAD_SECONDS: Final = 30.0
TO_COME: Final = "0" * 64  # names a picture in a spec that was attached but not fetched yet
_NAMES: Final = {
    "start_image": to_say("start image"),
    "image_prompt": to_say("image prompt"),
    "palette_image": to_say("palette image"),
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attachments:
    """What a person attached to a command."""

    start_image: discord.Attachment | None = None
    image_prompt: discord.Attachment | None = None
    palette_image: discord.Attachment | None = None

    @property
    def given(self) -> dict[str, discord.Attachment]:
        """Those that are there, by what they are for."""
        each = {
            "start_image": self.start_image,
            "image_prompt": self.image_prompt,
            "palette_image": self.palette_image,
        }
        return {name: attachment for name, attachment in each.items() if attachment is not None}

    def expected(self) -> dict[str, Any]:
        """The fields of a spec that say that these pictures will come."""
        return naming(dict.fromkeys(self.given, TO_COME))

    def check_sizes(self, language: Language = None) -> None:
        """Raise InputError where one is too large to be fetched at all."""
        for name, attachment in self.given.items():
            if attachment.size > LARGEST_PICTURE:
                raise _too_large(name, language)


def naming(digests: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a spec that name pictures, from their digests by what they are for."""
    fields: dict[str, Any] = {name: digests[name] for name in ("start_image", "palette_image") if name in digests}
    if "image_prompt" in digests:
        fields["image_prompts"] = (ImagePrompt(digests["image_prompt"]),)
    return fields


class Intake:
    """Fetches what people attached, and keeps it."""

    def __init__(self, kept: StartImages) -> None:
        self._kept = kept
        self._decoding = asyncio.Lock()  # one at a time: a picture of 8 MiB may hold 160 MB of pixels

    async def fetch(self, attached: Attachments, language: Language = None) -> dict[str, Any]:
        """The fields of a spec that name these pictures, once each was downloaded, opened and kept.

        Raises InputError for a picture that can't be had, and StorageError.
        """
        digests = {name: await self._fetch(name, attachment, language) for name, attachment in attached.given.items()}
        return naming(digests)

    async def _fetch(self, name: str, attachment: discord.Attachment, language: Language) -> str:
        try:
            async with asyncio.timeout(DOWNLOAD_SECONDS):
                data = await attachment.read()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.info("a picture could not be downloaded: %r", error)
            raise InputError(
                say(
                    language,
                    "I could not download the {picture}: please attach it again.",
                    picture=_words(name, language),
                )
            ) from None
        if len(data) > LARGEST_PICTURE:
            raise _too_large(name, language)
        async with self._decoding:
            picture = await asyncio.to_thread(_redrawn, data)
        return await self._kept.keep(picture, ".png")


def _words(name: str, language: Language) -> str:
    return say(language, _NAMES[name])


def _too_large(name: str, language: Language) -> InputError:
    return InputError(
        say(language, "The {picture} is larger than 8 MiB: attach a smaller one.", picture=_words(name, language))
    )


def _redrawn(data: bytes) -> bytes:
    """A stranger's picture opened with care and written anew as PNG, so that nobody after this meets its bytes."""
    picture = open_picture(data, limit_bytes=LARGEST_PICTURE)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
