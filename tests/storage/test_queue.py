"""The contract of `Queue`. To test another backend, add it to BACKENDS."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from storage import Beat, Claim, Database, Gallery, JobState, NewJob, NewPicture, Picture, Queue, SQLiteQueue
from storage.queue import Origin

LEASE = 60.0


@dataclass
class Backend:
    """A queue with the state that the tests check besides it."""

    queue: Queue
    picture_of: Callable[[int], Any]


@asynccontextmanager
async def sqlite_backend(folder: Path, clock: Callable[[], float]) -> AsyncIterator[Backend]:
    database = await Database.open(folder)
    yield Backend(SQLiteQueue(database, max_attempts=3, clock=clock), Gallery(database).by_job)
    await database.close()


BACKENDS: dict[str, Callable[[Path, Callable[[], float]], AbstractAsyncContextManager[Backend]]] = {
    "sqlite": sqlite_backend,
}


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest, tmp_path: Path, clock: Any) -> AsyncIterator[Backend]:
    async with BACKENDS[request.param](tmp_path, clock) as backend:
        yield backend


@pytest.fixture
def queue(backend: Backend) -> Queue:
    return backend.queue


def job(person: int = 1, cost: float = 10.0, priority: int = 0, guild: int | None = 7) -> NewJob:
    return NewJob(
        person_id=person, guild_id=guild, spec='{"prompt": "x"}', reply='{"token": 1}', cost=cost, priority=priority
    )


def picture(seed: int = 5) -> NewPicture:
    return NewPicture(
        spec='{"prompt": "x"}',
        seed=seed,
        width=144,
        height=128,
        image="0" * 32 + ".png",
        films=("1" * 32 + ".mp4",),
        extras={"svg": "2" * 32 + ".svg"},
        seconds=12.5,
        loss=0.75,
        clip_score=31.25,
        models="mini",
        channel_id=None,
        message_id=None,
    )


async def claimed(queue: Queue) -> Claim:
    claim = await queue.claim(LEASE)
    assert claim is not None
    return claim


async def line(queue: Queue) -> list[int]:
    """The ids of the waiting jobs in the order in which they would be claimed."""
    return [job.id for job in await queue.open_jobs() if job.state is JobState.WAITING]


class TestLifeOfAJob:
    async def test_a_new_job_waits_with_all_that_was_given(self, queue: Queue, clock: Any) -> None:
        added = await queue.add(job(person=2**62, cost=1.5, priority=4, guild=None))
        assert added == await queue.get(added.id)
        assert (added.person_id, added.guild_id, added.cost, added.priority) == (2**62, None, 1.5, 4)
        assert (added.spec, added.reply) == ('{"prompt": "x"}', '{"token": 1}')
        assert (added.state, added.attempts, added.created) == (JobState.WAITING, 0, clock.now)
        assert (added.started, added.ended, added.progress, added.error, added.seconds) == (None,) * 5
        assert not added.cancel_requested and not added.delivered

    async def test_an_unknown_job_is_nothing(self, queue: Queue) -> None:
        assert await queue.get(99) is None
        assert await queue.cancel(99) is None
        assert await queue.position(99) == 0
        assert await queue.ahead(99) == 0.0

    @pytest.mark.parametrize("cost", [0.0, -1.0, float("inf"), float("nan")])
    def test_a_cost_that_cannot_be_compared_is_refused(self, cost: float) -> None:
        with pytest.raises(ValueError, match="cost"):
            job(cost=cost)

    async def test_an_empty_queue_gives_nothing(self, queue: Queue) -> None:
        assert await queue.claim(LEASE) is None
        assert await queue.open_jobs() == []

    async def test_claim_starts_the_job(self, queue: Queue, clock: Any) -> None:
        added = await queue.add(job())
        clock.advance(3)
        claim = await claimed(queue)
        assert claim.job.id == added.id
        assert (claim.job.state, claim.job.attempts, claim.job.started) == (JobState.RUNNING, 1, clock.now)
        assert await queue.get(added.id) == claim.job
        assert await queue.claim(LEASE) is None

    async def test_beat_keeps_progress_until_there_is_newer(self, queue: Queue) -> None:
        await queue.add(job())
        claim = await claimed(queue)
        assert await queue.beat(claim, LEASE, "step 1") is Beat.CONTINUE
        assert await queue.beat(claim, LEASE) is Beat.CONTINUE
        kept = await queue.get(claim.job.id)
        assert kept is not None and kept.progress == "step 1"

    async def test_finish_ends_the_job_and_keeps_the_picture(self, backend: Backend, clock: Any) -> None:
        queue = backend.queue
        await queue.add(job(person=3, guild=8))
        claim = await claimed(queue)
        clock.advance(20)
        finished = await queue.finish(claim, picture())
        assert isinstance(finished, Picture)
        assert (finished.job_id, finished.person_id, finished.guild_id) == (claim.job.id, 3, 8)
        assert (finished.films, finished.seed, finished.created) == (("1" * 32 + ".mp4",), 5, clock.now)
        assert await backend.picture_of(claim.job.id) == finished
        ended = await queue.get(claim.job.id)
        assert ended is not None
        assert (ended.state, ended.ended, ended.seconds, ended.error) == (JobState.DONE, clock.now, 20.0, None)

    async def test_a_picture_that_cannot_be_kept_leaves_the_job_running(self, backend: Backend) -> None:
        queue = backend.queue
        await queue.add(job())
        claim = await claimed(queue)
        broken = NewPicture(**{**vars(picture()), "image": ""})
        with pytest.raises(Exception, match="CHECK"):
            await queue.finish(claim, broken)
        still = await queue.get(claim.job.id)
        assert still is not None and still.state is JobState.RUNNING
        assert await queue.finish(claim, picture()) is not None

    async def test_set_reply(self, queue: Queue) -> None:
        added = await queue.add(job())
        await queue.set_reply(added.id, '{"message": 4}')
        kept = await queue.get(added.id)
        assert kept is not None and kept.reply == '{"message": 4}'


class TestFailure:
    async def test_a_failure_without_retry_is_final(self, queue: Queue, clock: Any) -> None:
        await queue.add(job())
        claim = await claimed(queue)
        clock.advance(4)
        assert await queue.fail(claim, "It broke.", retry=False) is JobState.FAILED
        failed = await queue.get(claim.job.id)
        assert failed is not None
        assert (failed.state, failed.error, failed.ended, failed.seconds) == (
            JobState.FAILED,
            "It broke.",
            clock.now,
            4.0,
        )
        assert await queue.claim(LEASE) is None

    async def test_retries_are_capped(self, queue: Queue) -> None:
        await queue.add(job())
        states = [await queue.fail(await claimed(queue), "It broke.", retry=True) for _ in range(3)]
        assert states == [JobState.WAITING, JobState.WAITING, JobState.FAILED]
        assert await queue.claim(LEASE) is None

    async def test_a_success_forgets_the_error_before_it(self, queue: Queue, clock: Any) -> None:
        await queue.add(job())
        first = await claimed(queue)
        clock.advance(5)
        await queue.fail(first, "It broke.", retry=True)
        waiting = await queue.get(first.job.id)
        assert waiting is not None and (waiting.error, waiting.started) == ("It broke.", None)
        second = await claimed(queue)
        clock.advance(7)
        assert await queue.finish(second, picture()) is not None
        done = await queue.get(first.job.id)
        assert done is not None and (done.error, done.seconds, done.attempts) == (None, 12.0, 2)

    async def test_release_does_not_count_as_an_attempt(self, queue: Queue) -> None:
        added = await queue.add(job())
        for _ in range(10):
            claim = await claimed(queue)
            assert claim.job.attempts == 1
            assert await queue.release(claim)
        kept = await queue.get(added.id)
        assert kept is not None and (kept.state, kept.attempts) == (JobState.WAITING, 0)

    async def test_a_released_job_keeps_its_place_and_progress(self, queue: Queue) -> None:
        first = await queue.add(job(person=1))
        others = [(await queue.add(job(person=person))).id for person in (1, 2, 3)]
        claim = await claimed(queue)
        await queue.beat(claim, LEASE, "step 9")
        await queue.release(claim)
        assert await queue.position(first.id) == 1
        again = await claimed(queue)
        assert (again.job.id, again.job.progress) == (first.id, "step 9")
        assert sorted(await line(queue)) == others


class TestFencing:
    async def lost(self, queue: Queue, clock: Any) -> tuple[Claim, Claim]:
        """A claim whose lease ran out, and its successor."""
        await queue.add(job())
        old = await claimed(queue)
        clock.advance(LEASE + 1)
        assert [job.id for job in await queue.reap()] == [old.job.id]
        new = await claimed(queue)
        assert new.job.id == old.job.id and new.lease != old.lease
        return old, new

    async def test_a_lost_lease_decides_nothing(self, queue: Queue, clock: Any) -> None:
        old, new = await self.lost(queue, clock)
        assert await queue.beat(old, LEASE, "from the dead") is Beat.LOST
        assert await queue.finish(old, picture()) is None
        assert await queue.fail(old, "It broke.", retry=False) is None
        assert await queue.release(old) is False
        assert await queue.get(new.job.id) == new.job
        assert await queue.finish(new, picture(seed=6)) is not None

    async def test_a_job_is_finished_once(self, backend: Backend) -> None:
        queue = backend.queue
        await queue.add(job())
        claim = await claimed(queue)
        first = await queue.finish(claim, picture(seed=1))
        assert first is not None
        assert await queue.finish(claim, picture(seed=2)) is None
        assert await queue.fail(claim, "It broke.", retry=True) is None
        assert await backend.picture_of(claim.job.id) == first

    async def test_reaping_leaves_living_leases_alone(self, queue: Queue, clock: Any) -> None:
        await queue.add(job())
        claim = await claimed(queue)
        clock.advance(LEASE - 1)
        assert await queue.beat(claim, LEASE) is Beat.CONTINUE
        clock.advance(LEASE - 1)
        assert await queue.reap() == []
        assert await queue.beat(claim, LEASE) is Beat.CONTINUE

    async def test_a_late_beat_before_the_reaper_saves_the_lease(self, queue: Queue, clock: Any) -> None:
        await queue.add(job())
        claim = await claimed(queue)
        clock.advance(10 * LEASE)
        assert await queue.beat(claim, LEASE) is Beat.CONTINUE
        assert await queue.reap() == []

    async def test_reaping_is_capped_too(self, queue: Queue, clock: Any) -> None:
        await queue.add(job())
        states = []
        for _ in range(3):
            await claimed(queue)
            clock.advance(LEASE + 1)
            (reaped,) = await queue.reap()
            states.append(reaped.state)
        assert states == [JobState.WAITING, JobState.WAITING, JobState.FAILED]
        assert reaped.error is not None and reaped.error.endswith(".")
        assert await queue.claim(LEASE) is None

    async def test_everything_is_reaped_at_start(self, queue: Queue, clock: Any) -> None:
        for person in (1, 2):
            await queue.add(job(person))
        claims = [await claimed(queue), await claimed(queue)]
        reaped = await queue.reap(everything=True)
        assert [job.id for job in reaped] == [claim.job.id for claim in claims]
        assert {job.state for job in reaped} == {JobState.WAITING}
        assert await queue.beat(claims[0], LEASE) is Beat.LOST

    async def test_time_after_the_lease_was_not_work(self, queue: Queue, clock: Any) -> None:
        await queue.add(job())
        await claimed(queue)
        clock.advance(10_000)
        (reaped,) = await queue.reap(everything=True)
        assert reaped.seconds == LEASE


class TestCancelling:
    async def test_a_waiting_job_is_cancelled_at_once(self, queue: Queue, clock: Any) -> None:
        added = await queue.add(job())
        assert await queue.cancel(added.id) is JobState.CANCELLED
        cancelled = await queue.get(added.id)
        assert cancelled is not None
        assert (cancelled.state, cancelled.ended, cancelled.started) == (JobState.CANCELLED, clock.now, None)
        assert await queue.claim(LEASE) is None

    async def test_a_running_job_hears_of_it(self, queue: Queue) -> None:
        await queue.add(job())
        claim = await claimed(queue)
        assert await queue.cancel(claim.job.id) is JobState.RUNNING
        assert await queue.beat(claim, LEASE) is Beat.CANCELLED
        assert await queue.fail(claim, "Cancelled.", retry=True) is JobState.CANCELLED
        ended = await queue.get(claim.job.id)
        assert ended is not None and (ended.state, ended.error) == (JobState.CANCELLED, None)
        assert await queue.claim(LEASE) is None

    async def test_a_cancelled_job_does_not_come_back_by_release_or_death(self, queue: Queue, clock: Any) -> None:
        for person in (1, 2):
            await queue.add(job(person))
        released, died = await claimed(queue), await claimed(queue)
        for claim in (released, died):
            await queue.cancel(claim.job.id)
        assert await queue.release(released)
        clock.advance(LEASE + 1)
        assert [job.state for job in await queue.reap()] == [JobState.CANCELLED]
        assert await queue.open_jobs() == []

    async def test_a_cancellation_can_come_too_late(self, queue: Queue) -> None:
        await queue.add(job())
        claim = await claimed(queue)
        await queue.cancel(claim.job.id)
        assert await queue.finish(claim, picture()) is not None
        assert await queue.cancel(claim.job.id) is JobState.DONE


class TestFairOrder:
    async def test_one_person_first_come_first_served(self, queue: Queue) -> None:
        ids = [(await queue.add(job())).id for _ in range(4)]
        assert await line(queue) == ids
        assert [await queue.position(id) for id in ids] == [1, 2, 3, 4]

    async def test_a_flood_does_not_hold_up_others(self, queue: Queue, clock: Any) -> None:
        for _ in range(30):
            await queue.add(job(person=1))
        late = [(await queue.add(job(person=person))).id for person in (2, 3, 3)]
        assert [await queue.position(id) for id in late] == [2, 3, 5]
        served = []
        for _ in range(6):
            claim = await claimed(queue)
            served.append(claim.job.person_id)
            clock.advance(5)
            await queue.finish(claim, picture())
        assert served == [1, 2, 3, 1, 3, 1]

    async def test_a_running_job_is_its_owners_first(self, queue: Queue) -> None:
        for _ in range(2):
            await queue.add(job(person=1))
        await claimed(queue)
        mine = [(await queue.add(job(person=2))).id for _ in range(2)]
        assert await queue.position(mine[0]) == 1
        assert (await claimed(queue)).job.id == mine[0]

    async def test_priority_goes_first_and_is_its_owners_first(self, queue: Queue) -> None:
        slow = [(await queue.add(job(person=1))).id, (await queue.add(job(person=2))).id]
        quick = (await queue.add(job(person=1, priority=5))).id
        # Person 1 has two open jobs now, and the plain one is the second of them.
        assert await line(queue) == [quick, slow[1], slow[0]]

    async def test_a_running_job_comes_before_its_owners_urgent_one(self, queue: Queue, clock: Any) -> None:
        await queue.add(job(person=1, cost=1))
        await claimed(queue)
        await queue.add(job(person=2, cost=1))
        other = await claimed(queue)
        clock.advance(100)
        await queue.finish(other, picture())
        urgent = [(await queue.add(job(person, priority=5))).id for person in (1, 2)]
        # Person 2 was served last, but for person 1 it is the second open job.
        assert await line(queue) == urgent[::-1]

    async def test_who_was_served_longest_ago_is_next(self, queue: Queue, clock: Any) -> None:
        for person in (1, 2, 3):
            await queue.add(job(person))
            claim = await claimed(queue)
            clock.advance(5)
            await queue.finish(claim, picture())
        ids = {person: (await queue.add(job(person))).id for person in (3, 2, 1)}
        newcomer = (await queue.add(job(person=4))).id
        assert await line(queue) == [newcomer, ids[1], ids[2], ids[3]]

    async def test_the_dearer_job_counts_for_longer(self, queue: Queue) -> None:
        await queue.add(job(person=1, cost=500))
        await queue.add(job(person=2, cost=20))
        for _ in range(2):
            await claimed(queue)
        dear_owner = (await queue.add(job(person=1))).id
        cheap_owner = (await queue.add(job(person=2))).id
        assert await line(queue) == [cheap_owner, dear_owner]

    async def test_what_a_job_took_counts_once_it_ended(self, queue: Queue, clock: Any) -> None:
        await queue.add(job(person=1, cost=500))
        await queue.add(job(person=2, cost=20))
        dear, cheap = await claimed(queue), await claimed(queue)
        clock.advance(1)
        await queue.finish(dear, picture())  # a quick one after all
        clock.advance(1)
        await queue.finish(cheap, picture())
        first, second = [(await queue.add(job(person))).id for person in (1, 2)]
        assert await line(queue) == [first, second]

    async def test_a_job_cancelled_while_waiting_was_no_service(self, queue: Queue, clock: Any) -> None:
        gone = await queue.add(job(person=1))
        await queue.cancel(gone.id)
        clock.advance(1)
        first, second = [(await queue.add(job(person))).id for person in (1, 2)]
        assert await line(queue) == [first, second]

    async def test_position_and_claims_agree(self, queue: Queue) -> None:
        choice = random.Random(3)
        for _ in range(25):
            await queue.add(job(choice.randrange(4), choice.choice([1.0, 9.0]), choice.choice([0, 0, 1])))
        while expected := await line(queue):
            assert [await queue.position(id) for id in expected] == list(range(1, len(expected) + 1))
            claim = await claimed(queue)
            assert claim.job.id == expected[0]
            assert await queue.position(claim.job.id) == 0

    async def test_open_jobs_of_one_person(self, queue: Queue) -> None:
        ids = [(await queue.add(job(person))).id for person in (1, 2, 1, 2)]
        await claimed(queue)
        assert [job.id for job in await queue.open_jobs(1)] == [ids[0], ids[2]]
        assert [job.state for job in await queue.open_jobs(1)] == [JobState.RUNNING, JobState.WAITING]
        assert len(await queue.open_jobs()) == 4
        assert await queue.open_jobs(3) == []


class TestEstimates:
    async def test_ahead_is_what_runs_and_what_waits_before(self, queue: Queue) -> None:
        ids = [(await queue.add(job(person=1, cost=cost))).id for cost in (1.0, 10.0, 100.0)]
        assert [await queue.ahead(id) for id in ids] == [0.0, 1.0, 11.0]
        await claimed(queue)
        assert [await queue.ahead(id) for id in ids] == [0.0, 1.0, 11.0]
        other = (await queue.add(job(person=2))).id
        assert [await queue.ahead(id) for id in (other, *ids)] == [1.0, 0.0, 11.0, 21.0]

    async def test_rate_is_measured_on_the_last_twenty(self, queue: Queue, clock: Any) -> None:
        assert await queue.rate() is None
        for seconds in [1000.0] * 3 + [5.0] * 20:
            await queue.add(job(cost=10))
            claim = await claimed(queue)
            clock.advance(seconds)
            await queue.finish(claim, picture())
        assert await queue.rate() == pytest.approx(2.0)

    async def test_rate_ignores_what_was_not_finished(self, queue: Queue, clock: Any) -> None:
        await queue.add(job(cost=10))
        claim = await claimed(queue)
        clock.advance(5)
        await queue.fail(claim, "It broke.", retry=False)
        assert await queue.rate() is None

    async def test_a_clock_that_went_back_harms_nothing(self, queue: Queue, clock: Any) -> None:
        await queue.add(job())
        claim = await claimed(queue)
        clock.advance(-50)
        assert await queue.finish(claim, picture()) is not None
        assert await queue.rate() is None


class TestDelivery:
    async def test_ended_jobs_wait_for_delivery(self, queue: Queue, clock: Any) -> None:
        for person in (1, 2, 3, 4):
            await queue.add(job(person))
        done, failed = await claimed(queue), await claimed(queue)
        clock.advance(1)
        await queue.fail(failed, "It broke.", retry=False)
        clock.advance(1)
        await queue.finish(done, picture())
        clock.advance(1)
        await queue.cancel(4)
        assert [job.id for job in await queue.undelivered()] == [failed.job.id, done.job.id, 4]
        await queue.mark_delivered(failed.job.id)
        assert [job.id for job in await queue.undelivered()] == [done.job.id, 4]
        delivered = await queue.get(failed.job.id)
        assert delivered is not None and delivered.delivered


class TestDescent:
    async def test_a_picture_tells_what_its_job_went_on_from(self, queue: Queue) -> None:
        await queue.add(job())
        first = await queue.finish(await claimed(queue), picture())
        assert first is not None and (first.parent_id, first.origin) == (None, "art")
        added = await queue.add(dataclasses.replace(job(), parent_id=first.id, origin="upscale"))
        assert (added.parent_id, added.origin) == (first.id, "upscale")
        second = await queue.finish(await claimed(queue), picture())
        assert second is not None and (second.parent_id, second.origin) == (first.id, "upscale")

    async def test_a_parent_that_is_gone_is_none(self, queue: Queue) -> None:
        added = await queue.add(dataclasses.replace(job(), parent_id=99, origin="again"))
        assert (added.parent_id, added.origin) == (None, "again")

    @pytest.mark.parametrize("origin", get_args(Origin))
    async def test_every_origin_can_be_kept(self, queue: Queue, origin: Origin) -> None:
        await queue.add(dataclasses.replace(job(), origin=origin))
        kept = await queue.finish(await claimed(queue), picture())
        assert kept is not None and kept.origin == origin


class TestPredictions:
    async def test_estimates_are_compared_with_the_wait(self, queue: Queue, clock: Any) -> None:
        assert await queue.estimate_error() is None
        for predicted, waited in ((10.0, 16.0), (30.0, 26.0), (5.0, 5.0)):
            added = await queue.add(job())
            await queue.set_predicted(added.id, predicted)
            clock.advance(waited)
            await queue.finish(await claimed(queue), picture())
        found = await queue.estimate_error()
        assert found is not None
        assert (found.error, found.wait, found.count) == (pytest.approx(10 / 3), pytest.approx(47 / 3), 3)
        newest = await queue.estimate_error(limit=2)
        assert newest is not None and (newest.error, newest.wait, newest.count) == (2.0, 15.5, 2)

    async def test_only_the_first_estimate_and_the_first_claim_count(self, queue: Queue, clock: Any) -> None:
        added = await queue.add(job())
        for predicted in (10.0, 1.0):
            await queue.set_predicted(added.id, predicted)
        clock.advance(8)
        await queue.release(await claimed(queue))
        clock.advance(100)
        claim = await claimed(queue)
        assert (claim.job.predicted, claim.job.first_started) == (10.0, claim.job.created + 8)
        found = await queue.estimate_error()
        assert found is not None and (found.error, found.count) == (2.0, 1)

    async def test_jobs_without_estimate_or_start_are_left_out(self, queue: Queue) -> None:
        waiting = await queue.add(job())
        await queue.add(job(person=2))
        await queue.set_predicted(waiting.id, -3.0)
        assert await queue.estimate_error() is None
        claim = await claimed(queue)
        assert claim.job.id == waiting.id and claim.job.predicted == 0.0
        await queue.fail(claim, "It broke.", retry=False)
        await claimed(queue)
        found = await queue.estimate_error()
        assert found is not None and found.count == 1


class TestCostOfADay:
    async def test_what_was_painted_or_will_be_counts(self, queue: Queue, clock: Any) -> None:
        for cost, guild in ((1.0, 7), (2.0, 7), (4.0, 7), (8.0, 7), (16.0, 8), (32.0, None)):
            await queue.add(job(cost=cost, guild=guild))
        start = clock.now
        await queue.finish(await claimed(queue), picture())  # 1.0
        await queue.fail(await claimed(queue), "It broke.", retry=False)  # 2.0
        await claimed(queue)  # 4.0, running
        await queue.add(job(cost=64.0))
        await queue.cancel(4)  # 8.0
        await queue.add(job(person=2, cost=128.0))
        assert await queue.cost_today(1, 7, start) == 1.0 + 4.0 + 64.0
        assert await queue.cost_today(1, 8, start) == 16.0
        assert await queue.cost_today(1, None, start) == 32.0
        assert await queue.cost_today(9, 7, start) == 0.0
        clock.advance(60)
        await queue.add(job(cost=256.0))
        assert await queue.cost_today(1, 7, start + 30) == 256.0


class TestConcurrency:
    async def test_many_workers_never_share_a_job(self, queue: Queue) -> None:
        await asyncio.gather(*(queue.add(job(person % 3)) for person in range(20)))
        claims = await asyncio.gather(*(queue.claim(LEASE) for _ in range(30)))
        taken = [claim.job.id for claim in claims if claim is not None]
        assert sorted(taken) == list(range(1, 21))

    async def test_cancelled_callers_leave_no_transaction_open(self, queue: Queue) -> None:
        for person in range(10):
            await queue.add(job(person))
        choice = random.Random(1)
        for _ in range(40):
            task = asyncio.create_task(queue.claim(LEASE))
            for _ in range(choice.randrange(6)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        added = await asyncio.wait_for(queue.add(job(person=77)), 5)
        await queue.reap(everything=True)
        assert added.id in await line(queue)
