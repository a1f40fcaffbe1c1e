"""The published weights: where they lie, how they are fetched, and how it is known that they are the right ones.

Everything here works without torch. Files lie in `$ATELIER_WEIGHTS`, else in `atelier` in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import httpx
import stamina
from filelock import FileLock, Timeout

from engine.errors import AtelierError, InputError, PaintingError
from engine.presets import PRESETS, VQGANS

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all (None: the host does not say)

logging.getLogger("stamina").addHandler(logging.NullHandler())  # what failed is told once, at the end

ATTEMPTS: Final = 5  # of one source, on faults that may pass
CHUNK: Final = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Weight:
    """A published file of weights."""

    name: str  # as in the preset table
    kind: Literal["clip", "vqgan", "upscaler"]
    file: str  # its name in the cache folder
    size: int  # bytes, about; what a host announces counts for more
    sha256: str | None  # as published; None: the first download is pinned
    licence: str
    sources: tuple[str, ...]  # best first


def _clip(name: str, file: str, size: int, sha256: str) -> Weight:
    address = f"https://openaipublic.azureedge.net/clip/models/{sha256}/{file}"
    return Weight(name, "clip", file, size, sha256, "MIT (OpenAI)", (address,))


def _heibox(share: str) -> str:
    return f"https://heibox.uni-heidelberg.de/d/{share}/files/?p=%2Fckpts%2Flast.ckpt&dl=1"


_GITHUB: Final = "https://github.com"
_MIRROR: Final = f"{_GITHUB}/Eleiber/VQGAN-Mirrors/releases/download/0.0.1"

WEIGHTS: Final[tuple[Weight, ...]] = (
    # OpenAI's files: the folder in the address is the SHA-256 of the file.
    _clip("ViT-B/32", "ViT-B-32.pt", 354_000_000, "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"),
    _clip("ViT-B/16", "ViT-B-16.pt", 351_000_000, "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
    _clip("RN50", "RN50.pt", 256_000_000, "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"),
    _clip("RN50x4", "RN50x4.pt", 422_000_000, "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd"),
    _clip("ViT-L/14", "ViT-L-14.pt", 933_000_000, "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"),
    # Taming-transformers' files and one fine-tuned from them: nobody published their SHA-256.
    Weight(
        name="imagenet-f16-16384",
        kind="vqgan",
        file="vqgan_imagenet_f16_16384.ckpt",
        size=980_000_000,
        sha256=None,
        licence="MIT (CompVis)",
        sources=(
            f"{_GITHUB}/mehdidc/feed_forward_vqgan_clip/releases/download/0.1/vqgan_imagenet_f16_16384.ckpt",
            f"{_MIRROR}/vqgan_imagenet_f16_16384.ckpt",
            _heibox("a7530b09fed84f80a887"),
        ),
    ),
    Weight(
        name="imagenet-f16-1024",
        kind="vqgan",
        file="vqgan_imagenet_f16_1024.ckpt",
        size=958_000_000,
        sha256=None,
        licence="MIT (CompVis)",
        sources=(f"{_MIRROR}/vqgan_imagenet_f16_1024.ckpt", _heibox("8088892a516d4e3baf92")),
    ),
    Weight(
        name="wikiart-f16-16384",
        kind="vqgan",
        file="vqgan_wikiart_f16_16384.ckpt",
        size=1_005_000_000,
        sha256=None,
        licence="not stated; fine-tuned on WikiArt from an MIT model",
        sources=(
            f"{_GITHUB}/pixray/pixray/releases/download/v1.7.1/vqgan_wikiart_16384.ckpt",
            f"{_MIRROR}/wikiart_16384.ckpt",
            "https://eaidata.bmk.sh/data/Wikiart_16384/wikiart_f16_16384_8145600.ckpt",
        ),
    ),
    Weight(
        name="openimages-f8-8192",
        kind="vqgan",
        file="vqgan_openimages_gumbel_f8_8192.ckpt",
        size=376_000_000,
        sha256=None,
        licence="MIT (CompVis)",
        sources=(_heibox("2e5662443a6b4307b470"),),
    ),
    # No quality needs it: it enlarges finished pictures where it is installed. The SHA-256 is not its authors' own,
    # but Arch Linux's package of it and others who keep the release give the same.
    Weight(
        name="realesrgan-x4plus",
        kind="upscaler",
        file="RealESRGAN_x4plus.pth",
        size=67_040_989,
        sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
        licence="BSD-3-Clause (Xintao Wang)",
        sources=(f"{_GITHUB}/xinntao/Real-ESRGAN/releases/download/v0.1.0/RealESRGAN_x4plus.pth",),
    ),
)


@dataclass(frozen=True, slots=True)
class Pin:
    """What the first good download of a file without a published SHA-256 was; kept in JSON beside it."""

    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class Verified:
    """An installed file whose bytes are as they should be."""

    name: str
    path: Path
    sha256: str
    published: bool  # checked against the publisher's SHA-256; False: against the pin of the first download


def folder() -> Path:
    """The cache folder; not created here."""
    named = os.environ.get("ATELIER_WEIGHTS")
    if named:
        return Path(named).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache and Path(cache).is_absolute() else Path.home() / ".cache") / "atelier"


def listing() -> tuple[tuple[Weight, Path | None], ...]:
    """Every known weight, with its file where it is installed."""
    return tuple((weight, installed(weight.name)) for weight in WEIGHTS)


def named(name: str) -> Weight:
    """Raises `InputError` for a name that is not in the table."""
    for weight in WEIGHTS:
        if weight.name == name:
            return weight
    raise InputError(f"There are no weights named {name[:60]!r}; known are {', '.join(each.name for each in WEIGHTS)}.")


def names_for(what: str) -> tuple[str, ...]:
    """The weights that a quality needs, all of them for "all", or the one of that name.

    Raises `InputError` for anything else.
    """
    if what == "all":
        return tuple(weight.name for weight in WEIGHTS)
    if what in PRESETS["full"]:
        return (VQGANS["full"], *PRESETS["full"][what].perceptors)
    if what not in {weight.name for weight in WEIGHTS}:
        known = ", ".join((*PRESETS["full"], "all", *(weight.name for weight in WEIGHTS)))
        raise InputError(f"There are no weights named {what[:60]!r}; known are {known}.")
    return (what,)


def installed(name: str) -> Path | None:
    """The file of a weight, or None. Looks, but does not read it: see `verify`."""
    path = folder() / named(name).file
    return path if path.is_file() else None


def require(name: str) -> Path:
    """The file of a weight. Raises `InputError` that names the command to get it."""
    path = installed(name)
    if path is None:
        raise InputError(f"The weights {name} are not installed: run `python -m engine models pull {name}`.")
    return path


def verify(name: str) -> Verified:
    """Read an installed file and compare its SHA-256 with the published or the pinned one.

    Raises `InputError` when it is not installed, `PaintingError` when it differs or cannot be read.
    """
    weight, path = named(name), require(name)
    try:
        found = _sha256(path)
    except OSError as error:
        raise PaintingError(f"The file {path} cannot be read: {error.strerror}.") from error
    pin = _read_pin(path)
    expected = weight.sha256 or (pin.sha256 if pin else None)
    if expected is None:
        raise PaintingError(f"{path.name} was not pulled by this program, so nothing is known to compare it with.")
    if found != expected:
        raise PaintingError(
            f"{path.name} is damaged or not the {'published' if weight.sha256 else 'pinned'} file: "
            f"delete it and run `python -m engine models pull {name}`."
        )
    return Verified(name, path, found, published=weight.sha256 is not None)


def pull(name: str, progress: Progress = lambda done, total: None, *, accept_change: bool = False) -> Path:
    """Download a weight unless it is installed; sources are tried in order, and begun files are gone on with.

    A file with a published SHA-256 must have it. Of the others the first good download is pinned, and one with
    another SHA-256 is refused later on unless `accept_change`. Raises `InputError` for an unknown name or a folder
    that cannot be written, `PaintingError` when no source gave the right file or the disk is full.
    """
    weight = named(name)
    path = folder() / weight.file
    with _sentences_for(path), _sole_pull(path):
        if path.is_file():
            return path
        complaints = []
        for source in weight.sources:
            try:
                return _pull_from(source, weight, path, progress, accept_change)
            except _SourceFailed as error:
                complaints.append(f"{_host(source)} {error}")
        raise PaintingError(f"{name} could not be downloaded: {'; '.join(complaints)}.")


class _SourceFailed(Exception):
    """A source cannot give the file. The text goes on after the name of its host: "answered 404"."""


class _MayPass(Exception):
    """A fault that may be gone at the next attempt; the text as in `_SourceFailed`."""


def _pull_from(source: str, weight: Weight, path: Path, progress: Progress, accept_change: bool) -> Path:
    part = path.with_name(f"{path.name}.{hashlib.sha256(source.encode()).hexdigest()[:8]}.part")
    try:
        for attempt in stamina.retry_context(on=_MayPass, attempts=ATTEMPTS, timeout=None):
            with attempt:
                _fetch(source, weight, part, progress)
    except _MayPass as error:  # what came so far is kept, for another day
        raise _SourceFailed(str(error)) from error
    try:
        found = _check(part, path, weight, source, accept_change)
    except (AtelierError, _SourceFailed):
        _discard(part)
        raise
    if weight.sha256 is None:
        _write_pin(path, Pin(found, source))
    os.replace(part, path)
    _discard(part)
    _sync_folder(path.parent)
    return path


def _check(part: Path, path: Path, weight: Weight, source: str, accept_change: bool) -> str:
    """The SHA-256 of a complete download, when it is the right file."""
    _refuse_other_than_weights(part)
    found = _sha256(part)
    if weight.sha256 is not None and found != weight.sha256:
        raise _SourceFailed(f"sent a file that is not the published one (its SHA-256 begins with {found[:12]})")
    pin = _read_pin(path)
    if weight.sha256 is None and pin is not None and found != pin.sha256 and not accept_change:
        raise PaintingError(
            f"{_host(source)} now sends another {weight.name} than the one that was pinned from {_host(pin.source)}; "
            "if you trust it, pull again with --accept-change."
        )
    return found


def _refuse_other_than_weights(part: Path) -> None:
    """TorchScript archives and torch files are ZIP archives, whose table is at the end; old torch files are pickles."""
    with part.open("rb") as file:
        head = file.read(4)
    if not head.startswith((b"PK", b"\x80\x02")):
        raise _SourceFailed("sent something that is no file of weights, perhaps a page to log in")
    if head.startswith(b"PK") and not zipfile.is_zipfile(part):
        raise _SourceFailed("sent an incomplete file")


def _fetch(source: str, weight: Weight, part: Path, progress: Progress) -> None:
    """One attempt to complete `part` from where it ends.

    Raises `_MayPass`, `_SourceFailed`, or OSError from the disk.
    """
    begun = part.stat().st_size if part.exists() else 0
    version = _read_version(part) if begun else ""
    headers = {"Accept-Encoding": "identity"}  # bytes as they are stored, so that offsets mean the same
    if version:
        headers |= {"Range": f"bytes={begun}-", "If-Range": version}
    try:
        with (
            httpx.Client(follow_redirects=True, timeout=httpx.Timeout(30, connect=10)) as client,
            client.stream("GET", source, headers=headers) as response,
        ):
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                _discard(part)
                raise _MayPass("could not go on with a begun download")
            _refuse_bad_status(response.status_code)
            goes_on = response.status_code == HTTPStatus.PARTIAL_CONTENT
            if goes_on and not response.headers.get("Content-Range", "").startswith(f"bytes {begun}-"):
                raise _SourceFailed("went on with the download at another place than asked")
            _store(response, weight, part, begun if goes_on else 0, progress)
    except httpx.ConnectError as error:
        raise _MayPass("cannot be reached") from error
    except httpx.TimeoutException as error:
        raise _MayPass("did not answer in time") from error
    except httpx.TransportError as error:
        raise _MayPass("dropped the connection") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _SourceFailed("sent an answer that makes no sense") from error


def _refuse_bad_status(status: int) -> None:
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return
    passing = status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500
    raise (_MayPass if passing else _SourceFailed)(f"answered {status}")


def _store(response: httpx.Response, weight: Weight, part: Path, start: int, progress: Progress) -> None:
    """Append the body to `part` from `start` on, and make sure that it is on the disk."""
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    _refuse_full_disk(part.parent, (total or weight.size) - start)
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
        raise _MayPass("dropped the connection")


def _refuse_full_disk(place: Path, needed: int) -> None:
    free = shutil.disk_usage(place).free
    if free < needed:
        raise PaintingError(
            f"The disk is too full: {needed / 1e6:.0f} MB are needed in {place}, and {free / 1e6:.0f} MB are free."
        )


@contextlib.contextmanager
def _sentences_for(path: Path) -> Iterator[None]:
    """What the disk refuses, in words."""
    try:
        yield
    except PermissionError as error:
        raise InputError(
            f"The folder {path.parent} cannot be written: set ATELIER_WEIGHTS to a folder of your own."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PaintingError(
                f"The disk is full: make room in {path.parent} for {path.name}, then pull again."
            ) from error
        if error.errno in (errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise InputError(
                f"The folder {path.parent} cannot be written: set ATELIER_WEIGHTS to a folder of your own."
            ) from error
        raise PaintingError(f"{path} cannot be written: {error.strerror or error}.") from error


@contextlib.contextmanager
def _sole_pull(path: Path) -> Iterator[None]:
    """Two processes never write one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=1):
            yield
    except Timeout as error:
        raise PaintingError(f"{path.name} is being downloaded by another process: wait for it to end.") from error


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
        raise PaintingError(f"{_pin_file(path)} is damaged: delete it and {path.name}, then pull again.") from error


def _write_pin(path: Path, pin: Pin) -> None:
    """Written before the file takes its name, so that no installed file is without its pin."""
    text = json.dumps({"sha256": pin.sha256, "source": pin.source}, indent=1)
    begun = path.with_name(f"{path.name}.pin.part")
    with begun.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(begun, _pin_file(path))


def _version_file(part: Path) -> Path:
    """Beside a begun download: the host's mark of the version it is of, without which it is not gone on with."""
    return part.with_name(f"{part.name}.version")


def _read_version(part: Path) -> str:
    try:
        version = _version_file(part).read_text().strip()
    except OSError:
        return ""
    return "" if version.startswith("W/") else version  # a weak mark does not promise the same bytes


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)


def _sync_folder(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
