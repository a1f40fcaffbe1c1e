from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bot.ui import uploads
from bot.ui.uploads import FILE_GONE, ResultFiles, extra_name, fit, smaller

KIB = 1024


@pytest.fixture
def results(tmp_path: Path) -> ResultFiles:
    """A small picture with a film of 30 KiB, a drawing of 40 KiB and a native picture of 1 KiB."""
    Image.new("RGB", (16, 16), "red").save(tmp_path / "picture.png")
    sizes = {"film.mp4": 30, "picture.svg": 40, "picture.native.png": 1}
    paths = {name: tmp_path / name for name in sizes}
    for name, path in paths.items():
        path.write_bytes(bytes(sizes[name] * KIB))
    extras = {"svg": paths["picture.svg"], "native.png": paths["picture.native.png"]}
    return ResultFiles("atelier-5", tmp_path / "picture.png", (paths["film.mp4"],), extras)


def test_files_beside_the_picture_are_named_like_it() -> None:
    assert extra_name("atelier-5", "svg") == "atelier-5.svg"
    assert extra_name("atelier-5", "native.png") == "atelier-5-native.png"


async def test_what_lies_beside_comes_after_picture_and_film(results: ResultFiles) -> None:
    fitted = await fit(results, 10**6)
    names = [upload.name for upload in fitted.uploads]
    assert names == ["atelier-5.png", "atelier-5.mp4", "atelier-5.svg", "atelier-5-native.png"]
    assert fitted.image_name == "atelier-5.png" and fitted.notes == ()


async def test_what_is_too_large_is_left_out_with_a_note(results: ResultFiles) -> None:
    fitted = await fit(results, 35 * KIB)
    assert [upload.name for upload in fitted.uploads] == ["atelier-5.png", "atelier-5.mp4", "atelier-5-native.png"]
    assert [str(note) for note in fitted.notes] == ["atelier-5.svg was too large to send."]


async def test_it_gives_way_to_picture_and_film(results: ResultFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "REQUEST_LIMIT", 35 * KIB)
    fitted = await fit(results, 10**6)
    assert [upload.name for upload in fitted.uploads] == ["atelier-5.png", "atelier-5.mp4", "atelier-5-native.png"]


async def test_a_refused_result_comes_with_less(results: ResultFiles) -> None:
    everything = await fit(results, 70 * KIB)
    less = await smaller(results, everything)
    assert len(everything.uploads) == 4 and less == await smaller(results, everything)
    assert "atelier-5.svg was too large to send." in map(str, less.notes) or not less.uploads


async def test_a_missing_file_is_mentioned(results: ResultFiles) -> None:
    results.extras["svg"].unlink()
    fitted = await fit(results, 10**6)
    assert [upload.name for upload in fitted.uploads][2:] == ["atelier-5-native.png"]
    assert fitted.notes == (FILE_GONE,)
