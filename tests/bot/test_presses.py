from __future__ import annotations

from bot.presses import SECONDS, Presses


def test_of_two_quick_presses_the_first_counts() -> None:
    now = 100.0
    presses = Presses(lambda: now)
    assert presses.note(1, "again")
    assert not presses.note(1, "again")
    assert presses.note(2, "again") and presses.note(1, "delete"), "others, and other buttons, are no repetition"
    now += SECONDS
    assert presses.note(1, "again")
    presses.forget(1, "again")
    assert presses.note(1, "again"), "a press that came to nothing may be repeated at once"
