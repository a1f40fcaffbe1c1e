"""Debounce: ignores a second press of the same button by the same person within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from cachetools import TTLCache

SECONDS: Final = 3.0
MAX_PRESSES: Final = 10_000  # remembered


class Debounce:
    """The presses of the last `SECONDS`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._recent: TTLCache[tuple[int, str], bool] = TTLCache(MAX_PRESSES, SECONDS, clock)

    def accept(self, person_id: int, custom_id: str) -> bool:
        """Record a press; False if the same person pressed the same button within the last `SECONDS`."""
        if (person_id, custom_id) in self._recent:
            return False
        self._recent[person_id, custom_id] = True
        return True

    def forget(self, person_id: int, custom_id: str) -> None:
        """Forget a press, so that the next one is accepted."""
        self._recent.pop((person_id, custom_id), None)
