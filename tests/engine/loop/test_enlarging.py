"""Pictures larger than they were painted, and jobs that only enlarge."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import InputError
from engine.images.metadata import read_spec
from engine.lab.random_models import random_models
from engine.loop.loop import paint
from engine.registry import Models
from engine.service.protocol import Finished
from engine.service.session import Session
from engine.spec.artspec import ArtSpec
from engine.spec.plan import cost, plan
from engine.spec.variants import enlarged

SPEC = ArtSpec("a castle", style="pixel", width=64, height=48, iterations=2, cuts=2, seed=1, film="none")


@pytest.fixture(scope="module")
def models() -> Models:
    return random_models("tiny")


def painted(spec: ArtSpec, models: Models, folder: Path, images: dict[str, Path] | None = None) -> Finished:
    with Session(spec, models, folder, images) as session:
        for _ in session.snapshots():
            pass
        return session.finish()


def test_a_finished_picture_is_enlarged(models: Models, tmp_path: Path) -> None:
    small = painted(SPEC, models, tmp_path / "small")
    large = painted(replace(SPEC, enlarge=4), models, tmp_path / "large")
    with Image.open(small.image) as one, Image.open(large.image) as four:
        assert four.size == (256, 192) == (large.width, large.height)
        assert four.tobytes() == one.resize((256, 192), Image.Resampling.NEAREST).tobytes(), "squares stay squares"


def test_a_picture_is_only_enlarged_without_a_step(models: Models, tmp_path: Path) -> None:
    small = painted(replace(SPEC, style="image"), models, tmp_path / "small")
    digest = hashlib.sha256(small.image.read_bytes()).hexdigest()
    spec = enlarged(read_spec(small.image), digest, 2)
    large = painted(spec, models, tmp_path / "large", {digest: small.image})
    with Image.open(small.image) as one, Image.open(large.image) as two:
        assert two.tobytes() == one.resize((128, 96), Image.Resampling.LANCZOS).tobytes()
    assert (large.iterations, large.films, large.seed) == (0, {}, 1) and large.clip_score >= 0
    assert read_spec(large.image) == replace(spec, seed=1)
    assert cost(plan(spec, "full")) > 0


def test_what_would_be_too_large_is_said_before_any_work(models: Models, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose a smaller size"):
        next(paint(ArtSpec("a", width=2048, height=2048, enlarge=4), models))
    path = tmp_path / "wide.png"
    Image.new("RGB", (1500, 10)).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(InputError, match="4096"):
        next(paint(enlarged(SPEC, digest, 4), models, images={digest: path}))
    with pytest.raises(InputError, match="attach it again"):
        next(paint(enlarged(SPEC, digest, 2), models))
    for wrong in ({"iterations": 0}, {"iterations": 0, "enlarge": 2}, {"enlarge": 2, "variations": 4}, {"enlarge": 3}):
        with pytest.raises(InputError):
            replace(SPEC, **wrong)  # type: ignore[arg-type]
