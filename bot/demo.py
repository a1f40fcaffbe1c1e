"""`make demo`: the real bot on a Discord of its own takes two people's wishes and paints them, before your eyes."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bot.sandbox.process import BotFailed, BotProcess
from bot.sandbox.server import InteractionHandle, NoAnswer, Sandbox
from bot.sandbox.show import Album, Narrator, Stage, finished, stage_for, words
from bot.sandbox.terminal import ended_by_signals

FOLDER: Final = Path("out/demo")
READY_SECONDS: Final = 120.0
PICTURE_SECONDS: Final = 300.0
PICTURE: Final = "atelier-*.png"


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person types."""

    person: str
    options: dict[str, str]

    def __str__(self) -> str:
        return "/art " + " ".join(f'{name}:"{value}"' for name, value in self.options.items())


WISHES: Final = (
    Wish("alice", {"prompt": "a red apple", "quality": "draft", "film": "both"}),
    Wish("bob", {"prompt": "a blue fish", "quality": "draft"}),
)


class DemoFailed(Exception):
    """The demo did not end with its pictures; `str(error)` says why."""


async def run_demo(console: Console, folder: Path = FOLDER, seconds: float = PICTURE_SECONDS) -> None:
    """Run it all and leave pictures, films and the bot's log in `folder`. Raises `DemoFailed` or `BotFailed`."""
    _clear(folder)
    async with await Sandbox.start() as sandbox:
        stage, album = stage_for(console, sandbox.world), Album(folder)
        stage.say(f"A Discord of our own is at {sandbox.url}; the bot is starting as a process of its own.")
        bot = await BotProcess.start(sandbox, folder / "data", folder / "bot.log")
        narrator = Narrator(sandbox, stage, album)
        narrating = asyncio.create_task(narrator.run())
        try:
            await bot.ready(sandbox, READY_SECONDS)
            started = time.time()
            for wish in WISHES:
                stage.say(f"{wish.person} types {wish}")
            stage.open()
            handles = [await _type(sandbox, wish) for wish in WISHES]
            await _wait(sandbox, bot, handles, seconds)
            narrator.catch_up()
        finally:
            stage.close()
            narrating.cancel()
            status = await bot.stop()
        _check(sandbox, handles)
        _sum_up(stage, album, handles, started)
        lag = bot.line_with("event-loop lag")
        if lag is not None:
            stage.say(f"While painting: {lag[lag.index('event-loop lag') :]}.")
        stage.say(f"The bot stopped with status {status}; its log is {bot.log}.")
        if status != 0:
            raise DemoFailed(f"The bot should have stopped with status 0, not {status}.")


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


async def _type(sandbox: Sandbox, wish: Wish) -> InteractionHandle:
    """Type the wish, and see that the bot answers in Discord's three seconds."""
    try:
        handle = await sandbox.type_command(sandbox.person(wish.person), sandbox.channel, "art", wish.options)
        return await handle.answer()
    except NoAnswer as error:
        raise DemoFailed(f"The bot did not answer {wish.person} within {sandbox.rules.answer_within:g} s.") from error


async def _wait(sandbox: Sandbox, bot: BotProcess, handles: list[InteractionHandle], seconds: float) -> None:
    """Wait for the last word of every answer, or the death of the bot."""
    pictures = asyncio.create_task(sandbox.until(lambda: all(finished(each.now) for each in handles), seconds))
    dead = asyncio.create_task(bot.process.wait())
    try:
        await asyncio.wait({pictures, dead}, return_when=asyncio.FIRST_COMPLETED)
        if not pictures.done():
            raise await bot.failure()
        try:
            pictures.result()
        except TimeoutError as error:
            last = " · ".join(words(handles[0].now, sandbox.world).splitlines())
            raise DemoFailed(f"After {seconds:g} s there are no pictures; the first answer says: {last}") from error
    finally:
        pictures.cancel()
        dead.cancel()


def _check(sandbox: Sandbox, handles: list[InteractionHandle]) -> None:
    for wish, handle in zip(WISHES, handles, strict=True):
        if handle.now.file(PICTURE) is None:
            said = " · ".join(words(handle.now, sandbox.world).splitlines())
            raise DemoFailed(f"{wish.person} got no picture; the bot says: {said}")


def _sum_up(stage: Stage, album: Album, handles: list[InteractionHandle], started: float) -> None:
    stage.say("")
    for wish, handle in zip(WISHES, handles, strict=True):
        message = handle.message
        assert message is not None
        seconds, edits = handle.now.time - started, len(handle.history) - 1
        stage.say(f"{wish.person}'s “{wish.options['prompt']}” was there after {seconds:.0f} s and {edits} edits:")
        for path in album.of(message):
            stage.say(f"  {path}  ({path.stat().st_size / 1024:.0f} KiB)")
    stage.say(f"The pictures in between are in {album.folder} too.")


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
