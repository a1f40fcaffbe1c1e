from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.jobs import progress
from bot.jobs.delivery import Delivery, ReplyAddress
from bot.jobs.painter import Progress
from bot.jobs.progress import ProgressBoard
from bot.text.messages import Payload
from engine.errors import Message
from engine.spec.artspec import ArtSpec

ADDRESS = ReplyAddress(1, 2, None, 3, 4, 100, True)


class SlowDiscord(Delivery):
    """Takes its time for each edit, and refuses some."""

    def __init__(self, seconds: float, refusals: int = 0) -> None:
        self.seconds = seconds
        self.refusals = refusals
        self.shown: list[tuple[int, bytes | None]] = []
        self.times: list[float] = []
        self.editing = False

    async def show(self, address: ReplyAddress, payload: Payload, preview: bytes | None = None, **_: object) -> bool:  # type: ignore[override]
        assert not self.editing, "one edit at a time"
        self.editing = True
        self.times.append(asyncio.get_running_loop().time())
        assert payload.embed is not None
        assert [field.value for field in payload.embed.fields] == ["A note."]
        self.shown.append((int(str(payload.embed.footer.text).split()[1].split("/")[0]), preview))
        await asyncio.sleep(self.seconds)
        self.editing = False
        if len(self.shown) == 2 and self.refusals:
            raise RuntimeError("something unforeseen")
        return len(self.shown) > self.refusals


def state(step: int, preview: bytes | None = None) -> Progress:
    return Progress(step, 100, 0.5, step * 1.0, 100.0 - step, preview, (Message("A note."),))


async def test_the_newest_state_wins() -> None:
    discord = SlowDiscord(0.1)
    board = ProgressBoard(discord, ADDRESS, ArtSpec(prompt="x"), 1, 0.05)
    for step in range(1, 60):
        board.post(state(step, b"early" if step == 1 else None))
        await asyncio.sleep(0.01)
    await board.close()
    steps = [step for step, _ in discord.shown]
    assert steps[0] == 1 and steps == sorted(set(steps)) and 3 <= len(steps) <= 8
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(steps))
    assert all(preview == b"early" for _, preview in discord.shown), "the last picture stays up"


async def test_close_waits_for_the_edit_on_its_way_and_shows_nothing_more() -> None:
    discord = SlowDiscord(0.1)
    board = ProgressBoard(discord, ADDRESS, ArtSpec(prompt="x"), 1, 0.01)
    board.post(state(1))
    await asyncio.sleep(0.02)
    board.post(state(2))
    await board.close()
    assert not discord.editing and [step for step, _ in discord.shown] == [1]
    await board.close()


async def test_refusals_make_it_slower_and_never_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LONGEST_PAUSE", 0.15)
    discord = SlowDiscord(0.0, refusals=3)
    board = ProgressBoard(discord, ADDRESS, ArtSpec(prompt="x"), 1, 0.05)
    for step in range(1, 80):
        board.post(state(step))
        await asyncio.sleep(0.01)
    await board.close()
    gaps = [later - earlier for earlier, later in zip(discord.times, discord.times[1:], strict=False)]
    assert len(gaps) >= 4
    assert gaps[0] >= 0.09 and gaps[1] >= 0.14 and gaps[2] >= 0.14, "slower while refused"
    assert min(gaps[3:]) < 0.14, "as before once it is taken again"
