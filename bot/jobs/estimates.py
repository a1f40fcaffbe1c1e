"""Estimates of the wait in the queue, from measured speed."""

from __future__ import annotations

from bot.jobs.progress import SavedProgress
from storage.queue import Job, JobState, Queue


async def wait_seconds(queue: Queue, job_id: int) -> float | None:
    """Seconds until a waiting job starts; None if no speed is known yet.

    A running job's remaining time is its own estimate; the time of waiting jobs is their cost divided by the speed of
    the last finished jobs or, before the first, of the running one.
    """
    ahead = await queue.ahead(job_id)
    if ahead <= 0:
        return 0.0
    running = [job for job in await queue.open_jobs() if job.state is JobState.RUNNING]
    progresses = [SavedProgress.from_json(job.progress) for job in running]
    rate = await queue.rate() or _rate_of(running, progresses)
    if rate is None:
        return None
    waiting = ahead - sum(job.cost for job in running)
    remaining = sum(
        progress.remaining if progress.step else job.cost / rate
        for job, progress in zip(running, progresses, strict=True)
    )
    return remaining + max(0.0, waiting) / rate


def _rate_of(running: list[Job], progresses: list[SavedProgress]) -> float | None:
    """Cost units per second of the running jobs; None without progress."""
    for job, progress in zip(running, progresses, strict=True):
        if progress.step and progress.total and progress.elapsed > 0:
            return job.cost * progress.step / progress.total / progress.elapsed
    return None
