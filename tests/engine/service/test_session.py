from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.errors import Message, PaintingError
from engine.images.metadata import read_spec
from engine.lab.random_models import random_models
from engine.service.protocol import Finished
from engine.service.session import CHECKPOINT, Session, load_checkpoint
from engine.spec.artspec import ArtSpec
from tests.engine.probes import children, frames_of, look_at
from tests.engine.stand_in import LOG, StandInModels, paint

SPEC = ArtSpec(prompt="grey", iterations=20, width=64, height=32, film="both", film_seconds=1.0)


def session(folder: Path, spec: ArtSpec = SPEC, family: str = "mini") -> Session:
    return Session(spec, StandInModels(family), folder, paint=paint)  # type: ignore[arg-type]


def paint_all(folder: Path, spec: ArtSpec = SPEC) -> Finished:
    with session(folder, spec) as opened:
        for _ in opened.snapshots():
            pass
        return opened.finish()


def paint_until(step: int, folder: Path, spec: ArtSpec = SPEC) -> None:
    """As far as a process comes that is suspended there."""
    with session(folder, spec) as opened:
        for snapshot in opened.snapshots():
            if snapshot.step == step:
                opened.save(pause=True)
                return


def test_a_painting_leaves_picture_and_films(tmp_path: Path) -> None:
    painted = paint_all(tmp_path / "job")
    assert painted.image == tmp_path / "job" / "picture.png"
    assert read_spec(painted.image) == SPEC.with_seed(7)
    assert (painted.width, painted.height, painted.seed, painted.iterations) == (64, 32, 7, 20)
    assert painted.films.keys() == {"mp4", "gif"} and look_at(painted.films["mp4"]).seconds == pytest.approx(2, abs=0.1)
    assert painted.notes == (Message("a note"),) and painted.loss == 0 and painted.seconds > 0
    assert painted.iterations_per_second > 0 and painted.models == "embedded mini"


def test_a_film_that_fails_is_a_note_and_the_picture_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "no-ffmpeg"))
    painted = paint_all(tmp_path / "job")
    assert painted.films == {} and painted.image.exists()
    assert str(painted.notes[1]).startswith("There is no film of this painting")


def test_a_suspended_painting_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    paint_until(8, tmp_path / "job")
    painted = paint_all(tmp_path / "job")
    assert (tmp_path / "log").read_text().split() == [str(step) for step in range(1, 21)]
    levels = frames_of(painted.films["mp4"]).mean((1, 2, 3))
    whole = paint_all(tmp_path / "whole")
    assert levels == pytest.approx(frames_of(whole.films["mp4"]).mean((1, 2, 3)), abs=3)


def test_one_suspended_at_the_end_only_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint_until(20, tmp_path / "job")
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    painted = paint_all(tmp_path / "job")
    assert painted.films.keys() == {"mp4", "gif"} and not (tmp_path / "log").exists()


def test_time_before_the_interruption_counts(tmp_path: Path) -> None:
    slow = ArtSpec(prompt="delay=0.05", iterations=10, film="none")
    paint_until(9, tmp_path, slow)
    assert paint_all(tmp_path, slow).seconds > 0.45


@pytest.mark.parametrize("other", [SPEC.with_seed(3), ArtSpec(prompt="grey", iterations=21)])
def test_the_checkpoint_of_another_spec_is_ignored(tmp_path: Path, other: ArtSpec) -> None:
    paint_until(8, tmp_path)
    assert load_checkpoint(tmp_path / CHECKPOINT, SPEC, "mini") is not None
    assert load_checkpoint(tmp_path / CHECKPOINT, other, "mini") is None
    assert load_checkpoint(tmp_path / CHECKPOINT, SPEC, "full") is None
    with session(tmp_path, other) as opened:
        assert next(opened.snapshots()).step == 0


@pytest.mark.parametrize("harm", ["empty", "cut", "junk", "pickle", "list", "folder"])
def test_a_damaged_checkpoint_is_ignored_with_a_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    paint_until(8, tmp_path)
    path = tmp_path / CHECKPOINT
    data = path.read_bytes()
    path.unlink()
    match harm:
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "junk":
            path.write_bytes(os.urandom(3000))
        case "pickle":
            path.write_bytes(b"cos\nsystem\n(S'touch " + str(tmp_path / "owned").encode() + b"'\ntR.")
        case "list":
            torch.save([1, 2, 3], path)
        case "folder":
            path.mkdir()
    with caplog.at_level(logging.WARNING), session(tmp_path) as opened:
        assert next(opened.snapshots()).step == 0
    assert "ignored" in caplog.text and not (tmp_path / "owned").exists()


def test_a_checkpoint_that_the_painting_refuses_is_not_in_the_way(tmp_path: Path) -> None:
    spec = ArtSpec(prompt="reject=1", iterations=10, film="mp4", film_seconds=1.0)
    paint_until(5, tmp_path, spec)
    painted = paint_all(tmp_path, spec)
    levels = frames_of(painted.films["mp4"]).mean((1, 2, 3))
    assert levels[0] < 5 and levels[-1] > 245


def test_a_checkpoint_that_cannot_be_written_costs_no_painting(tmp_path: Path) -> None:
    with session(tmp_path) as opened:
        for snapshot in opened.snapshots():
            if snapshot.step == 5:
                (tmp_path / f"checkpoint.{os.getpid()}.part.pt").mkdir()
                opened.save()
        assert opened.finish().image.exists() and not (tmp_path / CHECKPOINT).exists()


def test_errors_of_the_painting_pass_and_ffmpeg_ends(tmp_path: Path) -> None:
    before = children(os.getpid())
    with session(tmp_path, ArtSpec(prompt="fail=5", iterations=9)) as opened, pytest.raises(PaintingError):
        list(opened.snapshots())
    assert children(os.getpid()) <= before


def test_a_real_painting_resumed_has_the_same_pixels(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    spec = ArtSpec(prompt="a castle", iterations=4, cuts=2, width=32, height=32, seed=5, film="mp4", film_seconds=1.0)

    def open_session(folder: Path) -> Session:
        return Session(spec, random_models("tiny"), folder)

    with open_session(tmp_path / "whole") as opened:
        list(opened.snapshots())
        whole = opened.finish()
    with open_session(tmp_path / "cut") as opened:
        for snapshot in opened.snapshots():
            if snapshot.step == 2:
                opened.save(pause=True)
                break
    with open_session(tmp_path / "cut") as opened:
        assert [snapshot.step for snapshot in opened.snapshots()] == [2, 3, 4]
        cut = opened.finish()
    with Image.open(whole.image) as one, Image.open(cut.image) as other:
        assert one.tobytes() == other.tobytes() and one.size == (32, 32)
    assert cut.loss == whole.loss and len(frames_of(cut.films["mp4"])) == len(frames_of(whole.films["mp4"]))
