from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.jobs import worker as worker_module
from bot.jobs.delivery import ReplyAddress
from bot.jobs.painter import OrderRefused, PainterDied, PainterInfo, PaintingFailed
from bot.jobs.progress import SavedProgress
from bot.loopback import InteractionHandle, Revision, Sandbox
from engine.errors import Message
from engine.spec.artspec import ArtSpec
from engine.spec.plan import cost, plan
from storage.database import Database
from storage.queue import JobState, NewJob, SQLiteQueue
from tests.bot.conftest import StartBot, eventually, holds_not
from tests.bot.fake_painter import SIDE, FakePainter, colour_of


async def ask(sandbox: Sandbox, name: str, prompt: str, **options: Any) -> InteractionHandle:
    return await sandbox.type_command(sandbox.person(name), sandbox.channel, "art", {"prompt": prompt, **options})


def colour_in(now: Revision, pattern: str) -> tuple[int, ...]:
    file = now.file(pattern)
    assert file is not None
    with Image.open(io.BytesIO(file.data)) as picture:
        return picture.convert("RGB").getpixel((SIDE // 2, SIDE // 2))  # type: ignore[return-value]


def ended(handle: InteractionHandle) -> int:
    """How many times the reply changed to the final message."""
    return sum("your picture" in now.text and not now.loading and bool(now.mentions) for now in handle.history)


async def test_jobs_of_people_at_the_same_time_do_not_mix(sandbox: Sandbox, start_bot: StartBot) -> None:
    requests = [("alice", "a red apple"), ("bob", "a blue fish"), ("carol", "a castle"), ("alice", "a tree")]
    async with start_bot(FakePainter(steps=6, pause=0.02)) as client:
        handles = await asyncio.gather(*[ask(sandbox, name, prompt) for name, prompt in requests])
        for handle, (name, prompt) in zip(handles, requests, strict=True):
            done = await handle.until(lambda now: now.file("*.png"), 30)
            assert colour_in(done, "*.png") == colour_of(prompt)
            assert prompt in done.text and done.mentions == (sandbox.person(name).id,)
            for now in handle.history:
                assert now.loading or prompt in now.text
                assert not any(other in now.text for _, other in requests if other != prompt)
                if now.file("progress.webp"):
                    assert colour_in(now, "progress.webp") == colour_of(prompt)
            assert ended(handle) == 1
        for job_id in range(1, 5):
            picture = await client.gallery.by_job(job_id)
            assert picture is not None and picture.message_id is not None


async def test_waiting_people_are_shown_their_place_when_the_queue_moves(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.unblocked.clear()
    async with start_bot(painter):
        handles = [await ask(sandbox, name, name) for name in ("alice", "bob", "carol")]
        await handles[2].until(lambda now: "number 2 in the queue" in now.text)
        painter.unblocked.set()
        await handles[2].until(lambda now: "You are next" in now.text or "starts now" in now.text, 10)
        await handles[2].until(lambda now: now.file("*.png"), 15)
        shown = [now.content for now in handles[2].history if "queue" in now.content]
        assert len(shown) == len(set(shown)), "nothing is shown twice"


async def test_costs_are_those_of_the_models_that_paint(sandbox: Sandbox, start_bot: StartBot) -> None:
    class Full(FakePainter):
        async def start(self) -> PainterInfo:
            return PainterInfo("full", "cuda")

    class Starting(FakePainter):
        async def start(self) -> PainterInfo:
            await asyncio.sleep(3600)
            raise AssertionError

    expected = cost(plan(ArtSpec(prompt="a sea"), "full"))
    for number, painter in enumerate((Full(), Starting()), start=1):
        async with start_bot(painter, ATELIER_MODELS="auto") as client:
            handle = await ask(sandbox, "alice", "a sea")
            await handle.until(lambda now: now.file("*.png"), 15)
            job = await client.queue.get(number)
            assert job is not None and job.cost == expected


async def test_progress_shows_steps_and_pictures(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(FakePainter(steps=40, pause=0.03), ATELIER_PROGRESS_SECONDS=0.2) as client:
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: now.file("progress.webp"))
        kept = SavedProgress()
        async with asyncio.timeout(10):
            while kept.step == 0:
                job = await client.queue.get(1)
                kept = SavedProgress.from_json(job.progress if job else None)
                await asyncio.sleep(0.05)
        assert kept.total == 40
        await handle.until(lambda now: now.file("*.png"), 30)
        steps = [int(text.split("step ")[1].split("/")[0]) for text in texts(handle) if "step " in text and "▱" in text]
        assert len(steps) >= 2 and steps == sorted(steps)


def texts(handle: InteractionHandle) -> list[str]:
    return [now.text for now in handle.history]


async def test_a_painter_that_died_twice_still_delivers(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.failures["a sea"].extend(
        [PainterDied(Message("It fell over.")), PainterDied(Message("It fell over again."))]
    )
    async with start_bot(painter) as client:
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: now.file("*.png"), 15)
        assert ended(handle) == 1 and len(painter.orders) == 3
        assert painter.started_at == [0, 1, 1], "it resumes from the checkpoint"
        job = await client.queue.get(1)
        assert job is not None and job.attempts == 3


@pytest.mark.parametrize(
    ("failure", "times", "sentence"),
    [
        (PainterDied(Message("The painter fell over.")), 3, "fell over"),
        (PaintingFailed(Message("The loss is no {what}.", what="number")), 1, "loss is no number"),
        (OrderRefused(Message("This is larger than I can paint.")), 1, "larger than I can paint"),
        (ZeroDivisionError("secret"), 3, "broke on my side"),
    ],
)
async def test_what_cannot_be_painted_ends_with_a_sentence_and_stops_nobody_else(
    sandbox: Sandbox, start_bot: StartBot, failure: Exception, times: int, sentence: str
) -> None:
    painter = FakePainter()
    painter.failures["a sea"].extend([failure] * 10)
    async with start_bot(painter) as client:
        unlucky, lucky = await ask(sandbox, "alice", "a sea"), await ask(sandbox, "bob", "a hill")
        failed = await unlucky.until(lambda now: sentence in now.text, 15)
        assert failed.mentions == (sandbox.person("alice").id,) and "secret" not in failed.text
        assert not failed.buttons
        await lucky.until(lambda now: now.file("*.png"), 15)
        job = await client.queue.get(1)
        assert job is not None and job.state is JobState.FAILED and job.attempts == times


async def test_a_job_nobody_can_read_fails_alone(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        address = ReplyAddress(1, sandbox.person("alice").id, None, None, None, 10**6, False)
        await client.queue.add(NewJob(sandbox.person("alice").id, None, "no spec", address.to_json(), 1.0))
        await client.queue.add(NewJob(sandbox.person("alice").id, None, '{"version":1,"prompt":"x"}', '{"no": 1}', 1.0))
        handle = await ask(sandbox, "bob", "a hill")
        await handle.until(lambda now: now.file("*.png"), 15)
        await sandbox.until(lambda: len(sandbox.messages(sandbox.dm(sandbox.person("alice")))) == 1, 10)
        await eventually(lambda: holds_not(client.queue.undelivered()))
        for job_id in (1, 2):
            job = await client.queue.get(job_id)
            assert job is not None and job.state is JobState.FAILED and job.delivered


async def test_a_stop_suspends_the_job_and_a_start_resumes_it(sandbox: Sandbox, start_bot: StartBot) -> None:
    first, second = FakePainter(steps=60, pause=0.05), FakePainter(steps=60, pause=0.001)
    async with start_bot(first) as client:
        running, waiting = await ask(sandbox, "alice", "a sea"), await ask(sandbox, "bob", "a hill")
        await running.until(lambda now: now.file("progress.webp"))
        await waiting.until(lambda now: now.buttons)
    assert "put aside at step" in running.now.text
    async with start_bot(second) as client:
        await running.until(lambda now: now.file("*.png"), 15)
        await waiting.until(lambda now: now.file("*.png"), 15)
        assert second.started_at[0] > 0 and second.started_at[1] == 0
        assert ended(running) == ended(waiting) == 1
        job = await client.queue.get(1)
        assert job is not None and job.attempts == 1, "a stop is no failed attempt"


class StubbornPainter(FakePainter):
    """Ignores `suspend`."""

    async def suspend(self) -> None:
        return None


async def test_a_painter_that_does_not_stop_is_left(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(StubbornPainter(steps=1000, pause=0.05), ATELIER_SHUTDOWN_SECONDS=1.0) as client:
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: "▱" in now.text)
    async with start_bot(FakePainter()) as client:
        await handle.until(lambda now: now.file("*.png"), 15)
        job = await client.queue.get(1)
        assert job is not None and job.attempts == 1


async def test_done_but_undelivered_is_delivered_after_a_restart(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = FakePainter(notes=(Message("The prompt was cut after 77 tokens."),))
    async with start_bot(painter) as client:
        monkeypatch.setattr(client.final_deliveries, "start", lambda job_id: None)
        handle = await ask(sandbox, "alice", "a sea", seed=9)
        await eventually(client.queue.undelivered)
    async with start_bot() as client:
        done = await handle.until(lambda now: now.file("*.png"), 10)
        assert "77 tokens" in done.text and "4 steps" in done.text and "`9`" in done.text
        await eventually(lambda: holds_not(client.queue.undelivered()))
        job = await client.queue.get(1)
        assert job is not None and json.loads(job.reply)["token"] is None, "a used token is not kept"
        assert ended(handle) == 1


async def test_an_outage_delays_the_delivery(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HOUSEKEEPING_SECONDS", 0.3)
    async with start_bot() as client:
        client.delivery._attempts = 1
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: now.buttons)
        sandbox.faults.drop("PATCH *", 6)
        sandbox.faults.drop("POST */messages", 6)
        await handle.until(lambda now: now.file("*.png"), 20)
        assert ended(handle) == 1
        assert sandbox.messages(sandbox.dm(sandbox.person("alice"))) == []


async def test_the_tokens_of_a_long_job_expire_and_it_is_still_delivered(sandbox: Sandbox, start_bot: StartBot) -> None:
    sandbox.rules.token_life = 1.0
    async with start_bot(FakePainter(steps=30, pause=0.1), ATELIER_PROGRESS_SECONDS=0.5):
        handle = await ask(sandbox, "alice", "a sea")
        done = await handle.until(lambda now: now.file("*.png"), 20)
        assert done.mentions == (sandbox.person("alice").id,)
        by_bot = [request for request in sandbox.requests if request.method == "PATCH" and "/channels/" in request.path]
        assert len(by_bot) >= 2, "progress and result are sent by bot token"
        assert sandbox.invalid_requests == 1


async def test_a_job_that_kills_the_bot_each_time_is_given_up(
    sandbox: Sandbox, start_bot: StartBot, tmp_path: Path
) -> None:
    async with start_bot(FakePainter(steps=1000, pause=0.05)):
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: "▱" in now.text)
    database = await Database.open(tmp_path / "data")
    for _ in range(3):  # as bots leave it that are killed while they paint
        queue = SQLiteQueue(database)
        assert await queue.claim(60.0) is not None
        jobs = await queue.reap(everything=True)
    assert jobs[0].state is JobState.FAILED
    await database.close()
    async with start_bot():
        await handle.until(lambda now: "broke off" in now.text and now.mentions, 10)


async def test_a_painter_that_does_not_start_is_tried_again(sandbox: Sandbox, start_bot: StartBot) -> None:
    class Sleepy(FakePainter):
        async def start(self) -> PainterInfo:
            raise PainterDied(Message("no models"))

    async with start_bot(Sleepy(), ATELIER_MODELS="auto"):
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: now.file("*.png"), 15)


async def test_a_painting_suspended_by_itself_is_resumed(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter(steps=20, pause=0.05)
    async with start_bot(painter):
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: "▱" in now.text)
        await painter.suspend()
        await handle.until(lambda now: now.file("*.png"), 15)
        assert len(painter.orders) == 2 and painter.started_at[1] > 0


async def test_work_folders_are_cleared_and_files_kept(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.film = b"not really a film, but small"
    async with start_bot(painter) as client:
        handle = await ask(sandbox, "alice", "a sea")
        done = await handle.until(lambda now: now.file("*.png"), 15)
        film = done.file("atelier-1.mp4")
        assert film is not None and film.data == painter.film
        await eventually(lambda: not (client.config.data / "work" / "1").exists())
        picture = await client.gallery.get(1)
        assert picture is not None
        assert client.files.path(picture.image).is_file() and client.files.path(picture.films[0]).is_file()


async def test_what_lies_beside_the_picture_is_kept_and_sent(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.film = b"a small film"
    painter.extras = {"1.png": b"one", "svg": b"<svg/>", "native.png": b"small", "2.png": b"two"}
    async with start_bot(painter) as client:
        done = await (await ask(sandbox, "alice", "a sea")).until(lambda now: now.file("*.png"), 15)
        names = [each.filename for each in done.attachments]
        assert names == ["atelier-1.png", "atelier-1.mp4", "atelier-1.svg", "atelier-1-native.png"]
        assert done.attachments[2].data == b"<svg/>" and done.attachments[3].data == b"small"
        assert "Match with the prompt: ★" in done.text and "31.2" not in done.text
        picture = await client.gallery.get(1)
        assert picture is not None and picture.clip_score == 31.24
        for label, data in painter.extras.items():
            assert client.files.path(picture.extras[label]).read_bytes() == data
        assert set(picture.files) <= await client.gallery.files(), "the sweep leaves them"


async def test_what_is_too_large_beside_the_picture_is_left_out(sandbox: Sandbox, start_bot: StartBot) -> None:
    sandbox.rules.attachment_size_limit = sandbox.rules.upload_limit = 100_000
    painter = FakePainter()
    painter.extras = {"svg": bytes(200_000), "native.png": b"small"}
    async with start_bot(painter) as client:
        done = await (await ask(sandbox, "alice", "a sea")).until(lambda now: now.file("*.png"), 15)
        assert [each.filename for each in done.attachments] == ["atelier-1.png", "atelier-1-native.png"]
        assert "atelier-1.svg was too large to send." in done.text
        picture = await client.gallery.get(1)
        assert picture is not None and set(picture.extras) == {"svg", "native.png"}, "it is kept all the same"


async def test_a_file_that_was_lost_before_it_was_sent_is_mentioned(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = FakePainter()
    painter.extras = {"svg": b"<svg/>"}
    async with start_bot(painter) as client:
        monkeypatch.setattr(client.final_deliveries, "start", lambda job_id: None)
        handle = await ask(sandbox, "alice", "a sea")
        await eventually(client.queue.undelivered)
        picture = await client.gallery.get(1)
        assert picture is not None
        client.files.path(picture.extras["svg"]).unlink()
    async with start_bot():
        done = await handle.until(lambda now: now.file("*.png"), 10)
        assert [each.filename for each in done.attachments] == ["atelier-1.png"] and "no longer kept" in done.text


async def test_a_result_that_nobody_waits_for_leaves_no_file(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = FakePainter()
    painter.extras = {"svg": b"<svg/>", "1.png": b"one"}
    async with start_bot(painter) as client:

        async def taken_away(*_: object) -> None:
            return None

        monkeypatch.setattr(client.queue, "finish", taken_away)
        await ask(sandbox, "alice", "a sea")
        await eventually(lambda: painter.orders and client.worker._running is None)
        assert list((client.config.data / "files").iterdir()) == []


def test_progress_of_another_version_is_no_progress() -> None:
    for text in (None, "", "nonsense", "[]", '{"step": 1, "other": 2}'):
        assert SavedProgress.from_json(text) == SavedProgress()
    kept = SavedProgress(3, 4, 1.5, 0.5, (Message("a note"), Message("“{word}” is not known.", word="zyx")))
    assert SavedProgress.from_json(kept.to_json()) == kept
    before = SavedProgress.from_json('{"step": 1, "notes": ["A {note} of before."]}')
    assert [str(note) for note in before.notes] == ["A {note} of before."]
