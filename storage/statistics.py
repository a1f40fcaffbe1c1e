"""Statistics of what people and servers painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from storage.database import Database, Value

LeaderboardKind = Literal["stars", "pictures", "prompts"]
TOP_PROMPTS: Final = 5


@dataclass(frozen=True)
class Numbers:
    """What was painted, by a person everywhere or by all in a server."""

    pictures: int
    people: int  # who painted them
    seconds: float  # spent painting
    styles: tuple[tuple[str, int], ...]  # (style, pictures), the most used first
    stars_received: int  # for these pictures, from others than who painted them
    stars_given: int  # to others, by the person; in a server the same as received
    prompts_shared: int
    prompts_used: int  # paintings made from the shared prompts
    busiest_day: tuple[str, int] | None  # (year-month-day in UTC, pictures)
    top_prompts: tuple[tuple[str, int], ...]  # (prompt, stars) of public pictures with stars, the most first


@dataclass(frozen=True)
class LeaderboardRow:
    """A place on a leaderboard."""

    person_id: int
    number: int


class Statistics:
    """Counts over the gallery, the stars and the prompts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(self, person_id: int) -> Numbers:
        """A person's numbers, from everywhere."""
        received = "SELECT COUNT(*) AS number FROM star WHERE author_id = ?1 AND person_id <> ?1"
        given = "SELECT COUNT(*) AS number FROM star WHERE person_id = ?1 AND author_id <> ?1"
        return await self._numbers("person_id", person_id, await self._count(received, person_id), given)

    async def of_guild(self, guild_id: int) -> Numbers:
        """A server's numbers, from all of its people."""
        stars = "SELECT COUNT(*) AS number FROM star WHERE guild_id = ? AND person_id <> author_id"
        return await self._numbers("guild_id", guild_id, await self._count(stars, guild_id), stars)

    async def leaderboard(
        self, guild_id: int, kind: LeaderboardKind, since: float | None = None, limit: int = 10
    ) -> list[LeaderboardRow]:
        """The people of a server with the most, since then or ever; who has none is not on it.

        "stars": received from others; "pictures": painted; "prompts": how often the prompts that they shared since
        then were painted.
        """
        rows = await self._database.rows(LEADERBOARDS[kind], (guild_id, 0.0 if since is None else since, limit))
        return [LeaderboardRow(row["person_id"], row["number"]) for row in rows]

    async def _numbers(self, column: str, whose: int, stars_received: int, given: str) -> Numbers:
        whole = await self._database.row(
            "SELECT COUNT(*) AS pictures, COUNT(DISTINCT person_id) AS people, TOTAL(seconds) AS seconds "
            f"FROM picture WHERE {column} = ?",
            (whose,),
        )
        prompts = await self._database.row(
            f"SELECT COUNT(*) AS shared, COALESCE(SUM(uses), 0) AS used FROM prompt WHERE {column} = ?", (whose,)
        )
        styles = await self._pairs(
            f"SELECT style AS name, COUNT(*) AS number FROM picture WHERE {column} = ? "
            "GROUP BY style ORDER BY number DESC, name",
            whose,
        )
        days = await self._pairs(
            f"SELECT date(created, 'unixepoch') AS name, COUNT(*) AS number FROM picture WHERE {column} = ? "
            "GROUP BY name ORDER BY number DESC, name DESC LIMIT 1",
            whose,
        )
        top = await self._pairs(
            f"SELECT prompt AS name, score AS number FROM picture WHERE {column} = ? AND score > 0 AND public = 1 "
            "ORDER BY score DESC, id DESC LIMIT ?",
            whose,
            TOP_PROMPTS,
        )
        assert whole is not None and prompts is not None
        return Numbers(
            pictures=whole["pictures"],
            people=whole["people"],
            seconds=whole["seconds"],
            styles=styles,
            stars_received=stars_received,
            stars_given=await self._count(given, whose),
            prompts_shared=prompts["shared"],
            prompts_used=prompts["used"],
            busiest_day=days[0] if days else None,
            top_prompts=top,
        )

    async def _count(self, sql: str, *parameters: Value) -> int:
        row = await self._database.row(sql, parameters)
        assert row is not None
        return int(row["number"])

    async def _pairs(self, sql: str, *parameters: Value) -> tuple[tuple[str, int], ...]:
        return tuple((row["name"], row["number"]) for row in await self._database.rows(sql, parameters))


LEADERBOARDS: Final[dict[LeaderboardKind, str]] = {
    "stars": (
        "SELECT author_id AS person_id, COUNT(*) AS number FROM star "
        "WHERE guild_id = ? AND created >= ? AND person_id <> author_id "
        "GROUP BY author_id ORDER BY number DESC, author_id LIMIT ?"
    ),
    "pictures": (
        "SELECT person_id, COUNT(*) AS number FROM picture WHERE guild_id = ? AND created >= ? "
        "GROUP BY person_id ORDER BY number DESC, person_id LIMIT ?"
    ),
    "prompts": (
        "SELECT person_id, SUM(uses) AS number FROM prompt WHERE guild_id = ? AND created >= ? "
        "GROUP BY person_id HAVING SUM(uses) > 0 ORDER BY number DESC, person_id LIMIT ?"
    ),
}
