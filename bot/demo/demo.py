"""`make demo`: two people send requests to the real bot on a loopback Discord, and the terminal shows the messages."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bot.demo.process import BotFailed, BotProcess
from bot.demo.show import Album, Display, MessagePrinter, display_for, finished, words
from bot.demo.terminal import ended_by_signals
from bot.loopback.server import InteractionHandle, NoAnswer, Sandbox

FOLDER: Final = Path("out/demo")
READY_SECONDS: Final = 120.0
PICTURE_SECONDS: Final = 300.0
PICTURE: Final = "atelier-*.png"


@dataclass(frozen=True, slots=True)
class Command:
    """A person and the options of the /art command they type."""

    person: str
    options: dict[str, str]

    def __str__(self) -> str:
        return "/art " + " ".join(f'{name}:"{value}"' for name, value in self.options.items())


COMMANDS: Final = (
    Command("alice", {"prompt": "a red apple", "quality": "draft", "film": "both"}),
    Command("bob", {"prompt": "a blue fish", "quality": "draft"}),
)


class DemoFailed(Exception):
    """The demo ended without its pictures; `str(error)` says why."""


async def run_demo(console: Console, folder: Path = FOLDER, seconds: float = PICTURE_SECONDS) -> None:
    """Run the demo; pictures, films and the bot's log are in `folder`. Raises `DemoFailed` or `BotFailed`."""
    _clear(folder)
    async with await Sandbox.start() as sandbox:
        display, album = display_for(console, sandbox.world), Album(folder)
        display.say(f"A Discord of our own is at {sandbox.url}; the bot is starting as a process of its own.")
        bot = await BotProcess.start(sandbox, folder / "data", folder / "bot.log")
        printer = MessagePrinter(sandbox, display, album)
        printing = asyncio.create_task(printer.run())
        try:
            await bot.ready(sandbox, READY_SECONDS)
            started = time.time()
            for command in COMMANDS:
                display.say(f"{command.person} types {command}")
            display.open()
            handles = [await _type(sandbox, command) for command in COMMANDS]
            await _wait(sandbox, bot, handles, seconds)
            printer.catch_up()
        finally:
            display.close()
            printing.cancel()
            status = await bot.stop()
        _check(sandbox, handles)
        _sum_up(display, album, handles, started)
        lag = bot.line_with("event-loop lag")
        if lag is not None:
            display.say(f"While painting: {lag[lag.index('event-loop lag') :]}.")
        display.say(f"The bot stopped with status {status}; its log is {bot.log}.")
        if status != 0:
            raise DemoFailed(f"The bot should have stopped with status 0, not {status}.")


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


async def _type(sandbox: Sandbox, command: Command) -> InteractionHandle:
    """Type the command and wait for the first response. Raises `DemoFailed` if it comes too late."""
    try:
        handle = await sandbox.type_command(sandbox.person(command.person), sandbox.channel, "art", command.options)
        return await handle.answer()
    except NoAnswer as error:
        raise DemoFailed(
            f"The bot did not answer {command.person} within {sandbox.rules.answer_within:g} s."
        ) from error


async def _wait(sandbox: Sandbox, bot: BotProcess, handles: list[InteractionHandle], seconds: float) -> None:
    """Wait until all responses are finished. Raises `DemoFailed` after `seconds`, and `BotFailed`."""

    async def all_finished() -> None:
        await sandbox.until(lambda: all(finished(each.now) for each in handles), seconds)

    try:
        await bot.while_running(all_finished())
    except TimeoutError as error:
        last = " · ".join(words(handles[0].now, sandbox.world).splitlines())
        raise DemoFailed(f"After {seconds:g} s there are no pictures; the first answer says: {last}") from error


def _check(sandbox: Sandbox, handles: list[InteractionHandle]) -> None:
    for command, handle in zip(COMMANDS, handles, strict=True):
        if handle.now.file(PICTURE) is None:
            text = " · ".join(words(handle.now, sandbox.world).splitlines())
            raise DemoFailed(f"{command.person} got no picture; the bot says: {text}")


def _sum_up(display: Display, album: Album, handles: list[InteractionHandle], started: float) -> None:
    display.say("")
    for command, handle in zip(COMMANDS, handles, strict=True):
        message = handle.message
        assert message is not None
        seconds, edits = handle.now.time - started, len(handle.history) - 1
        display.say(
            f"{command.person}'s “{command.options['prompt']}” was there after {seconds:.0f} s and {edits} edits:"
        )
        for path in album.of(message):
            display.say(f"  {path}  ({path.stat().st_size / 1024:.0f} KiB)")
    display.say(f"The pictures in between are in {album.folder} too.")


def main() -> None:
    """Entry point of `python -m bot demo`. Exits with 0, 1 (something failed) or 130 (interrupted)."""

    async def run() -> None:
        with ended_by_signals():
            await run_demo(Console())

    try:
        asyncio.run(run())
    except (DemoFailed, BotFailed) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except asyncio.CancelledError:
        sys.exit(130)
