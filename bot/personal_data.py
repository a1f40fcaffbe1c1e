"""Everything that is kept about a person, rows and files: read for them, packed for them, forgotten for them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import discord

from bot.start_images import pictures_in
from engine.errors import InputError
from engine.spec import ArtSpec
from storage.feed import Feed

if TYPE_CHECKING:
    from bot.client import Atelier

OVERHEAD: Final = 512  # bytes that a file takes in a ZIP beside its content, at most
RUNNING_SECONDS: Final = 20.0  # for the painter to let go of what it is painting
LOOK_SECONDS: Final = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a person's, under the name it has in an export."""

    name: str
    path: Path
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """How files are shared among several archives."""

    parts: list[list[KeptFile]]  # the first is there even where there is no file
    left_out: int  # files that are too large for any


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What `storage.people` has of a person, by kind, and their files, newest pictures first."""

    kept: dict[str, list[dict[str, Any]]]
    files: list[KeptFile]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)

    def parts(self, limit: int) -> Parts:
        """Share the files among archives of at most `limit` bytes; the first holds the rows as well."""
        rows = len(self._rows()) + OVERHEAD
        parts, room, left_out = [list[KeptFile]()], limit - rows, 0
        for each in self.files:
            size = each.size + OVERHEAD
            if size > limit - OVERHEAD:
                left_out += 1
                continue
            if size > room:
                parts.append([])
                room = limit - OVERHEAD
            parts[-1].append(each)
            room -= size
        return Parts(parts, left_out)

    def archive(self, part: list[KeptFile], *, first: bool) -> bytes:
        """One ZIP file; a file that was deleted meanwhile is left out."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            if first:
                archive.writestr("everything.json", self._rows(), zipfile.ZIP_DEFLATED)
            for each in part:
                try:
                    archive.writestr(each.name, each.path.read_bytes())
                except FileNotFoundError:
                    _log.info("%s is gone meanwhile", each.name)
        return buffer.getvalue()

    def _rows(self) -> bytes:
        return json.dumps(self.kept, ensure_ascii=False, indent=1).encode()


async def read_all(client: Atelier, person_id: int) -> PersonalData:
    """Everything about a person. Columns that hold JSON come as what they say."""
    kept = await client.people.export(person_id)
    rows = {kind: [_readable(row) for row in each] for kind, each in kept.items()}
    return PersonalData(rows, await _files_of(client, rows))


async def forget(client: Atelier, person_id: int) -> None:
    """Erase a person: take back what waits or is painted, then the rows, then the files and the work in progress.

    The messages with their pictures are deleted beside that; it takes as long as Discord's limits make it.
    """
    kept = await client.people.export(person_id)
    rows = {kind: [_readable(row) for row in each] for kind, each in kept.items()}
    messages = await _messages_of(client, rows["pictures"])
    jobs = await client.queue.open_jobs(person_id)
    for job in jobs:
        await client.worker.cancel(job.id)
        await _until_ended(client, job.id)
    for name in await client.people.erase(person_id):
        await client.files.remove(name)
    await client.start_images.forget(set(_digests(rows)))
    for job in jobs:
        await client.files.clear_work(job.id)
    client.in_background(_delete(messages))
    _log.info("somebody had everything erased: %d pictures, %d wishes", len(rows["pictures"]), len(rows["jobs"]))


async def _until_ended(client: Atelier, job_id: int) -> None:
    """Wait for the painter to let go of a job that was cancelled, for a while."""
    for _ in range(int(RUNNING_SECONDS / LOOK_SECONDS)):
        job = await client.queue.get(job_id)
        if job is None or job.ended is not None:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _delete(messages: list[discord.PartialMessage]) -> None:
    for message in messages:
        try:
            await message.delete()
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError) as error:
            _log.info("a message of an erased person stays: %r", error)


async def _messages_of(client: Atelier, pictures: list[dict[str, Any]]) -> list[discord.PartialMessage]:
    """The messages that show these pictures, newest first: what answered the wish, and the posts in feeds."""
    found, feed = list[discord.PartialMessage](), Feed(client.database)
    for row in reversed(pictures):
        places = [(row["channel_id"], row["message_id"])]
        places += [(post.channel_id, post.message_id) for post in await feed.posts_of(row["id"])]
        for channel_id, message_id in places:
            if channel_id is not None and message_id is not None:
                channel = client.get_partial_messageable(channel_id, guild_id=row["guild_id"])
                found.append(channel.get_partial_message(message_id))
    return found


async def _files_of(client: Atelier, rows: dict[str, list[dict[str, Any]]]) -> list[KeptFile]:
    named = list[tuple[str, Path]]()
    for row in reversed(rows["pictures"]):
        number, image = row["id"], client.files.path(row["image"])
        named.append((f"pictures/{number}{image.suffix}", image))
        named += [(f"films/{number}{Path(film).suffix}", client.files.path(film)) for film in row["films"]]
        named += [(f"extras/{number}-{label}", client.files.path(name)) for label, name in row["extras"].items()]
    for digest in dict.fromkeys(_digests(rows)):
        path = await client.start_images.path(digest)
        if path is not None:
            named.append((f"attached/{digest}{path.suffix}", path))
    return await asyncio.to_thread(lambda: list(_measured(named)))


def _measured(named: list[tuple[str, Path]]) -> Iterator[KeptFile]:
    for name, path in named:
        try:
            yield KeptFile(name, path, path.stat().st_size)
        except OSError:
            continue  # a row may outlive its file


def _digests(rows: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The pictures that a person attached, newest first."""
    for row in reversed([*rows["pictures"], *rows["jobs"]]):
        try:
            yield from pictures_in(ArtSpec.from_json(json.dumps(row["spec"])))
        except InputError:
            continue  # of another version


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _parsed(value) if name in ("spec", "films", "extras") else value for name, value in row.items()}


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
