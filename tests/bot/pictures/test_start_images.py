from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.pictures import start_images
from bot.pictures.start_images import StartImages, pictures_in
from engine.spec.artspec import ArtSpec, ImagePrompt
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


async def test_the_pictures_of_a_spec_are_found_together(images: StartImages) -> None:
    first, second, third = [await images.keep(data, ".png") for data in (b"1", b"2", b"3")]
    prompts = (ImagePrompt(second), ImagePrompt(third, -0.5), ImagePrompt(second, 2.0))
    spec = ArtSpec(prompt="a sea", start_image=first, image_prompts=prompts, palette_image=first)
    assert pictures_in(spec) == (first, second, third)
    paths = await images.paths(spec)
    assert paths is not None and [path.read_bytes() for path in paths.values()] == [b"1", b"2", b"3"]
    assert await images.paths(ArtSpec(prompt="a sea")) == {}
    paths[third].unlink()
    assert await images.paths(spec) is None


async def test_the_longest_unused_go_first(images: StartImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_images, "MAX_PICTURES", 2)
    first = await images.keep(b"1", ".png")
    second = await images.keep(b"2", ".png")
    await images.keep(b"1", ".png")  # used again
    gone = await images.path(second)
    third = await images.keep(b"3", ".png")
    assert gone is not None and not gone.exists()
    assert await images.path(second) is None
    assert await images.path(first) is not None and await images.path(third) is not None
    assert len(await images.names()) == 2
