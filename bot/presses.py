"""Fingers that press twice: of two presses of one button within seconds, the first counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 3.0


class Presses:
    """Who pressed which button a moment ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: dict[tuple[int, str], float] = {}

    def note(self, person_id: int, custom_id: str) -> bool:
        """Note a press; False: the same person pressed the same button within the last three seconds."""
        now = self._clock()
        self._recent = {press: then for press, then in self._recent.items() if now - then < SECONDS}
        if (person_id, custom_id) in self._recent:
            return False
        self._recent[person_id, custom_id] = now
        return True

    def forget(self, person_id: int, custom_id: str) -> None:
        """The press came to nothing: the next one counts."""
        self._recent.pop((person_id, custom_id), None)
