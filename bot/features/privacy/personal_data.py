"""The rows and files that are kept about a person: read, exported as ZIP files, erased."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.bot import Atelier
from bot.pictures.start_images import pictures_in
from engine.errors import InputError
from engine.spec.artspec import ArtSpec

JSON_COLUMNS: Final = ("spec", "films", "extras", "error")
OVERHEAD: Final = 512  # bytes, the most that a ZIP entry needs besides its content
CANCEL_SECONDS: Final = 20.0  # timeout for the painter to stop a cancelled job
POLL_SECONDS: Final = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a person, with its name in an export."""

    name: str
    path: Path
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """How the files are divided among several archives."""

    parts: list[list[KeptFile]]  # at least one, which may be empty
    left_out: int  # number of files that are too large for any


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The rows about a person by kind, as in `storage.people`, and their files, newest pictures first."""

    kept: dict[str, list[dict[str, Any]]]
    files: list[KeptFile]

    @property
    def size(self) -> int:
        """Total bytes of the files."""
        return sum(each.size for each in self.files)

    def parts(self, limit: int) -> Parts:
        """Divide the files among archives of at most `limit` bytes; the first also holds the rows."""
        rows = len(self._json()) + OVERHEAD
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
        """One ZIP file, with the rows if it is the `first`; a file that was deleted meanwhile is left out."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            if first:
                archive.writestr("everything.json", self._json(), zipfile.ZIP_DEFLATED)
            for each in part:
                try:
                    archive.writestr(each.name, each.path.read_bytes())
                except FileNotFoundError:
                    _log.info("%s was deleted meanwhile", each.name)
        return buffer.getvalue()

    def _json(self) -> bytes:
        return json.dumps(self.kept, ensure_ascii=False, indent=1).encode()


async def read_all(client: Atelier, person_id: int) -> PersonalData:
    """All data about a person."""
    rows = await _rows_of(client, person_id)
    return PersonalData(rows, await _files_of(client, rows))


async def erase(client: Atelier, person_id: int) -> None:
    """Erase all data about a person: cancel their jobs, then delete rows, files and work folders.

    Their messages are deleted in the background, which may take long because of Discord's rate limits.
    """
    rows = await _rows_of(client, person_id)
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
    client.in_background(_delete(client, messages))
    _log.info("somebody had everything erased: %d pictures, %d requests", len(rows["pictures"]), len(rows["jobs"]))


async def _until_ended(client: Atelier, job_id: int) -> None:
    """Wait until a cancelled job has ended, at most `CANCEL_SECONDS`."""
    for _ in range(int(CANCEL_SECONDS / POLL_SECONDS)):
        job = await client.queue.get(job_id)
        if job is None or job.ended is not None:
            return
        await asyncio.sleep(POLL_SECONDS)


async def _delete(client: Atelier, messages: list[tuple[int, int]]) -> None:
    for channel_id, message_id in messages:
        await client.removal.delete_message(channel_id, message_id)


async def _messages_of(client: Atelier, pictures: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Channel and message ids of the final messages and feed posts of these pictures, newest first."""
    messages = list[tuple[int, int]]()
    for row in reversed(pictures):
        if row["channel_id"] is not None and row["message_id"] is not None:
            messages.append((row["channel_id"], row["message_id"]))
        messages += [(post.channel_id, post.message_id) for post in await client.feed.posts_of(row["id"])]
    return messages


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
    return await asyncio.to_thread(lambda: list(_with_sizes(named)))


def _with_sizes(named: list[tuple[str, Path]]) -> Iterator[KeptFile]:
    for name, path in named:
        try:
            yield KeptFile(name, path, path.stat().st_size)
        except OSError:
            continue  # a row may outlive its file


def _digests(rows: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The digests of the pictures that a person attached, newest first."""
    for row in reversed([*rows["pictures"], *rows["jobs"]]):
        try:
            yield from pictures_in(ArtSpec.from_json(json.dumps(row["spec"])))
        except InputError:
            continue  # written by another version


async def _rows_of(client: Atelier, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """The rows about a person, by kind, with the JSON columns parsed."""
    export = await client.people.export(person_id)
    return {
        kind: [{name: _parsed(value) if name in JSON_COLUMNS else value for name, value in row.items()} for row in rows]
        for kind, rows in export.items()
    }


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
