"""How late the event loop is: what people feel as slow answers, and what loses heartbeats."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import Final

INTERVAL: Final = 0.02  # seconds between two samples
SAMPLES: Final = 30_000  # ten minutes of them
REPORT_SECONDS: Final = 600.0

_log = logging.getLogger(__name__)


class LoopLag:
    """Samples of how much later than asked for a sleeping coroutine goes on, the last ten minutes of them."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._started = time.monotonic()

    async def watch(self) -> None:
        """Sample for ever, and log a line every ten minutes."""
        report = time.monotonic() + REPORT_SECONDS
        while True:
            before = time.perf_counter()
            await asyncio.sleep(INTERVAL)
            self._samples.append(max(0.0, time.perf_counter() - before - INTERVAL))
            if time.monotonic() >= report:
                _log.info("%s", self.line())
                report += REPORT_SECONDS

    def line(self) -> str:
        """`event-loop lag p50 0.1 ms p99 2.3 ms over 600 s`."""
        seconds = min(time.monotonic() - self._started, REPORT_SECONDS)
        return (
            f"event-loop lag p50 {self.percentile(0.5) * 1000:.1f} ms p99 {self.percentile(0.99) * 1000:.1f} ms "
            f"over {seconds:.0f} s"
        )

    def percentile(self, share: float) -> float:
        """Seconds that `share` (0 to 1) of the samples stay within; 0.0 before the first."""
        ordered = sorted(self._samples)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
