"""Faults that tests inject between the bot and the loopback Discord."""

from __future__ import annotations

import enum
import fnmatch
from dataclasses import dataclass


class Kind(enum.Enum):
    DROP = "the connection breaks before Discord processes the request"
    DROP_ANSWER = "the connection breaks after Discord has processed the request"
    STATUS = "an error status"
    LIMIT = "a 429"
    SLOW = "a late response"


@dataclass(slots=True)
class Fault:
    """A fault for the next `times` requests whose `METHOD /path` matches `pattern`."""

    kind: Kind
    pattern: str
    times: int
    status: int = 500
    seconds: float = 0.0  # of delay, or until a retry
    via: bool = True  # whether a 429 has the header `Via`


class Faults:
    """The pending faults. A pattern is like `"PATCH /webhooks/*"`, with the path after `/api/v10`."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def drop(self, pattern: str = "*", times: int = 1, *, after: bool = False) -> None:
        """Break the connection: before the request is processed, or `after` it, before the response."""
        self.pending.append(Fault(Kind.DROP_ANSWER if after else Kind.DROP, pattern, times))

    def fail(self, pattern: str = "*", times: int = 1, *, status: int = 500) -> None:
        """Respond with a bare error status, like a proxy in front of Discord."""
        self.pending.append(Fault(Kind.STATUS, pattern, times, status=status))

    def limit(self, pattern: str = "*", times: int = 1, *, retry_after: float = 0.2, via: bool = True) -> None:
        """Respond with 429; without `via` it looks like one of Cloudflare, which discord.py does not retry."""
        self.pending.append(Fault(Kind.LIMIT, pattern, times, seconds=retry_after, via=via))

    def slow(self, pattern: str = "*", times: int = 1, *, seconds: float) -> None:
        """Delay the response."""
        self.pending.append(Fault(Kind.SLOW, pattern, times, seconds=seconds))

    def take(self, request: str) -> Fault | None:
        """The fault for this request, if any; it counts as used."""
        for fault in self.pending:
            if fnmatch.fnmatchcase(request, fault.pattern):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None
