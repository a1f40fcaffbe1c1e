"""The bot in this process, at a loopback Discord."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.client import Atelier, point_at
from bot.painter import Painter
from bot.sandbox import Allowance, Sandbox
from bot.settings import Settings
from storage.database import Database
from tests.bot.fake_painter import FakePainter

StartBot = Callable[..., AbstractAsyncContextManager[Atelier]]


def settings_for(url: str, folder: Path, **given: Any) -> Settings:
    """Settings for tests: quick progress, nothing from the environment or a `.env`."""
    values = {
        "DISCORD_TOKEN": "sandbox-token",
        "ATELIER_DISCORD_URL": url,
        "ATELIER_DATA": folder,
        "ATELIER_MODELS": "mini",
        "ATELIER_PROGRESS_SECONDS": 1.0,
        "ATELIER_SHUTDOWN_SECONDS": 5,
    }
    return Settings(_env_file=None, **{**values, **given})


@asynccontextmanager
async def running_bot(
    sandbox: Sandbox, folder: Path, painter: Painter | None = None, **given: Any
) -> AsyncIterator[Atelier]:
    """The bot, connected to `sandbox`; it is stopped as SIGTERM stops it."""
    point_at(sandbox.url)
    sandbox.rules.messages = Allowance(50, 5.0)  # frequent edits; test_end_to_end lives by Discord's own limits
    database = await Database.open(folder)
    client = Atelier(settings_for(sandbox.url, folder, **given), database, painter or FakePainter())
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

    def start(painter: Painter | None = None, **given: Any) -> AbstractAsyncContextManager[Atelier]:
        return running_bot(sandbox, tmp_path / "data", painter, **given)

    return start
