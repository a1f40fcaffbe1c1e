"""What can go wrong between a bot and Discord, on demand."""

from __future__ import annotations

import enum
import fnmatch
from dataclasses import dataclass


class Kind(enum.Enum):
    DROP = "the connection breaks before Discord acted"
    DROP_ANSWER = "Discord acted, and the connection breaks before it says so"
    STATUS = "an answer that is an error"
    LIMIT = "a 429"
    SLOW = "a late answer"


@dataclass(slots=True)
class Fault:
    """Something that will happen to the next requests whose `METHOD /path` matches `pattern`."""

    kind: Kind
    pattern: str
    times: int
    status: int = 500
    seconds: float = 0.0
    via: bool = True


class Faults:
    """The faults still to come. Patterns are as in `"PATCH /webhooks/*"`; paths begin after `/api/v10`."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def drop(self, pattern: str = "*", times: int = 1, *, after: bool = False) -> None:
        """Break the connection: before anything was done, or `after` it was done but before the answer."""
        self.pending.append(Fault(Kind.DROP_ANSWER if after else Kind.DROP, pattern, times))

    def fail(self, pattern: str = "*", times: int = 1, *, status: int = 500) -> None:
        """Answer with an error status and nothing else, as a proxy in front of Discord does."""
        self.pending.append(Fault(Kind.STATUS, pattern, times, status=status))

    def limit(self, pattern: str = "*", times: int = 1, *, retry_after: float = 0.2, via: bool = True) -> None:
        """Answer 429; without `via` it looks like Cloudflare's, which discord.py does not retry."""
        self.pending.append(Fault(Kind.LIMIT, pattern, times, seconds=retry_after, via=via))

    def slow(self, pattern: str = "*", times: int = 1, *, seconds: float) -> None:
        """Answer late."""
        self.pending.append(Fault(Kind.SLOW, pattern, times, seconds=seconds))

    def take(self, request: str) -> Fault | None:
        """The fault that strikes this request, if any; it is used up."""
        for fault in self.pending:
            if fnmatch.fnmatchcase(request, fault.pattern):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None
