"""The painter process: keeps the models loaded and paints the gateway process's orders.

    python -m engine.service --models auto --device auto

Speaks `engine.service.protocol` on standard input and output. At the end of its input, when the gateway is gone, it
saves a checkpoint of the current painting and exits. The log has the numbers of jobs, never prompts.
"""

from __future__ import annotations

import argparse
import enum
import logging
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from PIL import Image

from engine import errors
from engine.errors import AtelierError, InputError
from engine.images.pictures import open_picture, preview
from engine.service.protocol import (
    Alive,
    Cancel,
    Cancelled,
    Describe,
    Described,
    Done,
    Failed,
    Message,
    Paint,
    ProtocolError,
    Quit,
    Ready,
    Refused,
    Step,
    Suspend,
    Suspended,
    pack,
    read,
)
from engine.service.session import Paint as PaintFunction
from engine.service.session import Session
from engine.spec.artspec import ArtSpec
from engine.spec.presets import PRESETS

if TYPE_CHECKING:
    from engine.models.describe import Describer, Description
    from engine.registry import Models

log = logging.getLogger(__name__)

ALIVE_SECONDS: Final = 2.0
STEP_SECONDS: Final = 0.2  # at least, between two reports of progress without a preview
NICENESS: Final = 10  # the gateway process has to answer Discord within three seconds
GRACE_SECONDS: Final = 20.0  # for the current step and the checkpoint when the gateway is gone
_UNEXPECTED: Final = errors.Message(
    "The painting failed for a reason that the painter did not expect; the log of the bot says more."
)
_OUT_OF_MEMORY: Final = errors.Message("The painter ran out of memory: try a smaller size or a lower quality.")

DescribeFunction = Callable[[Image.Image, "Models", int], "Description"]


class Control(enum.Enum):
    """A command for the current painting."""

    CANCEL = enum.auto()
    SUSPEND = enum.auto()


class Service:
    """The painter: one thread reads commands, one sends heartbeats, and the calling thread paints."""

    def __init__(
        self,
        commands: BinaryIO,
        events: BinaryIO,
        *,
        paint: PaintFunction | None = None,
        describe: DescribeFunction | None = None,
        preview_seconds: float = 1.5,
        checkpoint_seconds: float = 10.0,
        alive_seconds: float = ALIVE_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._commands = commands
        self._events = events
        self._paint = paint
        self._describe = describe or CachedDescriber()
        self._preview_seconds = preview_seconds
        self._checkpoint_seconds = checkpoint_seconds
        self._alive_seconds = alive_seconds
        self._grace_seconds = grace_seconds
        self._send_lock = threading.Lock()
        self._orders: queue.SimpleQueue[Paint | Describe | None] = queue.SimpleQueue()  # put by a signal handler too
        self._controls: dict[int, Control] = {}
        self._exiting = threading.Event()
        self._phase = "loading"

    def run(self, load: Callable[[], Models]) -> int:
        """Serve until `Quit` or the end of the input. Returns the exit status."""
        for target in (self._read_commands, self._send_heartbeats):
            threading.Thread(target=target, name=target.__name__.strip("_"), daemon=True).start()
        try:
            models = load()
        except Exception as error:  # anything that fails here is reported, and ends the process
            self._send(Failed(0, _message_for(error)))
            log.error("the models did not load: %s", _log_text(error))
            return 1
        self._phase = "idle"
        self._send(Ready(models.family, str(models.device), models.describe()))
        while (order := self._orders.get()) is not None:
            self._send(
                self._paint_job(order, models) if isinstance(order, Paint) else self._describe_picture(order, models)
            )
            self._controls.pop(order.order, None)
            self._phase = "idle"
        return 0

    def suspend_and_exit(self) -> None:
        """Save a checkpoint of the current painting, report it, and exit; after `grace_seconds` by force."""
        self._exiting.set()
        self._orders.put(None)
        timer = threading.Timer(self._grace_seconds, os._exit, (1,))
        timer.daemon = True
        timer.start()

    def _paint_job(self, order: Paint, models: Models) -> Message:
        """Paint one job. Returns the final event; no exception of a painting ends the process."""
        log.info("job %d: painting", order.job)
        self._phase = "preparing"
        try:
            spec = ArtSpec.from_json(order.spec)
            images = {digest: Path(path) for digest, path in order.images.items()}
            with Session(spec, models, Path(order.folder), images, paint=self._paint) as session:
                event = self._run_session(order, session)
        except InputError as error:
            event = Refused(order.order, error.message)
        except Exception as error:
            event = Failed(order.order, _message_for(error))
            log.error("job %d: %s", order.job, _log_text(error))
        log.info("job %d: %s", order.job, type(event).__name__.lower())
        return event

    def _describe_picture(self, order: Describe, models: Models) -> Message:
        """Describe a picture. Returns the final event."""
        self._phase = "looking"
        try:
            description = self._describe(open_picture(Path(order.image)), models, order.most)
        except InputError as error:
            return Refused(order.order, error.message)
        except Exception as error:
            log.error("a picture could not be described: %s", _log_text(error))
            return Failed(order.order, _message_for(error))
        things, colours, style = map(list, (description.said, description.colours, description.style))
        return Described(order.order, things, description.sure, colours, style, description.prompt)

    def _run_session(self, order: Paint, session: Session) -> Message:
        """Paint to the end or to a command, with progress, previews and checkpoints on the way."""
        started = previewed = saved = reported = time.monotonic()
        previewed -= self._preview_seconds  # the first preview is sent at once
        snapshots = session.snapshots()
        for snapshot in snapshots:
            control = self._control(order.order)
            if control is Control.CANCEL:
                return Cancelled(order.order)
            if control is Control.SUSPEND:
                session.save(pause=True)
                return Suspended(order.order, snapshot.step)
            if session.seconds_a_step is None and not snapshot.finished:
                continue  # until the first step is done, models and kernels warm up
            self._phase = "painting"
            now = time.monotonic()
            due = now - previewed >= self._preview_seconds
            if due or now - reported >= STEP_SECONDS or (session.seconds_a_step or 0) >= STEP_SECONDS:
                reported, previewed = now, now if due else previewed
                self._send(_step(order.order, session, snapshot.step, snapshot.total, with_preview=due))
            if now - saved >= self._checkpoint_seconds:
                session.save()
                saved = time.monotonic()
        self._phase = "filming"
        log.info("job %d: painted in %.1f s", order.job, time.monotonic() - started)
        return Done(order.order, session.finish())

    def _control(self, order: int) -> Control | None:
        return self._controls.get(order) or (Control.SUSPEND if self._exiting.is_set() else None)

    def _read_commands(self) -> None:
        try:
            while (command := read(self._commands)) is not None:
                match command:
                    case Paint() | Describe():
                        self._orders.put(command)
                    case Cancel():
                        self._controls[command.order] = Control.CANCEL
                    case Suspend():
                        self._controls.setdefault(command.order, Control.SUSPEND)
                    case Quit():
                        break
                    case _:
                        raise ProtocolError(f"{type(command).__name__} is no command")
        except (ProtocolError, OSError) as error:
            log.error("the commands cannot be read: %s", error)
        self.suspend_and_exit()

    def _send_heartbeats(self) -> None:
        self._send(Alive(self._phase))
        while not self._exiting.wait(self._alive_seconds):
            self._send(Alive(self._phase))

    def _send(self, message: Message) -> None:
        """Send an event. Errors are ignored: `_read_commands` notices when the gateway is gone."""
        try:
            with self._send_lock:
                self._events.write(pack(message))
                self._events.flush()
        except (OSError, ValueError):
            return


class CachedDescriber:
    """Describes pictures with the smallest of the models' perceptors; the words are embedded only once."""

    def __init__(self) -> None:
        self._describer: Describer | None = None

    def __call__(self, image: Image.Image, models: Models, most: int) -> Description:
        from engine.models.describe import Describer

        if self._describer is None:
            self._describer = Describer(models.perceptor(PRESETS[models.family]["draft"].perceptors[0]))
        return self._describer.describe(image, most)


def _step(order: int, session: Session, step: int, total: int, *, with_preview: bool) -> Step:
    payload = preview(session.picture()) if with_preview else b""
    notes = list(session.notes)
    return Step(order, step, total, session.loss, session.elapsed, session.remaining, notes, payload)


def _message_for(error: Exception) -> errors.Message:
    """The message to the user."""
    if isinstance(error, AtelierError):
        return error.message
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return errors.Message("The painter cannot use its folder: {reason}.", reason=reason)
    # By name, to not import torch; its CPU allocator raises a plain RuntimeError.
    out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return _OUT_OF_MEMORY if out_of_memory or "not enough memory" in str(error) else _UNEXPECTED


def _log_text(error: Exception) -> str:
    """The log entry: class, reason and traceback. Without the reason of our own errors, which may quote a prompt."""
    reason = "" if isinstance(error, AtelierError) else f": {error}"
    return f"{type(error).__name__}{reason}\n{''.join(traceback.format_tb(error.__traceback__))}"


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Reserve standard input and output for the protocol: (commands, events).

    Afterwards `print` writes to standard error, and standard input is empty.
    """
    commands, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    # Unbuffered: a thread that waits for a command must not hold a lock that the interpreter needs to exit.
    return os.fdopen(commands, "rb", buffering=0), os.fdopen(events, "wb")


def serve(load: Callable[[], Models], *, niceness: int = NICENESS, **options: Any) -> int:
    """Run the painter on standard input and output; `options` are those of `Service`. Returns the exit status."""
    commands, events = claim_pipes()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s", force=True)
    service = Service(commands, events, **options)
    # Ctrl-C in a terminal reaches the whole process group, but it is the gateway that shuts the painter down.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: service.suspend_and_exit())
    os.nice(niceness)
    return service.run(load)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.service", description="The painter process of the bot.")
    parser.add_argument("--models", choices=("auto", "mini", "full"), default="auto")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--preview-seconds", type=float, default=1.5)
    parser.add_argument("--checkpoint-seconds", type=float, default=10.0)
    arguments = parser.parse_args()

    def load() -> Models:
        from engine.registry import load_models

        return load_models(arguments.models, arguments.device)

    return serve(load, preview_seconds=arguments.preview_seconds, checkpoint_seconds=arguments.checkpoint_seconds)
