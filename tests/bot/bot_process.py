"""A bot in a process of its own, for tests that kill it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bot.loopback import Sandbox

ROOT = Path(__file__).parents[2]


class RunningBot:
    """The process, and everything it said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while block := await self.process.stderr.read(4096):
            self.output += block.decode(errors="replace")

    async def ended(self, within: float = 20.0) -> int:
        async with asyncio.timeout(within):
            status = await self.process.wait()
            await self._reading
        return status

    async def terminate(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return await self.ended()

    async def kill(self) -> None:
        """kill -9, which nothing can prepare for."""
        os.killpg(self.process.pid, signal.SIGKILL)
        await self.ended()


@contextlib.asynccontextmanager
async def bot_process(
    sandbox: Sandbox, data: Path, *command: str, ready: bool = True, **given: str
) -> AsyncIterator[RunningBot]:
    """`python -m COMMAND` against the sandbox; killed at the end if it still runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATELIER_", "DISCORD_"))}
    environment = {
        "DISCORD_TOKEN": sandbox.rules.token,
        "ATELIER_DISCORD_URL": sandbox.url,
        "ATELIER_DATA": str(data),
        "ATELIER_MODELS": "mini",
        "ATELIER_DEVICE": "cpu",
        "ATELIER_PROGRESS_SECONDS": "1",
        "PYTHONPATH": str(ROOT),
    }
    await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        cwd=data,  # where no `.env` lies
        env=kept | environment | given,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    bot = RunningBot(process)
    try:
        if ready:
            async with asyncio.timeout(30):
                while "ready as" not in bot.output:
                    assert process.returncode is None, bot.output
                    await asyncio.sleep(0.02)
        yield bot
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await bot.ended()
