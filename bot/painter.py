"""The painter as the bot sees it: something that takes an order and tells how it goes.

`ProcessPainter` is the other end of `engine.service`: a child process that holds the models, killed and replaced when
it hangs or dies. Nothing here imports torch.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import engine
from engine import protocol
from engine.spec import ArtSpec

log = logging.getLogger(__name__)

SLOW_STEPS: Final = 5  # a painting counts as hung only after so many of its longest steps
FILM_SECONDS: Final = 900.0  # ffmpeg is watched by the painter itself; this is for a painter that lost track of it
CLOSE_SECONDS: Final = 30.0  # for the step that runs and the checkpoint
MOST_SEEN: Final = 8  # words of each kind in a description
_LONGEST_LINE: Final = 2000  # characters of the painter's log
_SECRETS: Final = ("DISCORD_TOKEN",)  # of no concern to a process that opens files from people


class OrderRefused(Exception):
    """The order is at fault; `str(error)` is a sentence for the one who gave it."""


class PaintingFailed(Exception):
    """The painting went wrong, and would again; `str(error)` is a sentence for the one who ordered it."""


class PainterDied(Exception):
    """The painter ended, hung or did not start; the order may be given again. `str(error)` is a sentence."""


class Cancelled(Exception):
    """The order was cancelled by `cancel()`."""


@dataclass(frozen=True, slots=True)
class Order:
    job_id: int
    spec: ArtSpec
    folder: Path  # of this job alone: holds the checkpoint, the film's parts and the results
    images: dict[str, Path]  # SHA-256 → file


@dataclass(frozen=True, slots=True)
class Progress:
    step: int
    total: int
    loss: float
    elapsed: float  # seconds of work, those before an interruption included
    remaining: float  # seconds, estimated
    preview: bytes | None  # WebP of 512 pixels at most, the newest one; None where there is none newer than told
    notes: tuple[str, ...]  # sentences for the person


@dataclass(frozen=True, slots=True)
class Finished:
    image: Path  # PNG
    films: dict[str, Path]  # "mp4" and "gif" → file, as far as asked for and possible
    extras: dict[str, Path]  # what belongs beside the PNG → file: "svg", "native.png", and "1.png" … of a grid
    seed: int
    width: int
    height: int
    iterations: int
    seconds: float
    loss: float
    clip_score: float  # 100 · cosine of picture and words
    notes: tuple[str, ...]  # sentences for the person
    models: str


@dataclass(frozen=True, slots=True)
class Suspended:
    """A checkpoint is on disk; an order with the same spec and folder goes on from there."""

    step: int


@dataclass(frozen=True, slots=True)
class PainterInfo:
    family: str
    device: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a painter sees in a picture: words with their share of the certainty, 0 … 1, the best first."""

    things: tuple[tuple[str, float], ...]
    modifiers: tuple[tuple[str, float], ...]


class Painter(Protocol):
    """Paints one order at a time."""

    async def start(self) -> PainterInfo:
        """Be ready to paint; harmless when it is. Raises `PainterDied`."""

    def paint(self, order: Order) -> AsyncIterator[Progress | Finished | Suspended]:
        """How the painting goes, newest state only; ends after `Finished` or `Suspended`.

        Raises `OrderRefused`, `PaintingFailed`, `PainterDied` or `Cancelled`.
        """

    async def describe(self, image: Path) -> Seen:
        """What is seen in a picture; it waits for a painting that is being made.

        Raises `OrderRefused`, `PaintingFailed` or `PainterDied`.
        """

    async def cancel(self) -> None:
        """The running order ends with `Cancelled` within a step."""

    async def suspend(self) -> None:
        """The running order ends with `Suspended` within a step."""

    async def close(self) -> None:
        """Suspend what is running and end."""


class ProcessPainter:
    """A painter in a child process.

    patience: seconds that a painting may make no step, or the process show no life, before it is killed; paintings
    with long steps get more. start_patience: seconds for starting, and for making ready for a painting's first step.
    command: what to run instead of `engine.service`.
    """

    def __init__(
        self,
        models: str = "auto",
        device: str = "auto",
        patience: float = 60.0,
        start_patience: float = 180.0,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        own = (sys.executable, "-m", "engine.service", "--models", models, "--device", device)
        self._command = tuple(command or own)
        self._patience = patience
        self._start_patience = start_patience
        self._orders = itertools.count(1)
        self._starting = asyncio.Lock()
        self._child: _Child | None = None
        self._info: PainterInfo | None = None
        self._current: int | None = None
        self._wish: protocol.Message | None = None  # about the current order
        self._closed = False

    async def start(self) -> PainterInfo:
        async with self._starting:
            if self._closed:
                raise PainterDied("The painter was closed.")
            if self._child is not None and self._child.running and self._info is not None:
                return self._info
            await self._end_child()
            self._child = await _Child.spawn(self._command)
            try:
                self._info = await self._ready(self._child)
            except BaseException:
                await self._end_child()
                raise
            return self._info

    async def paint(self, order: Order) -> AsyncGenerator[Progress | Finished | Suspended, None]:
        if self._current is not None:
            raise RuntimeError("a painter paints one order at a time")
        number = self._current = next(self._orders)
        self._wish = None
        ended = False
        try:
            await self.start()
            child = self._child
            assert child is not None
            await child.send(_command_for(number, order))
            if self._wish is not None:  # wished while the painter was starting
                await child.send(self._wish)
            watch = _Watch(self._patience, self._start_patience)
            while not ended:
                message = await self._next(child, watch, number)
                ended = not isinstance(message, protocol.Step)
                yield _told(message)
        except PainterDied:
            ended = True
            await self._end_child()
            if isinstance(self._wish, protocol.Cancel):
                raise Cancelled from None
            raise
        finally:
            self._current = None
            # Nobody listens any more. Who asked for a suspension wants the checkpoint even so.
            if not ended and self._child is not None and not isinstance(self._wish, protocol.Suspend):
                self._child.try_to_send(protocol.Cancel(number))

    async def describe(self, image: Path) -> Seen:
        await self.start()
        child = self._child
        assert child is not None
        number = next(self._orders)
        return _seen(await child.ask(_question_for(number, image), number))

    async def cancel(self) -> None:
        if self._current is not None:
            self._make(protocol.Cancel(self._current))

    async def suspend(self) -> None:
        if self._current is not None and not isinstance(self._wish, protocol.Cancel):
            self._make(protocol.Suspend(self._current))

    async def close(self) -> None:
        self._closed = True
        child = self._child
        if child is not None:
            child.try_to_send(protocol.Quit())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), CLOSE_SECONDS)
        await self._end_child()

    def _make(self, wish: protocol.Message) -> None:
        self._wish = wish
        if self._child is not None and self._info is not None:
            self._child.try_to_send(wish)

    async def _ready(self, child: _Child) -> PainterInfo:
        deadline = time.monotonic() + self._start_patience
        while True:
            match await child.next_message(deadline - time.monotonic()):
                case protocol.Ready(family, device, describe):
                    log.info("painter %d: %s", child.pid, describe)
                    return PainterInfo(family, device)
                case protocol.Failed(_, sentence):
                    raise PainterDied(sentence)
                case None:
                    raise PainterDied(f"The painter was not ready within {self._start_patience:g} seconds.")

    async def _next(self, child: _Child, watch: _Watch, number: int) -> protocol.Message:
        """The next message about this order, `Alive` ones aside. Raises `PainterDied` when the painter hangs."""
        while True:
            message = await child.next_message(watch.seconds_left(child))
            if message is None:
                if watch.seconds_left(child) > 0:
                    continue
                log.error("painter %d: hung while %s, killed", child.pid, watch.phase)
                raise PainterDied("The painter hung and was stopped.")
            if isinstance(message, protocol.Alive):
                watch.enter(message.phase)
            elif getattr(message, "order", None) == number:
                if isinstance(message, protocol.Step):
                    watch.note(message)
                return message

    async def _end_child(self) -> None:
        child, self._child, self._info = self._child, None, None
        if child is not None:
            await child.kill()


class _Watch:
    """How long to wait for a painting: as long as it moves, and no longer."""

    def __init__(self, patience: float, start_patience: float) -> None:
        self.phase = "preparing"
        self._patience = patience
        self._start_patience = start_patience
        self._since = time.monotonic()  # of the last step, or of the phase
        self._last: protocol.Step | None = None
        self._longest_step = 0.0  # seconds

    def enter(self, phase: str) -> None:
        if phase == "filming" != self.phase:
            self.phase, self._since = phase, time.monotonic()

    def note(self, step: protocol.Step) -> None:
        """Steps were made; how long they took is read off the painter's clock, for the reader may have been away."""
        if self._last is not None and step.step > self._last.step:
            seconds = (step.elapsed - self._last.elapsed) / (step.step - self._last.step)
            self._longest_step = max(self._longest_step, seconds)
            self.phase = "painting"  # from now on it is known how long a step takes
        self._last = step
        self._since = time.monotonic()

    def seconds_left(self, child: _Child) -> float:
        allowed = {
            "preparing": self._start_patience,
            "painting": max(self._patience, SLOW_STEPS * self._longest_step),
            "filming": FILM_SECONDS,
        }[self.phase]
        now = time.monotonic()
        return min(self._since + allowed - now, child.heard_at + self._patience - now)


class _Child:
    """One painter process: its pipes are always read, its log is passed on, and it is always waited for."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._messages: deque[protocol.Message] = deque()
        self._answers: dict[int, asyncio.Future[protocol.Message]] = {}  # to questions beside the painting, by order
        self._arrived = asyncio.Event()
        self._ended = False
        self.heard_at = time.monotonic()
        self._readers = [asyncio.create_task(self._read_messages()), asyncio.create_task(self._read_log())]

    @classmethod
    async def spawn(cls, command: Sequence[str]) -> _Child:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for the bot, which suspends the painting first
            )
        except OSError as error:
            raise PainterDied(f"The painter process did not start: {error.strerror or error}.") from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None and not self._ended

    async def send(self, message: protocol.Message) -> None:
        """Raises `PainterDied`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(protocol.pack(message))
            await self._process.stdin.drain()
        except OSError as error:
            raise PainterDied("The painter ended unexpectedly.") from error

    async def ask(self, question: protocol.Message, order: int) -> protocol.Message:
        """Send and wait for what is said about this order, which no painting has. Raises `PainterDied`."""
        answer: asyncio.Future[protocol.Message] = asyncio.get_running_loop().create_future()
        self._answers[order] = answer
        try:
            await self.send(question)
            if self._ended:
                raise PainterDied("The painter ended unexpectedly.")
            return await answer
        finally:
            del self._answers[order]

    def try_to_send(self, message: protocol.Message) -> None:
        """Send without waiting for a process that may be gone or not be reading."""
        assert self._process.stdin is not None
        if self.running and not self._process.stdin.is_closing():
            with contextlib.suppress(OSError):
                self._process.stdin.write(protocol.pack(message))

    async def next_message(self, patience: float) -> protocol.Message | None:
        """The next message, or None after `patience` seconds. Raises `PainterDied` when there will be none."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.05, patience)):  # what already lies in the pipe is read in any case
                while not self._messages and not self._ended:
                    self._arrived.clear()
                    await self._arrived.wait()
        if self._messages:
            return self._messages.popleft()
        if self._ended:
            raise PainterDied("The painter ended unexpectedly.")
        return None

    async def wait(self) -> None:
        await self._process.wait()

    async def kill(self) -> None:
        """End it at once, if it has not ended, and wait until nothing of it is left."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        for reader in self._readers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader, 1.0)  # a grandchild may hold the pipes open for a while
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def _read_messages(self) -> None:
        assert self._process.stdout is not None
        try:
            while (message := await protocol.receive(self._process.stdout)) is not None:
                self.heard_at = time.monotonic()
                self._put(message)
        except (protocol.ProtocolError, OSError) as error:
            log.error("painter %d: %s", self.pid, error)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        finally:
            self._ended = True
            self._arrived.set()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(PainterDied("The painter ended unexpectedly."))

    def _put(self, message: protocol.Message) -> None:
        """Newest wins: progress that nobody read yet is replaced, so that a slow reader never falls behind."""
        answer = self._answers.get(getattr(message, "order", 0))
        if answer is not None:
            if not answer.done():
                answer.set_result(message)
            return
        if isinstance(message, protocol.Step):
            for older in [each for each in self._messages if isinstance(each, protocol.Step | protocol.Alive)]:
                self._messages.remove(older)
                if isinstance(older, protocol.Step) and older.order == message.order and not message.payload:
                    message = replace(message, payload=older.payload)
        elif isinstance(message, protocol.Alive):
            self._messages = deque(each for each in self._messages if not isinstance(each, protocol.Alive))
        self._messages.append(message)
        self._arrived.set()

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        rest = ""
        while block := await self._process.stderr.read(4096):
            *lines, rest = (rest + block.decode("utf-8", "replace")).replace("\r", "\n").split("\n")
            for line in (*lines, *((rest,) if len(rest) > _LONGEST_LINE else ())):
                self._pass_on(line)
            rest = "" if len(rest) > _LONGEST_LINE else rest
        self._pass_on(rest)

    def _pass_on(self, line: str) -> None:
        if line.strip():
            log.info("painter %d: %s", self.pid, line.rstrip()[:_LONGEST_LINE])


def _environment() -> dict[str, str]:
    """The bot's own, without its secrets, and so that the same `engine` is found from any folder."""
    environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    root = str(Path(engine.__file__).parent.parent)
    paths = [root, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    return environment | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def _command_for(number: int, order: Order) -> protocol.Paint:
    images = {digest: str(path.absolute()) for digest, path in order.images.items()}
    return protocol.Paint(number, order.job_id, order.spec.to_json(), str(order.folder.absolute()), images)


def _question_for(number: int, image: Path) -> protocol.Describe:
    return protocol.Describe(number, str(image.absolute()), MOST_SEEN)


def _seen(message: protocol.Message) -> Seen:
    """What a painter said about a picture that it was to describe."""
    match message:
        case protocol.Described():
            return Seen(tuple(message.things.items()), tuple(message.modifiers.items()))
        case protocol.Refused():
            raise OrderRefused(message.sentence)
        case protocol.Failed():
            raise PaintingFailed(message.sentence)
        case _:
            raise PainterDied("The painter said something that makes no sense.")


def _told(message: protocol.Message) -> Progress | Finished | Suspended:
    """What a message of the painter is to the bot; the ends that are no result are raised."""
    match message:
        case protocol.Step():
            return Progress(
                step=message.step,
                total=message.total,
                loss=message.loss,
                elapsed=message.elapsed,
                remaining=message.remaining,
                preview=message.payload or None,
                notes=tuple(message.notes),
            )
        case protocol.Done():
            return Finished(
                image=Path(message.image),
                films={name: Path(path) for name, path in message.films.items()},
                extras={name: Path(path) for name, path in message.extras.items()},
                seed=message.seed,
                width=message.width,
                height=message.height,
                iterations=message.iterations,
                seconds=message.seconds,
                loss=message.loss,
                clip_score=message.clip_score,
                notes=tuple(message.notes),
                models=message.models,
            )
        case protocol.Suspended():
            return Suspended(message.step)
        case protocol.Cancelled():
            raise Cancelled
        case protocol.Refused():
            raise OrderRefused(message.sentence)
        case protocol.Failed():
            raise PaintingFailed(message.sentence)
        case _:
            raise PainterDied("The painter said something that makes no sense.")
