"""`python -m bot sandbox`: a loopback Discord with a command line, where you type what people would type."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console

from bot.demo.process import BotFailed, BotProcess
from bot.demo.show import Album, Display, MessagePrinter, display_for, finished
from bot.loopback.commands import SUBCOMMANDS, CommandRefused, OptionType
from bot.loopback.modals import describe, field_names
from bot.loopback.server import InteractionHandle, NoAnswer, Sandbox
from bot.loopback.world import SELECTS, Channel, Json, Message, User, walk

FOLDER: Final = Path("out/sandbox")
READY_SECONDS: Final = 60.0
FOLLOW_SECONDS: Final = 3600.0
REACTION_SECONDS: Final = 2.0
HELP: Final = """Type what people type in Discord:
  /art prompt:a red apple quality:draft film:both    (all commands of the bot, files by their path)
  /challenge open theme:the sea                      commands with a second word
  press again | delete | cancel | change             a button under the newest message that has it
  choose 2                                           from the newest message that has a menu
  menu Show the prompt                               an entry of the newest message's context menu
  react ⭐                                           an emoji under the newest picture
  fill size:800x200 settings:cuts 32; ema 0.99       the form that the bot opened last (/art … advanced:true)
  as bob | as bob moderator                          be somebody else
  in dm | in guild                                   write to the bot directly, or in the channel
  help, quit
While a picture is being painted, Enter gives you the line back."""


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """A slash command typed in the terminal."""

    name: str
    options: dict[str, str]
    files: dict[str, Path]


def parse_command(line: str, commands: list[Json]) -> TypedCommand:
    """Parse `/art prompt:a red apple quality:draft`. Colons after words that are no options are text.

    Text before the first option is the value of the command's first option. Raises `CommandRefused` for an unknown
    command.
    """
    word, _, rest = line.strip().removeprefix("/").partition(" ")
    command = next((each for each in commands if each["name"] == word), None)
    if command is None:
        known = ", ".join(f"/{each['name']}" for each in commands) or "none yet"
        raise CommandRefused(f"There is no command /{word}; known are {known}.")
    declared = command.get("options") or []
    while declared and declared[0]["type"] in SUBCOMMANDS:
        step, _, rest = rest.strip().partition(" ")
        inner = next((each for each in declared if each["name"] == step), None)
        if inner is None:
            listed = ", ".join(each["name"] for each in declared)
            raise CommandRefused(f"/{word} goes on with one of {listed}.")
        word, declared = f"{word} {step}", inner.get("options") or []
    values = parse_values(rest, [each["name"] for each in declared])
    attachments = {each["name"] for each in declared if each["type"] == OptionType.ATTACHMENT}
    options = {name: value for name, value in values.items() if name not in attachments}
    files = {name: Path(value).expanduser() for name, value in values.items() if name in attachments}
    return TypedCommand(word, options, files)


def parse_values(text: str, names: list[str]) -> dict[str, str]:
    """Parse `prompt:a red apple quality:draft` into values by name. Colons after other words are text.

    Text before the first name is the value of `names[0]`.
    """
    parts = re.split(rf"(?:^|(?<=\s))({'|'.join(map(re.escape, names)) or '(?!)'}):", text)
    values = {name: value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True)}
    if parts[0].strip() and names:
        values.setdefault(names[0], parts[0].strip())
    return {name: value[1:-1] if re.fullmatch(r'".*"', value) else value for name, value in values.items()}


class Terminal:
    """Runs typed lines as one person at a time."""

    def __init__(self, sandbox: Sandbox, display: Display) -> None:
        self.sandbox = sandbox
        self.display = display
        self.user: User = sandbox.person("alice")
        self.direct = False
        self.opened: InteractionHandle | None = None  # the interaction whose response was the newest form

    @property
    def channel(self) -> Channel:
        return self.sandbox.dm(self.user) if self.direct else self.sandbox.channel

    async def run(self, line: str) -> InteractionHandle | None:
        """Run a line; returns the interaction that it started, if any. Raises `CommandRefused`."""
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if line.startswith("/"):
            typed = parse_command(line, self.sandbox.world.commands)
            return await self.sandbox.type_command(self.user, self.channel, typed.name, typed.options, typed.files)
        if word == "press" and rest:
            return await self.sandbox.press(self.user, self._message_with(rest), rest)
        if word == "choose" and rest:
            message, menu = self._newest_menu()
            return await self.sandbox.choose(self.user, message, menu, rest)
        if word == "menu" and rest:
            return await self.sandbox.use_menu(self.user, self._newest(), rest)
        if word == "fill":
            if self.opened is None or self.opened.modal is None:
                raise CommandRefused("The bot opened no form.")
            values = parse_values(rest, field_names(self.opened.modal))
            return await self.sandbox.submit(self.user, self.opened, values)
        person = re.fullmatch(r"(\w{1,32})( moderator)?", rest)
        if word == "as" and person is not None:
            self.user = self.sandbox.person(person[1])
            if person[2]:
                self.sandbox.guild.moderators.add(self.user.id)
        elif word == "react" and rest:
            self.sandbox.react(self.user, self._newest_picture(), rest)
        elif word == "in" and rest in ("dm", "guild"):
            self.direct = rest == "dm"
        else:
            self.display.say(HELP)
        return None

    def _visible_messages(self) -> list[Message]:
        """The messages that this person sees here, newest first."""
        return [each for each in reversed(self.sandbox.messages(self.channel)) if each.only_for in (None, self.user)]

    def _newest(self) -> Message:
        seen = self._visible_messages()
        if not seen:
            raise CommandRefused("There is no message here.")
        return seen[0]

    def _newest_menu(self) -> tuple[Message, str]:
        """The newest message with a menu, and the menu's custom_id."""
        for message in self._visible_messages():
            for each in walk(message.now.components):
                if each["type"] in SELECTS:
                    return message, each["custom_id"]
        raise CommandRefused("No message here has a menu.")

    def _message_with(self, button: str) -> Message:
        for message in self._visible_messages():
            if message.now.button(button) is not None:
                return message
        raise CommandRefused(f"No message here has a button {button}.")

    def _newest_picture(self) -> Message:
        for message in reversed(self.sandbox.messages(self.channel)):
            if message.only_for is None and message.now.file("*.png") is not None:
                return message
        raise CommandRefused("No message here has a picture.")

    async def follow(self, handle: InteractionHandle) -> None:
        """Wait until the response is finished. Raises `NoAnswer`."""
        await handle.answer()
        if handle.modal is not None:
            self.opened = handle
            self.display.say(f"{describe(handle.modal)}\nFill it in with fill, or let it be.")
        message = handle.message
        if message is None:
            return
        if handle.interaction.source is message:  # of a button under it, which may change it
            before = len(message.history)
            with contextlib.suppress(TimeoutError):
                await self.sandbox.until(lambda: message.deleted or len(message.history) > before, REACTION_SECONDS)
        await self.sandbox.until(lambda: message.deleted or finished(message.now), FOLLOW_SECONDS)


async def run_terminal(lines: TextIO, console: Console, folder: Path = FOLDER) -> int:
    """Run the bot on a new loopback Discord, and run `lines`. Returns the exit status."""
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)  # its jobs refer to messages of the last loopback Discord
    async with await Sandbox.start() as sandbox:
        display = display_for(console, sandbox.world)
        bot = await BotProcess.start(sandbox, data, folder / "bot.log")
        printing = asyncio.create_task(MessagePrinter(sandbox, display, Album(folder)).run())
        try:
            display.say(f"A Discord of your own is at {sandbox.url}; the bot is starting (its log: {bot.log}).")
            await bot.ready(sandbox, READY_SECONDS)
            display.say(HELP)
            await bot.while_running(_converse(Terminal(sandbox, display), lines, console))
        except BotFailed as error:
            console.print(str(error), markup=False, style="red")
            return 1
        finally:
            display.close()
            printing.cancel()
            await bot.stop()
    return 0


async def _converse(terminal: Terminal, lines: TextIO, console: Console) -> None:
    typed = _read_lines(lines)
    waiting: asyncio.Task[str | None] | None = None
    while True:
        if console.is_terminal:
            place = "dm" if terminal.direct else f"#{terminal.channel.name}"
            console.print(f"{terminal.user.name} {place}> ", end="", markup=False, highlight=False)
        line = await (waiting or asyncio.create_task(typed.get()))
        waiting = None
        if line is None or line.strip() in ("quit", "exit"):
            return
        if not line.strip():
            continue
        try:
            terminal.display.open()
            handle = await terminal.run(line.strip())
            if handle is None:
                continue
            following = asyncio.create_task(terminal.follow(handle))
            if console.is_terminal:  # a new line ends the wait; a script waits for the end
                waiting = asyncio.create_task(typed.get())
                await asyncio.wait({following, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    following.cancel()
                    continue
            await following
            await asyncio.sleep(0)  # let the printer show the final message
        except (CommandRefused, NoAnswer, TimeoutError) as refused:
            terminal.display.say(str(refused))
        finally:
            terminal.display.close()


def _read_lines(lines: TextIO) -> asyncio.Queue[str | None]:
    """A queue of the lines, read in a daemon thread; `None` at the end."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closed before the lines end
            for line in lines:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="lines", daemon=True).start()
    return queue


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP cancel the current task, so that it stops its child processes."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def main() -> None:
    """Entry point of `python -m bot sandbox`. Exits with 0, 1 (the bot failed) or 130 (interrupted)."""

    async def run() -> int:
        with ended_by_signals():
            return await run_terminal(sys.stdin, Console())

    try:
        status = asyncio.run(run())
    except asyncio.CancelledError:
        status = 130
    sys.exit(status)
