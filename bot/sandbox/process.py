"""The unmodified bot, `python -m bot`, as a child process pointed at a loopback Discord."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from pathlib import Path
from typing import Final, Self

from bot.sandbox.server import Sandbox

STOP_SECONDS: Final = 30.0  # the bot puts a running picture aside before it leaves
LINES_KEPT: Final = 200


class BotFailed(Exception):
    """The bot could not start, or died; `str(error)` says so with its last words."""


class BotProcess:
    """A running bot. Its output goes to `log`; its painter and whatever else it started end with it."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, sandbox: Sandbox, data: Path, log: Path) -> Self:
        """Start the bot with its database and files in the folder `data`."""
        settings = {
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
            env=os.environ | settings,
            start_new_session=True,  # Ctrl-C is for us; we stop the bot in its own way
        )
        return cls(process, log)

    async def ready(self, sandbox: Sandbox, seconds: float) -> None:
        """Wait until the bot is connected and has commands. Raises `BotFailed`."""
        connected = asyncio.create_task(sandbox.until_ready(seconds))
        dead = asyncio.create_task(self.process.wait())
        try:
            await asyncio.wait({connected, dead}, return_when=asyncio.FIRST_COMPLETED)
            if not connected.done():
                raise await self.failure()
            try:
                connected.result()
            except TimeoutError as error:
                raise BotFailed(f"The bot did not connect within {seconds:g} s; see {self.log}.") from error
        finally:
            connected.cancel()
            dead.cancel()

    async def failure(self) -> BotFailed:
        """The sentence for a bot that is dead."""
        await self._reading
        status = await self.process.wait()
        said = "\n".join(list(self.lines)[-5:])
        return BotFailed(
            f"The bot ended with status {status}; its log is {self.log}." + (f" It said:\n{said}" if said else "")
        )

    async def stop(self) -> int:
        """End the bot the way a service manager does, and kill what is left after a while. Gives its exit status."""
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
