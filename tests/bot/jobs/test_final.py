from __future__ import annotations

import json

import pytest

from bot.jobs.final import ABANDONED, BROKE, failure_reason
from bot.text.language import localised, speaking
from engine.errors import Message
from storage import queue

MESSAGE = Message("{problem} Or wait.", problem=Message("It has {number} pixels.", number=5))


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, BROKE),
        ("It fell over {again}.", "It fell over {again}."),  # of a version that kept the sentence itself
        ("5", "5"),
        (json.dumps("It fell over."), "It fell over."),
        (json.dumps(MESSAGE.to_data()), "It has 5 pixels. Or wait."),
    ],
)
def test_why_there_is_no_picture_is_read_back(kept: str | None, said: str) -> None:
    assert str(failure_reason(kept)) == said


def test_the_sentence_that_storage_writes_is_translated() -> None:
    assert queue.ABANDONED == ABANDONED
    with speaking("de"):
        assert localised(failure_reason(queue.ABANDONED)) != ABANDONED
