"""The bot in this process, at a loopback Discord."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import point_at
from bot.bot import Atelier
from bot.config import Config
from bot.features import FEATURES
from bot.jobs.painter import Painter
from bot.loopback import Allowance, Sandbox
from storage.database import Database
from storage.gallery import Picture
from tests.bot.fake_painter import FakePainter

StartBot = Callable[..., AbstractAsyncContextManager[Atelier]]


def config_for(url: str, folder: Path, **values: Any) -> Config:
    """Config for tests: quick progress, nothing from the environment or a `.env`."""
    defaults = {
        "DISCORD_TOKEN": "sandbox-token",
        "ATELIER_DISCORD_URL": url,
        "ATELIER_DATA": folder,
        "ATELIER_MODELS": "mini",
        "ATELIER_PROGRESS_SECONDS": 1.0,
        "ATELIER_SHUTDOWN_SECONDS": 5,
    }
    return Config(_env_file=None, **{**defaults, **values})


@asynccontextmanager
async def running_bot(
    sandbox: Sandbox, folder: Path, painter: Painter | None = None, **values: Any
) -> AsyncIterator[Atelier]:
    """The bot, connected to `sandbox`; it is stopped as SIGTERM stops it."""
    point_at(sandbox.url)
    sandbox.rules.messages = Allowance(50, 5.0)  # frequent edits; test_end_to_end has Discord's own limits
    database = await Database.open(folder)
    client = Atelier(config_for(sandbox.url, folder, **values), database, painter or FakePainter(), FEATURES)
    connected = asyncio.create_task(client.start("sandbox-token"))
    try:
        ready = asyncio.create_task(sandbox.until_ready(10))
        await asyncio.wait({ready, connected}, return_when=asyncio.FIRST_COMPLETED)
        if connected.done():
            connected.result()
        await ready
        yield client
    finally:
        await client.stop()
        await database.close()
        await connected


async def eventually(check: Callable[[], Any], within: float = 10.0) -> None:
    """Wait until `check` holds, which may be a coroutine function."""
    async with asyncio.timeout(within):
        while True:
            found = check()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.01)


async def holds_not(found: Awaitable[Any]) -> bool:
    return not await found


@pytest.fixture
def start_bot(sandbox: Sandbox, tmp_path: Path) -> StartBot:
    """`async with start_bot(painter, ATELIER_...=...) as client`; again for a restart on the same folder."""

    def start(painter: Painter | None = None, **values: Any) -> AbstractAsyncContextManager[Atelier]:
        return running_bot(sandbox, tmp_path / "data", painter, **values)

    return start


def picture_row(**values: Any) -> Picture:
    """A picture of the gallery."""
    defaults: dict[str, Any] = {
        "spec": "{}", "seed": 42, "width": 384, "height": 384, "image": "5.png", "films": (), "extras": {},
        "seconds": 72.0, "loss": 0.5, "clip_score": 31.24, "models": "mini", "channel_id": None, "message_id": None,
        "id": 5, "job_id": 7, "person_id": 81, "guild_id": None, "score": 0, "created": 0.0, "parent_id": None,
        "origin": "art", "prompt": "x", "style": "image", "public": True, "shared_at": None,
    }  # fmt: skip
    return Picture(**defaults | values)
