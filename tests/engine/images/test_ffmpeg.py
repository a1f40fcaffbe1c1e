"""Films made smaller, as ffmpeg tells them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.images.ffmpeg import shrink_film
from engine.images.recorder import Film
from tests.engine.probes import look_at


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def noisy_films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    film = Film(tmp_path_factory.mktemp("noisy"), 15, 1.5, "both")
    for seed in range(16):
        film.add(noise((144, 144), seed))
    return film.finish()


@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_films_shrink_to_a_limit(noisy_films: dict[str, Path], tmp_path: Path, kind: str) -> None:
    source, target = noisy_films[kind], tmp_path / f"small.{kind}"
    limit = source.stat().st_size // 4
    assert shrink_film(source, target, limit)
    assert 0 < target.stat().st_size <= limit
    assert look_at(target).seconds == pytest.approx(look_at(source).seconds, abs=0.4)


@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_what_cannot_be_shrunk_leaves_nothing(noisy_films: dict[str, Path], tmp_path: Path, kind: str) -> None:
    assert not shrink_film(noisy_films[kind], tmp_path / f"small.{kind}", 300)
    assert not list(tmp_path.iterdir())


def test_shrinking_what_is_no_film_fails_quietly(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"\0" * 1000)
    assert not shrink_film(junk, tmp_path / "small.mp4", 100_000)
    assert not shrink_film(tmp_path / "absent.mp4", tmp_path / "small.mp4", 100_000)
