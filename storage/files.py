"""Pictures, films and the work folders of jobs, in one folder; file names are random."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from storage.errors import from_os_error

SUFFIXES = frozenset({".png", ".mp4", ".gif", ".webp", ".jpg", ".svg"})
NAME = re.compile(rf"[0-9a-f]{{32}}(?:{'|'.join(re.escape(suffix) for suffix in sorted(SUFFIXES))})")
TEMPORARY = ".partial"
COPY_CHUNK = 1 << 20  # bytes
GRACE_SECONDS = 3600.0  # how long a file may lie unreferenced: between `put` and the row that names it


class FileStore:
    """Files in `folder/files`, the work of running jobs in `folder/work/<job id>`.

    A name that `put` returned belongs to a file that is complete and on the disk, whatever happens next.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._files = Path(folder) / "files"
        self._work = Path(folder) / "work"
        self._clock = clock

    async def put(self, source: Path | bytes, suffix: str) -> str:
        """Keeps bytes, or moves a file here, and returns its name; fsynced, file and folder.

        ValueError: not a suffix of `SUFFIXES`. StorageError: the disk is full or refuses; then nothing was kept.
        """
        if suffix not in SUFFIXES:
            raise ValueError(f"a file's suffix must be one of {', '.join(sorted(SUFFIXES))}, not {suffix!r}")
        name = uuid.uuid4().hex + suffix
        await asyncio.to_thread(self._put, source, name)
        return name

    def path(self, name: str) -> Path:
        """Where the file with this name lies. ValueError: `put` can't have made this name."""
        if NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is not the name of a stored file")
        return self._files / name

    async def remove(self, name: str) -> None:
        """Removes a file; one that is gone already is fine."""
        path = self.path(name)
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            raise from_os_error(error, path) from error

    async def sweep(self, referenced: Collection[str], open_jobs: Collection[int] | None = None) -> int:
        """Removes files that nothing refers to and, given `open_jobs`, the work of all other jobs; returns how many.

        What is younger than an hour stays: its row may be on its way.
        """
        return await asyncio.to_thread(self._sweep, frozenset(referenced), open_jobs)

    def work_folder(self, job_id: int) -> Path:
        """The folder in which this job is worked on, made where it is missing."""
        folder = self._work / str(int(job_id))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, folder) from error
        return folder

    async def clear_work(self, job_id: int) -> None:
        """Removes the work folder of this job, if there is one."""
        await asyncio.to_thread(shutil.rmtree, self._work / str(int(job_id)), ignore_errors=True)

    def _put(self, source: Path | bytes, name: str) -> None:
        final = self._files / name
        temporary = self._files / (name + TEMPORARY)
        try:
            if not self._files.is_dir():
                self._files.mkdir(parents=True, exist_ok=True)
                _fsync(self._files.parent)
            if isinstance(source, bytes):
                _write(temporary, source)
            else:
                _link_or_copy(source, temporary)
            temporary.rename(final)
            _fsync(self._files)
        except BaseException as error:
            for leftover in (temporary, final):
                with suppress(OSError):
                    leftover.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise from_os_error(error, Path(error.filename or self._files)) from error
            raise
        if isinstance(source, Path):  # only now, so that a failure leaves the source where it was
            with suppress(OSError):
                source.unlink()

    def _sweep(self, referenced: frozenset[str], open_jobs: Collection[int] | None) -> int:
        oldest = self._clock() - GRACE_SECONDS
        removed = 0
        for file in _entries(self._files):
            ours = NAME.fullmatch(file.name.removesuffix(TEMPORARY)) is not None
            if ours and file.name not in referenced and _modified(file) < oldest:
                with suppress(OSError):
                    file.unlink()
                    removed += 1
        if open_jobs is not None:
            kept = {str(job_id) for job_id in open_jobs}
            for folder in _entries(self._work):
                if folder.name.isdecimal() and folder.name not in kept and _modified(folder) < oldest:
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
        return removed


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _link_or_copy(source: Path, target: Path) -> None:
    """Gives a regular file a second name, or, across file systems, a copy; its content is on the disk afterwards."""
    if source.is_symlink() or not source.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(source))
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without hard links
        with source.open("rb") as reader, target.open("xb") as writer:
            shutil.copyfileobj(reader, writer, COPY_CHUNK)
    os.utime(target)  # `sweep` counts from here, however long ago it was painted
    _fsync(target)


def _fsync(path: Path) -> None:
    """Puts a file's content, or a folder's names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _modified(path: Path) -> float:
    """When it was last changed, as UNIX seconds; something that is gone meanwhile was never old."""
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")
