"""The numbers Discord works by, in one place, so that a test can shorten a quarter of an hour to two seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in so many seconds, for one bucket."""

    requests: int
    seconds: float


@dataclass(slots=True)
class Rules:
    """What the loopback enforces. The defaults are Discord's own; every one may be changed while it runs."""

    token: str = "sandbox-token"  # the only bot token that is let in
    answer_within: float = 3.0  # seconds for the first answer to an interaction, then 10062
    token_life: float = 900.0  # seconds an interaction token lives, then 50027
    attachment_size_limit: int = 10 * MIB  # what an interaction says a file may have; Discord can overstate it
    upload_limit: int = 10 * MIB  # what a file may really have, then 413 and 40005
    request_limit: int = 25 * MIB  # the whole request, all files together
    followups_without_bot: int = 5  # follow-ups to one interaction where the app is only user-installed
    messages: Allowance = Allowance(5, 5.0)  # each bucket of posting, editing and deleting messages
    routes: Allowance = Allowance(50, 1.0)  # each bucket of anything else
    everything: Allowance = Allowance(50, 1.0)  # all buckets of a bot together; interaction endpoints are exempt
    link_life: float = 86_400.0  # seconds until a signed attachment address stops working
    heartbeat_interval: float = 41.25  # seconds; a client that misses two is disconnected
    resume_window: float = 90.0  # seconds a lost session waits for its RESUME
    privileged_intents: int = 0  # bits of the privileged intents switched on for the application
