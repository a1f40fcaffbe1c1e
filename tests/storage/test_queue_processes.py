"""Several processes on one queue, some of which are killed at arbitrary moments."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from storage import Database, Gallery, JobState, NewJob, SQLiteQueue

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("worker.py")
JOBS = 120


def start_worker(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, WORKER, folder, log], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})


async def test_kill_9_loses_nothing_and_finishes_nothing_twice(tmp_path: Path) -> None:
    choice = random.Random(9)
    log = tmp_path / "log"
    log.touch()
    database = await Database.open(tmp_path / "data", exclusive=False)
    queue = SQLiteQueue(database)
    ids = [(await queue.add(NewJob(choice.randrange(4), None, "{}", "{}", 1.0))).id for _ in range(JOBS)]
    workers = [start_worker(tmp_path / "data", log) for _ in range(3)]
    killed = 0
    deadline = time.monotonic() + 60
    while await queue.open_jobs() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
        # Only once they work: how long Python takes to start is not the question here.
        if killed < 4 and log.read_text().count("finished") > 12 * (killed + 1):
            victim = choice.randrange(len(workers))
            workers[victim].kill()
            workers[victim].wait()
            workers[victim] = start_worker(tmp_path / "data", log)
            killed += 1
    for worker in workers:
        worker.wait(30)
    jobs = [await queue.get(id) for id in ids]
    pictures = [await Gallery(database).by_job(id) for id in ids]
    (check,) = await database.rows("PRAGMA integrity_check")
    await database.close()
    finished = Counter(line for line in log.read_text().splitlines() if line.startswith("finished"))
    assert killed >= 2
    assert {job.state for job in jobs if job} == {JobState.DONE}
    assert all(pictures)
    assert set(finished.values()) == {1}
    assert len(finished) >= JOBS - killed  # one killed between its commit and its line in the log
    assert tuple(check) == ("ok",)
