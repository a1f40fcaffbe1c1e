"""Rate-limit buckets: https://discord.com/developers/docs/topics/rate-limits"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass

from bot.loopback.rules import Allowance, Rules


@dataclass(slots=True)
class Window:
    """The requests to one bucket until it resets."""

    ends: float  # time.monotonic()
    used: int = 0


@dataclass(frozen=True, slots=True)
class LimitResult:
    """The rate-limit headers of a response, and whether the request is refused."""

    headers: dict[str, str]
    retry_after: float | None = None  # seconds; None: the request is allowed
    is_global: bool = False  # refused by the global limit


class RateLimits:
    """Rate limits with fixed windows: the first request starts one, and the bucket resets when it ends."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._windows: dict[str, Window] = {}

    def take(self, route: str, major: str, *, messages: bool, exempt: bool) -> LimitResult:
        """Count a request against the bucket of `route` and its `major` parameters.

        `messages`: it has the stricter allowance of messages. `exempt`: it does not count against the global limit.
        """
        allowance = self.rules.messages if messages else self.rules.routes
        if not exempt:
            overall = self._count("global", self.rules.all_routes)
            if overall.used > self.rules.all_routes.requests:
                wait = overall.ends - time.monotonic()
                return LimitResult(
                    _refusal_headers(wait, "global") | {"X-RateLimit-Global": "true"}, wait, is_global=True
                )
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
            return LimitResult(headers | _refusal_headers(wait, "user"), wait)
        return LimitResult(headers)

    def _count(self, key: str, allowance: Allowance) -> Window:
        now = time.monotonic()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = Window(now + allowance.seconds)
        window.used += 1
        return window


def _refusal_headers(wait: float, scope: str) -> dict[str, str]:
    # discord.py takes a 429 without `Via` for a ban by Cloudflare.
    return {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": scope, "Via": "1.1 google"}
