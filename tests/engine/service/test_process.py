from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import Message as Sentence
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
    Quit,
    Ready,
    Refused,
    Step,
    Suspend,
    Suspended,
    pack,
    read,
)
from engine.service.session import CHECKPOINT
from engine.spec.artspec import ArtSpec


class Painter:
    """A painter process and the pipes to it."""

    def __init__(self, *arguments: str, cwd: Path | None = None) -> None:
        command = [sys.executable, "-m", "tests.engine.stand_in", *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd
        )
        self.log = b""
        self._logger = threading.Thread(target=self._read_log, daemon=True)
        self._logger.start()

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line

    def send(self, *messages: Message) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(pack(message) for message in messages))
        self.process.stdin.flush()

    def next(self, *kinds: type) -> Message:
        """The next message of one of these kinds."""
        assert self.process.stdout is not None
        while (message := read(self.process.stdout)) is not None:  # type: ignore[arg-type]
            if isinstance(message, kinds):
                return message
        raise AssertionError(f"ended without {kinds}: {self.log.decode()}")

    def hang_up(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> int:
        status = self.process.wait(20)
        self._logger.join(5)
        return status


@pytest.fixture
def painter() -> Iterator[Callable[..., Painter]]:
    painters: list[Painter] = []

    def make(*arguments: str) -> Painter:
        painters.append(Painter(*arguments))
        return painters[-1]

    yield make
    for each in painters:
        each.process.kill()
        each.process.wait()
        for pipe in (each.process.stdin, each.process.stdout, each.process.stderr):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


def order(folder: Path, prompt: str = "grey", number: int = 1, iterations: int = 20, film: str = "none") -> Paint:
    spec = ArtSpec(prompt=prompt, iterations=iterations, width=64, height=32, film=film, film_seconds=1.0)
    return Paint(number, 100 + number, spec.to_json(), str(folder), {})


def test_orders_are_painted_one_after_the_other(painter: Callable[..., Painter], tmp_path: Path) -> None:
    one = painter("--preview-seconds", "0")
    one.send(order(tmp_path / "1", film="both"), order(tmp_path / "2", "print=3 delay=0.01", number=2))
    assert one.next(Ready) == Ready("mini", "cpu", "Painting grey squares.")
    step = one.next(Step)
    assert isinstance(step, Step) and step.order == 1 and step.total == 20 and step.remaining >= 0
    with Image.open(io.BytesIO(step.payload)) as shown:
        assert shown.format == "WEBP" and shown.size == (64, 32)
    done = one.next(Done)
    assert isinstance(done, Done) and (made := done.finished).image.exists() and made.films.keys() == {"mp4", "gif"}
    assert (made.seed, made.width, made.height, made.iterations, made.notes) == (7, 64, 32, 20, (Sentence("a note"),))
    assert isinstance(other := one.next(Done), Done) and other.order == 2
    one.send(Quit())
    assert one.end() == 0
    assert b"on standard output" in one.log and b"on descriptor 1" in one.log  # not within the protocol


def test_what_goes_wrong_is_a_sentence_and_the_next_order_is_painted(
    painter: Callable[..., Painter], tmp_path: Path
) -> None:
    one = painter()
    outcomes = [
        ("my private prompt refuse=2", Refused, "Say it in other words."),
        ("my private prompt fail=2", Failed, "The loss stopped being a number."),
        ("my private prompt raise=2", Failed, "did not expect"),
        ("my private prompt memory=2", Failed, "out of memory"),
    ]
    for number, (prompt, kind, words) in enumerate(outcomes, start=1):
        one.send(order(tmp_path / str(number), prompt, number=number))
        ended = one.next(Refused, Failed)
        assert isinstance(ended, kind) and words in str(ended.sentence) and ended.order == number
    one.send(order(tmp_path / "5", "my private prompt", number=5))
    assert isinstance(one.next(Done), Done)
    one.hang_up()
    assert one.end() == 0
    assert b"stand_in.py" in one.log and b"job 105: done" in one.log  # where it went wrong, and what of
    assert b"private" not in one.log


def test_pictures_are_described_between_the_orders(painter: Callable[..., Painter], tmp_path: Path) -> None:
    grey, black, junk = tmp_path / "grey.png", tmp_path / "black.png", tmp_path / "junk.png"
    Image.new("RGB", (40, 20), "grey").save(grey)
    Image.new("RGB", (40, 20)).save(black)
    junk.write_bytes(b"no picture")
    one = painter()
    one.send(order(tmp_path / "1", "delay=0.01"), Describe(2, str(grey), 5), Describe(3, str(junk), 5))
    one.send(Describe(4, str(black), 5), Describe(5, str(tmp_path / "none.png"), 5), order(tmp_path / "2", number=6))
    assert isinstance(one.next(Done, Described), Done)
    words = (["40 of 5", "a square"], True, ["grey"], ["flat", "low poly"], "a grey square")
    assert one.next(Described) == Described(2, *words)
    assert isinstance(refused := one.next(Refused, Failed), Refused) and refused.order == 3
    assert isinstance(failed := one.next(Failed), Failed) and "kept from people" not in str(failed.sentence)
    assert isinstance(gone := one.next(Refused, Failed), Refused | Failed) and gone.order == 5
    assert isinstance(done := one.next(Done), Done) and done.order == 6
    one.send(Quit())
    assert one.end() == 0


def test_hostile_orders_are_refused(painter: Callable[..., Painter], tmp_path: Path) -> None:
    one = painter()
    one.send(Paint(1, 101, "{", str(tmp_path / "1"), {}), order(Path("/dev/null/no"), number=2))
    refused, failed = one.next(Refused, Failed), one.next(Refused, Failed)
    assert isinstance(refused, Refused) and "not valid JSON" in str(refused.sentence)
    assert failed == Failed(2, Sentence("The painter cannot use its folder: {reason}.", reason="Not a directory"))


def test_cancel_ends_an_order_within_a_step(painter: Callable[..., Painter], tmp_path: Path) -> None:
    one = painter()
    one.send(order(tmp_path / "1", "delay=0.05", iterations=2000))
    one.next(Step)
    one.send(Cancel(1), Suspend(1))  # a cancelled order is not suspended any more
    assert one.next(Cancelled, Suspended, Done) == Cancelled(1)
    one.send(Cancel(3), order(tmp_path / "2", number=2))
    assert isinstance(one.next(Cancelled, Done), Done)


def test_sigterm_saves_and_ends_and_sigint_is_not_for_it(painter: Callable[..., Painter], tmp_path: Path) -> None:
    one = painter()
    one.send(order(tmp_path / "1", "delay=0.05", iterations=2000))
    one.next(Step)
    one.process.send_signal(signal.SIGINT)
    one.next(Step)
    one.process.send_signal(signal.SIGTERM)
    assert isinstance(one.next(Suspended), Suspended)
    assert one.end() == 0 and (tmp_path / "1" / CHECKPOINT).exists()


def test_an_idle_painter_yields_to_others_and_ends_on_sigterm(painter: Callable[..., Painter]) -> None:
    one = painter("--niceness", "10")
    one.next(Ready)
    assert os.getpriority(os.PRIO_PROCESS, one.process.pid) >= os.getpriority(os.PRIO_PROCESS, 0) + 10
    one.process.send_signal(signal.SIGTERM)
    assert one.end() == 0


def test_a_painter_that_hangs_does_not_outlive_the_gateway(painter: Callable[..., Painter], tmp_path: Path) -> None:
    one = painter("--grace-seconds", "0.5")
    one.send(order(tmp_path / "1", "hang=3 delay=0.3", iterations=5))
    one.next(Step)
    one.hang_up()
    assert one.end() == 1


def test_a_painter_that_loads_does_not_outlive_the_gateway(painter: Callable[..., Painter]) -> None:
    one = painter("--load-seconds", "60", "--grace-seconds", "0.5")
    one.next(Alive)
    one.hang_up()
    assert one.end() == 1


def test_life_is_shown_while_loading_painting_and_idle(painter: Callable[..., Painter], tmp_path: Path) -> None:
    one = painter("--load-seconds", "0.5")
    assert one.next(Alive) == Alive("loading")
    one.next(Ready)
    assert one.next(Alive) == Alive("idle")
    one.send(order(tmp_path / "1", "delay=1", iterations=2))
    alive = one.next(Alive)
    while alive == Alive("idle"):  # sent before the order came
        alive = one.next(Alive)
    assert alive == Alive("preparing")


def test_models_that_do_not_load_are_told(painter: Callable[..., Painter]) -> None:
    one = painter("--load-error", "There are no models here.")
    assert one.next(Failed, Ready) == Failed(0, Sentence("There are no models here."))
    assert one.end() == 1


@pytest.mark.parametrize("junk", [b"\xff" * 40, pack(Alive("painting")), b"\0\0"])
def test_junk_on_the_input_ends_the_painter(painter: Callable[..., Painter], junk: bytes) -> None:
    one = painter()
    one.next(Ready)
    assert one.process.stdin is not None
    one.process.stdin.write(junk)
    one.hang_up()
    assert one.end() == 0 and b"commands cannot be read" in one.log
