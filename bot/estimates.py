"""How long somebody waits, from the speed that was measured."""

from __future__ import annotations

from storage.queue import Queue


async def wait_seconds(queue: Queue, job_id: int) -> float | None:
    """Seconds until a waiting job starts: the work ahead of it by the speed of the last jobs; None: none measured."""
    ahead = await queue.ahead(job_id)
    if ahead <= 0:
        return 0.0
    rate = await queue.rate()
    return ahead / rate if rate else None
