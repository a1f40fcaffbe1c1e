"""Discord's limits and timeouts, which tests may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Allowance:
    """The requests that a bucket allows in a window of so many seconds."""

    requests: int
    seconds: float


@dataclass(slots=True)
class Rules:
    """The limits that the loopback enforces. The defaults are Discord's; they may be changed while it runs."""

    token: str = "sandbox-token"  # the only valid bot token
    answer_within: float = 3.0  # seconds for the response to an interaction, then 10062
    token_life: float = 900.0  # seconds that an interaction token is valid, then 50027
    attachment_size_limit: int = 10 * MIB  # bytes of a file, as interactions say; Discord may overstate it
    upload_limit: int = 10 * MIB  # bytes of a file that are accepted, else 413 and 40005
    request_limit: int = 25 * MIB  # bytes of a request with all its files
    followups_without_bot: int = 5  # to one interaction where the app is only user-installed
    messages: Allowance = Allowance(5, 5.0)  # each bucket of the routes that post, edit or delete messages
    routes: Allowance = Allowance(50, 1.0)  # each bucket of other routes
    all_routes: Allowance = Allowance(50, 1.0)  # the global limit; interaction endpoints are exempt
    link_life: float = 86_400.0  # seconds until a signed attachment URL expires
    heartbeat_interval: float = 41.25  # seconds; a client that misses two is disconnected
    resume_window: float = 90.0  # seconds in which a lost session can be resumed
    privileged_intents: int = 0  # bits of those enabled for the application
