from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.images import ffmpeg
from engine.images.recorder import Film, chosen_steps
from tests.engine.probes import children, frames_of, look_at


def grey(level: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))


def shoot(film: Film, steps: int, size: tuple[int, int] = (64, 48), start: int = 0, stop: int | None = None) -> None:
    """Grey frames that brighten with the step, from step `start` to `stop`, both included."""
    for step in range(start, (steps if stop is None else stop) + 1):
        if film.wants(step):
            film.add(grey(round(250 * step / steps), size))


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_chosen_steps_begin_and_end_with_the_painting_and_are_even() -> None:
    chosen = sorted(chosen_steps(500, 6))
    assert chosen[0] == 0 and chosen[-1] == 500 and len(chosen) == 150
    gaps = {b - a for a, b in itertools.pairwise(chosen)}
    assert gaps == {3, 4}


@pytest.mark.parametrize(("steps", "count"), [(1, 2), (2, 3), (40, 41), (149, 150), (150, 150), (2000, 150)])
def test_short_paintings_show_every_step(steps: int, count: int) -> None:
    assert len(chosen_steps(steps, 6)) == count


def test_both_films_last_as_long_as_asked_and_hold_the_last_frame(tmp_path: Path) -> None:
    film = Film(tmp_path, 60, 2.0, "both")
    shoot(film, 60)
    films = film.finish()
    assert film.failure is None and films == {"mp4": tmp_path / "film.mp4", "gif": tmp_path / "film.gif"}
    mp4, gif = look_at(films["mp4"]), look_at(films["gif"])
    assert mp4.seconds == pytest.approx(3.0, abs=0.1) and gif.seconds == pytest.approx(3.0, abs=0.15)
    assert "h264" in mp4.video and "yuv420p(tv, bt709" in mp4.video and (mp4.width, mp4.height) == (64, 48)
    assert (gif.width, gif.height) == (64, 48) and gif.rate <= 15
    levels = frames_of(films["mp4"]).mean((1, 2, 3))
    assert levels[0] < 10 and levels[-1] > 240
    assert np.ptp(levels[-25:]) < 2  # the last second stands still
    assert np.all(np.diff(levels[:50]) > 0)
    assert not list(tmp_path.glob("*.part.*")) and not list(tmp_path.glob("*.png"))


def test_the_index_comes_first_so_that_players_start_before_the_end(tmp_path: Path) -> None:
    film = Film(tmp_path, 5, 1.0, "mp4")
    shoot(film, 5)
    data = film.finish()["mp4"].read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("size", [(33, 17), (1, 1), (64, 31), (16, 400)])
def test_odd_sizes_come_out_even(tmp_path: Path, size: tuple[int, int]) -> None:
    film = Film(tmp_path, 3, 1.0, "both")
    shoot(film, 3, size)
    films = film.finish()
    assert film.failure is None
    seen = look_at(films["mp4"])
    assert (seen.width, seen.height) == (max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2))
    assert look_at(films["gif"]).seconds > 1.5


def test_large_pictures_make_moderate_films(tmp_path: Path) -> None:
    film = Film(tmp_path, 1, 1.0, "both")
    shoot(film, 1, (2048, 512))
    films = film.finish()
    assert (look_at(films["mp4"]).width, look_at(films["mp4"]).height) == (1080, 270)
    assert (look_at(films["gif"]).width, look_at(films["gif"]).height) == (360, 90)


def test_a_film_of_one_step_plays(tmp_path: Path) -> None:
    film = Film(tmp_path, 1, 6.0, "both")
    shoot(film, 1)
    films = film.finish()
    assert look_at(films["mp4"]).seconds == pytest.approx(7.0, abs=0.1) and look_at(films["mp4"]).rate >= 12
    assert look_at(films["gif"]).seconds == pytest.approx(7.0, abs=0.5)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 160, 0), (30, 60, 220), (250, 220, 20)])
def test_colours_are_those_of_the_picture(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    film = Film(tmp_path, 2, 1.0, "both")
    for _ in range(3):
        film.add(Image.new("RGB", (64, 64), colour))
    films = film.finish()
    for path in films.values():
        assert np.abs(frames_of(path)[-1].mean((0, 1)) - colour).max() < 6, path


def test_no_film_starts_no_process(tmp_path: Path) -> None:
    film = Film(tmp_path, 5, 1.0, "none", ffmpeg="/nowhere/ffmpeg")
    shoot(film, 5)
    assert film.finish() == {} and film.failure is None and not list(tmp_path.iterdir())


def test_unknown_formats_are_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="avi"):
        Film(tmp_path, 5, 1.0, "avi")


def test_a_suspended_film_goes_on_where_it_was(tmp_path: Path) -> None:
    film = Film(tmp_path, 20, 1.0, "mp4")
    shoot(film, 20, stop=10)
    film.pause()
    state = json.loads(json.dumps(film.state()))
    resumed = Film(tmp_path, 20, 1.0, "mp4", resume=state)
    shoot(resumed, 20, start=11)
    levels = frames_of(resumed.finish()["mp4"]).mean((1, 2, 3))
    whole = tmp_path / "whole"
    whole.mkdir()
    other = Film(whole, 20, 1.0, "mp4")
    shoot(other, 20)
    assert levels == pytest.approx(frames_of(other.finish()["mp4"]).mean((1, 2, 3)), abs=3)


def test_frames_after_the_checkpoint_are_trimmed(tmp_path: Path) -> None:
    film = Film(tmp_path, 10, 1.0, "mp4")
    shoot(film, 10, stop=4)
    state = film.state()
    for _ in range(4):  # painted after the checkpoint, lost with the process, painted again below
        film.add(grey(255))
    film.pause()
    resumed = Film(tmp_path, 10, 1.0, "mp4", resume=state)
    shoot(resumed, 10, start=5)
    levels = frames_of(resumed.finish()["mp4"]).mean((1, 2, 3))
    assert resumed.failure is None and np.all(np.diff(levels) > -2)
    assert len(np.unique(levels[:22:2].round())) == 11


def test_frames_on_disk_survive_the_death_of_ffmpeg(tmp_path: Path) -> None:
    film = Film(tmp_path, 40, 1.0, "mp4")
    shoot(film, 40, (256, 256), stop=20)
    part = tmp_path / "film.000.mjpeg"
    deadline = time.monotonic() + 10
    while part.stat().st_size < 5000 and time.monotonic() < deadline:
        time.sleep(0.02)
    state = film.state()
    film.close()
    resumed = Film(tmp_path, 40, 1.0, "mp4", resume=state)
    shoot(resumed, 40, (256, 256), start=21)
    assert resumed.finish().keys() == {"mp4"} and resumed.failure is None


def test_a_new_film_takes_nothing_from_an_older_one(tmp_path: Path) -> None:
    old = Film(tmp_path, 10, 1.0, "mp4")
    shoot(old, 10)
    old.pause()
    again = old.state()["parts"]
    new = Film(tmp_path, 10, 1.0, "mp4")
    assert again and not (tmp_path / "film.000.mjpeg").exists() and new.finish() == {}


def test_a_state_leads_to_no_other_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.mjpeg"
    outside.write_bytes(b"secret")
    folder = tmp_path / "job"
    folder.mkdir()
    film = Film(folder, 10, 1.0, "mp4", resume={"parts": [["../outside.mjpeg", 3]]})
    assert film.finish() == {} and film.failure is not None and outside.read_bytes() == b"secret"


def test_without_ffmpeg_there_is_no_film_and_no_error(tmp_path: Path) -> None:
    film = Film(tmp_path, 5, 1.0, "both", ffmpeg=str(tmp_path / "no-ffmpeg"))
    shoot(film, 5)
    assert film.finish() == {}
    assert str(film.failure) == "There is no film of this painting: ffmpeg did not start (No such file or directory)."
    assert not film.wants(5)


def test_an_environment_without_ffmpeg_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise RuntimeError("No ffmpeg exe could be found")

    monkeypatch.setattr(ffmpeg.imageio_ffmpeg, "get_ffmpeg_exe", missing)
    film = Film(tmp_path, 5, 1.0, "mp4")
    film.add(grey(3))
    assert film.failure is not None and "imageio-ffmpeg" in str(film.failure)


def test_a_failing_ffmpeg_is_quoted(tmp_path: Path) -> None:
    ffmpeg = script(tmp_path / "ffmpeg", "echo 'Unknown encoder mjpeg' >&2; exit 1")
    film = Film(tmp_path, 400, 20.0, "mp4", ffmpeg=ffmpeg)
    shoot(film, 400, (256, 256))
    assert film.finish() == {}
    assert str(film.failure) == "There is no film of this painting: ffmpeg ended early (Unknown encoder mjpeg)."


def test_a_hanging_ffmpeg_costs_the_patience_once(tmp_path: Path) -> None:
    ffmpeg = script(tmp_path / "ffmpeg", "exec sleep 60")
    film = Film(tmp_path, 50, 2.0, "mp4", ffmpeg=ffmpeg, patience=0.4)
    begun = time.monotonic()
    shoot(film, 50, (512, 512))
    assert film.finish() == {} and time.monotonic() - begun < 5
    assert film.failure is not None and "0.4 seconds" in str(film.failure)


def test_an_ffmpeg_that_does_not_end_is_ended(tmp_path: Path) -> None:
    ffmpeg = script(tmp_path / "ffmpeg", "cat > /dev/null; exec sleep 60")
    film = Film(tmp_path, 2, 1.0, "mp4", ffmpeg=ffmpeg, patience=0.4)
    before = children(os.getpid())
    shoot(film, 2)
    assert film.finish() == {} and film.failure is not None and "did not end" in str(film.failure)
    assert children(os.getpid()) <= before


def test_a_babbling_ffmpeg_blocks_nothing(tmp_path: Path) -> None:
    babble = script(tmp_path / "ffmpeg", "head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; cat > /dev/null; exit 1")
    film = Film(tmp_path, 2, 1.0, "mp4", ffmpeg=babble, patience=10)
    shoot(film, 2)
    assert film.finish() == {} and film.failure is not None and len(str(film.failure)) < 400


def test_ffmpeg_killed_in_the_middle_costs_only_the_film(tmp_path: Path) -> None:
    film = Film(tmp_path, 60, 3.0, "mp4")
    before = children(os.getpid())
    film.add(grey(0, (256, 256)))
    (ffmpeg,) = children(os.getpid()) - before
    os.kill(ffmpeg, signal.SIGKILL)
    shoot(film, 60, (256, 256))
    assert film.finish() == {} and film.failure is not None
    assert children(os.getpid()) <= before


def test_a_frame_of_another_size_costs_the_film(tmp_path: Path) -> None:
    film = Film(tmp_path, 5, 1.0, "mp4")
    film.add(grey(1, (64, 64)))
    film.add(grey(1, (32, 64)))
    assert film.finish() == {} and film.failure is not None and "(32, 64)" in str(film.failure)


def test_a_folder_that_vanished_costs_the_film(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    film = Film(folder, 5, 1.0, "mp4")
    folder.rmdir()
    shoot(film, 5)
    assert film.finish() == {} and film.failure is not None


def test_nothing_is_left_running_or_waiting(tmp_path: Path) -> None:
    before, threads = children(os.getpid()), threading.active_count()
    film = Film(tmp_path, 5, 1.0, "both")
    shoot(film, 5)
    film.close()
    film.close()
    assert children(os.getpid()) <= before and threading.active_count() <= threads


def test_memory_does_not_grow_with_the_frames(tmp_path: Path) -> None:
    film = Film(tmp_path, 300, 12.0, "mp4")
    frame = noise((512, 512), 0)
    film.add(frame)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(120):  # 94 MB of raw pixels
        film.add(frame)
    film.close()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB
