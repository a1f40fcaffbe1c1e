"""How long somebody waits, from the speed that was measured."""

from __future__ import annotations

from bot.progress import KeptProgress
from storage.queue import Job, JobState, Queue


async def wait_seconds(queue: Queue, job_id: int) -> float | None:
    """Seconds until a waiting job starts; None: no speed was measured yet.

    What is being painted now tells itself how long it still takes; what waits is its work by the speed of the last
    finished jobs or, before the first, by the speed of what is being painted.
    """
    ahead = await queue.ahead(job_id)
    if ahead <= 0:
        return 0.0
    running = [job for job in await queue.open_jobs() if job.state is JobState.RUNNING]
    measured = [KeptProgress.from_json(job.progress) for job in running]
    rate = await queue.rate() or _rate_of(running, measured)
    if rate is None:
        return None
    waiting = ahead - sum(job.cost for job in running)
    left = sum(kept.remaining if kept.step else job.cost / rate for job, kept in zip(running, measured, strict=True))
    return left + max(0.0, waiting) / rate


def _rate_of(running: list[Job], measured: list[KeptProgress]) -> float | None:
    """Cost units a second of what is being painted."""
    for job, kept in zip(running, measured, strict=True):
        if kept.step and kept.total and kept.elapsed > 0:
            return job.cost * kept.step / kept.total / kept.elapsed
    return None
