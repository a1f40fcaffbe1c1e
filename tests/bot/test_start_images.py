from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import start_images
from bot.start_images import StartImages
from storage.database import Database
from storage.files import FileStore


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path)
    yield database
    await database.close()


@pytest.fixture
def images(database: Database, tmp_path: Path) -> StartImages:
    ticks = itertools.count()
    return StartImages(database, FileStore(tmp_path), clock=lambda: float(next(ticks)))


async def test_a_picture_is_found_by_the_digest_of_its_bytes(images: StartImages) -> None:
    digest = await images.keep(b"pixels", ".png")
    assert digest == hashlib.sha256(b"pixels").hexdigest()
    path = await images.path(digest)
    assert path is not None and path.read_bytes() == b"pixels"
    assert await images.path("0" * 64) is None


async def test_the_same_picture_is_kept_once(images: StartImages) -> None:
    assert await images.keep(b"pixels", ".png") == await images.keep(b"pixels", ".png")
    assert len(await images.names()) == 1


async def test_a_picture_whose_file_is_gone_is_kept_anew(images: StartImages) -> None:
    digest = await images.keep(b"pixels", ".png")
    path = await images.path(digest)
    assert path is not None
    path.unlink()
    assert await images.path(digest) is None
    await images.keep(b"pixels", ".png")
    assert await images.path(digest) is not None


async def test_the_longest_unused_go_first(images: StartImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_images, "MOST", 2)
    first = await images.keep(b"1", ".png")
    second = await images.keep(b"2", ".png")
    await images.keep(b"1", ".png")  # used again
    gone = await images.path(second)
    third = await images.keep(b"3", ".png")
    assert gone is not None and not gone.exists()
    assert await images.path(second) is None
    assert await images.path(first) is not None and await images.path(third) is not None
    assert len(await images.names()) == 2
