from __future__ import annotations

import pytest

from bot import drafts
from bot.attachments import Attachments
from bot.drafts import LONGEST, Draft, Drafts
from engine.spec import ArtSpec

DRAFT = Draft(1, ArtSpec(prompt="a sea"), Attachments())


def test_a_draft_is_taken_once_and_by_its_owner() -> None:
    kept = Drafts()
    number = kept.keep(DRAFT)
    assert kept.take(number, 2) is None and kept.get(number + 1, 1) is None
    taken = kept.take(number, 1)
    assert taken is not None and taken.spec == DRAFT.spec
    assert kept.take(number, 1) is None
    assert kept.keep(taken, number) == number and kept.get(number, 1) is not None


def test_old_drafts_are_gone() -> None:
    now = [0.0]
    kept = Drafts(lambda: now[0])
    number = kept.keep(DRAFT)
    now[0] = LONGEST
    assert kept.get(number, 1) is not None
    now[0] += 1
    assert kept.get(number, 1) is None and kept.take(number, 1) is None


def test_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST", 2)
    kept = Drafts()
    numbers = [kept.keep(DRAFT) for _ in range(3)]
    assert len(set(numbers)) == 3
    assert [kept.get(number, 1) is not None for number in numbers] == [False, True, True]
