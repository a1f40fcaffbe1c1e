"""The unmodified bot, `python -m bot`, as a child process that connects to a loopback Discord."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, Self

from bot.loopback.server import Sandbox

STOP_SECONDS: Final = 30.0  # for the bot to suspend a running job
MOST_LINES: Final = 200  # of output in memory


class BotFailed(Exception):
    """The bot did not start, or ended; `str(error)` has its status and its last output."""


class BotProcess:
    """A running bot, whose output goes to the file `log`. Its own child processes end with it."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.lines: deque[str] = deque(maxlen=MOST_LINES)
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, sandbox: Sandbox, data: Path, log: Path) -> Self:
        """Start the bot with its database and files in the folder `data`."""
        environment = {
            "DISCORD_TOKEN": sandbox.rules.token,
            "ATELIER_DISCORD_URL": sandbox.url,
            "ATELIER_DATA": str(data),
            "PYTHONUNBUFFERED": "1",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | environment,
            start_new_session=True,  # Ctrl-C reaches only this process, which then stops the bot with SIGTERM
        )
        return cls(process, log)

    async def ready(self, sandbox: Sandbox, seconds: float) -> None:
        """Wait until the bot is connected and has registered its commands. Raises `BotFailed`."""
        try:
            await self.while_running(sandbox.until_ready(seconds))
        except TimeoutError as error:
            raise BotFailed(f"The bot did not connect within {seconds:g} s; see {self.log}.") from error

    async def while_running(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`, and cancel it and raise `BotFailed` if the bot ends first."""
        working, ended = asyncio.create_task(work), asyncio.create_task(self.process.wait())
        try:
            await asyncio.wait({working, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise await self._failure()
            working.result()
        finally:
            working.cancel()
            ended.cancel()
            await asyncio.gather(working, ended, return_exceptions=True)

    async def _failure(self) -> BotFailed:
        """The exception for a bot that has ended."""
        await self._reading
        status = await self.process.wait()
        output = "\n".join(list(self.lines)[-5:])
        return BotFailed(
            f"The bot ended with status {status}; its log is {self.log}." + (f" It said:\n{output}" if output else "")
        )

    async def stop(self) -> int:
        """Stop the bot with SIGTERM, like a service manager, then kill what is left. Returns its exit status."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self._reading
        return await self.process.wait()

    def line_with(self, word: str) -> str | None:
        """The newest line of the bot's output that contains `word`."""
        return next((line for line in reversed(self.lines) if word in line), None)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w", encoding="utf-8") as log:
            async for raw in self.process.stdout:
                line = raw.decode(errors="replace").rstrip()
                self.lines.append(line)
                log.write(f"{line}\n")
                log.flush()
