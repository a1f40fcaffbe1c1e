"""The SQLite queue compared with a plain model, in sequences of calls that hypothesis generates."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from storage import Beat, Claim, Database, Gallery, JobState, NewJob, NewPicture, SQLiteQueue

T = TypeVar("T")
LEASE = 10.0
MAX_ATTEMPTS = 2
ENDED = {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
PICTURE = NewPicture("{}", 1, 8, 8, "a.png", (), {}, 1.0, 0.5, None, "mini", None, None)


@dataclass
class Model:
    """The expected state of a job."""

    id: int
    person: int
    cost: float
    priority: int
    state: JobState = JobState.WAITING
    attempts: int = 0
    started: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    cancel: bool = False
    lease: str | None = None
    until: float = 0.0

    def leave(self, state: JobState, now: float, worked_until: float) -> None:
        assert self.started is not None
        self.seconds += max(0.0, worked_until - self.started)
        self.state, self.lease = state, None
        self.started = None if state is JobState.WAITING else self.started
        self.ended = None if state is JobState.WAITING else now

    def after_failure(self, retry: bool) -> JobState:
        if self.cancel:
            return JobState.CANCELLED
        return JobState.WAITING if retry and self.attempts < MAX_ATTEMPTS else JobState.FAILED


class QueueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.models: dict[int, Model] = {}
        self.claims: list[Claim] = []
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.database = self.do(Database.open(Path(self.folder.name)))
        self.queue = SQLiteQueue(self.database, MAX_ATTEMPTS, clock=lambda: self.now)
        self.gallery = Gallery(self.database)

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.do(self.database.close())
        self.runner.close()
        self.folder.cleanup()

    def rate(self) -> float | None:
        done = [model for model in self.models.values() if model.state is JobState.DONE]
        newest = sorted(done, key=lambda model: (model.ended, model.id))[-20:]
        seconds = sum(model.seconds for model in newest)
        return sum(model.cost for model in newest) / seconds if seconds else None

    def served_until(self, person: int) -> float:
        rate = self.rate() or 1.0
        times = [0.0]
        for model in self.models.values():
            if model.person == person and model.started is not None:
                times.append(model.started + model.cost / rate if model.ended is None else model.ended)
        return max(times)

    def waiting_line(self) -> list[Model]:
        turns = {}
        for person in {model.person for model in self.models.values()}:
            own = [model for model in self.models.values() if model.person == person and model.state not in ENDED]
            own.sort(key=lambda model: (model.state is not JobState.RUNNING, -model.priority, model.id))
            turns.update({model.id: turn for turn, model in enumerate(own)})
        waiting = [model for model in self.models.values() if model.state is JobState.WAITING]
        return sorted(
            waiting, key=lambda model: (-model.priority, turns[model.id], self.served_until(model.person), model.id)
        )

    @rule(person=st.integers(1, 3), cost=st.sampled_from([1.0, 8.0, 64.0]), priority=st.sampled_from([0, 0, 0, 1]))
    def add(self, person: int, cost: float, priority: int) -> None:
        job = self.do(self.queue.add(NewJob(person, None, "{}", "{}", cost, priority)))
        self.models[job.id] = Model(job.id, person, cost, priority)

    @rule()
    def claim(self) -> None:
        line = self.waiting_line()
        claim = self.do(self.queue.claim(LEASE))
        assert (claim.job.id if claim else None) == (line[0].id if line else None)
        if claim is not None:
            model = line[0]
            model.state, model.started, model.lease = JobState.RUNNING, self.now, claim.lease
            model.attempts, model.until = model.attempts + 1, self.now + LEASE
            self.claims.append(claim)

    def pick(self, data: st.DataObject) -> tuple[Claim, Model | None]:
        """Any claim that was ever made, and the job's model if the claim still holds."""
        claim = data.draw(st.sampled_from(self.claims[-5:]), label="claim")
        model = self.models[claim.job.id]
        return claim, model if model.lease == claim.lease else None

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        claim, model = self.pick(data)
        beat = self.do(self.queue.beat(claim, LEASE, "here"))
        if model is None:
            assert beat is Beat.LOST
        else:
            assert beat is (Beat.CANCELLED if model.cancel else Beat.CONTINUE)
            model.until = self.now + LEASE

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        claim, model = self.pick(data)
        picture = self.do(self.queue.finish(claim, PICTURE))
        assert (picture is None) == (model is None)
        if model is not None:
            model.leave(JobState.DONE, self.now, self.now)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), retry=st.booleans())
    def fail(self, data: st.DataObject, retry: bool) -> None:
        claim, model = self.pick(data)
        state = self.do(self.queue.fail(claim, "It broke.", retry=retry))
        assert state is (None if model is None else model.after_failure(retry))
        if model is not None and state is not None:
            model.leave(state, self.now, self.now)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        claim, model = self.pick(data)
        assert self.do(self.queue.release(claim)) == (model is not None)
        if model is not None:
            model.leave(JobState.CANCELLED if model.cancel else JobState.WAITING, self.now, self.now)
            model.attempts -= 1

    @precondition(lambda self: self.models)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        model = data.draw(st.sampled_from(list(self.models.values())), label="job")
        if model.state is JobState.WAITING:
            model.state, model.ended = JobState.CANCELLED, self.now
        elif model.state is JobState.RUNNING:
            model.cancel = True
        assert self.do(self.queue.cancel(model.id)) is model.state

    @rule(everything=st.booleans())
    def reap(self, everything: bool) -> None:
        reaped = self.do(self.queue.reap(everything=everything))
        running = [model for model in self.models.values() if model.state is JobState.RUNNING]
        expired = [model for model in running if everything or model.until < self.now]
        expired.sort(key=lambda model: (model.until, model.id))
        for model in expired:
            model.leave(model.after_failure(retry=True), self.now, min(self.now, model.until))
        assert [(job.id, job.state) for job in reaped] == [(model.id, model.state) for model in expired]

    @rule(seconds=st.sampled_from([1.0, 4.0, 16.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def jobs_are_as_the_model_says(self) -> None:
        for model in self.models.values():
            job = self.do(self.queue.get(model.id))
            assert job is not None
            assert (job.state, job.attempts, job.started, job.ended) == (
                model.state,
                model.attempts,
                model.started,
                model.ended,
            )
            assert (job.seconds or 0.0) == model.seconds
            assert job.attempts <= MAX_ATTEMPTS
        assert self.do(self.queue.rate()) == self.rate()

    @invariant()
    def the_line_is_fair(self) -> None:
        line = self.waiting_line()
        jobs = self.do(self.queue.open_jobs())
        running = {model.id for model in self.models.values() if model.state is JobState.RUNNING}
        assert {job.id for job in jobs[: len(running)]} == running
        assert [job.id for job in jobs[len(running) :]] == [model.id for model in line]
        ahead = sum(self.models[id].cost for id in running)
        for place, model in enumerate(line, start=1):
            assert self.do(self.queue.position(model.id)) == place
            assert self.do(self.queue.ahead(model.id)) == ahead
            ahead += model.cost

    @invariant()
    def pictures_are_those_of_done_jobs(self) -> None:
        rows = self.do(self.database.rows("SELECT job_id FROM picture ORDER BY job_id"))
        done = [model.id for model in self.models.values() if model.state is JobState.DONE]
        assert [row["job_id"] for row in rows] == done


QueueMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestQueueMachine = QueueMachine.TestCase
