"""The Film button: the film of a picture as MP4 and GIF, converted from whichever is stored."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
from pathlib import Path
from typing import Final

from bot.bot import Interaction
from bot.pictures.result import FILM
from bot.text.language import _
from bot.ui.items import StatefulItem
from bot.ui.uploads import SMALLEST_LIMIT, Upload, files_of
from engine.errors import InputError
from engine.images.ffmpeg import shrink_film

SUFFIXES: Final = (".mp4", ".gif")
CONVERSIONS_AT_ONCE: Final = 2  # ffmpeg occupies a core for seconds

_conversions = asyncio.Semaphore(CONVERSIONS_AT_ONCE)


class FilmButton(StatefulItem, path=FILM.path):
    """Sends the film as MP4 and GIF; a picture without one is painted again with its seed, to record a film."""

    picture: int

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        picture = await interaction.client.sources.picture(self.picture)
        if picture.films:
            await interaction.response.defer(ephemeral=True, thinking=True)
            films = tuple(client.files.path(name) for name in picture.films)
            uploads = await both_formats(f"atelier-{picture.id}", films, interaction.filesize_limit)
            if not uploads:
                raise InputError("The film of this picture is no longer kept, or too large to send.")
            text = _("The film of picture {number}:", number=picture.id)
            await interaction.followup.send(text, files=files_of(uploads), ephemeral=True)
            return
        source = await client.sources.get(self.picture)
        if source.spec.iterations == 0:
            raise InputError("There is no film of an enlargement.")
        await client.sources.check_attached(source.spec)
        spec = dataclasses.replace(source.spec, seed=picture.seed, film="both")
        await client.submitter.submit(interaction, spec, parent_id=picture.id, origin="again")


async def both_formats(stem: str, films: tuple[Path, ...], limit: int) -> tuple[Upload, ...]:
    """The film as MP4 and GIF, of at most `limit` bytes each; empty if no file of it is left."""
    async with _conversions:
        return await asyncio.to_thread(_both_formats, stem, films, limit)


def _both_formats(stem: str, films: tuple[Path, ...], limit: int) -> tuple[Upload, ...]:
    stored = {film.suffix: film for film in films if film.is_file()}
    if not stored or limit < SMALLEST_LIMIT:
        return ()
    with tempfile.TemporaryDirectory(prefix="atelier-") as scratch:
        uploads = [_converted(stored, Path(scratch) / f"{stem}{suffix}", limit) for suffix in SUFFIXES]
    return tuple(upload for upload in uploads if upload is not None)


def _converted(stored: dict[str, Path], target: Path, limit: int) -> Upload | None:
    same = stored.get(target.suffix)
    if same is not None and same.stat().st_size <= limit:
        return Upload(target.name, same.read_bytes())
    source = same or next(iter(stored.values()))
    return Upload(target.name, target.read_bytes()) if shrink_film(source, target, limit) else None
