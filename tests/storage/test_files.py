from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import FileStore, StorageError

ROOT = Path(__file__).parents[2]
PICTURE = b"\x89PNG" + bytes(range(256)) * 64


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "data")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A picture on another file system than that of the store."""
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")
    source = shared_memory / f"atelier-test-{os.getpid()}.png"
    source.write_bytes(PICTURE)
    yield source
    source.unlink(missing_ok=True)


def kept(tmp_path: Path) -> list[str]:
    folder = tmp_path / "data" / "files"
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def made_older(path: Path, seconds: float = 4000) -> None:
    os.utime(path, (time.time() - seconds, time.time() - seconds))


class TestPut:
    async def test_bytes(self, store: FileStore, tmp_path: Path) -> None:
        name = await store.put(PICTURE, ".png")
        assert re.fullmatch(r"[0-9a-f]{32}\.png", name)
        assert store.path(name).read_bytes() == PICTURE
        assert kept(tmp_path) == [name]
        assert await store.put(PICTURE, ".png") != name

    async def test_a_file_is_moved(self, store: FileStore, tmp_path: Path) -> None:
        source = store.work_folder(3) / "film.mp4"
        source.write_bytes(PICTURE)
        name = await store.put(source, ".mp4")
        assert store.path(name).read_bytes() == PICTURE
        assert not source.exists()
        assert kept(tmp_path) == [name]

    async def test_a_file_is_copied_across_file_systems(
        self, store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", refuse)
        source = tmp_path / "film.gif"
        source.write_bytes(PICTURE)
        name = await store.put(source, ".gif")
        assert store.path(name).read_bytes() == PICTURE
        assert not source.exists()

    async def test_a_real_other_file_system(self, store: FileStore, elsewhere: Path) -> None:
        source = elsewhere
        name = await store.put(source, ".png")
        assert store.path(name).read_bytes() == PICTURE
        assert not source.exists()

    async def test_everything_is_synced_before_the_name_is_given(
        self, store: FileStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await store.put(b"first", ".png")
        calls: list[str] = []
        fsync, rename = os.fsync, os.rename

        def record_fsync(descriptor: int) -> None:
            calls.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
            fsync(descriptor)

        def record_rename(*arguments: Any, **options: Any) -> None:
            calls.append("rename")
            rename(*arguments, **options)

        monkeypatch.setattr(os, "fsync", record_fsync)
        monkeypatch.setattr(os, "rename", record_rename)
        await store.put(PICTURE, ".png")
        assert calls == ["file", "rename", "folder"]

    @pytest.mark.parametrize("suffix", ["", "png", ".exe", ".PNG", "/../x.png", ".png\n", ".png/.."])
    async def test_other_suffixes_are_refused(self, store: FileStore, tmp_path: Path, suffix: str) -> None:
        with pytest.raises(ValueError, match="suffix"):
            await store.put(PICTURE, suffix)
        assert kept(tmp_path) == []

    async def test_a_missing_source(self, store: FileStore, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match=r"gone\.png does not exist\."):
            await store.put(tmp_path / "gone.png", ".png")
        assert kept(tmp_path) == []

    async def test_a_link_is_not_followed(self, store: FileStore, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("secret")
        (tmp_path / "link.png").symlink_to(secret)
        with pytest.raises(StorageError):
            await store.put(tmp_path / "link.png", ".png")
        assert kept(tmp_path) == [] and secret.exists()


class TestFullDisk:
    async def test_nothing_partial_is_left(
        self, store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = tmp_path / "film.mp4"
        source.write_bytes(PICTURE)

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        for thing in (PICTURE, source):
            with pytest.raises(StorageError, match=r"The disk that holds .* is full; free some space"):
                await store.put(thing, ".mp4")
        assert kept(tmp_path) == []
        assert source.read_bytes() == PICTURE

    def test_a_real_limit(self, tmp_path: Path) -> None:
        script = (
            "import asyncio, resource, sys\n"
            "from pathlib import Path\n"
            "from storage import FileStore, StorageError\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
            "store = FileStore(Path(sys.argv[1]))\n"
            "print(asyncio.run(store.put(bytes(4000), '.png')))\n"
            "try:\n"
            "    asyncio.run(store.put(bytes(9000), '.png'))\n"
            "except StorageError as error:\n"
            "    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, tmp_path / "data"], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        name, sentence = done.stdout.splitlines()
        assert sentence.startswith("The disk that holds") and done.stderr == ""
        assert kept(tmp_path) == [name]


class TestCrash:
    def test_death_before_the_rename_leaves_nothing_under_a_name(self, tmp_path: Path) -> None:
        script = (
            "import asyncio, os, sys\n"
            "from pathlib import Path\n"
            "from storage import FileStore\n"
            "os.rename = lambda *_, **__: os._exit(9)\n"
            "asyncio.run(FileStore(Path(sys.argv[1])).put(bytes(4000), '.png'))\n"
        )
        done = subprocess.run([sys.executable, "-c", script, tmp_path / "data"], cwd=ROOT, timeout=60)
        assert done.returncode == 9
        (left,) = kept(tmp_path)
        with pytest.raises(ValueError):
            FileStore(tmp_path / "data").path(left)

    async def test_the_sweep_takes_what_a_crash_left(self, store: FileStore, tmp_path: Path) -> None:
        name = await store.put(PICTURE, ".png")
        partial = store.path(name).with_name("0" * 32 + ".png.partial")
        partial.write_bytes(b"half")
        assert await store.sweep({name}) == 0
        made_older(partial)
        made_older(store.path(name))
        assert await store.sweep({name}) == 1
        assert kept(tmp_path) == [name]


class TestPath:
    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "../atelier.sqlite3",
            "/etc/passwd",
            "a.png",
            "0" * 32,
            "0" * 32 + ".exe",
            "0" * 32 + ".png.partial",
            "0" * 32 + ".png\n",
            "0" * 32 + ".png\0",
            "A" * 32 + ".png",
            "٠" * 32 + ".png",
            "../" + "0" * 32 + ".png",
            "0" * 32 + ".png/../../x",
        ],
    )
    async def test_anything_but_a_stored_name_is_refused(self, store: FileStore, name: str) -> None:
        with pytest.raises(ValueError, match="not the name of a stored file"):
            store.path(name)
        with pytest.raises(ValueError):
            await store.remove(name)


class TestRemoveAndSweep:
    async def test_remove(self, store: FileStore, tmp_path: Path) -> None:
        name = await store.put(PICTURE, ".png")
        await store.remove(name)
        await store.remove(name)
        assert kept(tmp_path) == []

    async def test_only_old_and_unreferenced_files_go(self, store: FileStore, tmp_path: Path) -> None:
        referenced, forgotten, fresh = [await store.put(PICTURE, ".png") for _ in range(3)]
        stranger = tmp_path / "data" / "files" / "notes.txt"
        stranger.write_text("not ours to remove")
        for path in (store.path(referenced), store.path(forgotten), stranger):
            made_older(path)
        assert await store.sweep({referenced}) == 1
        assert kept(tmp_path) == sorted([referenced, fresh, "notes.txt"])

    async def test_a_source_painted_long_ago_is_fresh_when_put(self, store: FileStore, tmp_path: Path) -> None:
        source = tmp_path / "old.png"
        source.write_bytes(PICTURE)
        made_older(source)
        name = await store.put(source, ".png")
        assert await store.sweep(set()) == 0
        assert kept(tmp_path) == [name]

    async def test_an_empty_store_has_nothing_to_sweep(self, store: FileStore) -> None:
        assert await store.sweep(set(), set()) == 0


class TestWork:
    async def test_a_folder_for_a_job(self, store: FileStore, tmp_path: Path) -> None:
        folder = store.work_folder(12)
        assert folder == tmp_path / "data" / "work" / "12" and folder.is_dir()
        (folder / "checkpoint").write_bytes(b"x")
        assert store.work_folder(12) == folder and (folder / "checkpoint").exists()
        await store.clear_work(12)
        await store.clear_work(12)
        assert not folder.exists()

    async def test_the_sweep_takes_the_work_of_jobs_that_ended(self, store: FileStore) -> None:
        open_job, ended, fresh = (store.work_folder(job_id) for job_id in (1, 2, 3))
        for folder in (open_job, ended):
            made_older(folder)
        assert await store.sweep(set(), {1}) == 1
        assert open_job.exists() and fresh.exists() and not ended.exists()

    def test_a_file_in_the_way(self, store: FileStore, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("not a folder")
        with pytest.raises(StorageError, match="where a folder is needed"):
            store.work_folder(1)
