from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.jobs.painter import (
    Cancelled,
    Description,
    Order,
    OrderRefused,
    Painter,
    PainterDied,
    PainterInfo,
    PaintingFailed,
    Progress,
    Suspended,
)
from bot.jobs.process_painter import ProcessPainter
from engine.errors import Message
from engine.service.protocol import Finished
from engine.service.session import CHECKPOINT
from engine.spec.artspec import ArtSpec
from tests.engine.probes import children, frames_of
from tests.engine.stand_in import LOG

Make = Callable[..., ProcessPainter]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    painters: list[ProcessPainter] = []

    def build(*arguments: str, patience: float = 20.0, start_patience: float = 60.0) -> ProcessPainter:
        command = (sys.executable, "-m", "tests.engine.stand_in", *arguments)
        painters.append(ProcessPainter(patience=patience, start_patience=start_patience, command=command))
        return painters[-1]

    yield build
    before = time.monotonic()
    for each in painters:
        await each.close()
    assert time.monotonic() - before < 25
    assert not {child for child in children(os.getpid()) if "stand_in" in command_of(child)}


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def order(folder: Path, prompt: str = "grey", iterations: int = 20, film: str = "none") -> Order:
    spec = ArtSpec(prompt=prompt, iterations=iterations, width=64, height=32, film=film, film_seconds=1.0)
    return Order(5, spec, folder, {})


def pid_of(painter: ProcessPainter) -> int:
    assert painter._child is not None
    return painter._child.pid


async def events_of(painter: Painter, what: Order) -> list[Progress | Finished | Suspended]:
    return [event async for event in painter.paint(what)]


async def finished(painter: Painter, what: Order) -> Finished:
    last = (await events_of(painter, what))[-1]
    assert isinstance(last, Finished)
    return last


async def test_an_order_is_painted_with_progress_and_previews(make: Make, tmp_path: Path) -> None:
    painter: Painter = make()
    assert await painter.start() == PainterInfo("mini", "cpu")
    events = await events_of(painter, order(tmp_path, "delay=0.03 print=4", film="both"))
    *progress, last = events
    assert isinstance(last, Finished) and last.image.exists() and last.films.keys() == {"mp4", "gif"}
    assert (last.seed, last.width, last.height, last.iterations, last.notes) == (7, 64, 32, 20, (Message("a note"),))
    assert last.extras["svg"].read_bytes() == b"<svg/>" and last.clip_score == 25.0
    steps = [each.step for each in progress if isinstance(each, Progress)]
    assert len(steps) == len(progress) >= 2 and steps == sorted(steps)
    assert any(each.preview and each.preview[8:12] == b"WEBP" for each in progress if isinstance(each, Progress))


async def test_the_process_stays_for_the_next_order(make: Make, tmp_path: Path) -> None:
    painter = make()
    await painter.start()
    first = pid_of(painter)
    for name in ("1", "2"):
        await finished(painter, order(tmp_path / name))
    await painter.start()
    assert pid_of(painter) == first


async def test_failures_are_raised_with_a_sentence(make: Make, tmp_path: Path) -> None:
    painter = make()
    outcomes = [
        ("refuse=3", OrderRefused, "Say it in other words."),
        ("fail=3", PaintingFailed, "The loss stopped being a number."),
        ("raise=3", PaintingFailed, "did not expect"),
    ]
    for prompt, error, words in outcomes:
        with pytest.raises(error, match=words):
            await events_of(painter, order(tmp_path / prompt, prompt))
    assert await finished(painter, order(tmp_path / "last"))


async def test_cancel_ends_the_order(make: Make, tmp_path: Path) -> None:
    painter = make()
    with pytest.raises(Cancelled):
        async for _ in painter.paint(order(tmp_path / "1", "delay=0.05", iterations=2000)):
            await painter.cancel()
    await painter.cancel()  # nothing runs: nothing happens
    assert await finished(painter, order(tmp_path / "2"))


async def test_cancel_and_suspend_work_while_the_painter_starts(make: Make, tmp_path: Path) -> None:
    for control, outcome in (("cancel", Cancelled), ("suspend", Suspended)):
        painter = make("--load-seconds", "0.5")
        painting = asyncio.create_task(events_of(painter, order(tmp_path / control, "delay=0.05", iterations=2000)))
        await asyncio.sleep(0.2)
        await (painter.cancel() if control == "cancel" else painter.suspend())
        if outcome is Cancelled:
            with pytest.raises(Cancelled):
                await painting
        else:
            assert isinstance((await painting)[-1], Suspended)


async def test_a_suspended_order_resumes(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    painter = make()
    what = order(tmp_path / "1", "delay=0.04", iterations=40, film="mp4")
    events = []
    async for event in painter.paint(what):
        events.append(event)
        await painter.suspend()
    assert isinstance(events[-1], Suspended)
    done = await finished(painter, what)
    assert (tmp_path / "log").read_text().split() == [str(step) for step in range(1, 41)]
    whole = await finished(painter, replace(what, folder=tmp_path / "2"))
    assert frames_of(done.films["mp4"]).mean((1, 2, 3)) == pytest.approx(
        frames_of(whole.films["mp4"]).mean((1, 2, 3)), abs=3
    )


async def test_a_killed_painter_is_replaced_and_resumes_from_the_checkpoint(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    painter = make("--checkpoint-seconds", "0.1")
    what = order(tmp_path / "1", "delay=0.05", iterations=80, film="mp4")
    await painter.start()
    first = pid_of(painter)
    with pytest.raises(PainterDied, match="ended unexpectedly"):
        async for _ in painter.paint(what):
            if (tmp_path / "1" / CHECKPOINT).exists():
                os.kill(first, signal.SIGKILL)
    painted_before = len((tmp_path / "log").read_text().split())
    (tmp_path / "log").unlink()
    done = await finished(painter, what)
    assert pid_of(painter) != first
    again = [int(step) for step in (tmp_path / "log").read_text().split()]
    assert 1 < again[0] <= painted_before + 1 and again[-1] == 80
    levels = frames_of(done.films["mp4"]).mean((1, 2, 3))
    assert levels[0] < 12 and levels[-1] > 240 and (levels[1:] - levels[:-1]).min() > -3


async def test_a_stopped_painter_is_killed_and_replaced(make: Make, tmp_path: Path) -> None:
    painter = make(patience=3.0)
    await painter.start()
    first = pid_of(painter)
    with pytest.raises(PainterDied, match="hung"):
        async for _ in painter.paint(order(tmp_path / "1", "delay=0.05", iterations=2000)):
            os.kill(first, signal.SIGSTOP)
    assert first not in children(os.getpid())
    assert await finished(painter, order(tmp_path / "2")) and pid_of(painter) != first


async def test_a_painting_without_steps_is_hung_although_the_process_lives(make: Make, tmp_path: Path) -> None:
    painter = make(patience=3.0)
    with pytest.raises(PainterDied, match="hung"):
        async with asyncio.timeout(60):
            await events_of(painter, order(tmp_path / "1", "hang=4 delay=0.25"))


async def test_a_first_step_may_take_its_time(make: Make, tmp_path: Path) -> None:
    painter = make(patience=3.0)
    assert await finished(painter, order(tmp_path, "delay=3.6", iterations=2))


async def test_a_cancelled_order_is_cancelled_even_if_the_painter_hangs(make: Make, tmp_path: Path) -> None:
    painter = make(patience=3.0)
    with pytest.raises(Cancelled):
        async for _ in painter.paint(order(tmp_path / "1", "hang=4 delay=0.25")):
            await painter.cancel()


async def test_an_abandoned_order_is_cancelled(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    painter = make()
    painting = painter.paint(order(tmp_path / "1", "delay=0.05", iterations=2000))
    async for _ in painting:
        break
    await painting.aclose()
    assert await finished(painter, order(tmp_path / "2", iterations=3))
    assert len((tmp_path / "log").read_text().split()) < 200


async def test_a_slow_reader_gets_the_newest_state_only(make: Make, tmp_path: Path) -> None:
    painter = make("--preview-seconds", "0")
    events = []
    async for event in painter.paint(order(tmp_path / "1", "delay=0.005", iterations=150)):
        events.append(event)
        await asyncio.sleep(0.3)
    assert isinstance(events[-1], Finished) and len(events) < 20


async def test_close_suspends_what_runs(make: Make, tmp_path: Path) -> None:
    painter = make()
    events = []
    closing: asyncio.Task[None] | None = None
    async for event in painter.paint(order(tmp_path / "1", "delay=0.05", iterations=2000)):
        events.append(event)
        closing = closing or asyncio.create_task(painter.close())
    assert isinstance(events[-1], Suspended) and (tmp_path / "1" / CHECKPOINT).exists()
    assert closing is not None
    await closing
    with pytest.raises(PainterDied, match="closed"):
        await painter.start()


async def test_models_that_do_not_load_raise(make: Make) -> None:
    with pytest.raises(PainterDied, match="There are no models here"):
        await make("--load-error", "There are no models here.").start()


async def test_a_painter_that_never_gets_ready_is_ended(make: Make) -> None:
    painter = make("--load-seconds", "600", start_patience=1.0)
    with pytest.raises(PainterDied, match="not ready within 1 seconds"):
        await painter.start()
    assert painter._child is None


async def test_a_command_that_does_not_exist_raises() -> None:
    painter = ProcessPainter(command=("/nowhere/python",))
    with pytest.raises(PainterDied, match="did not start"):
        await painter.start()
    await painter.close()


@pytest.mark.parametrize("junk", ["hello", "\\xff\\xff\\xff\\xff", "\\0\\0\\0\\2{}"])
async def test_a_painter_that_talks_nonsense_is_ended(junk: str) -> None:
    talk = f"import sys, time; sys.stdout.write('{junk}'); sys.stdout.flush(); time.sleep(60)"
    painter = ProcessPainter(command=(sys.executable, "-c", talk))
    with pytest.raises(PainterDied):
        await asyncio.wait_for(painter.start(), 20)
    await painter.close()


async def test_the_log_of_the_painter_is_passed_on_without_prompts(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    painter = make()
    with caplog.at_level(logging.INFO):
        await finished(painter, order(tmp_path, "my private prompt print=2"))
        await painter.close()
    assert "job 5: done" in caplog.text and "on standard output" in caplog.text and "private" not in caplog.text


async def test_a_flood_in_the_log_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    flood = "import sys; sys.stderr.write('x' * 3_000_000); sys.stderr.write('end\\r'); sys.exit(1)"
    painter = ProcessPainter(command=(sys.executable, "-c", flood))
    with caplog.at_level(logging.INFO), pytest.raises(PainterDied):
        await asyncio.wait_for(painter.start(), 20)
    assert max(len(record.getMessage()) for record in caplog.records) < 2100


async def test_the_token_is_kept_from_the_painter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    look = "import os, sys; sys.stderr.write('TOKEN' if 'DISCORD_TOKEN' in os.environ else 'none')"
    painter = ProcessPainter(command=(sys.executable, "-c", look))
    logger, seen = logging.getLogger("bot.jobs.process_painter"), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        with pytest.raises(PainterDied):
            await painter.start()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert any(line.endswith("none") for line in seen) and not any("TOKEN" in line for line in seen)


def test_the_painter_dies_with_the_bot(tmp_path: Path) -> None:
    """kill -9 of the process at this end of the pipes."""
    program = f"""
import asyncio, sys
from pathlib import Path
from bot.jobs.painter import Order
from bot.jobs.process_painter import ProcessPainter
from engine.spec.artspec import ArtSpec

async def main():
    painter = ProcessPainter(command=(sys.executable, "-m", "tests.engine.stand_in"))
    await painter.start()
    spec = ArtSpec(prompt="delay=0.05", iterations=2000, film="mp4")
    async for _ in painter.paint(Order(1, spec, Path({str(tmp_path / "job")!r}), {{}})):
        print(painter._child.pid, flush=True)

asyncio.run(main())
"""
    bot = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert bot.stdout is not None
    painter = int(bot.stdout.readline())
    family = {painter, *children(painter)}
    assert len(family) == 2  # with its ffmpeg
    bot.kill()
    bot.wait()
    bot.stdout.close()
    deadline = time.monotonic() + 15
    while any("stand_in" in command_of(each) or "ffmpeg" in command_of(each) for each in family):
        assert time.monotonic() < deadline, "the painter outlives the bot"
        time.sleep(0.05)
    assert (tmp_path / "job" / CHECKPOINT).exists()


async def test_a_real_painting_killed_and_resumed_has_the_same_pixels(tmp_path: Path) -> None:
    program = """
import sys, torch
from engine.lab.random_models import random_models
from engine.service.process import serve
torch.set_num_threads(1)
sys.exit(serve(random_models, checkpoint_seconds=0, niceness=0))
"""
    painter = ProcessPainter(command=(sys.executable, "-c", program))
    spec = ArtSpec(prompt="a castle", iterations=24, cuts=2, width=64, height=64, seed=5, film="mp4", film_seconds=1.0)
    try:
        assert await painter.start() == PainterInfo("full", "cpu")
        whole = await finished(painter, Order(1, spec, tmp_path / "whole", {}))
        with pytest.raises(PainterDied):
            async for event in painter.paint(Order(2, spec, tmp_path / "cut", {})):
                if isinstance(event, Progress) and (tmp_path / "cut" / CHECKPOINT).exists():
                    os.kill(pid_of(painter), signal.SIGKILL)
        cut = await finished(painter, Order(2, spec, tmp_path / "cut", {}))
    finally:
        await painter.close()
    assert whole.image.read_bytes() == cut.image.read_bytes() and whole.loss == cut.loss
    assert len(frames_of(whole.films["mp4"])) == len(frames_of(cut.films["mp4"]))


def test_the_bot_needs_no_torch() -> None:
    modules = "bot.jobs.painter, engine.images.recorder, engine.images.metadata, engine.images.pictures"
    program = f"import {modules}, sys; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0


async def test_the_real_service_tells_of_models_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = ProcessPainter("full", "cpu", start_patience=120)
    monkeypatch.setenv("ATELIER_WEIGHTS", str(tmp_path))
    with pytest.raises(PainterDied, match="models pull"):
        await painter.start()
    await painter.close()


async def test_a_picture_is_described_beside_the_painting(make: Make, tmp_path: Path) -> None:
    painter = make()
    picture = tmp_path / "grey.png"
    Image.new("RGB", (40, 20), "grey").save(picture)
    things = ("40 of 5", "a square")
    seen = Description(things, True, ("grey",), ("flat", "low poly"), "a grey square")
    assert await painter.describe(picture) == seen
    painting = asyncio.create_task(events_of(painter, order(tmp_path / "1", "delay=0.02")))
    await asyncio.sleep(0.1)
    looking = [asyncio.create_task(painter.describe(picture)) for _ in range(2)]
    assert isinstance((await painting)[-1], Finished)
    assert [await each for each in looking] == [seen, seen]


async def test_what_goes_wrong_while_looking_is_raised(make: Make, tmp_path: Path) -> None:
    painter = make()
    for name, colour in (("black", "black"), ("white", "white")):
        Image.new("RGB", (40, 20), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "junk.png").write_bytes(b"no picture")
    with pytest.raises(OrderRefused):
        await painter.describe(tmp_path / "junk.png")
    with pytest.raises(PaintingFailed):
        await painter.describe(tmp_path / "black.png")
    with pytest.raises(PainterDied):
        await asyncio.wait_for(painter.describe(tmp_path / "white.png"), 20)
    await finished(painter, order(tmp_path / "1"))  # by a new process
