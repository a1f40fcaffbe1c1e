"""From a finished picture to the next one: the picture that a job goes on from, and its definition."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from bot.community.credit import by
from bot.language import Language, say
from bot.links import titled
from engine.errors import InputError
from engine.series import members
from engine.spec import ArtSpec
from storage.gallery import Gallery, Picture

if TYPE_CHECKING:
    from bot.client import Atelier

LARGEST_SIDE: Final = 4096  # pixels of an enlarged picture; engine/upscale.py, which only the painter can import


@dataclass(frozen=True, slots=True)
class Source:
    """One finished picture, alone or out of a grid."""

    picture: Picture
    number: int  # in the grid; 0: it is no grid, or the grid itself
    spec: ArtSpec
    file: Path

    @property
    def painted(self) -> ArtSpec:
        """The definition as of a picture that is painted, also where this one was only enlarged."""
        if self.spec.iterations != 0:
            return self.spec
        return dataclasses.replace(self.spec, iterations=None, enlarge=1)


async def source_of(client: Atelier, picture_id: int, number: int, language: Language) -> Source:
    """The picture that a button is for. Raises `InputError` where it, or that part of it, is gone."""
    picture = await client.gallery.get(picture_id)
    if picture is None:
        raise InputError(gone(language))
    spec = ArtSpec.from_json(picture.spec)
    if not number:
        return Source(picture, 0, spec, client.files.path(picture.image))
    file = picture.extras.get(f"{number}.png")
    if file is None:
        raise InputError(say(language, "There is no picture {number} in this grid.", number=number))
    return Source(picture, number, members(spec, picture.seed)[number - 1], client.files.path(file))


def gone(language: Language) -> str:
    """What is said of a picture that is not in the gallery any more."""
    return say(language, "This picture was deleted, so I don't know any more how it was painted. Use /art instead.")


def members_of(picture: Picture) -> int:
    """How many single pictures of a grid or sheet are kept; 0 for a picture that stands alone."""
    return sum(label.removesuffix(".png").isdecimal() for label in picture.extras)


async def made_from(gallery: Gallery, picture: Picture, language: Language) -> str | None:
    """`#12`, leading to its message, and whose it is if another's; None: the picture was made from words alone."""
    parent = None if picture.parent_id is None else await gallery.get(picture.parent_id)
    if parent is None:
        return None
    number = titled(parent) if parent.seen_by(picture.person_id, picture.guild_id) else f"#{parent.id}"
    return number if parent.person_id == picture.person_id else f"{number} {by(parent.person_id, language)}"


async def digest_of(client: Atelier, source: Source, language: Language) -> str:
    """Keep the picture as one to start from. Raises `InputError` where its file is gone."""
    try:
        data = await asyncio.to_thread(source.file.read_bytes)
    except OSError:
        raise InputError(say(language, "The file of this picture is no longer kept.")) from None
    return await client.start_images.keep(data, source.file.suffix)


async def check_attached(client: Atelier, spec: ArtSpec, language: Language) -> None:
    """Raise `InputError` where a picture that the definition names is no longer kept."""
    if await client.start_images.paths(spec) is None:
        raise InputError(say(language, "A picture that was attached is no longer kept: use /art and attach it again."))


async def check_size(source: Source, factor: int, language: Language) -> None:
    """Raise `InputError` where the picture would get too large. The painter checks it again."""
    side = await asyncio.to_thread(_longest_side, source.file)
    if side * factor > LARGEST_SIDE:
        raise InputError(
            say(
                language,
                "Enlarged {factor} times the picture would have {side} pixels a side, and {most} are the most.",
                factor=factor,
                side=side * factor,
                most=LARGEST_SIDE,
            )
        )


def _longest_side(file: Path) -> int:
    try:
        with Image.open(file) as picture:
            return max(picture.size)
    except (OSError, ValueError, Image.DecompressionBombError):
        return 0  # the painter says what is wrong with it
