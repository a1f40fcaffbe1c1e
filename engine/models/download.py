"""Downloading the published weights and verifying their SHA-256. Without torch."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import stamina
from filelock import FileLock, Timeout

from engine.errors import AtelierError, InputError, Message, PaintingError
from engine.images.files import replacing
from engine.models.published import Weight, folder, named, require

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all (None: the host does not say)

logging.getLogger("stamina").addHandler(logging.NullHandler())  # failures are reported once, at the end

ATTEMPTS: Final = 5  # of one source, on temporary faults
CHUNK: Final = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Pin:
    """SHA-256 and source of the first download of a file without a published SHA-256; a JSON file next to it."""

    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class Verified:
    """An installed file with the right SHA-256."""

    name: str
    path: Path
    sha256: str
    published: bool  # checked against the publisher's SHA-256; False: against the pin of the first download


def verify(name: str) -> Verified:
    """Compare the SHA-256 of an installed file with the published or the pinned one.

    Raises `InputError` if it is not installed, `PaintingError` if it differs or cannot be read.
    """
    weight, path = named(name), require(name)
    try:
        found = _sha256(path)
    except OSError as error:
        raise PaintingError(
            "The file {file} cannot be read: {reason}.", file=str(path), reason=str(error.strerror)
        ) from error
    pin = _read_pin(path)
    expected = weight.sha256 or (pin.sha256 if pin else None)
    if expected is None:
        raise PaintingError(
            "{file} was not pulled by this program, so nothing is known to compare it with.", file=path.name
        )
    if found != expected and weight.sha256:
        raise PaintingError(
            "{file} is damaged or not the published file: delete it and run `python -m engine models pull {name}`.",
            file=path.name,
            name=name,
        )
    if found != expected:
        raise PaintingError(
            "{file} is damaged or not the pinned file: delete it and run `python -m engine models pull {name}`.",
            file=path.name,
            name=name,
        )
    return Verified(name, path, found, published=weight.sha256 is not None)


def pull(name: str, progress: Progress = lambda done, total: None, *, accept_change: bool = False) -> Path:
    """Download weights unless they are installed. Sources are tried in order, partial downloads are resumed.

    A file with a published SHA-256 must have it. Otherwise the first download is pinned, and later ones with another
    SHA-256 are refused unless `accept_change`. Raises `InputError` for an unknown name or a folder that cannot be
    written, `PaintingError` if no source has the right file or the disk is full.
    """
    weight = named(name)
    path = folder() / weight.file
    with _os_errors_as_ours(path), _download_lock(path):
        if path.is_file():
            return path
        complaints = []
        for source in weight.sources:
            try:
                return _pull_from(source, weight, path, progress, accept_change)
            except _SourceFailed as error:
                complaints.append(Message("{host} {fault}", host=_host(source), fault=error.message))
        raise PaintingError("{name} could not be downloaded: {faults}.", name=name, faults=_joined(complaints))


def _joined(complaints: Sequence[Message]) -> Message:
    return reduce(lambda first, second: Message("{first}; {second}", first=first, second=second), complaints)


class _SourceFailed(AtelierError):
    """A source cannot provide the file. The message follows the name of its host: "answered 404"."""


class _TemporaryFault(AtelierError):
    """A fault for which another attempt is made; the message as in `_SourceFailed`."""


def _pull_from(source: str, weight: Weight, path: Path, progress: Progress, accept_change: bool) -> Path:
    part = path.with_name(f"{path.name}.{hashlib.sha256(source.encode()).hexdigest()[:8]}.part")
    try:
        for attempt in stamina.retry_context(on=_TemporaryFault, attempts=ATTEMPTS, timeout=None):
            with attempt:
                _fetch(source, weight, part, progress)
    except _TemporaryFault as error:  # the partial download is kept, for another `pull`
        raise _SourceFailed.of(error.message) from error
    try:
        found = _check(part, path, weight, source, accept_change)
    except AtelierError:
        _discard(part)
        raise
    if weight.sha256 is None:
        _write_pin(path, Pin(found, source))
    part.replace(path)
    _discard(part)
    _sync_folder(path.parent)
    return path


def _check(part: Path, path: Path, weight: Weight, source: str, accept_change: bool) -> str:
    """The SHA-256 of a complete download. Raises if it is not the right file."""
    _check_format(part)
    found = _sha256(part)
    if weight.sha256 is not None and found != weight.sha256:
        raise _SourceFailed(
            "sent a file that is not the published one (its SHA-256 begins with {digits})", digits=found[:12]
        )
    pin = _read_pin(path)
    if weight.sha256 is None and pin is not None and found != pin.sha256 and not accept_change:
        raise PaintingError(
            "{host} now sends another {name} than the one that was pinned from {first}; if you trust it, pull again "
            "with --accept-change.",
            host=_host(source),
            name=weight.name,
            first=_host(pin.source),
        )
    return found


def _check_format(part: Path) -> None:
    """Raise `_SourceFailed` unless the file is a complete ZIP archive, as torch files are, or an old one's pickle."""
    with part.open("rb") as file:
        head = file.read(4)
    if not head.startswith((b"PK", b"\x80\x02")):
        raise _SourceFailed("sent something that is no file of weights, perhaps a page to log in")
    if head.startswith(b"PK") and not zipfile.is_zipfile(part):
        raise _SourceFailed("sent an incomplete file")


def _fetch(source: str, weight: Weight, part: Path, progress: Progress) -> None:
    """One attempt to complete the partial download `part`.

    Raises `_TemporaryFault`, `_SourceFailed`, or OSError from the disk.
    """
    begun = part.stat().st_size if part.exists() else 0
    version = _read_version(part) if begun else ""
    headers = {"Accept-Encoding": "identity"}  # uncompressed, so that offsets are right
    if version:
        headers |= {"Range": f"bytes={begun}-", "If-Range": version}
    try:
        with (
            httpx.Client(follow_redirects=True, timeout=httpx.Timeout(30, connect=10)) as client,
            client.stream("GET", source, headers=headers) as response,
        ):
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                _discard(part)
                raise _TemporaryFault("could not go on with a begun download")
            _check_status(response.status_code)
            resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {begun}-"):
                raise _SourceFailed("went on with the download at another place than asked")
            _store(response, weight, part, begun if resumed else 0, progress)
    except httpx.ConnectError as error:
        raise _TemporaryFault("cannot be reached") from error
    except httpx.TimeoutException as error:
        raise _TemporaryFault("did not answer in time") from error
    except httpx.TransportError as error:
        raise _TemporaryFault("dropped the connection") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _SourceFailed("sent an answer that makes no sense") from error


def _check_status(status: int) -> None:
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return
    temporary = status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500
    if temporary:
        raise _TemporaryFault("answered {status}", status=status)
    raise _SourceFailed("answered {status}", status=status)


def _store(response: httpx.Response, weight: Weight, part: Path, start: int, progress: Progress) -> None:
    """Write the body to `part` from `start` on, and sync it to disk."""
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    _check_disk_space(part.parent, (total or weight.size) - start)
    _version_file(part).write_text(response.headers.get("ETag", response.headers.get("Last-Modified", "")))
    done = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        progress(done, total)
        for chunk in response.iter_raw(CHUNK):
            file.write(chunk)
            done += len(chunk)
            if done > 2 * weight.size:
                file.close()
                _discard(part)
                raise _SourceFailed("sent far more than the file should have")
            progress(done, total)
        file.flush()
        os.fsync(file.fileno())
    if total is not None and done != total:
        raise _TemporaryFault("dropped the connection")


def _check_disk_space(place: Path, needed: int) -> None:
    free = shutil.disk_usage(place).free
    if free < needed:
        raise PaintingError(
            "The disk is too full: {needed} MB are needed in {folder}, and {free} MB are free.",
            needed=f"{needed / 1e6:.0f}",
            folder=str(place),
            free=f"{free / 1e6:.0f}",
        )


@contextlib.contextmanager
def _os_errors_as_ours(path: Path) -> Iterator[None]:
    """A context that turns errors of the file system into `InputError` or `PaintingError`."""
    try:
        yield
    except PermissionError as error:
        raise _unwritable(path.parent) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PaintingError(
                "The disk is full: make room in {folder} for {file}, then pull again.",
                folder=str(path.parent),
                file=path.name,
            ) from error
        if error.errno in (errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise _unwritable(path.parent) from error
        raise PaintingError(
            "{file} cannot be written: {reason}.", file=str(path), reason=error.strerror or str(error)
        ) from error


def _unwritable(place: Path) -> InputError:
    return InputError(
        "The folder {folder} cannot be written: set ATELIER_WEIGHTS to a folder of your own.", folder=str(place)
    )


@contextlib.contextmanager
def _download_lock(path: Path) -> Iterator[None]:
    """A lock against a second process that downloads the same file. Raises `PaintingError` if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=1):
            yield
    except Timeout as error:
        raise PaintingError(
            "{file} is being downloaded by another process: wait for it to end.", file=path.name
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _host(source: str) -> str:
    return urlsplit(source).hostname or source


def _pin_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.pin.json")


def _read_pin(path: Path) -> Pin | None:
    try:
        values = json.loads(_pin_file(path).read_text())
        return Pin(str(values["sha256"]), str(values["source"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise PaintingError(
            "{pin} is damaged: delete it and {file}, then pull again.", pin=str(_pin_file(path)), file=path.name
        ) from error


def _write_pin(path: Path, pin: Pin) -> None:
    """Called before the file is installed, so that no installed file is without its pin."""
    text = json.dumps({"sha256": pin.sha256, "source": pin.source}, indent=1)
    with replacing(_pin_file(path)) as temporary:
        temporary.write_text(text)


def _version_file(part: Path) -> Path:
    """The file for the ETag or date of a partial download, without which it is not resumed."""
    return part.with_name(f"{part.name}.version")


def _read_version(part: Path) -> str:
    try:
        version = _version_file(part).read_text().strip()
    except OSError:
        return ""
    return "" if version.startswith("W/") else version  # a weak ETag does not guarantee the same bytes


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)


def _sync_folder(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
