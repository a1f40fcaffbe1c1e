"""Downloads of weights against a real HTTP server that can drop, lie, and refuse."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina
from filelock import FileLock

from engine.errors import InputError, PaintingError
from engine.models import download, published
from engine.models.published import Weight


def archive(seed: int, size: int = 3_000_000) -> bytes:
    """A ZIP archive, as torch's files are, of incompressible bytes."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        noise = b"".join(hashlib.sha256(f"{seed} {index}".encode()).digest() for index in range(size // 32))
        file.writestr(zipfile.ZipInfo("archive/data/0"), noise)
    return body.getvalue()


CONTENT = archive(0)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Host:
    """What the server does, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)  # answered first, one a request, instead of the file
    drops: list[int] = field(default_factory=list)  # bytes after which a body ends early, one a request
    etag: str = '"one"'
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)  # the Range header of each request


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            host.asked.append(wanted)
            content = host.files.get(self.path)
            status = host.statuses.pop(0) if host.statuses else 200 if content is not None else 404
            if status != 200 or content is None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = 0
            if wanted and host.ranges and self.headers.get("If-Range") == host.etag:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            self.send_header("ETag", host.etag)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if host.drops:
                self.wfile.write(content[start : start + host.drops.pop(0)])
                self.close_connection = True
                return
            self.wfile.write(content[start:])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_port}"
    yield host
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, and no waiting between attempts."""
    monkeypatch.setenv("ATELIER_WEIGHTS", str(tmp_path / "cache"))
    with stamina.set_testing(True, attempts=3):
        yield tmp_path / "cache"


def register(monkeypatch: pytest.MonkeyPatch, *sources: str, sha256: str | None = SHA256) -> None:
    """Make these the only sources of the only weight."""
    monkeypatch.setattr(
        published, "WEIGHTS", (Weight("toy", "vqgan", "toy.ckpt", len(CONTENT), sha256, "MIT", tuple(sources)),)
    )


def leftovers(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if not path.name.endswith(".lock"))


def test_a_file_is_downloaded_with_progress_and_checked(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["/toy"] = CONTENT
    register(monkeypatch, f"{host.url}/toy")
    seen: list[tuple[int, int | None]] = []
    assert published.installed("toy") is None

    path = download.pull("toy", lambda done, total: seen.append((done, total)))

    assert path == place / "toy.ckpt" == published.installed("toy") == published.require("toy")
    assert path.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT)) and seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert leftovers(place) == ["toy.ckpt"]
    assert published.listing() == ((published.named("toy"), path),)
    assert download.pull("toy") == path
    assert len(host.asked) == 1


def test_a_dropped_connection_is_gone_on_with(host: Host, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host.files["/toy"] = CONTENT
    host.drops = [1_500_000]
    register(monkeypatch, f"{host.url}/toy")
    assert download.pull("toy").read_bytes() == CONTENT
    assert host.asked[0] is None and len(host.asked) == 2
    started = re.fullmatch(r"bytes=(\d+)-", host.asked[1] or "")
    assert started is not None and 0 < int(started[1]) <= 1_500_000


def test_a_begun_file_is_gone_on_with_by_the_next_process(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["/toy"] = CONTENT
    host.drops = [1_200_000, 500_000, 500_000]
    register(monkeypatch, f"{host.url}/toy")
    with pytest.raises(PaintingError, match=r"^toy could not be downloaded: 127\.0\.0\.1 dropped the connection\.$"):
        download.pull("toy")
    (begun,) = place.glob("*.part")
    assert begun.stat().st_size > 1_000_000

    assert download.pull("toy").read_bytes() == CONTENT
    assert host.asked[-1] == f"bytes={begun_size(host)}-"
    assert leftovers(place) == ["toy.ckpt"]


def begun_size(host: Host) -> int:
    return int((host.asked[-1] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))


@pytest.mark.parametrize("change", ["another version", "no ranges"])
def test_a_begun_file_is_begun_anew_where_it_cannot_be_gone_on_with(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    host.files["/toy"] = archive(1)
    host.drops = [1_200_000] * 3
    register(monkeypatch, f"{host.url}/toy")
    with pytest.raises(PaintingError):
        download.pull("toy")
    host.files["/toy"] = CONTENT
    if change == "another version":
        host.etag = '"two"'
    else:
        host.ranges = False
    assert download.pull("toy").read_bytes() == CONTENT


def test_passing_faults_are_tried_again_a_bounded_number_of_times(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["/toy"] = CONTENT
    host.statuses = [503, 429]
    register(monkeypatch, f"{host.url}/toy")
    assert download.pull("toy").read_bytes() == CONTENT
    assert len(host.asked) == 3

    (place / "toy.ckpt").unlink()
    host.statuses = [502] * 20
    with pytest.raises(PaintingError, match=r"127\.0\.0\.1 answered 502\.$"):
        download.pull("toy")
    assert len(host.asked) == 6


def dead_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/toy"


def test_sources_are_tried_in_order(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.files |= {"/page": b"<!DOCTYPE html>please log in", "/other": archive(2), "/toy": CONTENT}
    sources = [dead_address(), *(f"{host.url}/{name}" for name in ("absent", "page", "other", "toy"))]
    register(monkeypatch, *sources)
    assert download.pull("toy").read_bytes() == CONTENT
    assert len(host.asked) == 4


def test_every_source_that_failed_is_told_in_one_sentence(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files |= {"/page": b"<!DOCTYPE html>please log in", "/other": archive(2), "/cut": CONTENT[:-1000]}
    sources = [dead_address(), *(f"{host.url}/{name}" for name in ("absent", "page", "other", "cut"))]
    register(monkeypatch, *sources)
    with pytest.raises(PaintingError) as caught:
        download.pull("toy")
    faults = str(caught.value).removeprefix("toy could not be downloaded: ").removesuffix(".").split("; ")
    begins = hashlib.sha256(archive(2)).hexdigest()[:12]
    assert faults == [
        "127.0.0.1 cannot be reached",
        "127.0.0.1 answered 404",
        "127.0.0.1 sent something that is no file of weights, perhaps a page to log in",
        f"127.0.0.1 sent a file that is not the published one (its SHA-256 begins with {begins})",
        "127.0.0.1 sent an incomplete file",
    ]
    assert published.installed("toy") is None
    assert leftovers(place) == []


def test_an_endless_body_is_ended(host: Host, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host.files["/toy"] = CONTENT * 3
    register(monkeypatch, f"{host.url}/toy")
    with pytest.raises(PaintingError, match="sent far more than the file should have"):
        download.pull("toy")
    assert leftovers(place) == []


def test_the_first_download_without_a_published_hash_is_pinned(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["/toy"] = CONTENT
    register(monkeypatch, f"{host.url}/toy", sha256=None)
    path = download.pull("toy")
    assert json.loads((place / "toy.ckpt.pin.json").read_text())["sha256"] == SHA256
    verified = download.verify("toy")
    assert (verified.path, verified.sha256, verified.published) == (path, SHA256, False)

    path.unlink()
    host.files["/toy"], host.etag = archive(3), '"two"'
    with pytest.raises(PaintingError, match=r"another toy than the one that was pinned .* --accept-change\.$"):
        download.pull("toy")
    assert published.installed("toy") is None

    assert download.pull("toy", accept_change=True).read_bytes() == archive(3)
    assert download.verify("toy").sha256 == hashlib.sha256(archive(3)).hexdigest()


def test_verifying_finds_a_changed_byte(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.files["/toy"] = CONTENT
    register(monkeypatch, f"{host.url}/toy")
    with pytest.raises(InputError, match=r"run `python -m engine models pull toy`\.$"):
        download.verify("toy")
    path = download.pull("toy")
    assert download.verify("toy").published
    path.write_bytes(CONTENT[:1000] + b"!" + CONTENT[1001:])
    with pytest.raises(PaintingError, match=r"^toy\.ckpt is damaged or not the published file: delete it"):
        download.verify("toy")


def test_a_file_of_unknown_origin_is_not_called_verified(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "http://127.0.0.1:1/toy", sha256=None)
    place.mkdir()
    (place / "toy.ckpt").write_bytes(CONTENT)
    with pytest.raises(PaintingError, match="nothing is known to compare it with"):
        download.verify("toy")
    (place / "toy.ckpt.pin.json").write_text("{")
    with pytest.raises(PaintingError, match=r"pin\.json is damaged"):
        download.verify("toy")


def test_a_disk_that_fills_up_is_told_and_the_beginning_kept(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["/toy"] = CONTENT
    register(monkeypatch, f"{host.url}/toy")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(PaintingError, match=r"^The disk is full: make room in .*, then pull again\.$"):
            download.pull("toy")
    assert published.installed("toy") is None
    assert len(list(place.glob("*.part"))) == 1


def test_a_disk_with_too_little_room_is_told_before_the_download(
    host: Host, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["/toy"] = CONTENT
    register(monkeypatch, f"{host.url}/toy")
    usage = download.shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(PaintingError, match=r"^The disk is too full: 3 MB are needed in .*, and 1 MB are free\.$"):
        download.pull("toy")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "http://127.0.0.1:1/toy")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ATELIER_WEIGHTS", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match=r"cannot be written: set ATELIER_WEIGHTS to a folder of your own\.$"):
        download.pull("toy")

    def denied(*args: object, **others: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(InputError, match=r"cannot be written: set ATELIER_WEIGHTS"):
        download.pull("toy")


def test_two_processes_do_not_download_one_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "http://127.0.0.1:1/toy")
    place.mkdir()
    with (
        FileLock(f"{place / 'toy.ckpt'}.lock"),
        pytest.raises(PaintingError, match="is being downloaded by another process"),
    ):
        download.pull("toy")
