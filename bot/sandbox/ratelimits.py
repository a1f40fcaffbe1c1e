"""Rate-limit buckets: https://discord.com/developers/docs/topics/rate-limits"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass

from bot.sandbox.rules import Allowance, Rules


@dataclass(slots=True)
class Window:
    """The requests of one bucket since it was last empty."""

    ends: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limits say to one request: the headers of its answer, and how long to wait if it is refused."""

    headers: dict[str, str]
    retry_after: float | None = None
    everything: bool = False  # the limit over all buckets was hit


class RateLimits:
    """Fixed windows: the first request opens one, and the bucket is full again when it closes."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._windows: dict[str, Window] = {}

    def take(self, route: str, major: str, *, messages: bool, exempt: bool) -> Verdict:
        """Count one request against the bucket of `route` and its `major` parameters.

        `messages`: the stricter allowance of posting and editing. `exempt`: not part of the overall limit.
        """
        allowance = self.rules.messages if messages else self.rules.routes
        if not exempt:
            overall = self._count("everything", self.rules.everything)
            if overall.used > self.rules.everything.requests:
                wait = overall.ends - time.monotonic()
                return Verdict(_refusal_headers(wait, "global") | {"X-RateLimit-Global": "true"}, wait, everything=True)
        bucket = hashlib.md5(route.encode(), usedforsecurity=False).hexdigest()
        window = self._count(f"{bucket}:{major}", allowance)
        wait = max(window.ends - time.monotonic(), 0.001)
        headers = {
            "X-RateLimit-Limit": str(allowance.requests),
            "X-RateLimit-Remaining": str(max(allowance.requests - window.used, 0)),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": bucket,
        }
        if window.used > allowance.requests:
            return Verdict(headers | _refusal_headers(wait, "user"), wait)
        return Verdict(headers)

    def _count(self, key: str, allowance: Allowance) -> Window:
        now = time.monotonic()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = Window(now + allowance.seconds)
        window.used += 1
        return window


def _refusal_headers(wait: float, scope: str) -> dict[str, str]:
    # Via tells a client that Discord's own proxies speak: without it a 429 is taken for a ban by Cloudflare.
    return {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": scope, "Via": "1.1 google"}
