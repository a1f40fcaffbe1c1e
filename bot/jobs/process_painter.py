"""`ProcessPainter`: a painter in a child process, `engine.service`, which is replaced when it hangs or dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import engine
from bot.jobs.painter import (
    Cancelled,
    Description,
    Order,
    OrderRefused,
    PainterDied,
    PainterInfo,
    PaintingFailed,
    Progress,
    Suspended,
)
from engine.errors import Message
from engine.service import protocol
from engine.service.protocol import Finished

log = logging.getLogger(__name__)

SLOW_STEPS: Final = 5  # of the longest steps so far must pass before a painting counts as hung
FILM_SECONDS: Final = 900.0  # timeout of filming; ffmpeg has its own in the child, this is in case that fails
CLOSE_SECONDS: Final = 30.0  # for the running step and the checkpoint
DESCRIBED_THINGS: Final = 5  # at most
_LONGEST_LINE: Final = 2000  # characters of a line of the child's log
_SECRETS: Final = ("DISCORD_TOKEN",)  # kept from a process that decodes untrusted files


class ProcessPainter:
    """A painter in a child process.

    patience: seconds without a step, or without any message, after which the child is killed; more for paintings with
    long steps. start_patience: seconds for loading the models, and for preparing a painting's first step.
    command: run instead of `engine.service`.
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
        default = (sys.executable, "-m", "engine.service", "--models", models, "--device", device)
        self._command = tuple(command or default)
        self._patience = patience
        self._start_patience = start_patience
        self._orders = itertools.count(1)
        self._starting = asyncio.Lock()
        self._child: _Child | None = None
        self._info: PainterInfo | None = None
        self._current: int | None = None
        self._control: protocol.Message | None = None  # Cancel or Suspend, for the current order
        self._closed = False

    async def start(self) -> PainterInfo:
        async with self._starting:
            if self._closed:
                raise PainterDied(Message("The painter was closed."))
            if self._child is not None and self._child.running and self._info is not None:
                return self._info
            await self._end_child()
            self._child = await _Child.spawn(self._command)
            try:
                self._info = await self._wait_until_ready(self._child)
            except BaseException:
                await self._end_child()
                raise
            return self._info

    async def paint(self, order: Order) -> AsyncGenerator[Progress | Finished | Suspended, None]:
        if self._current is not None:
            raise RuntimeError("a painter paints one order at a time")
        number = self._current = next(self._orders)
        self._control = None
        ended = False
        try:
            await self.start()
            child = self._child
            assert child is not None
            await child.send(_paint_message(number, order))
            if self._control is not None:  # requested while the child was starting
                await child.send(self._control)
            watchdog = _Watchdog(self._patience, self._start_patience)
            while not ended:
                message = await self._next_message(child, watchdog, number)
                ended = not isinstance(message, protocol.Step)
                yield _event_of(message)
        except PainterDied:
            ended = True
            await self._end_child()
            if isinstance(self._control, protocol.Cancel):
                raise Cancelled from None
            raise
        finally:
            self._current = None
            # The consumer has stopped iterating. A requested suspension still has to write its checkpoint.
            if not ended and self._child is not None and not isinstance(self._control, protocol.Suspend):
                self._child.send_nowait(protocol.Cancel(number))

    async def describe(self, image: Path) -> Description:
        await self.start()
        child = self._child
        assert child is not None
        number = next(self._orders)
        return _description_of(await child.ask(_describe_message(number, image), number))

    async def cancel(self) -> None:
        if self._current is not None:
            self._send_control(protocol.Cancel(self._current))

    async def suspend(self) -> None:
        if self._current is not None and not isinstance(self._control, protocol.Cancel):
            self._send_control(protocol.Suspend(self._current))

    async def close(self) -> None:
        self._closed = True
        child = self._child
        if child is not None:
            child.send_nowait(protocol.Quit())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), CLOSE_SECONDS)
        await self._end_child()

    def _send_control(self, message: protocol.Message) -> None:
        self._control = message
        if self._child is not None and self._info is not None:
            self._child.send_nowait(message)

    async def _wait_until_ready(self, child: _Child) -> PainterInfo:
        deadline = time.monotonic() + self._start_patience
        while True:
            match await child.next_message(deadline - time.monotonic()):
                case protocol.Ready(family, device, describe):
                    log.info("painter %d: %s", child.pid, describe)
                    return PainterInfo(family, device)
                case protocol.Failed(_, sentence):
                    raise PainterDied(sentence)
                case None:
                    raise PainterDied(
                        Message(
                            "The painter was not ready within {seconds} seconds.", seconds=f"{self._start_patience:g}"
                        )
                    )

    async def _next_message(self, child: _Child, watchdog: _Watchdog, number: int) -> protocol.Message:
        """The next message about this order, without `Alive`. Raises `PainterDied` if the painter hangs."""
        while True:
            message = await child.next_message(watchdog.seconds_left(child))
            if message is None:
                if watchdog.seconds_left(child) > 0:
                    continue
                log.error("painter %d: hung while %s, killed", child.pid, watchdog.phase)
                raise PainterDied(Message("The painter hung and was stopped."))
            if isinstance(message, protocol.Alive):
                watchdog.enter(message.phase)
            elif getattr(message, "order", None) == number:
                if isinstance(message, protocol.Step):
                    watchdog.step(message)
                return message

    async def _end_child(self) -> None:
        child, self._child, self._info = self._child, None, None
        if child is not None:
            await child.kill()


class _Watchdog:
    """Decides how long to wait for a painting's next message before it counts as hung."""

    def __init__(self, patience: float, start_patience: float) -> None:
        self.phase = "preparing"
        self._patience = patience
        self._start_patience = start_patience
        self._since = time.monotonic()  # the last step, or the beginning of the phase
        self._last: protocol.Step | None = None
        self._longest_step = 0.0  # seconds

    def enter(self, phase: str) -> None:
        """Note the phase of an `Alive` message; only filming has a timeout of its own."""
        if phase == "filming" != self.phase:
            self.phase, self._since = phase, time.monotonic()

    def step(self, step: protocol.Step) -> None:
        """Note progress. Steps are timed by the child's clock, because this process may read its messages late."""
        if self._last is not None and step.step > self._last.step:
            seconds = (step.elapsed - self._last.elapsed) / (step.step - self._last.step)
            self._longest_step = max(self._longest_step, seconds)
            self.phase = "painting"  # now the duration of a step is known
        self._last = step
        self._since = time.monotonic()

    def seconds_left(self, child: _Child) -> float:
        """Seconds until the painting counts as hung; none are left if negative."""
        allowed = {
            "preparing": self._start_patience,
            "painting": max(self._patience, SLOW_STEPS * self._longest_step),
            "filming": FILM_SECONDS,
        }[self.phase]
        now = time.monotonic()
        return min(self._since + allowed - now, child.last_message_at + self._patience - now)


class _Child:
    """A child process: reads its messages, forwards its log, and sends it messages."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._messages: deque[protocol.Message] = deque()
        self._answers: dict[int, asyncio.Future[protocol.Message]] = {}  # to `ask`, by order number
        self._arrived = asyncio.Event()
        self._ended = False
        self.last_message_at = time.monotonic()
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
            reason = error.strerror or str(error)
            raise PainterDied(Message("The painter process did not start: {reason}.", reason=reason)) from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None and not self._ended

    async def send(self, message: protocol.Message) -> None:
        """Send a message. Raises `PainterDied`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(protocol.pack(message))
            await self._process.stdin.drain()
        except OSError as error:
            raise PainterDied(Message("The painter ended unexpectedly.")) from error

    async def ask(self, request: protocol.Message, order: int) -> protocol.Message:
        """Send a request and return the answer to this order, which must not be a painting's. Raises `PainterDied`."""
        answer: asyncio.Future[protocol.Message] = asyncio.get_running_loop().create_future()
        self._answers[order] = answer
        try:
            await self.send(request)
            if self._ended:
                raise PainterDied(Message("The painter ended unexpectedly."))
            return await answer
        finally:
            del self._answers[order]

    def send_nowait(self, message: protocol.Message) -> None:
        """Send without waiting; does nothing if the process has ended."""
        assert self._process.stdin is not None
        if self.running and not self._process.stdin.is_closing():
            with contextlib.suppress(OSError):
                self._process.stdin.write(protocol.pack(message))

    async def next_message(self, patience: float) -> protocol.Message | None:
        """The next message, or None after `patience` seconds. Raises `PainterDied` if the process has ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.05, patience)):  # messages already in the pipe are read in any case
                while not self._messages and not self._ended:
                    self._arrived.clear()
                    await self._arrived.wait()
        if self._messages:
            return self._messages.popleft()
        if self._ended:
            raise PainterDied(Message("The painter ended unexpectedly."))
        return None

    async def wait(self) -> None:
        await self._process.wait()

    async def kill(self) -> None:
        """Kill the process, if it is running, and wait for it and its pipes."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        for reader in self._readers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader, 1.0)  # a grandchild may keep the pipes open for a while
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def _read_messages(self) -> None:
        assert self._process.stdout is not None
        try:
            while (message := await protocol.receive(self._process.stdout)) is not None:
                self.last_message_at = time.monotonic()
                self._enqueue(message)
        except (protocol.ProtocolError, OSError) as error:
            log.error("painter %d: %s", self.pid, error)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        finally:
            self._ended = True
            self._arrived.set()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(PainterDied(Message("The painter ended unexpectedly.")))

    def _enqueue(self, message: protocol.Message) -> None:
        """Queue a message, in place of progress that was not read yet, so that a slow reader never falls behind."""
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
                self._log_line(line)
            rest = "" if len(rest) > _LONGEST_LINE else rest
        self._log_line(rest)

    def _log_line(self, line: str) -> None:
        if line.strip():
            log.info("painter %d: %s", self.pid, line.rstrip()[:_LONGEST_LINE])


def _environment() -> dict[str, str]:
    """This process's environment, without secrets, and with a PYTHONPATH that finds the same `engine`."""
    environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    root = str(Path(engine.__file__).parent.parent)
    paths = [root, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    return environment | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def _paint_message(number: int, order: Order) -> protocol.Paint:
    images = {digest: str(path.absolute()) for digest, path in order.images.items()}
    return protocol.Paint(number, order.job_id, order.spec.to_json(), str(order.folder.absolute()), images)


def _describe_message(number: int, image: Path) -> protocol.Describe:
    return protocol.Describe(number, str(image.absolute()), DESCRIBED_THINGS)


def _description_of(message: protocol.Message) -> Description:
    """The description in an answer. Raises `OrderRefused`, `PaintingFailed` or `PainterDied`."""
    match message:
        case protocol.Described():
            things, colours, style = map(tuple, (message.things, message.colours, message.style))
            return Description(things, message.sure, colours, style, message.prompt)
        case protocol.Refused():
            raise OrderRefused(message.sentence)
        case protocol.Failed():
            raise PaintingFailed(message.sentence)
        case _:
            raise PainterDied(Message("The painter said something that makes no sense."))


def _event_of(message: protocol.Message) -> Progress | Finished | Suspended:
    """The event in a message. Raises `Cancelled`, `OrderRefused`, `PaintingFailed` or `PainterDied`."""
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
            return message.finished
        case protocol.Suspended():
            return Suspended(message.step)
        case protocol.Cancelled():
            raise Cancelled
        case protocol.Refused():
            raise OrderRefused(message.sentence)
        case protocol.Failed():
            raise PaintingFailed(message.sentence)
        case _:
            raise PainterDied(Message("The painter said something that makes no sense."))
