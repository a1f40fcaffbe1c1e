from __future__ import annotations

import pytest

from storage import Database, Gallery, LeaderboardRow, Numbers, Prompts, Statistics
from tests.storage.conftest import Studio

GUILD = 7
ALICE, BOB, CARLA = 1, 2, 3
DAY = 86_400.0


@pytest.fixture
async def week(database: Database, studio: Studio) -> Database:
    """Alice paints twice on the first day and once on the last, Bob once, Carla in another server."""
    gallery, prompts = Gallery(database, studio.clock), Prompts(database, studio.clock)
    castle = await studio.paint("a castle", person=ALICE, style="pixel", seconds=10.0)
    moon = await studio.paint("the moon", person=ALICE, seconds=20.0)
    for giver in (ALICE, BOB, CARLA):
        await gallery.star(giver, castle.id, True)
    studio.clock.advance(5 * DAY)
    cat = await studio.paint("a cat", person=BOB, seconds=5.0)
    late = await studio.paint("a late castle", person=ALICE, seconds=1.0)
    await studio.paint("elsewhere", person=CARLA, guild=8)
    await gallery.star(ALICE, cat.id, True)
    await gallery.star(BOB, moon.id, True)
    await gallery.star(BOB, late.id, True)
    await gallery.set_public(moon.id, ALICE, False)
    for picture, uses in ((castle, 3), (cat, 1)):
        shared = await prompts.share(picture.id, picture.person_id, GUILD)
        assert shared is not None
        for _ in range(uses):
            await prompts.used(shared.id)
    return database


async def test_a_persons_numbers(week: Database) -> None:
    assert await Statistics(week).of_person(ALICE) == Numbers(
        pictures=3,
        people=1,
        seconds=31.0,
        styles=(("image", 2), ("pixel", 1)),
        stars_received=4,  # not her own
        stars_given=1,
        prompts_shared=1,
        prompts_used=3,
        busiest_day=("1970-01-12", 2),
        top_prompts=(("a castle", 3), ("a late castle", 1)),  # not the private one
    )


async def test_a_servers_numbers(week: Database) -> None:
    assert await Statistics(week).of_guild(GUILD) == Numbers(
        pictures=4,
        people=2,
        seconds=36.0,
        styles=(("image", 3), ("pixel", 1)),
        stars_received=5,
        stars_given=5,
        prompts_shared=2,
        prompts_used=4,
        busiest_day=("1970-01-17", 2),  # the later of equals
        top_prompts=(("a castle", 3), ("a late castle", 1), ("a cat", 1)),
    )


async def test_who_painted_nothing_has_zeros(week: Database) -> None:
    nothing = Numbers(0, 0, 0.0, (), 0, 0, 0, 0, None, ())
    statistics = Statistics(week)
    assert await statistics.of_person(99) == await statistics.of_guild(99) == nothing


async def test_leaderboards(week: Database, studio: Studio) -> None:
    statistics = Statistics(week)
    stars = await statistics.leaderboard(GUILD, "stars")
    assert stars == [LeaderboardRow(ALICE, 4), LeaderboardRow(BOB, 1)]
    assert await statistics.leaderboard(GUILD, "stars", limit=1) == stars[:1]
    assert await statistics.leaderboard(GUILD, "pictures") == [LeaderboardRow(ALICE, 3), LeaderboardRow(BOB, 1)]
    assert await statistics.leaderboard(GUILD, "prompts") == [LeaderboardRow(ALICE, 3), LeaderboardRow(BOB, 1)]
    assert await statistics.leaderboard(99, "stars") == []


async def test_leaderboards_of_the_last_days(week: Database, studio: Studio) -> None:
    statistics, since = Statistics(week), studio.clock.now - DAY
    assert await statistics.leaderboard(GUILD, "pictures", since) == [LeaderboardRow(ALICE, 1), LeaderboardRow(BOB, 1)]
    assert await statistics.leaderboard(GUILD, "stars", since) == [LeaderboardRow(ALICE, 2), LeaderboardRow(BOB, 1)]
    assert await statistics.leaderboard(GUILD, "stars", studio.clock.now + 1) == []


async def test_prompts_that_nobody_painted_lead_nowhere(database: Database, studio: Studio) -> None:
    picture = await studio.paint(person=ALICE)
    await Prompts(database).share(picture.id, ALICE, GUILD)
    assert await Statistics(database).leaderboard(GUILD, "prompts") == []
