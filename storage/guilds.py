"""The settings of servers."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal

from storage.database import Database

Safety = Literal["off", "standard", "strict"]


@dataclass(frozen=True)
class GuildSettings:
    """The rules of one server; None and () mean: no rule of its own. ValueError: a value that makes no sense."""

    channels: tuple[int, ...] = ()  # where one may paint; (): everywhere
    roles: tuple[int, ...] = ()  # who may paint; (): everybody
    largest_quality: str | None = None
    open_jobs: int | None = None  # of one person, waiting or running
    cost_a_day: float | None = None  # units of work of one person in a day
    feed_channel: int | None = None  # where shared pictures are posted
    default_style: str | None = None
    safety: Safety = "standard"
    language: str | None = None  # a locale, for what is said to everybody
    priorities: tuple[tuple[int, int], ...] = ()  # (role, priority of its jobs); of several the greatest
    star_threshold: int = 1  # stars that lead to the feed

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(int(each) for each in self.channels))
        object.__setattr__(self, "roles", tuple(int(each) for each in self.roles))
        object.__setattr__(self, "priorities", tuple((int(role), int(level)) for role, level in self.priorities))
        if self.safety not in ("off", "standard", "strict"):
            raise ValueError(f"safety is off, standard or strict, not {self.safety!r}")
        if self.open_jobs is not None and self.open_jobs < 1:
            raise ValueError(f"one open job is the least, not {self.open_jobs}")
        if self.cost_a_day is not None and not self.cost_a_day >= 0:
            raise ValueError(f"the cost of a day is a number of 0 or more, not {self.cost_a_day}")
        if self.star_threshold < 1:
            raise ValueError(f"one star is the least that leads to the feed, not {self.star_threshold}")


class Guilds:
    """The settings of all servers; a server that never changed any has the defaults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int) -> GuildSettings:
        """The settings of a server."""
        row = await self._database.row("SELECT settings FROM guild WHERE id = ?", (guild_id,))
        return GuildSettings() if row is None else _read(row["settings"])

    async def change(self, guild_id: int, **fields: Any) -> GuildSettings:
        """Changes these fields of GuildSettings and leaves the others; returns what holds from now on.

        TypeError: no such field. ValueError: a value that makes no sense. Then nothing was changed.
        """
        async with self._database.transaction() as connection:
            rows = await connection.execute_fetchall("SELECT settings FROM guild WHERE id = ?", (guild_id,))
            old = next((_read(row["settings"]) for row in rows), GuildSettings())
            settings = dataclasses.replace(old, **fields)
            await connection.execute_fetchall(
                "INSERT INTO guild (id, settings) VALUES (?, ?) "
                "ON CONFLICT (id) DO UPDATE SET settings = excluded.settings",
                (guild_id, json.dumps(dataclasses.asdict(settings))),
            )
        return settings


def _read(text: str) -> GuildSettings:
    """Fields of a later or earlier Atelier that this one does not know are left out."""
    known = {field.name for field in dataclasses.fields(GuildSettings)}
    return GuildSettings(**{name: value for name, value in json.loads(text).items() if name in known})
