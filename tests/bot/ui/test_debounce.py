from __future__ import annotations

from bot.ui.debounce import SECONDS, Debounce


def test_of_two_quick_presses_the_first_counts() -> None:
    now = 100.0
    presses = Debounce(lambda: now)
    assert presses.accept(1, "again")
    assert not presses.accept(1, "again")
    assert presses.accept(2, "again") and presses.accept(1, "delete"), "others, and other buttons, are no repetition"
    now += SECONDS
    assert presses.accept(1, "again")
    presses.forget(1, "again")
    assert presses.accept(1, "again"), "a press that was forgotten may be repeated at once"
