from __future__ import annotations

import discord
import pytest

from bot.jobs import drafts
from bot.jobs.drafts import LIFETIME, Draft, Drafts
from bot.pictures.attachments import Attachments
from engine.errors import InputError
from engine.spec.artspec import ArtSpec

DRAFT = Draft(1, ArtSpec(prompt="a sea"), Attachments(), lambda number: discord.ui.Modal(title=str(number)))


def is_kept(kept: Drafts, number: int, person_id: int = 1) -> bool:
    try:
        return kept.get(number, person_id) is DRAFT
    except InputError as error:
        assert "type the command again" in str(error)
        return False


def test_a_draft_is_taken_once_and_by_its_owner() -> None:
    kept = Drafts()
    number = kept.keep(DRAFT)
    assert not is_kept(kept, number, 2) and not is_kept(kept, number + 1)
    with pytest.raises(InputError):
        kept.take(number, 2)
    taken = kept.take(number, 1)
    assert taken.spec == DRAFT.spec
    assert not is_kept(kept, number)
    assert kept.keep(taken, number) == number and is_kept(kept, number)


def test_old_drafts_are_gone() -> None:
    now = [0.0]
    kept = Drafts(lambda: now[0])
    number = kept.keep(DRAFT)
    now[0] = LIFETIME - 1
    assert is_kept(kept, number)
    now[0] = LIFETIME + 1
    assert not is_kept(kept, number)
    with pytest.raises(InputError):
        kept.take(number, 1)


def test_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 2)
    kept = Drafts()
    numbers = [kept.keep(DRAFT) for _ in range(3)]
    assert len(set(numbers)) == 3
    assert [is_kept(kept, number) for number in numbers] == [False, True, True]
