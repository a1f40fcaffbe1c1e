"""Showing messages in a terminal, as lines or as panels that are redrawn, and saving their files."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from bot.loopback.server import Sandbox
from bot.loopback.world import MENTION, Attachment, InteractionType, Message, Revision, World

PROGRESS: Final = "progress"  # prefix of the file names of previews


def finished(revision: Revision) -> bool:
    """Whether the message is final: not deferred, and without a button to cancel."""
    return not revision.loading and revision.button("cancel") is None


def words(revision: Revision, world: World) -> str:
    """The text of a message as people read it."""
    return readable("(thinking …)" if revision.loading else revision.text, world)


def readable(text: str, world: World) -> str:
    """Text with names for mentions, and without escapes and control characters."""

    def name(match: re.Match[str]) -> str:
        user = world.users.get(int(match[1]))
        return match[0] if user is None else f"@{user.name}"

    text = MENTION.sub(name, text)
    text = re.sub(r"\\([^\w\s])", r"\1", text).replace("\u200b", "")
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")


def title(message: Message) -> str:
    """What this message responds to, such as `alice: /art prompt:a red apple`."""
    answered = message.interaction
    if answered is None:
        people = ", ".join(each.name for each in message.channel.people if not each.bot)
        return f"to {people}" if people else f"in #{message.channel.name}"
    if answered.type is InteractionType.MODAL:
        return f"{answered.user.name} sent a form"
    if answered.type is not InteractionType.COMMAND:
        return f"{answered.user.name} pressed {answered.data.get('custom_id', 'a button')}"
    options = " ".join(f"{each['name']}:{each.get('value', '')}" for each in answered.data.get("options") or [])
    return f"{answered.user.name}: /{answered.data['name']} {options}".rstrip()


def _short_title(message: Message) -> str:
    """A shorter `title`."""
    answered = message.interaction
    if answered is None or answered.type is not InteractionType.COMMAND:
        return title(message)
    return f"{answered.user.name}'s /{answered.data['name']}"


class Album:
    """Saves the attachments of messages, each once, in files named after the message and its prompt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: dict[int, Path] = {}  # by attachment id
        self._progress: dict[int, int] = {}  # number of previews so far, by message id
        self._numbers: dict[int, int] = {}  # of the messages with files, by message id

    def save(self, message: Message, revision: Revision) -> list[Path]:
        """Save the attachments of a revision; returns their paths. Those saved before are not written again."""
        return [self._save(message, each) for each in revision.attachments]

    def of(self, message: Message) -> list[Path]:
        """The paths of the files of the newest revision."""
        return [self.paths[each.id] for each in message.now.attachments if each.id in self.paths]

    def _save(self, message: Message, attachment: Attachment) -> Path:
        if attachment.id not in self.paths:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / self._name(message, attachment)
            path.write_bytes(attachment.data)
            self.paths[attachment.id] = path
        return self.paths[attachment.id]

    def _name(self, message: Message, attachment: Attachment) -> str:
        number = self._numbers.setdefault(message.id, len(self._numbers) + 1)
        stem = f"{number}-{_slug(message)}"
        name = Path(attachment.filename)
        suffix = re.sub(r"[^.\w]", "", name.suffix)
        if label := re.search(r"-[a-z]+$", name.stem):  # atelier-5-native.png belongs to atelier-5.png
            suffix = label[0] + suffix
        if not attachment.filename.startswith(PROGRESS):
            return f"{stem}{suffix}"
        step = self._progress[message.id] = self._progress.get(message.id, 0) + 1
        return f"{stem}-{PROGRESS}-{step:02}{suffix}"


def _slug(message: Message) -> str:
    """The first words of the prompt, for a file name."""
    answered = message.interaction
    while (
        answered is not None and answered.type is not InteractionType.COMMAND
    ):  # back to the command that led to this press or form
        answered = answered.trigger or (answered.source.interaction if answered.source is not None else None)
    options = answered.data.get("options") or [] if answered is not None else []
    prompt = next((str(each["value"]) for each in options if each["name"] == "prompt"), "picture")
    return "-".join(re.findall(r"[a-z0-9]+", prompt.lower())[:5])[:40] or "picture"


class Display(Protocol):
    """Shows text and messages in the terminal; panels are redrawn between `open` and `close`."""

    def say(self, text: str) -> None: ...
    def show(self, message: Message, revision: Revision, paths: list[Path]) -> None: ...
    def open(self) -> None: ...
    def close(self) -> None: ...


class Lines:
    """A line for each revision of a message, for logs and pipes."""

    def __init__(self, console: Console, world: World) -> None:
        self._console = console
        self._world = world
        self._started = time.time()

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, message: Message, revision: Revision, paths: list[Path]) -> None:
        text = " · ".join(words(revision, self._world).splitlines())
        files = "".join(f" [{path}]" for path in paths)
        gone = " (deleted)" if message.deleted else ""
        self.say(f"{revision.time - self._started:6.1f} s  {_short_title(message)}{gone} → {text}{files}")

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""


class Panels:
    """A panel for each message, redrawn while open; while closed, only final messages are printed."""

    def __init__(self, console: Console, world: World) -> None:
        self._console = console
        self._world = world
        self._panels: dict[int, Panel] = {}
        self._live: Live | None = None

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False)

    def show(self, message: Message, revision: Revision, paths: list[Path]) -> None:
        panel = self._panel(message, revision, paths)
        if self._live is not None:
            self._panels[message.id] = panel
            self._live.update(Group(*self._panels.values()), refresh=True)
        elif finished(revision):
            self._console.print(panel)

    def open(self) -> None:
        if self._live is None:
            self._panels.clear()
            self._live = Live(Group(), console=self._console, auto_refresh=False, vertical_overflow="visible")
            self._live.start(refresh=True)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _panel(self, message: Message, revision: Revision, paths: list[Path]) -> Panel:
        text = Text(words(revision, self._world))
        for path in paths:
            text.append(f"\n{path}", style="cyan")
        labels = "  ".join(f"[ {each.label} ]" for each in revision.buttons)
        if labels:
            text.append(f"\n{labels}", style="bold")
        style = "red" if message.deleted else "green" if finished(revision) else "yellow"
        heading = title(message) + (" (deleted)" if message.deleted else "")
        return Panel(text, title=Text(heading[:100]), title_align="left", border_style=style)


class MessagePrinter:
    """Shows every revision of every message and saves its files."""

    def __init__(self, sandbox: Sandbox, display: Display, album: Album) -> None:
        self._sandbox = sandbox
        self._display = display
        self._album = album
        self._shown: dict[int, int] = {}  # number of revisions shown, by message id
        self._deleted: set[int] = set()

    async def run(self) -> None:
        """Show new revisions until cancelled."""
        while True:
            self.catch_up()
            await self._sandbox.world.changes.wait()

    def catch_up(self) -> None:
        """Show the revisions since the last call."""
        for message in list(self._sandbox.world.messages.values()):
            start = self._shown.get(message.id, 0)
            for revision in message.history[start:]:
                self._display.show(message, revision, self._album.save(message, revision))
            self._shown[message.id] = len(message.history)
            if message.deleted and message.id not in self._deleted:
                self._deleted.add(message.id)
                self._display.show(message, message.now, [])


def display_for(console: Console, world: World) -> Display:
    """Panels in a terminal, lines elsewhere."""
    return Panels(console, world) if console.is_terminal else Lines(console, world)
