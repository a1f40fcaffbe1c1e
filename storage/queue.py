"""The job queue, with leases, fencing and a fair order: its contract and its implementation on SQLite."""

from __future__ import annotations

import math
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final, Literal, Protocol

import aiosqlite

from storage.database import Database
from storage.pictures import NewPicture, Picture, insert_picture

ABANDONED: Final = "The painting broke off too often, so it was given up."  # the error of a job without attempts left


class JobState(StrEnum):
    """WAITING ⇄ RUNNING, then for good one of DONE, FAILED, CANCELLED."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


Origin = Literal["art", "again", "variation", "edit", "continue", "upscale", "remix", "compare"]


class Beat(Enum):
    """What a worker learns when it prolongs its lease."""

    CONTINUE = auto()
    CANCELLED = auto()  # the lease still holds: stop, then `fail`
    LOST = auto()  # the job is no longer yours: stop and leave it alone


@dataclass(frozen=True)
class NewJob:
    """A picture that somebody asks for. ValueError: the cost is not a finite number above 0."""

    person_id: int
    guild_id: int | None
    spec: str  # ArtSpec as JSON
    reply: str  # where the answer goes; the bot's own JSON
    cost: float  # units of work
    priority: int = 0  # the greater goes first
    parent_id: int | None = None  # the picture that it starts from; None also if that was deleted
    origin: Origin = "art"  # how it came to be, also told of the picture

    def __post_init__(self) -> None:
        if not 0 < self.cost < math.inf:
            raise ValueError(f"the cost of a job must be a finite number above 0, not {self.cost}")


@dataclass(frozen=True, kw_only=True)
class Job(NewJob):
    """A job as the queue knows it. Times are UNIX seconds."""

    id: int
    state: JobState
    attempts: int  # claims so far, without those that were released
    created: float
    started: float | None  # newest claim; None while waiting
    ended: float | None
    progress: str | None  # the bot's own, from the newest beat
    error: str | None  # why it failed, or why the attempt before this one did: a sentence, or the bot's own JSON of it
    cancel_requested: bool
    delivered: bool
    seconds: float | None  # spent under leases, all attempts together
    predicted: float | None  # seconds of waiting that the person was told when it was added; None: no estimate yet
    first_started: float | None  # when the waiting ended; None: not yet


@dataclass(frozen=True)
class EstimateError:
    """How good the estimates of the wait were, over the newest jobs that have one."""

    error: float  # seconds, mean absolute difference between the estimate and what happened
    wait: float  # seconds that these jobs waited in the mean
    count: int


@dataclass(frozen=True)
class Claim:
    """The right to work on a job for as long as the lease lasts. A new claim of the same job has another lease."""

    job: Job
    lease: str


class Queue(Protocol):
    """Jobs in fair order, each worked on by one worker at a time, none lost when a worker dies.

    Order: priority, then each person's n-th open job (running ones count), then the person least recently served
    (somebody is served until their newest job ended, or is expected to end by its cost), then age.
    """

    async def add(self, job: NewJob) -> Job:
        """Puts a job in the line."""

    async def claim(self, lease_seconds: float) -> Claim | None:
        """Takes the next waiting job for `lease_seconds`; None: nobody waits."""

    async def beat(self, claim: Claim, lease_seconds: float, progress: str | None = None) -> Beat:
        """Prolongs the lease to `lease_seconds` from now and keeps `progress` (None: the old one stays)."""

    async def finish(self, claim: Claim, picture: NewPicture) -> Picture | None:
        """Ends the job as DONE and adds its picture, both or neither; None: the lease was lost, nothing was kept.

        A cancellation that nobody heeded before now came too late.
        """

    async def fail(self, claim: Claim, error: str, *, retry: bool) -> JobState | None:
        """Gives the job up with a sentence that says why, and returns what became of it; None: the lease was lost.

        CANCELLED if that was asked for; else WAITING if `retry` and attempts are left; else FAILED.
        """

    async def release(self, claim: Claim) -> bool:
        """Gives the job back unharmed: WAITING, the attempt not counted. False: the lease was lost."""

    async def cancel(self, job_id: int) -> JobState | None:
        """A waiting job is CANCELLED at once, a running one told at its next beat; returns the state it has now."""

    async def reap(self, *, everything: bool = False) -> list[Job]:
        """Takes jobs from workers whose lease ran out, or from all (`everything`, at start), and returns those jobs.

        They are WAITING again, or FAILED after the last attempt, or CANCELLED if that was asked for.
        """

    async def position(self, job_id: int) -> int:
        """The place among the waiting, 1 is next; 0: the job is not waiting."""

    async def ahead(self, job_id: int) -> float:
        """The cost of everything that runs or waits ahead of a waiting job; 0.0 for any other."""

    async def rate(self) -> float | None:
        """Cost units a second over the last 20 finished jobs; None before the first."""

    async def get(self, job_id: int) -> Job | None:
        """The job with this id."""

    async def open_jobs(self, person_id: int | None = None) -> list[Job]:
        """The running jobs, then the waiting ones in the order in which they would be claimed; of one person or all."""

    async def undelivered(self) -> list[Job]:
        """Jobs that are DONE, FAILED or CANCELLED and not marked delivered, in the order in which they ended."""

    async def mark_delivered(self, job_id: int) -> None:
        """Notes that the person knows how the job ended."""

    async def set_reply(self, job_id: int, reply: str) -> None:
        """Replaces the place where the answer goes."""

    async def set_predicted(self, job_id: int, seconds: float) -> None:
        """Notes how long the person was told that they wait; only what they were told first counts."""

    async def estimate_error(self, limit: int = 100) -> EstimateError | None:
        """How far the estimates were off over the newest `limit` jobs that were claimed; None before the first."""

    async def cost_today(self, person_id: int, guild_id: int | None, since: float) -> float:
        """The cost of what a person asked for in a server (None: outside of all) since then, and got or still gets."""


# The line of open jobs, the only definition of the order. `place` counts all of them, `position` only the waiting ones.
# A running job is expected to take cost / per_second; until that was measured, a unit of cost is taken for a second.
LINE = """
WITH speed (per_second) AS (
    SELECT SUM(cost) / NULLIF(SUM(seconds), 0)
    FROM (SELECT cost, seconds FROM job WHERE state = 'done' ORDER BY ended DESC, id DESC LIMIT 20)
),
turns AS (
    SELECT *,
        ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY state = 'running' DESC, priority DESC, id) AS turn,
        MAX(CASE state WHEN 'running' THEN started + cost / COALESCE((SELECT per_second FROM speed), 1.0) END)
            OVER (PARTITION BY person_id) AS busy_until,
        (SELECT MAX(past.ended) FROM job AS past WHERE past.person_id = job.person_id AND past.started IS NOT NULL)
            AS served_until
    FROM job
    WHERE state IN ('waiting', 'running')
),
line AS (
    SELECT *,
        ROW_NUMBER() OVER in_order AS place,
        SUM(state = 'waiting') OVER (in_order ROWS UNBOUNDED PRECEDING) AS position,
        COALESCE(SUM(cost) OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0.0) AS ahead
    FROM turns
    WINDOW in_order AS (
        ORDER BY state = 'running' DESC, priority DESC, turn,
            MAX(COALESCE(busy_until, 0), COALESCE(served_until, 0)), id
    )
)
"""


class SQLiteQueue(Queue):
    """The queue in a Database. `clock` gives UNIX seconds."""

    def __init__(self, database: Database, max_attempts: int = 3, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._max_attempts = max_attempts
        self._clock = clock

    async def add(self, job: NewJob) -> Job:
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "INSERT INTO job (person_id, guild_id, spec, reply, cost, priority, created, parent_id, origin) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT id FROM picture WHERE id = ?), ?) RETURNING *",
                (
                    job.person_id,
                    job.guild_id,
                    job.spec,
                    job.reply,
                    job.cost,
                    job.priority,
                    self._clock(),
                    job.parent_id,
                    job.origin,
                ),
            )
        (row,) = rows
        return job_from(row)

    async def claim(self, lease_seconds: float) -> Claim | None:
        lease = uuid.uuid4().hex
        async with self._database.transaction() as connection:
            now = self._clock()
            rows = await connection.execute_fetchall(
                f"{LINE} UPDATE job SET state = 'running', attempts = attempts + 1, started = ?1, lease = ?2, "
                "lease_until = ?3, first_started = COALESCE(first_started, ?1) "
                "WHERE id = (SELECT id FROM line WHERE position = 1 AND state = 'waiting') RETURNING *",
                (now, lease, now + lease_seconds),
            )
        return next((Claim(job_from(row), lease) for row in rows), None)

    async def beat(self, claim: Claim, lease_seconds: float, progress: str | None = None) -> Beat:
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall(
                "UPDATE job SET lease_until = ?, progress = COALESCE(?, progress) "
                "WHERE id = ? AND lease = ? RETURNING cancel_requested",
                (self._clock() + lease_seconds, progress, claim.job.id, claim.lease),
            )
        for row in rows:
            return Beat.CANCELLED if row["cancel_requested"] else Beat.CONTINUE
        return Beat.LOST

    async def finish(self, claim: Claim, picture: NewPicture) -> Picture | None:
        async with self._database.transaction() as connection:
            job = await _held(connection, claim)
            if job is None:
                return None
            now = self._clock()
            await _leave(connection, job, JobState.DONE, now)
            return await insert_picture(
                connection,
                picture,
                job_id=job.id,
                person_id=job.person_id,
                guild_id=job.guild_id,
                created=now,
                parent_id=job.parent_id,
                origin=job.origin,
            )

    async def fail(self, claim: Claim, error: str, *, retry: bool) -> JobState | None:
        async with self._database.transaction() as connection:
            job = await _held(connection, claim)
            if job is None:
                return None
            state = self._after_failure(job, retry)
            await _leave(connection, job, state, self._clock(), error=error)
            return state

    async def release(self, claim: Claim) -> bool:
        async with self._database.transaction() as connection:
            job = await _held(connection, claim)
            if job is None:
                return False
            state = JobState.CANCELLED if job.cancel_requested else JobState.WAITING
            await _leave(connection, job, state, self._clock(), error=job.error)
            await connection.execute_fetchall("UPDATE job SET attempts = attempts - 1 WHERE id = ?", (job.id,))
            return True

    async def cancel(self, job_id: int) -> JobState | None:
        async with self._database.transaction() as connection:
            await connection.execute_fetchall(
                "UPDATE job SET state = 'cancelled', ended = ? WHERE id = ? AND state = 'waiting'",
                (self._clock(), job_id),
            )
            await connection.execute_fetchall(
                "UPDATE job SET cancel_requested = 1 WHERE id = ? AND state = 'running'", (job_id,)
            )
            rows = await connection.execute_fetchall("SELECT state FROM job WHERE id = ?", (job_id,))
        return next((JobState(row["state"]) for row in rows), None)

    async def reap(self, *, everything: bool = False) -> list[Job]:
        async with self._database.transaction() as connection:
            now = self._clock()
            rows = await connection.execute_fetchall(
                "SELECT * FROM job WHERE state = 'running' AND lease_until < ? ORDER BY lease_until, id",
                (math.inf if everything else now,),
            )
            reaped = []
            for row in rows:
                job = job_from(row)
                state = self._after_failure(job, retry=True)
                # Nobody worked on it after the lease ran out, however long ago that was.
                reaped.append(await _leave(connection, job, state, now, error=ABANDONED, until=row["lease_until"]))
        return reaped

    def _after_failure(self, job: Job, retry: bool) -> JobState:
        if job.cancel_requested:
            return JobState.CANCELLED
        return JobState.WAITING if retry and job.attempts < self._max_attempts else JobState.FAILED

    async def position(self, job_id: int) -> int:
        row = await self._database.row(f"{LINE} SELECT position FROM line WHERE id = ?", (job_id,))
        return 0 if row is None else int(row["position"])

    async def ahead(self, job_id: int) -> float:
        row = await self._database.row(f"{LINE} SELECT ahead FROM line WHERE id = ? AND state = 'waiting'", (job_id,))
        return 0.0 if row is None else float(row["ahead"])

    async def rate(self) -> float | None:
        row = await self._database.row(f"{LINE} SELECT per_second FROM speed")
        return None if row is None else row["per_second"]

    async def get(self, job_id: int) -> Job | None:
        row = await self._database.row("SELECT * FROM job WHERE id = ?", (job_id,))
        return None if row is None else job_from(row)

    async def open_jobs(self, person_id: int | None = None) -> list[Job]:
        rows = await self._database.rows(
            f"{LINE} SELECT * FROM line WHERE ?1 IS NULL OR person_id = ?1 ORDER BY place", (person_id,)
        )
        return [job_from(row) for row in rows]

    async def undelivered(self) -> list[Job]:
        rows = await self._database.rows(
            "SELECT * FROM job WHERE delivered = 0 AND state IN ('done', 'failed', 'cancelled') ORDER BY ended, id"
        )
        return [job_from(row) for row in rows]

    async def mark_delivered(self, job_id: int) -> None:
        async with self._database.transaction() as connection:
            await connection.execute_fetchall("UPDATE job SET delivered = 1 WHERE id = ?", (job_id,))

    async def set_reply(self, job_id: int, reply: str) -> None:
        async with self._database.transaction() as connection:
            await connection.execute_fetchall("UPDATE job SET reply = ? WHERE id = ?", (reply, job_id))

    async def set_predicted(self, job_id: int, seconds: float) -> None:
        async with self._database.transaction() as connection:
            await connection.execute_fetchall(
                "UPDATE job SET predicted = ? WHERE id = ? AND predicted IS NULL", (max(0.0, seconds), job_id)
            )

    async def estimate_error(self, limit: int = 100) -> EstimateError | None:
        row = await self._database.row(
            """
            SELECT AVG(ABS(waited - predicted)) AS error, AVG(waited) AS wait, COUNT(*) AS number
            FROM (
                SELECT first_started - created AS waited, predicted FROM job
                WHERE predicted IS NOT NULL AND first_started IS NOT NULL ORDER BY first_started DESC LIMIT ?
            )
            """,
            (limit,),
        )
        return EstimateError(row["error"], row["wait"], row["number"]) if row and row["number"] else None

    async def cost_today(self, person_id: int, guild_id: int | None, since: float) -> float:
        row = await self._database.row(
            "SELECT TOTAL(cost) AS cost FROM job WHERE person_id = ? AND guild_id IS ? AND created >= ? "
            "AND state IN ('waiting', 'running', 'done')",
            (person_id, guild_id, since),
        )
        return 0.0 if row is None else float(row["cost"])


async def _held(connection: aiosqlite.Connection, claim: Claim) -> Job | None:
    """The job as it is now, if the claim still holds it: the fence before everything a worker decides."""
    rows = await connection.execute_fetchall(
        "SELECT * FROM job WHERE id = ? AND lease = ?", (claim.job.id, claim.lease)
    )
    return next((job_from(row) for row in rows), None)


async def _leave(
    connection: aiosqlite.Connection,
    job: Job,
    state: JobState,
    now: float,
    *,
    error: str | None = None,
    until: float = math.inf,
) -> Job:
    """Ends the lease of a running job, which was worked on until `now` or `until`, and puts it in `state`."""
    started = now if job.started is None else job.started
    seconds = (job.seconds or 0.0) + max(0.0, min(now, until) - started)
    waiting = state is JobState.WAITING
    kept_error = error if state in (JobState.WAITING, JobState.FAILED) else None
    rows = await connection.execute_fetchall(
        "UPDATE job SET state = ?, error = ?, seconds = ?, started = ?, ended = ?, lease = NULL, lease_until = NULL "
        "WHERE id = ? RETURNING *",
        (state, kept_error, seconds, None if waiting else started, None if waiting else now, job.id),
    )
    (row,) = rows
    return job_from(row)


def job_from(row: sqlite3.Row) -> Job:
    """A row of the table as a value."""
    return Job(
        id=row["id"],
        person_id=row["person_id"],
        guild_id=row["guild_id"],
        spec=row["spec"],
        reply=row["reply"],
        cost=float(row["cost"]),  # RETURNING hands out whole REALs as integers
        priority=row["priority"],
        state=JobState(row["state"]),
        attempts=row["attempts"],
        created=float(row["created"]),
        started=None if row["started"] is None else float(row["started"]),
        ended=None if row["ended"] is None else float(row["ended"]),
        progress=row["progress"],
        error=row["error"],
        cancel_requested=bool(row["cancel_requested"]),
        delivered=bool(row["delivered"]),
        seconds=None if row["seconds"] is None else float(row["seconds"]),
        parent_id=row["parent_id"],
        origin=row["origin"],
        predicted=None if row["predicted"] is None else float(row["predicted"]),
        first_started=None if row["first_started"] is None else float(row["first_started"]),
    )
