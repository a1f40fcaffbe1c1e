"""The painter process: keeps the models resident and paints what the gateway process orders over a pipe.

    python -m engine.service --models auto --device auto

Speaks `engine.protocol` over standard input and output. It outlives no gateway: at the end of its input it saves what
it is painting and ends. Prompts are no business of the log: it names jobs by their number.
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
from typing import TYPE_CHECKING, BinaryIO, Final

from PIL import Image

from engine.errors import AtelierError, InputError
from engine.pictures import open_picture, preview
from engine.presets import PRESETS
from engine.protocol import (
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
from engine.session import Paint as PaintFunction
from engine.session import Painted, Session
from engine.spec import ArtSpec

if TYPE_CHECKING:
    from engine.describe import Describer, Description
    from engine.models import Models

log = logging.getLogger(__name__)

ALIVE_SECONDS: Final = 2.0
STEP_SECONDS: Final = 0.2  # progress without a preview is told no more often
NICENESS: Final = 10  # the gateway process must answer within three seconds, the painter need not
GRACE_SECONDS: Final = 20.0  # for the step that runs and the checkpoint when the gateway is gone
_UNEXPECTED: Final = "The painting failed for a reason that the painter did not expect; the log of the bot says more."
_OUT_OF_MEMORY: Final = "The painter ran out of memory: try a smaller size or a lower quality."


Look = Callable[[Image.Image, "Models", int], "Description"]


class Wish(enum.Enum):
    CANCEL = enum.auto()
    SUSPEND = enum.auto()


class Service:
    """One painter: a thread reads commands, a thread says that it is alive, and the calling thread paints."""

    def __init__(
        self,
        commands: BinaryIO,
        events: BinaryIO,
        *,
        paint: PaintFunction | None = None,
        look: Look | None = None,
        preview_seconds: float = 1.5,
        checkpoint_seconds: float = 10.0,
        alive_seconds: float = ALIVE_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._commands = commands
        self._events = events
        self._paint = paint
        self._look = look or Looker()
        self._preview_seconds = preview_seconds
        self._checkpoint_seconds = checkpoint_seconds
        self._alive_seconds = alive_seconds
        self._grace_seconds = grace_seconds
        self._sending = threading.Lock()
        self._orders: queue.SimpleQueue[Paint | Describe | None] = queue.SimpleQueue()  # put by a signal handler too
        self._wishes: dict[int, Wish] = {}
        self._ending = threading.Event()
        self._phase = "loading"

    def run(self, load: Callable[[], Models]) -> int:
        """Serve until told to quit or the input ends; the exit status."""
        for work in (self._read_commands, self._say_alive):
            threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True).start()
        try:
            models = load()
        except Exception as error:  # whatever keeps the models from loading is told in a sentence, and ends the process
            self._send(Failed(0, _sentence(error)))
            log.error("the models did not load: %s", _told(error))
            return 1
        self._phase = "idle"
        self._send(Ready(models.family, str(models.device), models.describe()))
        while (order := self._orders.get()) is not None:
            self._send(self._carry_out(order, models) if isinstance(order, Paint) else self._describe(order, models))
            self._wishes.pop(order.order, None)
            self._phase = "idle"
        return 0

    def suspend_and_end(self) -> None:
        """Save what is being painted, tell of it, and end; by force if that takes too long."""
        self._ending.set()
        self._orders.put(None)
        timer = threading.Timer(self._grace_seconds, os._exit, (1,))
        timer.daemon = True
        timer.start()

    def _carry_out(self, order: Paint, models: Models) -> Message:
        """Paint one order; how it ended. No exception of a painting ends the process."""
        log.info("job %d: painting", order.job)
        self._phase = "preparing"
        try:
            spec = ArtSpec.from_json(order.spec)
            images = {digest: Path(path) for digest, path in order.images.items()}
            with Session(spec, models, Path(order.folder), images, paint=self._paint) as session:
                ended = self._paint_on(order, session)
        except InputError as error:
            ended = Refused(order.order, str(error))
        except Exception as error:
            ended = Failed(order.order, _sentence(error))
            log.error("job %d: %s", order.job, _told(error))
        log.info("job %d: %s", order.job, type(ended).__name__.lower())
        return ended

    def _describe(self, order: Describe, models: Models) -> Message:
        """Look at a picture; how it ended."""
        self._phase = "looking"
        try:
            seen = self._look(open_picture(Path(order.image)), models, order.most)
        except InputError as error:
            return Refused(order.order, str(error))
        except Exception as error:
            log.error("a picture could not be described: %s", _told(error))
            return Failed(order.order, _sentence(error))
        return Described(
            order.order,
            {each.word: each.share for each in seen.things},
            {each.word: each.share for each in seen.modifiers},
        )

    def _paint_on(self, order: Paint, session: Session) -> Message:
        started = shown = saved = told = time.monotonic()
        shown -= self._preview_seconds  # the first picture is shown at once
        snapshots = session.snapshots()
        for snapshot in snapshots:
            wish = self._wish(order.order)
            if wish is Wish.CANCEL:
                return Cancelled(order.order)
            if wish is Wish.SUSPEND:
                session.save(pause=True)
                return Suspended(order.order, snapshot.step)
            if session.seconds_a_step is None and not snapshot.finished:
                continue  # models and kernels warm up until the first step is done
            self._phase = "painting"
            now = time.monotonic()
            due = now - shown >= self._preview_seconds
            if due or now - told >= STEP_SECONDS or (session.seconds_a_step or 0) >= STEP_SECONDS:
                told, shown = now, now if due else shown
                self._send(_step(order.order, session, snapshot.step, snapshot.total, with_preview=due))
            if now - saved >= self._checkpoint_seconds:
                session.save()
                saved = time.monotonic()
        self._phase = "filming"
        log.info("job %d: painted in %.1f s", order.job, time.monotonic() - started)
        return _done(order.order, session.finish())

    def _wish(self, order: int) -> Wish | None:
        return self._wishes.get(order) or (Wish.SUSPEND if self._ending.is_set() else None)

    def _read_commands(self) -> None:
        try:
            while (command := read(self._commands)) is not None:
                match command:
                    case Paint() | Describe():
                        self._orders.put(command)
                    case Cancel():
                        self._wishes[command.order] = Wish.CANCEL
                    case Suspend():
                        self._wishes.setdefault(command.order, Wish.SUSPEND)
                    case Quit():
                        break
                    case _:
                        raise ProtocolError(f"{type(command).__name__} is no command")
        except (ProtocolError, OSError) as error:
            log.error("the commands cannot be read: %s", error)
        self.suspend_and_end()

    def _say_alive(self) -> None:
        self._send(Alive(self._phase))
        while not self._ending.wait(self._alive_seconds):
            self._send(Alive(self._phase))

    def _send(self, message: Message) -> None:
        """A gateway that is gone is noticed where commands are read; here it is only not talked to."""
        try:
            with self._sending:
                self._events.write(pack(message))
                self._events.flush()
        except (OSError, ValueError):
            return


class Looker:
    """Describes pictures with the smallest of the models' perceptors, which reads the words only once."""

    def __init__(self) -> None:
        self._describer: Describer | None = None

    def __call__(self, image: Image.Image, models: Models, most: int) -> Description:
        from engine.describe import Describer

        if self._describer is None:
            self._describer = Describer(models.perceptor(PRESETS[models.family]["draft"].perceptors[0]))
        return self._describer.describe(image, most)


def _step(order: int, session: Session, step: int, total: int, *, with_preview: bool) -> Step:
    payload = preview(session.picture()) if with_preview else b""
    notes = list(session.notes)
    return Step(order, step, total, session.loss, session.elapsed, session.remaining, notes, payload)


def _done(order: int, painted: Painted) -> Done:
    return Done(
        order=order,
        image=str(painted.image),
        films={name: str(path) for name, path in painted.films.items()},
        extras={name: str(path) for name, path in painted.extras.items()},
        seed=painted.seed,
        width=painted.width,
        height=painted.height,
        iterations=painted.iterations,
        seconds=painted.seconds,
        loss=painted.loss,
        clip_score=painted.clip_score,
        notes=list(painted.notes),
        models=painted.models,
    )


def _sentence(error: Exception) -> str:
    """What a person is told."""
    if isinstance(error, AtelierError):
        return str(error)
    if isinstance(error, OSError):
        return f"The painter cannot use its folder: {error.strerror or type(error).__name__}."
    # torch's own class cannot be named without importing it, and its CPU allocator raises a bare RuntimeError.
    memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return _OUT_OF_MEMORY if memory or "not enough memory" in str(error) else _UNEXPECTED


def _told(error: Exception) -> str:
    """What the log is told: where it happened. Our own sentences may quote a prompt, which is not for the log."""
    reason = "" if isinstance(error, AtelierError) else f": {error}"
    return f"{type(error).__name__}{reason}\n{''.join(traceback.format_tb(error.__traceback__))}"


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for the protocol alone.

    From then on whatever prints goes to standard error, and whatever reads finds nothing.
    """
    commands, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    # Unbuffered: a thread that waits for a command holds no lock that the end of the process would need.
    return os.fdopen(commands, "rb", buffering=0), os.fdopen(events, "wb")


def serve(
    load: Callable[[], Models],
    *,
    paint: PaintFunction | None = None,
    look: Look | None = None,
    preview_seconds: float = 1.5,
    checkpoint_seconds: float = 10.0,
    alive_seconds: float = ALIVE_SECONDS,
    grace_seconds: float = GRACE_SECONDS,
    niceness: int = NICENESS,
) -> int:
    """Be the painter process on standard input and output; the exit status."""
    commands, events = claim_pipes()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s", force=True)
    service = Service(
        commands,
        events,
        paint=paint,
        look=look,
        preview_seconds=preview_seconds,
        checkpoint_seconds=checkpoint_seconds,
        alive_seconds=alive_seconds,
        grace_seconds=grace_seconds,
    )
    # Ctrl-C in a terminal reaches the whole group, but ending in good order is the gateway's to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: service.suspend_and_end())
    os.nice(niceness)
    return service.run(load)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.service", description="The painter process of the bot.")
    parser.add_argument("--models", choices=("auto", "mini", "full"), default="auto")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--preview-seconds", type=float, default=1.5)
    parser.add_argument("--checkpoint-seconds", type=float, default=10.0)
    chosen = parser.parse_args()

    def load() -> Models:
        from engine.models import load_models

        return load_models(chosen.models, chosen.device)

    return serve(load, preview_seconds=chosen.preview_seconds, checkpoint_seconds=chosen.checkpoint_seconds)


if __name__ == "__main__":
    sys.exit(main())
