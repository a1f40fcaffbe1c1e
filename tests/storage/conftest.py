from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage import Database, NewJob, NewPicture, Picture, SQLiteQueue
from storage.queue import Origin


@dataclass
class Clock:
    """A clock that only tests advance."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Studio:
    """Adds pictures to the gallery, through the queue."""

    database: Database
    clock: Clock

    async def paint(
        self,
        prompt: str = "a castle",
        person: int = 1,
        guild: int | None = 7,
        style: str = "image",
        parent: int | None = None,
        origin: Origin = "art",
        image: str = "a.png",
        seconds: float = 3.0,
    ) -> Picture:
        queue = SQLiteQueue(self.database, clock=self.clock)
        spec = json.dumps({"version": 1, "prompt": prompt} | ({} if style == "image" else {"style": style}))
        await queue.add(NewJob(person, guild, spec, "{}", 1.0, parent_id=parent, origin=origin))
        claim = await queue.claim(60)
        assert claim is not None
        new = NewPicture(spec, 5, 16, 16, image, (), {}, seconds, 0.5, None, "mini", None, None)
        picture = await queue.finish(claim, new)
        assert picture is not None
        return picture


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path)
    yield database
    await database.close()


@pytest.fixture
def studio(database: Database, clock: Clock) -> Studio:
    return Studio(database, clock)
