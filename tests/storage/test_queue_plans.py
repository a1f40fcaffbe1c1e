"""The queue must stay fast after years of ended jobs: its query plans use partial indexes."""

from __future__ import annotations

import re

from storage import Database, Gallery, NewJob, NewPicture, SQLiteQueue


async def test_no_query_reads_the_whole_history(database: Database) -> None:
    queue, gallery = SQLiteQueue(database), Gallery(database)
    statements: list[str] = []
    await database.connection.set_trace_callback(statements.append)
    for person in (1, 2):
        await queue.add(NewJob(person, None, "{}", "{}", 1.0))
    claim = await queue.claim(60)
    assert claim is not None
    await queue.beat(claim, 60)
    await queue.position(2)
    await queue.ahead(2)
    await queue.rate()
    await queue.open_jobs(1)
    await queue.reap()
    await queue.reap(everything=True)
    await queue.fail(claim, "It broke.", retry=True)
    again = await queue.claim(60)
    assert again is not None
    await queue.finish(again, NewPicture("{}", 1, 8, 8, "a.png", (), {}, 1.0, 0.5, None, "mini", None, None))
    await queue.undelivered()
    await queue.cancel(2)
    await gallery.by_job(1)
    await queue.set_predicted(2, 3.0)
    await queue.estimate_error()
    await queue.cost_today(1, None, 0.0)
    await database.connection.set_trace_callback(None)  # type: ignore[arg-type]
    read = [sql for sql in statements if re.match(r"\s*(WITH|SELECT|UPDATE|DELETE)", sql)]
    assert len(read) > 12
    for sql in read:
        plan = [row["detail"] for row in await database.rows(f"EXPLAIN QUERY PLAN {sql.replace('< Inf', '< 9e999')}")]
        # A scan of an index is one of a partial index, which holds open (or undelivered, or the last 20) jobs only.
        assert not [step for step in plan if re.search(r"SCAN (job|picture|past)(?! USING (COVERING )?INDEX)", step)], (
            sql
        )
