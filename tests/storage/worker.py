"""A worker process for `test_queue_processes.py`: claims and finishes until nothing is open, and logs what it did."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from storage import Beat, Database, NewPicture, SQLiteQueue

LEASE = 0.7
PICTURE = NewPicture("{}", 1, 8, 8, "a.png", (), {}, 1.0, 0.5, None, "mini", None, None)


async def work(folder: Path, log: int) -> None:
    database = await Database.open(folder, exclusive=False)
    queue = SQLiteQueue(database, max_attempts=1000)
    while await queue.reap() or await queue.open_jobs():
        claim = await queue.claim(LEASE)
        if claim is None:
            await asyncio.sleep(0.02)
            continue
        os.write(log, f"claimed {claim.job.id}\n".encode())
        for step in range(2):
            await asyncio.sleep(0.01)
            if await queue.beat(claim, LEASE, str(step)) is not Beat.CONTINUE:
                break
        if await queue.finish(claim, PICTURE) is not None:
            os.write(log, f"finished {claim.job.id}\n".encode())
    await database.close()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)))
