"""Estimates of the wait come from measured speeds only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs.estimates import wait_seconds
from bot.jobs.progress import SavedProgress
from storage.database import Database
from storage.gallery import NewPicture
from storage.queue import NewJob, SQLiteQueue


class Clock:
    """UNIX seconds that a test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[tuple[SQLiteQueue, Clock]]:
    database = await Database.open(tmp_path)
    clock = Clock()
    yield SQLiteQueue(database, clock=clock), clock
    await database.close()


def job(person: int, cost: float) -> NewJob:
    return NewJob(person_id=person, guild_id=None, spec="{}", reply="{}", cost=cost)


async def test_nothing_measured_is_no_estimate_and_the_next_one_starts_now(queue: tuple[SQLiteQueue, Clock]) -> None:
    line, _ = queue
    first, second = await line.add(job(1, 10)), await line.add(job(2, 10))
    assert await wait_seconds(line, first.id) == 0.0
    assert await wait_seconds(line, second.id) is None
    await line.claim(60)
    assert await wait_seconds(line, second.id) is None


async def test_before_the_first_end_the_running_job_gives_the_speed(queue: tuple[SQLiteQueue, Clock]) -> None:
    line, _ = queue
    await line.add(job(1, 10))
    second, third = await line.add(job(2, 20)), await line.add(job(3, 5))
    claim = await line.claim(60)
    assert claim is not None
    await line.beat(claim, 60, SavedProgress(step=10, total=40, elapsed=5.0, remaining=15.0).to_json())
    assert await wait_seconds(line, second.id) == pytest.approx(15.0)
    # 10 units of work take 20 s, so 20 take 40 s.
    assert await wait_seconds(line, third.id) == pytest.approx(15.0 + 40.0)


async def test_afterwards_the_finished_jobs_give_the_speed(queue: tuple[SQLiteQueue, Clock]) -> None:
    line, clock = queue
    await line.add(job(1, 10))
    claim = await line.claim(60)
    assert claim is not None
    clock.now += 5.0
    picture = NewPicture(
        spec="{}", seed=1, width=8, height=8, image="x.png", films=(), extras={}, seconds=5.0, loss=0.1,
        clip_score=None, models="", channel_id=None, message_id=None,
    )  # fmt: skip
    assert await line.finish(claim, picture) is not None
    await line.add(job(2, 8))
    last = await line.add(job(3, 4))
    assert await wait_seconds(line, last.id) == pytest.approx(4.0)
    assert await line.claim(60) is not None
    assert await wait_seconds(line, last.id) == pytest.approx(4.0)
